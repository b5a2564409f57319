/** A head that is to the letter of the grammar is read at once, any other with care: both ways see the same. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RESPONSE_LIMITS } from '../../src/http/index.ts';
import { readPlainHead } from '../../src/http/plain-head.ts';
import { play } from './play.ts';

const MOST = RESPONSE_LIMITS.fields;

const characters = (pattern: RegExp): string =>
  Array.from({ length: 256 }, (_, code) => String.fromCharCode(code))
    .filter((character) => pattern.test(character))
    .join('');
const text = (alphabet: string, options: fc.StringConstraints): fc.Arbitrary<string> =>
  fc.string({ ...options, unit: fc.constantFrom(...alphabet) });
const token = text(characters(/[!#$%&'*+\-.^_`|~0-9A-Za-z]/), { minLength: 1, maxLength: 12 });
const value = text(`${characters(/[\t -~\x80-\xff]/)}    \t\t::`, { maxLength: 20 });
const plain = fc
  .record({
    version: fc.constantFrom('1.0', '1.1'),
    status: fc.integer({ min: 200, max: 599 }),
    reason: value.map((reason) => reason.replace(/^[\t ]+|[\t ]+$/g, '')),
    fields: fc.array(fc.tuple(token, fc.constantFrom('', ' ', ' \t'), value), { maxLength: 12 }),
  })
  .map(
    ({ version, status, reason, fields }) =>
      `HTTP/${version} ${status} ${reason}\r\n${fields.map(([name, gap, own]) => `${name}:${gap}${own}\r\n`).join('')}`,
  );

it('both ways read a plain head alike', () => {
  fc.assert(
    fc.property(plain, (lines) => {
      const atOnce = readPlainHead(`${lines}\r\n`, MOST);
      // the same head, but for the LF that alone ends it: that takes care
      const response = Buffer.from(`${lines}\n`, 'latin1');
      expect(readPlainHead(response.toString('latin1'), MOST)).toBeUndefined();
      const { head, error } = play([response], { method: 'HEAD' });
      // what the fields mean is not the head's business
      fc.pre(error === undefined);
      expect(atOnce).toEqual(head);
    }),
    { numRuns: 2_000 },
  );
});

it.each([
  ['a control character', 'HTTP/1.1 200 OK\r\nA: \x01\r\n\r\n'],
  ['NUL', 'HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n'],
  ['DEL', 'HTTP/1.1 200 O\x7fK\r\n\r\n'],
  ['a bare CR', 'HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n'],
  ['a CR before CRLF', 'HTTP/1.1 200 OK\r\nA: b\r\r\n\r\n'],
  ['a bare LF', 'HTTP/1.1 200 OK\nA: b\r\n\r\n'],
  ['a fold', 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n'],
  ['a space before the colon', 'HTTP/1.1 200 OK\r\nA : b\r\n\r\n'],
  ['no colon', 'HTTP/1.1 200 OK\r\nA\r\n\r\n'],
  ['no name', 'HTTP/1.1 200 OK\r\n: b\r\n\r\n'],
  ['a name that is no token', 'HTTP/1.1 200 OK\r\nA(b): c\r\n\r\n'],
  ['no reason, nor the space before it', 'HTTP/1.1 200\r\n\r\n'],
  ['whitespace around the reason', 'HTTP/1.1 200 OK \r\n\r\n'],
  ['two spaces', 'HTTP/1.1 200  OK\r\n\r\n'],
  ['a version of its own', 'HTTP/1.2 200 OK\r\n\r\n'],
  ['ICY', 'ICY 200 OK\r\n\r\n'],
  ['a status above 599', 'HTTP/1.1 600 OK\r\n\r\n'],
  ['a status below 100', 'HTTP/1.1 099 OK\r\n\r\n'],
  ['more than one head', 'HTTP/1.1 200 OK\r\n\r\nA: b\r\n\r\n'],
])('%s takes care', (_, head) => {
  expect(readPlainHead(head, MOST)).toBeUndefined();
});

it('more fields than there may be take care, and so does a head of great length', () => {
  const head = (fields: number): string => `HTTP/1.1 200 OK\r\n${'A: b\r\n'.repeat(fields)}\r\n`;
  expect(readPlainHead(head(3), 3)?.headers.length).toBe(3);
  expect(readPlainHead(head(4), 3)).toBeUndefined();
  expect(readPlainHead(head(10_000), Number.POSITIVE_INFINITY)).toBeUndefined();
});
