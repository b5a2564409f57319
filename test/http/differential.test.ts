/**
 * The same responses, legal and illegal, read by us, by Node's llhttp and by Python's http.client. Where verdicts differ,
 * the difference must be one of those explained in {@link DIFFERENCES}; docs/fetching-pages.md has them as a table.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askNode, Python, type Verdict } from './peers.ts';
import { play, whole } from './play.ts';

interface Case {
  readonly method: string;
  readonly response: string;
}

/** One explained difference: who differs, how it shows, and what in the response makes it. */
interface Difference {
  readonly why: string;
  readonly applies: (one: Case, ours: Verdict, theirs: Verdict) => boolean;
}

const weRefuse = (ours: Verdict, theirs: Verdict): boolean => !ours.ok && theirs.ok;
const theyRefuse = (ours: Verdict, theirs: Verdict): boolean => ours.ok && !theirs.ok;

/** We refuse with one of these codes where the peer reads on. */
const refusedBy =
  (...codes: string[]): Difference['applies'] =>
  (_, ours, theirs) =>
    weRefuse(ours, theirs) && codes.includes(ours.why ?? '');
/** The peer refuses, and the response has this. */
const refusedFor =
  (pattern: RegExp): Difference['applies'] =>
  (one, ours, theirs) =>
    theyRefuse(ours, theirs) && pattern.test(one.response);

const withoutBody = ({ method, response }: Case): boolean =>
  method === 'HEAD' || /^HTTP\/1\.\d (?:204|304)/m.test(response);

const NODE: readonly Difference[] = [
  {
    why: 'llhttp takes HTTP/2.0 in a status line, and any three digits',
    applies: refusedBy('BAD_STATUS_LINE'),
  },
  {
    why: 'llhttp lets control characters through in a reason phrase',
    applies: (one, ours, theirs) =>
      refusedBy('CONTROL_IN_HEAD')(one, ours, theirs) && /^HTTP\/.*\x01/m.test(one.response),
  },
  {
    why: 'llhttp reads on to the end where the last transfer coding is not chunked, and takes chunked twice for once',
    applies: refusedBy('UNKNOWN_TRANSFER_CODING'),
  },
  { why: 'llhttp knows no ICY', applies: refusedFor(/^ICY/m) },
  { why: 'llhttp refuses bare LF, unless told to be lenient', applies: refusedFor(/^[^\r\n]*\n/) },
  { why: 'llhttp refuses bare LF, unless told to be lenient', applies: refusedFor(/[^\r]\n/) },
  { why: 'llhttp refuses versions above 1.1', applies: refusedFor(/^HTTP\/1\.2/m) },
  { why: 'llhttp refuses obsolete folding, unless told to be lenient', applies: refusedFor(/\n[ \t]/) },
  {
    why: 'llhttp refuses Content-Length twice, even if equal',
    applies: refusedFor(/Content-Length: (.*)\r\n(?:.*\r\n)*Content-Length: \1\r/i),
  },
  {
    why: 'llhttp refuses Content-Length beside Transfer-Encoding',
    applies: refusedFor(/content-length:[\s\S]*transfer-encoding:|transfer-encoding:[\s\S]*content-length:/i),
  },
  { why: 'llhttp refuses whitespace after a chunk size', applies: refusedFor(/^5 \r/m) },
  {
    why: 'we leave the framing fields of a response that has no body alone (RFC 9112 section 6.3, rule 1)',
    applies: (one, ours, theirs) =>
      theyRefuse(ours, theirs) && withoutBody(one) && /content-length|transfer-encoding/i.test(one.response),
  },
  {
    why: 'bytes behind the end of a response are the start of another to llhttp, and no longer ours',
    applies: (_, ours, theirs) =>
      theyRefuse(ours, theirs) && /^HPE_(?:INVALID_CONSTANT|CLOSED_CONNECTION)$/.test(theirs.why ?? ''),
  },
];

