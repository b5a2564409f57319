import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Gathered } from '../../src/http/gathered.ts';

it('is what came, in order, at any time', () => {
  const piece = fc
    .uint8Array({ maxLength: 40 })
    .chain((small) => fc.constantFrom(small, Buffer.alloc(600, small.length)));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const gathered = new Gathered();
      for (const [i, each] of pieces.entries()) {
        gathered.add(each);
        if (i % 7 === 0) expect(Buffer.compare(gathered.bytes(), Buffer.concat(pieces.slice(0, i + 1)))).toBe(0);
      }
      expect(Buffer.compare(gathered.bytes(), Buffer.concat(pieces))).toBe(0);
    }),
    { numRuns: 60 },
  );
});

it('copies small pieces together where there are many, for the view of a byte costs a hundred', () => {
  const gathered = new Gathered();
  const byte = Buffer.from('x');
  for (let i = 0; i < 40_000; i += 1) gathered.add(byte);
  byte[0] = 0x79;
  const bytes = Buffer.from(gathered.bytes()).toString('latin1');
  expect(bytes.length).toBe(40_000);
  expect(bytes.lastIndexOf('y')).toBeLessThan(16);
  gathered.clear();
  expect(gathered.bytes().length).toBe(0);
});

it('does not copy what is one piece', () => {
  const gathered = new Gathered();
  const all = Buffer.alloc(100_000);
  gathered.add(all);
  expect(gathered.bytes()).toBe(all);
});
