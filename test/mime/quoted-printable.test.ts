import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_SHORT_TEXT, quotedPrintable, shortText } from '../../src/mime/quoted-printable.ts';

/** Decoded by the letter of RFC 2045 section 6.7, and by no more than that. */
function decoded(encoded: string): Buffer {
  expect(encoded).toMatch(/^(?:(?:[!-<>-~\t ]|=[0-9A-F]{2})*=?(?:\r\n|$))*$/);
  for (const line of encoded.split('\r\n')) {
    expect(line.length).toBeLessThanOrEqual(76);
    expect(line).not.toMatch(/[ \t]$|^\.|^From /);
  }
  const joined = encoded.replace(/=\r\n/g, '');
  return Buffer.from(
    joined.replace(/=(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
}

/** Octets in which everything that matters is close together. */
const octets = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ' ',
        '\t',
        '.',
        'From ',
        'F',
        '=',
        '\r',
        '\n',
        '\r\n',
        '\x7f',
        '\0',
        '\x1f',
        'é',
        '名',
        'plain words',
        '~',
      ),
      fc.string({ maxLength: 90 }),
      fc.uint8Array({ maxLength: 10 }).map((some) => Buffer.from(some).toString('latin1')),
    ),
    { maxLength: 40 },
  )
  .map((pieces) => Buffer.from(pieces.join(''), 'utf8'));

describe('quoted-printable', () => {
  test('octets come back as they were, each of them', () => {
    fc.assert(
      fc.property(octets, (given) => {
        expect(decoded(Buffer.from(quotedPrintable(given, 'octets')).toString('latin1')).equals(given)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('text comes back with CRLF line ends', () => {
    fc.assert(
      fc.property(octets, (given) => {
        const text = given.toString('utf8');
        const meant = Buffer.from(text.replace(/\r\n|\n/g, '\r\n'), 'utf8');
        expect(decoded(shortText(text, 'text')).equals(meant)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('every octet in every place of a line', () => {
    for (let octet = 0; octet < 256; octet++) {
      for (const before of [0, 1, 2, 3, 4, 70, 71, 72, 73, 74, 75, 76]) {
        for (const after of ['', 'x', '\r\n', 'abcdefgh']) {
          const given = Buffer.concat([Buffer.alloc(before, 0x61), Buffer.from([octet]), Buffer.from(after)]);
          const back = decoded(Buffer.from(quotedPrintable(given, 'octets')).toString('latin1'));
          if (!back.equals(given)) expect.fail(`octet ${octet} behind ${before} before ${JSON.stringify(after)}`);
        }
      }
    }
  });

  test('the worst of texts fits the memory that is kept for short ones', () => {
    for (const char of ['名', '=', ' ', '\n', '.\n', ' \n']) {
      const text = char.repeat(Math.floor(MAX_SHORT_TEXT / char.length));
      expect(decoded(shortText(text, 'text')).length).toBe(Buffer.byteLength(text.replaceAll('\n', '\r\n')));
    }
  });
});
