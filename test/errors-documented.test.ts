/** docs/errors.md has a section for every code, with what to do, and none for a code that is gone. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const source = readFileSync(new URL('../src/errors.ts', import.meta.url), 'utf8');
const codes = [...(/export type ErrorCode =([\s\S]*?);/.exec(source)?.[1] ?? '').matchAll(/'([A-Z0-9_]+)'/g)].map(
  (match) => match[1],
);
const page = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8');
const sections = page.split(/^### /m).slice(1);

test('a section for every code', () => {
  expect(codes.length).toBeGreaterThan(30);
  expect(sections.map((section) => section.split('\n')[0]).sort()).toEqual([...codes].sort());
});

test('each says what to do', () => {
  for (const section of sections) expect(section).toMatch(/^Do: /m);
});
