/** The tables against the registries of IANA, and against the RFCs that define what is in no registry. */
import { describe, expect, test } from 'vitest';
import { COMMANDS, PARAMETERS } from '../../src/trace/explain/commands.ts';
import { explainEnhanced } from '../../src/trace/explain/enhanced.ts';
import { METHODS, STATUSES } from '../../src/trace/explain/http.ts';
import { HEADERS } from '../../src/trace/explain/http-headers.ts';
import { KEYWORDS } from '../../src/trace/explain/keywords.ts';
import { REPLY_CODES } from '../../src/trace/explain/replies.ts';

const words = (text: string): string[] => text.trim().split(/\s+/);

describe('IANA: SMTP Enhanced Status Codes', () => {
  /** Every code of the registry, by the document it refers to. */
  const registry: Readonly<Record<string, string>> = {
    'RFC 3463': `X.0.0 X.1.0 X.1.1 X.1.2 X.1.3 X.1.4 X.1.5 X.1.6 X.1.7 X.1.8 X.2.0 X.2.1 X.2.2 X.2.3 X.2.4 X.3.0 X.3.1
      X.3.2 X.3.3 X.3.4 X.3.5 X.4.0 X.4.1 X.4.2 X.4.3 X.4.4 X.4.5 X.4.6 X.4.7 X.5.0 X.5.1 X.5.2 X.5.3 X.5.4 X.5.5 X.6.0
      X.6.1 X.6.2 X.6.3 X.6.4 X.6.5 X.7.0 X.7.1 X.7.2 X.7.3 X.7.4 X.7.5 X.7.6 X.7.7`,
    'RFC 3886': 'X.1.9',
    'RFC 4468': 'X.6.6',
    'RFC 4954': 'X.5.6 X.7.8 X.7.9 X.7.11 X.7.12',
    'RFC 5248': 'X.7.10 X.7.13 X.7.14',
    'RFC 6531': 'X.6.7 X.6.8 X.6.9 X.6.10',
    'RFC 6710': 'X.3.6 X.7.15 X.7.16',
    'RFC 7293': 'X.7.17 X.7.18 X.7.19',
    'RFC 7372': 'X.7.20 X.7.21 X.7.22 X.7.23 X.7.24 X.7.25 X.7.26',
    'RFC 7505': 'X.1.10 X.7.27',
    'RFC 8617': 'X.7.29',
    'RFC 8689': 'X.7.30',
    'draft-levine-mailbomb-header-00': 'X.7.28',
  };

  test.each(Object.entries(registry))('%s', (source, codes) => {
    for (const code of words(codes)) {
      const found = explainEnhanced(code.replace('X', '5'));
      expect(found?.source, code).toMatch(new RegExp(`^${source}\\b`));
      expect(found?.means, code).not.toContain('not registered');
      expect(found?.source, code).toMatch(/section \d|^draft/);
    }
  });

  test('and no more than these', () => {
    const known = new Set(Object.values(registry).flatMap(words));
    for (let subject = 0; subject < 10; subject += 1) {
      for (let detail = 0; detail < 100; detail += 1) {
        const means = explainEnhanced(`5.${subject}.${detail}`)?.means;
        expect(means?.includes('is not registered'), `X.${subject}.${detail}`).toBe(
          !known.has(`X.${subject}.${detail}`),
        );
      }
    }
  });

  test('the sections of RFC 3463 follow the subject', () => {
    for (const code of words(registry['RFC 3463'] ?? '')) {
      const subject = Number(code.split('.')[1]);
      expect(explainEnhanced(code)?.source, code).toContain(`RFC 3463 section 3.${subject + 1}`);
    }
  });

  test('what they say, where it is easily mistaken', () => {
    expect(explainEnhanced('5.7.10')?.means).toContain('encrypted connection');
    expect(explainEnhanced('4.7.28')?.means).toContain('flood');
    expect(explainEnhanced('X.7.26')?.means).toMatch(/^The message failed/);
    expect(explainEnhanced('5.7.708')?.means).toContain('security or policy; the detail 708 is not registered');
  });
});

