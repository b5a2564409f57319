import fc from 'fast-check';
import { expect, test } from 'vitest';
import { plainAt } from '../../src/mime/mailbox.ts';

/** The same in the form of a grammar: a dot-atom, `@`, and labels of at most 63 letters, digits, hyphens, underscores. */
const ATEXT = "[\\w!#$%&'*+\\-/=?^`{|}~]+";
const LABEL = '[A-Za-z0-9_](?:[\\w-]{0,61}[A-Za-z0-9_])?';
const PLAIN = new RegExp(`^${ATEXT}(?:\\.${ATEXT})*@(?:${LABEL}\\.)*${LABEL}$`);
const where = (text: string): number => (text.length <= 255 && PLAIN.test(text) ? text.indexOf('@') : -1);

const unit = fc.constantFrom(...'aZ09._-+@@ "\\<>,:;()[]\r\n\0\u007f\u00e9\ud83d', 'a'.repeat(62), 'b'.repeat(63));

test('a mailbox that needs no reading is one of the grammar', () => {
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 9 }), (units) => {
      const text = units.join('');
      expect(plainAt(text)).toBe(where(text));
    }),
    { numRuns: 5000 },
  );
});

test('each character, in each place', () => {
  for (let code = 0; code <= 0x100; code += 1) {
    const each = String.fromCharCode(code);
    for (const text of [`${each}@b.c`, `a${each}a@b.c`, `a@${each}.c`, `a@b${each}c`, `a@b.c${each}`, `a@b${each}`])
      expect(plainAt(text), JSON.stringify(text)).toBe(where(text));
  }
});
