/** A sample of the fault bench: `npm run bench:faults` runs every byte. */
import { describe, expect, it } from 'vitest';
import { runWay, waysOf } from '../support/faults/run.ts';

const EVERY = { words: 83, wire: 499 } as const;

describe.concurrent('a connection that breaks', () => {
  it.each(waysOf())('$mode, security $security, cut in $layer', async (way) => {
    const { run, wrong } = await runWay(way, EVERY[way.layer], 16);
    expect(wrong).toEqual([]);
    expect(run).toBeGreaterThan(20);
  });
});
