/** What is said of commands, replies, keywords, logins, TLS and HTTP. */
import { describe, expect, test } from 'vitest';
import { arrows } from '../../src/trace/arrows.ts';
import type { TraceEvent } from '../../src/trace/event.ts';
import { MECHANISMS } from '../../src/trace/explain/auth.ts';
import { COMMANDS, PARAMETERS } from '../../src/trace/explain/commands.ts';
import type { Entry } from '../../src/trace/explain/entry.ts';
import { METHODS, STATUS_CLASSES, STATUSES, VERSIONS } from '../../src/trace/explain/http.ts';
import { HEADERS } from '../../src/trace/explain/http-headers.ts';
import { explain, explainer, explainLine } from '../../src/trace/explain/index.ts';
import { KEYWORDS } from '../../src/trace/explain/keywords.ts';
import { PHASE_REPLIES, REPLY_CLASSES, REPLY_CODES } from '../../src/trace/explain/replies.ts';
import { explainTranscript } from '../../src/trace/explain/transcript.ts';
import { smtplib } from '../../src/trace/smtplib.ts';
import { swaks } from '../../src/trace/swaks.ts';
import { Dialogue, seedDialogue } from './dialogue.ts';

function events(play: (trace: (event: TraceEvent) => void) => unknown): TraceEvent[] {
  const seen: TraceEvent[] = [];
  play((event) => seen.push(event));
  return seen;
}

describe('the tables', () => {
  const tables = {
    COMMANDS,
    PARAMETERS,
    KEYWORDS,
    MECHANISMS,
    REPLY_CODES,
    REPLY_CLASSES,
    PHASE_REPLIES,
    METHODS,
    VERSIONS,
    STATUSES,
    STATUS_CLASSES,
    HEADERS,
  };
  test.each(Object.entries<Readonly<Record<string, Entry>>>(tables))(
    '%s: short sentences, each with its source',
    (_name, table) => {
      for (const [key, [means, source, next]] of Object.entries(table)) {
        expect(key).toBe(key.toUpperCase());
        for (const text of next === undefined ? [means] : [means, next]) {
          expect(text, key).toMatch(/^\S.*[.]$/);
          expect(text.length, key).toBeLessThan(160);
        }
        expect(source, key).toMatch(/^(RFC \d{3,4}|Postfix|draft-|Google|Microsoft|W3C|WHATWG|Common use|IANA)/);
      }
    },
  );
});

describe('a line on its own', () => {
  test('a reply with an enhanced status code', () => {
    expect(explainLine('550 5.7.26')).toMatchObject({
      subject: '550',
      means: expect.stringContaining('will be refused again'),
      next: 'Change something before trying again.',
      source: 'RFC 5321 section 4.2.3',
      parts: [
        { subject: '5.7.26', means: expect.stringContaining('SPF, DKIM, DMARC'), source: 'RFC 7372 section 3.4' },
      ],
    });
  });

  test.each([
    ['5.1.1', '5.1.1', 'no such mailbox'],
    ['4.9.77', '4.9.77', 'not registered'],
    ['299 odd', '299', 'Done'],
    ['MAIL FROM:<> SIZE=12 BODY=8BITMIME', 'MAIL', 'return path'],
    ['rcpt to:<a@b.example>', 'RCPT', 'one recipient'],
    ['STARTTLS', 'STARTTLS', 'encrypt'],
    ['250-PIPELINING', '250 PIPELINING', 'several commands'],
    ['PIPELINING', 'PIPELINING', 'several commands'],
    ['AUTH PLAIN', 'AUTH', 'Logs in'],
    ['250-AUTH=LOGIN', '250 AUTH=LOGIN', 'log in'],
    ['GET /index.html HTTP/1.0', 'GET', 'resource'],
    ['HTTP/1.1 404 Not Found', '404', 'nothing at this address'],
    ['HTTP/1.1 299', '299', 'worked'],
    ['content-length: 12', 'content-length', 'how many bytes'],
  ])('%s', (line, subject, means) => {
    const found = explainLine(line);
    expect(found?.subject).toBe(subject);
    expect(found?.means.toLowerCase()).toContain(means.toLowerCase());
  });

  test.each(['', 'Hello, Bob', 'X-Mine: 1', 'constructor', '__proto__: 1', '999 no'])(
    'nothing to say of %j',
    (line) => {
      expect(explainLine(line)).toBeUndefined();
    },
  );

  test('the parts of MAIL', () => {
    expect(explainLine('MAIL FROM:<> SIZE=12 BODY=8BITMIME')?.parts.map((part) => part.subject)).toEqual([
      '<>',
      'SIZE=12',
      'BODY=8BITMIME',
    ]);
  });
});

