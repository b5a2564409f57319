import { describe, expect, it } from 'vitest';
import { cachingResolve, type Resolve } from '../../src/transport/index.ts';

describe('cachingResolve', () => {
  const counting = (ttl?: number): { asked: () => number; resolve: Resolve } => {
    let count = 0;
    const address = { address: '192.0.2.1', family: 4 as const };
    return {
      asked: () => count,
      resolve: async (host) => {
        count += 1;
        if (host === 'bad') throw new Error('no such name');
        return [ttl === undefined ? address : { ...address, ttl }];
      },
    };
  };
  const pause = (ms: number): Promise<void> => new Promise((wake) => setTimeout(wake, ms));

  it('asks once for many at once, and again when the answer no longer holds', async () => {
    const { asked, resolve } = counting();
    const cached = cachingResolve(resolve, 40);
    await Promise.all([cached('a'), cached('a'), cached('a')]);
    expect(asked()).toBe(1);
    await pause(60);
    await cached('a');
    expect(asked()).toBe(2);
  });

  it('goes by the TTL of the answer, where there is one', async () => {
    const short = counting(0);
    const cached = cachingResolve(short.resolve, 60_000);
    await cached('a');
    await cached('a');
    expect(short.asked()).toBe(2);
    const long = counting(60);
    const kept = cachingResolve(long.resolve, 1);
    await kept('a');
    await pause(10);
    await kept('a');
    expect(long.asked()).toBe(1);
  });

  it('remembers no failure, and no more names than it may', async () => {
    const { asked, resolve } = counting();
    const cached = cachingResolve(resolve, 60_000, 2);
    await expect(cached('bad')).rejects.toThrow();
    await expect(cached('bad')).rejects.toThrow();
    expect(asked()).toBe(2);
    for (const name of ['a', 'b', 'c', 'a']) await cached(name);
    expect(asked()).toBe(6);
  });
});
