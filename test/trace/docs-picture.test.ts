/** The picture in the README is what is drawn today; the test says how to draw it again. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { eventsOf } from '../../src/trace/index.ts';
import { Picture } from '../../src/trace/picture/index.ts';

const PICTURES = new URL('../../docs/pictures/', import.meta.url);

test('docs/pictures/dialogue.svg is drawn from docs/pictures/dialogue.wire', async () => {
  const [recording, svg] = await Promise.all(
    ['dialogue.wire', 'dialogue.svg'].map((name) => readFile(new URL(name, PICTURES), 'utf8')),
  );
  const picture = new Picture({ name: 'dialogue.wire' });
  for (const event of eventsOf(recording ?? '')) picture.trace(event);
  const again = 'plainwire explain docs/pictures/dialogue.wire --picture docs/pictures/dialogue.svg';
  expect(descriptionOf(svg ?? ''), again).toBe(descriptionOf(picture.svg()));
  expect(svg, again).toBe(picture.svg());
});

/** What the picture shows, in words. */
function descriptionOf(svg: string): string | undefined {
  return /<desc id="d">([\s\S]*?)<\/desc>/.exec(svg)?.[1];
}