const PYTHON: readonly Difference[] = [
  {
    why: 'http.client splits a status line at any whitespace, and takes any version from HTTP/1 on, HTTP/0.9 too',
    applies: refusedBy('BAD_STATUS_LINE'),
  },
  { why: 'http.client lets control characters, NUL and a lone CR through', applies: refusedBy('CONTROL_IN_HEAD') },
  {
    why: 'http.client ends the head at a line it does not understand, and takes any name',
    applies: refusedBy('BAD_HEADER'),
  },
  {
    why: 'http.client reads on to the end where Content-Length is no number, is negative, or is a list',
    applies: refusedBy('BAD_CONTENT_LENGTH'),
  },
  { why: 'http.client takes the first of several lengths', applies: refusedBy('CONFLICTING_CONTENT_LENGTH') },
  {
    why: 'http.client leaves a body in an unknown transfer coding coded',
    applies: refusedBy('UNKNOWN_TRANSFER_CODING'),
  },
  { why: 'http.client takes the end of the connection for the end of the head, too', applies: refusedBy('SHORT_HEAD') },
  { why: 'http.client takes a chunked body without its last line end for complete', applies: refusedBy('SHORT_BODY') },
  {
    why: 'http.client reads a chunk size with int(): 0x5, +5, and 5 with anything behind a semicolon',
    applies: refusedBy('BAD_CHUNK'),
  },
  {
    why: 'http.client waits out 100 only: any other interim response is the final one to it',
    applies: ({ response }) => /^\r?\n?HTTP\/1\.1 103/.test(response),
  },
  { why: 'http.client knows no ICY, and no blank lines before a status line', applies: refusedFor(/^ICY|^\r?\n/m) },
  {
    why: 'http.client reads a chunked body where a response has none (204, 304)',
    applies: (one, ours) => ours.ok && withoutBody(one) && /transfer-encoding/i.test(one.response),
  },
  {
    why: 'http.client keeps whitespace at the end of a value, and line ends in a folded one',
    applies: (_, ours, theirs) =>
      ours.ok &&
      theirs.ok &&
      ours.body === theirs.body &&
      ours.status === theirs.status &&
      spaced(ours) === spaced(theirs),
  },
];

function spaced({ headers = [] }: Verdict): string {
  return JSON.stringify(headers.map(([name, value]) => [name, value.replace(/\s+/g, ' ').trim()]));
}

const DIFFERENCES = { node: NODE, python: PYTHON };

const statusLine = fc.constantFrom(
  ...Array<string>(12).fill('HTTP/1.1 200 OK'),
  'HTTP/1.0 200 OK',
  'HTTP/1.1 404',
  'HTTP/1.1 404 ',
  'HTTP/1.1 200  OK',
  'HTTP/1.2 200 OK',
  'HTTP/2.0 200 OK',
  'HTTP/1.1 99 OK',
  'HTTP/1.1 099 OK',
  'HTTP/1.1 999 OK',
  'HTTP/1.1 2000 OK',
  'HTTP/1.1 20 OK',
  'HTTP/1.1  200 OK',
  'http/1.1 200 OK',
  'ICY 200 OK',
  'HTTP/1.1 200 O\tK',
  'HTTP/1.1 200 \xe9',
  'HTTP/1.1 204 No',
  'HTTP/1.1 304 Same',
  'HTTP/1.1 -20 OK',
  'HTTP/1.1 200\tOK',
  'FTP 200 OK',
  'HTTP/1.1 200OK',
  'HTTP/0.9 200 OK',
  'HTTP/1.01 200 OK',
  '',
  'HTTP/1.1 200 O\x01K',
);
const field = fc.constantFrom(
  ...['Server: x', 'X-A: b', 'X-A:b', 'X-Empty:', 'X-Tab:\tb\t', 'x-latin: \xe9'].flatMap((each) => [each, each]),
  'Content-Length: 5',
  'Content-Length: 5',
  'content-length: 3',
  'Content-Length: 05',
  'Content-Length: 5, 5',
  'Content-Length: +5',
  'Content-Length: -1',
  'Content-Length: ',
  'Content-Length: 5x',
  'Content-Length: 99999999999999999999',
  'Content-Length: 0',
  'Content-Length: 9',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: Chunked',
  'Transfer-Encoding: gzip',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: identity',
  'X-Space : b',
  'no colon',
  ': nameless',
  'X A: b',
  'X-Ctl: a\x01b',
  'X-Nul: a\0b',
  'X-Cr: a\rb',
  ' folded',
  '\tfolded',
  'X(1): b',
  'Connection: close',
  'Connection: keep-alive',
);
const body = fc.constantFrom(
  'hello',
  'hello',
  '',
  'hello, world',
  'hel',
  '5\r\nhello\r\n0\r\n\r\n',
  '5\r\nhello\r\n0\r\n\r\n',
  '5;a=b\r\nhello\r\n0\r\nT: u\r\n\r\n',
  '5 \r\nhello\r\n0\r\n\r\n',
  '5\nhello\n0\n\n',
  '5\r\nhello\r\n0\r\n',
  '5\r\nhello',
  '5\r\nhelloo\r\n0\r\n\r\n',
  '0x5\r\nhello\r\n0\r\n\r\n',
  '+5\r\nhello\r\n0\r\n\r\n',
  'g\r\n',
  '05\r\nhello\r\n000\r\n\r\n',
  '5\r\nhello\r\n0\r\n\r\nmore',
  'fffffffffffffffff\r\nx',
  '5;a\rb\r\nhello\r\n0\r\n\r\n',
  '-5\r\nhello\r\n0\r\n\r\n',
);
const lineEnd = fc.constantFrom('\r\n', '\r\n', '\r\n', '\r\n', '\n');
const response = fc
  .record({
    method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD'),
    before: fc.constantFrom(
      '',
      '',
      '',
      '',
      '',
      '',
      'HTTP/1.1 100 Continue\r\n\r\n',
      '\r\n',
      'HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n',
    ),
    statusLine,
    fields: fc.array(field, { maxLength: 4 }),
    end: lineEnd,
    body,
    cut: fc.constantFrom(0, 0, 0, 0, 0, 0, 1, 4),
  })
  .map(({ method, before, statusLine: line, fields, end, body: content, cut }): Case => {
    const text = `${before}${[line, ...fields, '', ''].join(end)}${content}`;
    return { method, response: text.slice(0, text.length - cut) };
  });