describe('an event', () => {
  test('every line of the seed dialogue has its explanation', () => {
    const spoken = events(seedDialogue).filter((event) => event.kind === 'sent' || event.kind === 'received');
    for (const event of spoken) expect(explain(event), JSON.stringify(event)).toBeDefined();
  });

  test('the same 250 says what it means where it stands', () => {
    const found = events(seedDialogue).flatMap((event) => (event.kind === 'received' ? [explain(event)?.means] : []));
    expect(found).toEqual([
      'The server is there and ready.',
      "The server's name, and one line for each extension it offers.",
      'The sender is accepted, and a message has begun.',
      'This recipient is accepted.',
      'Go on: send the message.',
      expect.stringContaining('now responsible'),
      'The server says goodbye.',
    ]);
  });

  test("EHLO's reply: each keyword, and of AUTH each mechanism", () => {
    const [, reply] = events((trace) =>
      new Dialogue(trace).say('EHLO a').hear('250-mail.example.com', '250-AUTH PLAIN SCRAM-SHA-256 X-OWN', '250 XYZ'),
    );
    const parts = reply === undefined ? [] : (explain(reply)?.parts ?? []);
    expect(parts.map((part) => part.subject)).toEqual(['AUTH PLAIN SCRAM-SHA-256 X-OWN', 'XYZ']);
    expect(parts[0]?.parts.map((part) => part.subject)).toEqual(['PLAIN', 'SCRAM-SHA-256']);
    expect(parts[1]?.means).toContain('begins with X');
  });

  test('TLS: what holds, and what does not', () => {
    const [good, bad] = events((trace) =>
      new Dialogue(trace).tls().tls({ authorized: false, authorizationError: 'self-signed certificate' }),
    );
    expect(good && explain(good)?.parts[0]?.subject).toBe('verified');
    expect(bad && explain(bad)?.parts[0]?.means).toContain('self-signed certificate');
  });

  test('HTTP: the head with the headers that are known', () => {
    const seen = events((trace) =>
      new Dialogue(trace, { protocol: 'http' })
        .request('GET / HTTP/1.0\r\nHost: a\r\n\r\n')
        .head('HTTP/1.0 200 OK\r\nX-Own: 1\r\nServer: s\r\n\r\n')
        .body('x'),
    );
    const subjects = seen.map((event) => [explain(event)?.subject, explain(event)?.parts.map((part) => part.subject)]);
    expect(subjects).toEqual([
      ['GET', ['/', 'HTTP/1.0', 'Host']],
      ['200', ['HTTP/1.0', 'Server']],
      ['body', []],
    ]);
  });
});

