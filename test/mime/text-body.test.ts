import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeText } from '../../src/mime/text-body.ts';

/** What the fast ways come to, said slowly. */
function isFit(text: string): boolean {
  return (
    /^[\t\n\r\x20-\x7e]*$/.test(text) &&
    !/\r(?!\n)/.test(text) &&
    text.split(/\r?\n/).every((line) => line.length <= 998)
  );
}

function check(text: string): void {
  const { encoding, body } = encodeText(text, 'text', '7bit');
  if (encoding === '7bit') expect(body).toBe(text.replace(/\r?\n/g, '\r\n'));
  expect(encoding === '7bit', JSON.stringify(text.slice(0, 60))).toBe(isFit(text));
}

describe('a text goes out as it is where that is safe', () => {
  test.each([0, 1, 2, 3, 4, 5, 7, 8, 9, 63, 16_384, 16_385, 65_536, 65_537, 70_000])(
    'behind %i characters',
    (before) => {
      const line = `${'x'.repeat(63)}\n`;
      const start = line.repeat(Math.ceil(before / 64)).slice(0, before);
      for (let code = 0; code < 128; code++)
        for (const after of ['', 'y', '\n', 'yyyyyyyyy\r\n']) check(start + String.fromCharCode(code) + after);
      for (const end of ['\r\n', '\r', '\r\r\n', '\n\r', '\r\n\r\n', '\n\n'])
        for (const after of ['', 'y']) check(start + end + after);
    },
  );

  test.each([997, 998, 999, 1000])('a line of %i characters, wherever it stands', (length) => {
    const line = 'x'.repeat(length);
    for (const text of [line, `${line}\n`, `${line}\r\n`, `a\n${line}`, `a\r\n${line}\r\nb`, `${line}\n${line}`]) {
      check(text);
      check(`${'short\n'.repeat(3000)}${text}`);
      check(`${'short\n'.repeat(12_000)}${text}`);
    }
  });

  test('texts of everything', () => {
    const piece = fc.oneof(fc.constantFrom('\n', '\r\n', '\r', '\t', 'words ', '\x7f'), fc.string({ maxLength: 40 }));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => check(pieces.join(''))),
      { numRuns: 300 },
    );
  });

  test('half a surrogate pair is found wherever it is, however the text goes out; U+FFFD itself is a character', () => {
    for (const start of ['', 'words\n'.repeat(20_000), '名\n'.repeat(40_000), 'x'.repeat(100_000)]) {
      for (const way of ['7bit', '8bit'] as const) {
        for (const forced of [undefined, 'quoted-printable', 'base64'] as const) {
          expect(() => encodeText(`${start}a\ud800b`, 'text', way, forced)).toThrow(
            /half a surrogate pair \(U\+D800\)/,
          );
          expect(() => encodeText(`${start}\ufffd \u{1f600}`, 'text', way, forced)).not.toThrow();
        }
      }
    }
  });
});