describe('IANA: SMTP Service Extensions', () => {
  test.each([
    [
      'keywords',
      KEYWORDS,
      `SEND SOML SAML VRFY EXPN HELP TURN 8BITMIME SIZE VERB ONEX CHUNKING BINARYMIME CHECKPOINT DELIVERBY PIPELINING DSN
      ETRN ENHANCEDSTATUSCODES STARTTLS NO-SOLICITING MTRK SUBMITTER ATRN AUTH BURL FUTURERELEASE CONPERM CONNEG UTF8SMTP
      MT-PRIORITY RRVS SMTPUTF8 REQUIRETLS LIMITS`,
    ],
    [
      'parameters of MAIL and RCPT',
      PARAMETERS,
      `ALT-ADDRESS AUTH BODY BY CONNEG CONPERM ENVID HOLDFOR HOLDUNTIL MT-PRIORITY MTRK NOTIFY ORCPT REQUIRETLS RET RRVS
      SIZE SMTPUTF8 SOLICIT SUBMITTER TRANSID`,
    ],
    [
      'commands',
      COMMANDS,
      `EHLO HELO LHLO MAIL RCPT DATA RSET SEND SOML SAML VRFY EXPN HELP NOOP QUIT TURN STARTTLS AUTH BDAT ETRN ATRN BURL`,
    ],
  ])('%s', (_what, table, registered) => {
    for (const word of words(registered)) {
      const source = table[word]?.[1];
      expect(source, word).toMatch(/^(?:RFC \d+ (?:section|appendix) [\dF]|IANA)/);
    }
  });
});

test('reply codes: RFC 5321, 1985, 2645, 3207, 4954, 5248, 7504', () => {
  const codes = `211 214 220 221 235 250 251 252 253 334 354 421 432 450 451 452 453 454 455 458 459 500 501 502 503 504 521
    523 524 525 530 534 535 538 550 551 552 553 554 555 556`;
  for (const code of words(codes)) expect(REPLY_CODES[code]?.[1], code).toMatch(/^RFC \d+ sections? \d/);
});

describe('HTTP', () => {
  test('IANA: HTTP Status Codes', () => {
    const codes = `100 101 102 103 104 200 201 202 203 204 205 206 207 208 226 300 301 302 303 304 305 306 307 308 400 401 402
      403 404 405 406 407 408 409 410 411 412 413 414 415 416 417 418 421 422 423 424 425 426 428 429 431 451 500 501 502
      503 504 505 506 507 508 510 511`;
    expect(Object.keys(STATUSES)).toEqual(words(codes));
  });

  test('the methods of RFC 9110, PATCH, QUERY and WebDAV', () => {
    const methods = `GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH QUERY PROPFIND PROPPATCH MKCOL COPY MOVE LOCK
      UNLOCK PRI`;
    expect(Object.keys(METHODS)).toEqual(words(methods));
  });

  test('every field of RFC 9110, 9111 and 9112', () => {
    const fields = `Accept Accept-Charset Accept-Encoding Accept-Language Accept-Ranges Age Allow Authentication-Info
      Authorization Cache-Control Connection Content-Encoding Content-Language Content-Length Content-Location Content-Range
      Content-Type Date ETag Expect Expires From Host If-Match If-Modified-Since If-None-Match If-Range If-Unmodified-Since
      Last-Modified Location Max-Forwards MIME-Version Pragma Proxy-Authenticate Proxy-Authentication-Info
      Proxy-Authorization Range Referer Retry-After Server TE Trailer Transfer-Encoding Upgrade User-Agent Vary Via Warning
      WWW-Authenticate`;
    for (const field of words(fields)) {
      expect(HEADERS[field.toUpperCase()]?.[1], field).toMatch(/^RFC 911[012] (?:section \d|appendix B)/);
    }
  });
});