function askUs({ method, response: text }: Case): Verdict {
  const { error, head: own, body: content } = play(whole(Buffer.from(text, 'latin1')), { method, version: '1.1' });
  if (error !== undefined) return { ok: false, why: error.code };
  return {
    ok: true,
    status: own?.status ?? 0,
    reason: own?.reason ?? '',
    headers: [...(own?.headers ?? [])].map(([name, value]) => [name.toLowerCase(), value]),
    body: content.toString('latin1'),
  };
}

function same(ours: Verdict, theirs: Verdict): boolean {
  if (ours.ok !== theirs.ok) return false;
  if (!ours.ok) return true;
  return (
    JSON.stringify([ours.status, ours.body, ours.headers]) ===
    JSON.stringify([theirs.status, theirs.body, theirs.headers])
  );
}

const { PLAINWIRE_RUNS } = process.env;
const runs = { numRuns: Number(PLAINWIRE_RUNS ?? 1_500) };

function explain(one: Case, ours: Verdict, theirs: Verdict, table: readonly Difference[]): void {
  if (same(ours, theirs) || table.some(({ applies }) => applies(one, ours, theirs))) return;
  expect.fail(
    `unexplained:\n${JSON.stringify(one)}\nours:   ${JSON.stringify(ours)}\ntheirs: ${JSON.stringify(theirs)}`,
  );
}

describe('responses of every kind', () => {
  it('are read as llhttp reads them, but for what is explained', async () => {
    await fc.assert(
      fc.asyncProperty(response, async (one) => {
        explain(one, askUs(one), await askNode(Buffer.from(one.response, 'latin1'), one.method), DIFFERENCES.node);
      }),
      runs,
    );
  });

  let python: Python | undefined;
  beforeAll(async () => {
    python = await Python.start();
  });
  afterAll(() => python?.stop());

  it('are read as http.client reads them, but for what is explained', async ({ skip }) => {
    const peer = python;
    if (peer === undefined) return skip('no python3');
    await fc.assert(
      fc.asyncProperty(response, async (one) => {
        explain(one, askUs(one), await peer.ask(Buffer.from(one.response, 'latin1'), one.method), DIFFERENCES.python);
      }),
      runs,
    );
  });
});
