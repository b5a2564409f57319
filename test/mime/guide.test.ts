import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { compose, type MessageInit } from '../../src/mime/index.ts';
import { Readers } from './support/read-back.ts';

/** The table of docs/composing-mail.md: each row is composed, and read back by parsers that aren't ours. */

const guide = readFileSync(new URL('../../docs/composing-mail.md', import.meta.url), 'utf8');
const table = /<!-- structures -->\n\n((?:\|.*\n)+)/.exec(guide)?.[1] ?? '';
const rows = [...table.matchAll(/^\| `(\{.*\})` \| `(.*)` \|$/gm)].map(
  ([, content = '', shape = '']) => [content, shape] as const,
);

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const content = 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n';
const WORDS = {
  text: 'x',
  html: '<p>x',
  watchHtml: '<b>x</b>',
  amp: '<html ⚡4email></html>',
  htmlWithData: `<img src="data:image/png;base64,${PNG}">`,
  image: { filename: 'i.png', content: Buffer.from(PNG, 'base64'), cid: 'i' },
  file: { filename: 'a.pdf', content: 'x' },
  markdown: { contentType: 'text/x-web-markdown', content: '**x**' },
  message: { filename: 'm.eml', content: 'From: a@example.com\n\nx\n' },
  raw: 'Content-Type: text/x-own\r\n\r\nx',
  icalEvent: { content },
  content,
};

const readers = new Readers();
afterAll(() => readers.close());

describe('what becomes which structure', () => {
  test('the table is there', () => expect(rows.length).toBeGreaterThan(15));

  test.each(rows)('%s', async (source, shape) => {
    const init = new Function(...Object.keys(WORDS), `return ${source}`)(...Object.values(WORDS)) as MessageInit;
    const { python } = await readers.read(compose({ from: 'a@example.com', ...init }));
    expect(textOf(python.shape)).toBe(shape);
  });
});

function textOf(shape: unknown): string {
  if (typeof shape === 'string') return shape;
  return Object.entries(shape as Record<string, unknown[]>)
    .map(([subtype, parts]) => `${subtype}(${parts.map(textOf).join(', ')})`)
    .join();
}
