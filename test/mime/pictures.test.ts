import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium } from './support/chromium.ts';
import { PICTURED } from './support/pictured.ts';
import { Readers } from './support/read-back.ts';
import { Webmail } from './support/webmail.ts';

/**
 * Three messages as they look on arrival, for a person to look at: in .cache/pictures after each run, and in
 * docs/pictures by `npm run pictures:mail`.
 */

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = join(root, process.env['PLAINWIRE_PICTURES'] ?? '.cache/pictures');
const chromium = findChromium();
const isMissing = 'reason' in chromium;
if (isMissing) console.warn(`SKIPPED: no pictures of mail are made, for ${chromium.reason}`);

describe.skipIf(isMissing)(isMissing ? `pictures: SKIPPED, for ${chromium.reason}` : 'pictures', () => {
  const readers = new Readers();
  let webmail: Webmail;
  beforeAll(async () => {
    mkdirSync(folder, { recursive: true });
    webmail = await Webmail.open('path' in chromium ? chromium.path : '');
  });
  afterAll(async () => {
    readers.close();
    await webmail?.close();
  });

  test.each(PICTURED)('$name', async ({ name, message, words, images }) => {
    const { octets } = await readers.read(message());
    const { picture, text, images: widths } = await webmail.show(octets);
    writeFileSync(join(folder, `mail-${name}.png`), picture);
    for (const word of words) expect(text).toContain(word);
    expect(widths).toEqual(images);
    expect(picture.subarray(1, 4).toString('latin1')).toBe('PNG');
    expect(picture.length).toBeGreaterThan(10_000);
    expect(picture.length).toBeLessThan(150_000);
  });
});
