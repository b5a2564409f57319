/**
 * Every command of the lessons is run, and says what the lesson shows. `LESSONS=write npx vitest run test/lessons` writes
 * what they say now into the lessons, and draws their pictures again.
 */
import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LESSONS, run, steady, stepsOf, withOutputs } from './lesson.ts';

const lessons = readdirSync(LESSONS).filter((name) => /^\d.*\.md$/.test(name));

test('there are six', () => expect(lessons).toHaveLength(6));

describe.each(lessons)('%s', (name) => {
  test('says what its commands say', async () => {
    const file = join(LESSONS, name);
    const lesson = await readFile(file, 'utf8');
    const steps = stepsOf(lesson);
    const { outputs, pictures } = await run(steps);
    if (process.env['LESSONS'] === 'write') {
      await writeFile(file, withOutputs(lesson, outputs));
      for (const [picture, svg] of pictures) await writeFile(join(LESSONS, 'pictures', picture), svg);
      return;
    }
    expect(steps.length).toBeGreaterThan(3);
    for (const [at, { command, output }] of steps.entries()) {
      expect(steady(outputs[at] ?? ''), `$ ${command}`).toBe(steady(output));
    }
    expect(pictures.size).toBe(1);
    for (const [picture, svg] of pictures) {
      expect(lesson).toContain(`](pictures/${picture})`);
      expect(described(svg)).toBe(described(await readFile(join(LESSONS, 'pictures', picture), 'utf8')));
    }
  }, 60_000);
});

/** What a picture shows, in words, without its times. */
function described(svg: string): string {
  return steady(/<desc id="d">([\s\S]*?)<\/desc>/.exec(svg)?.[1] ?? '');
}