describe('a transcript', () => {
  const wanted = [
    '220', 'EHLO', '250', '250 PIPELINING', '250 SIZE 20480000', '250 VRFY', '250 ETRN', '250 ENHANCEDSTATUSCODES',
    '250 8BITMIME', '250 DSN', 'MAIL', '250', 'RCPT', '250', 'DATA', '354', 'content', '.', '250', 'QUIT', '221',
  ]; // biome-ignore format: one dialogue

  test.each(Object.entries({ arrows, swaks, smtplib }))('as %s writes it', (name, format) => {
    let text = '';
    seedDialogue(format((more) => (text += more)));
    const subjects = explainTranscript(text).flatMap((line) => line.explanation?.subject ?? []);
    // smtplib shows a message as one line
    expect(subjects).toEqual(name === 'smtplib' ? wanted.filter((subject) => subject !== '.') : wanted);
  });

  test('of a message the beginning and the end are explained', () => {
    const text = 'S: 354 go\nC: Subject: x\nC:\nC: ..\nC: QUIT\nC: .\nS: 250 ok\nC: QUIT';
    const subjects = explainTranscript(text).map((line) => line.explanation?.subject);
    expect(subjects).toEqual(['354', 'content', undefined, undefined, undefined, '.', '250', 'QUIT']);
    expect(explainTranscript('.')[0]?.explanation?.means).toBe('The message ends here.');
  });

  test('a reply is explained by the command before it', () => {
    const lines = explainTranscript('S: 220 a\nC: EHLO b\nS: 250 a\nC: RCPT TO:<a@b.example>\nS: 250 ok\n');
    expect(lines.at(-1)?.explanation?.means).toBe('This recipient is accepted.');
    expect(lines).toHaveLength(5);
  });

  test('lines of a message are not taken for commands', () => {
    const lines = explainTranscript('DATA\n354 go\nSubject: QUIT\n\nQUIT\n250 5.1.1\n.\n250 ok');
    expect(lines.map((line) => line.explanation?.subject)).toEqual([
      'DATA', '354', 'content', undefined, undefined, undefined, '.', '250',
    ]); // biome-ignore format: one dialogue
  });
});

describe('a login, line by line', () => {
  function told(play: (dialogue: Dialogue) => unknown): string[] {
    const explain = explainer();
    return events((trace) => play(new Dialogue(trace))).flatMap((event) => {
      const found = explain(event);
      return found === undefined ? [] : [[found, ...found.parts].map(({ means }) => means).join(' ')];
    });
  }

  test('SCRAM: what each message holds', () => {
    const said = told((dialogue) =>
      dialogue
        .say('AUTH SCRAM-SHA-256 bixhPXVzZXI=', 'bixhPXVzZXI=')
        .challenge('334', 'cj1ub25jZQ==')
        .answer('Yz1iaXdz')
        .challenge('334', 'dj1w')
        .answer('')
        .hear('235 2.7.0 ok'),
    );
    expect(said).toEqual([
      expect.stringMatching(/neither sends it.*The first message: the user name and a random number/),
      expect.stringMatching(/salt, and how often/),
      expect.stringMatching(/the proof that the client knows the password/),
      expect.stringMatching(/The proof that the server knows/),
      expect.stringMatching(/the client has checked the proof/),
      expect.stringMatching(/The login succeeded/),
    ]);
  });

  test.each([
    ['AUTH PLAIN AGFkYQBzZXNhbWU=', ['user name: ada', 'password: <secret, 6 bytes>']],
    ['AUTH PLAIN cm9vdABhZGEAc2VzYW1l', ['acts for: root', 'user name: ada', 'password: <secret, 6 bytes>']],
    ['AUTH XOAUTH2 dXNlcj1hZGEBYXV0aD1CZWFyZXIgeHl6AQE=', ['user name: ada', 'access token: <secret, 10 bytes>']],
    ['AUTH SCRAM-SHA-1 biwsbj1hZGEscj1ub25jZQ==', ['user name: ada', 'random numbers: nonce']],
    ['AUTH EXTERNAL YWRh', ['acts for: ada']],
    ['AUTH ANONYMOUS YWRh', ['who it is: ada']],
  ])('%s in a transcript', (line, wanted) => {
    const [found] = explainTranscript(`S: 220 a\nC: ${line}\n`).slice(1);
    const fields = found?.explanation?.parts.at(-1)?.parts.map(({ subject, means }) => `${subject}: ${means}`);
    expect(fields).toEqual(wanted);
    expect(found?.text).toMatch(/^C: AUTH \S+ <secret, \d+ bytes>$/);
  });
});
