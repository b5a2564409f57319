import { describe, expect, test } from 'vitest';
import { Base64Encoder, base64Blocks, base64Size } from '../../src/mime/base64.ts';
import { quotedPrintable } from '../../src/mime/quoted-printable.ts';

const LENGTHS = [0, 1, 2, 3, 56, 57, 58, 113, 114, 115, 57 * 512 - 1, 57 * 512, 57 * 512 + 1, 57 * 512 * 3, 100_000];
const bytesOf = (length: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, index) => (index * 131 + (index >> 7)) & 0xff));
const linesOf = (bytes: Buffer): string => (bytes.toString('base64').match(/.{1,76}/g) ?? []).join('\r\n');

describe('base64 in lines', () => {
  test.each(LENGTHS)('%d octets at hand', (length) => {
    const encoded = Buffer.concat([...base64Blocks(bytesOf(length))]).toString('latin1');
    expect(encoded).toBe(linesOf(bytesOf(length)));
    expect(base64Size(length)).toBe(encoded.length);
  });

  test.each([1, 2, 56, 57, 58, 1000, 65_536])('chunks of %d octets', (size) => {
    const bytes = bytesOf(70_001);
    const encoder = new Base64Encoder();
    const out: Uint8Array[] = [];
    for (let start = 0; start < bytes.length; start += size) {
      const chunk = Buffer.from(bytes.subarray(start, start + size));
      out.push(...encoder.push(chunk));
      // The chunk belongs to whoever gave it, who may use it again.
      chunk.fill(0);
    }
    out.push(encoder.end());
    expect(Buffer.concat(out).toString('latin1')).toBe(linesOf(bytes));
  });
});

describe('quoted-printable (RFC 2045 section 6.7)', () => {
  const encode = (text: string, lineEnds: 'text' | 'octets' = 'text'): string =>
    Buffer.from(quotedPrintable(Buffer.from(text, 'utf8'), lineEnds)).toString('latin1');

  test.each<[string, string]>([
    ['', ''],
    ['plain', 'plain'],
    ['a=b', 'a=3Db'],
    ['é', '=C3=A9'],
    ['a\nb\r\nc', 'a\r\nb\r\nc'],
    ['a\rb', 'a=0Db'],
    ['a \nb\t\r\nc ', 'a=20\r\nb=09\r\nc=20'],
    ['\0\x1f\x7f', '=00=1F=7F'],
    ['.\n..a\nb.', '=2E\r\n=2E.a\r\nb.'],
    ['From me\nFrom\nFar', '=46rom me\r\nFrom\r\nFar'],
    ['x'.repeat(75), 'x'.repeat(75)],
    [`${'x'.repeat(75)}\n`, `${'x'.repeat(75)}\r\n`],
    ['x'.repeat(80), `${'x'.repeat(75)}=\r\n${'x'.repeat(5)}`],
    [`${'x'.repeat(74)} \n`, `${'x'.repeat(74)}=\r\n=20\r\n`],
    [`${'x'.repeat(73)} \n`, `${'x'.repeat(73)}=20\r\n`],
    [`${'x'.repeat(73)}é`, `${'x'.repeat(73)}=\r\n=C3=A9`],
    [`${'x'.repeat(75)}.y`, `${'x'.repeat(75)}=\r\n=2Ey`],
  ])('%j', (text, encoded) => expect(encode(text)).toBe(encoded));

  test('in octets a lone LF comes back as it is', () => {
    expect(encode('a\nb\r\nc', 'octets')).toBe('a=0Ab\r\nc');
  });
});
