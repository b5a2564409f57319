import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
// @ts-expect-error a script, without types
import { assemble } from '../../scripts/assemble.mjs';
import { type EncodeLines, LINE_OCTETS, lineByLine, vectorEncoder } from '../../src/mime/base64-lines.ts';
import { BASE64_LINES } from '../../src/mime/base64-lines.wasm.ts';

const encoders: [string, EncodeLines | undefined][] = [
  ['with vectors', vectorEncoder()],
  ['line by line', lineByLine],
];

test('the assembled module is that of base64-lines.wat', async () => {
  expect(BASE64_LINES).toBe((await assemble()).toString('base64'));
});

describe.each(encoders)('whole lines of base64, %s', (_, encode) => {
  const check = (octets: Buffer, start: number, lines: number, at: number): void => {
    const out = Buffer.alloc(at + lines * 78 + 9, 0xee);
    const text = octets.toString('base64', start, start + lines * LINE_OCTETS).replace(/.{76}/g, '$&\r\n');
    expect(encode?.(octets, start, lines, out, at)).toBe(at + lines * 78);
    expect(out.toString('latin1', at, at + lines * 78)).toBe(text);
    // nothing before and nothing behind is written to
    expect(out.subarray(0, at).every((octet) => octet === 0xee)).toBe(true);
    expect(out.subarray(at + lines * 78).every((octet) => octet === 0xee)).toBe(true);
  };

  test('every octet in every place of a line', () => {
    for (let shift = 0; shift < LINE_OCTETS; shift++) {
      check(Buffer.from(Array.from({ length: LINE_OCTETS * 5 }, (_, n) => n + shift)), 0, 5, 0);
    }
  });

  test.each([0, 1, 2, 511, 512, 513, 1536])('%d lines', (lines) => {
    const octets = Buffer.from(Array.from({ length: lines * LINE_OCTETS + 20 }, (_, n) => (n * 131 + (n >> 7)) & 0xff));
    check(octets, 0, lines, 0);
    check(octets, 20, lines, 13);
  });

  test('any octets', () => {
    const octets = fc.uint8Array({ minLength: LINE_OCTETS, maxLength: 1000 });
    fc.assert(
      fc.property(octets, fc.nat(), fc.nat(40), (bytes, from, at) => {
        const start = from % (bytes.length - LINE_OCTETS + 1);
        check(Buffer.from(bytes), start, Math.floor((bytes.length - start) / LINE_OCTETS), at);
      }),
    );
  });
});
