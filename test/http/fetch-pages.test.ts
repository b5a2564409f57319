import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { fetchPages, type PageOutcome, type PagesOptions } from '../../src/http/index.ts';
import { Schedule } from '../../src/http/schedule.ts';
import { head, serve } from './server.ts';

const PAGE = `${head('200 OK', 'Content-Length: 2')}ok`;
/** Any name is this machine. */
const resolve = async () => [{ address: '127.0.0.1', family: 4 as const }];

async function all(urls: Parameters<typeof fetchPages>[0], options: PagesOptions = {}): Promise<PageOutcome[]> {
  const outcomes: PageOutcome[] = [];
  for await (const outcome of fetchPages(urls, { resolve, ...options })) outcomes.push(outcome);
  return outcomes;
}

describe('fetchPages', () => {
  it('yields each outcome as it arrives; a page that fails stops no other', async () => {
    await using server = await serve((socket, request) => {
      if (request.startsWith('GET /slow ')) setTimeout(() => socket.end(PAGE), 60);
      else if (request.startsWith('GET /broken ')) socket.end('junk');
      else socket.end(PAGE);
    });
    const outcomes = await all([`${server.url}/slow`, `${server.url}/broken`, 'file:///x', `${server.url}/fast`], {
      perHost: 9,
    });
    expect(outcomes.map(({ index }) => index).at(-1)).toBe(0);
    const byIndex = outcomes.toSorted((one, other) => one.index - other.index);
    expect(byIndex.map(({ ok }) => ok)).toEqual([true, false, false, true]);
    expect(byIndex[1]).toMatchObject({ input: `${server.url}/broken`, attempts: 1, error: { code: 'NOT_HTTP' } });
    expect(byIndex[2]).toMatchObject({ input: 'file:///x', attempts: 0, error: { field: 'url' } });
  });

  it('never has more under way than it may, in all and per host', async () => {
    let active = 0;
    let most = 0;
    const perHost = new Map<string, number>();
    let mostPerHost = 0;
    await using server = await serve((socket, request) => {
      const host = /Host: ([^:]*)/.exec(request)?.[1] ?? '';
      most = Math.max(most, (active += 1));
      perHost.set(host, (perHost.get(host) ?? 0) + 1);
      mostPerHost = Math.max(mostPerHost, perHost.get(host) ?? 0);
      setTimeout(() => {
        active -= 1;
        perHost.set(host, (perHost.get(host) ?? 0) - 1);
        socket.end(PAGE);
      }, 5);
    });
    const urls = Array.from({ length: 60 }, (_, i) => `http://h${i % 3}.test:${server.port}/${i}`);
    const outcomes = await all(urls, { concurrency: 5, perHost: 2 });
    expect(outcomes.filter(({ ok }) => ok).length).toBe(60);
    expect([most, mostPerHost]).toEqual([5, 2]);
  });

  it('waits between pages of one host, and not between hosts', async () => {
    const times = new Map<string, number[]>();
    await using server = await serve((socket, request) => {
      const host = /Host: ([^:]*)/.exec(request)?.[1] ?? '';
      times.set(host, [...(times.get(host) ?? []), performance.now()]);
      socket.end(PAGE);
    });
    const started = performance.now();
    await all(
      ['a', 'a', 'a', 'b', 'b', 'b'].map((host) => `http://${host}.test:${server.port}/`),
      { delay: 60 },
    );
    for (const [one = 0, two = 0, three = 0] of times.values()) {
      expect(two - one).toBeGreaterThan(50);
      expect(three - two).toBeGreaterThan(50);
    }
    expect(performance.now() - started).toBeLessThan(400);
  });

  it('tries again where it is safe: a GET before any byte of an answer, with growing pauses', async () => {
    let tries = 0;
    await using flaky = await serve((socket) => {
      tries += 1;
      if (tries < 3) socket.destroy();
      else socket.end(PAGE);
    });
    expect(await all([flaky.url], { backoff: 10 })).toMatchObject([{ ok: true, attempts: 3 }]);
    await using dead = await serve((socket) => socket.destroy());
    expect(await all([dead.url], { backoff: 5, retries: 1 })).toMatchObject([{ ok: false, attempts: 2 }]);
    expect(await all([dead.url], { backoff: 5, method: 'POST' })).toMatchObject([{ ok: false, attempts: 1 }]);
    await using half = await serve((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab'));
    expect(await all([half.url], { backoff: 5 })).toMatchObject([
      { ok: false, attempts: 1, error: { code: 'SHORT_BODY' } },
    ]);
  });

  it('reads the list no further ahead than it must, and begins nothing while nobody takes outcomes', async () => {
    await using server = await serve(PAGE);
    let read = 0;
    async function* list() {
      for (;;) {
        read += 1;
        yield `http://h${read}.test:${server.port}/`;
      }
    }
    let taken = 0;
    for await (const _ of fetchPages(list(), { resolve, concurrency: 4 })) {
      taken += 1;
      if (taken === 20) {
        const before = server.requests.length;
        await new Promise((wake) => setTimeout(wake, 100));
        expect(server.requests.length - before).toBeLessThanOrEqual(4);
      }
      if (taken === 40) break;
    }
    expect(read).toBeLessThan(40 + 4 + 33);
  });

  it('holds no more of a list of any length than it works on', async () => {
    let read = 0;
    function* list() {
      for (; read < 10_000; read += 1) yield read % 2 === 0 ? 'file:x' : `http://refused.test/${read}`;
    }
    const guard = () => {
      throw new Error('no');
    };
    let taken = 0;
    let ahead = 0;
    for await (const outcome of fetchPages(list(), { resolve, guard, concurrency: 8, perHost: 8, retries: 0 })) {
      expect(outcome.ok).toBe(false);
      taken += 1;
      ahead = Math.max(ahead, read - taken);
    }
    expect([taken, read]).toEqual([10_000, 10_000]);
    expect(ahead).toBeLessThan(8 * 8 + 2 * 8);
  });

  it('ends at once with the signal, what is under way as aborted, and when the loop is left', async () => {
    await using mute = await serve(() => {});
    const stop = new AbortController();
    setTimeout(() => stop.abort('enough'), 50);
    const urls = Array.from({ length: 100 }, () => mute.url);
    const outcomes: PageOutcome[] = [];
    const loop = async () => {
      const options = { signal: stop.signal, concurrency: 3, perHost: 3, retries: 0 };
      for await (const each of fetchPages(urls, options)) outcomes.push(each);
    };
    // the rest of the list has no outcome: without an error the loop would seem to be through with it
    await expect(loop()).rejects.toMatchObject({ code: 'ABORTED', name: 'AbortError', cause: 'enough' });
    expect(outcomes.length).toBeGreaterThan(2);
    expect(outcomes.every((each) => !each.ok && (each.error as { code: string }).code === 'ABORTED')).toBe(true);
    async function* stuck() {
      yield 'file:///x';
      await new Promise(() => {});
    }
    for await (const _ of fetchPages(stuck())) break;
  });

  it.each([
    ['politeness', { delay: 60_000 }, ['/1', '/2', '/3']],
    ['a new try', { backoff: 60_000 }, ['/broken']],
    ['the next line of the list', {}, ['/1', 'wait']],
  ])('ends at once with the signal while nothing but %s is waited for', async (_, options, paths) => {
    await using server = await serve((socket, request) => {
      if (request.startsWith('GET /broken ')) socket.destroy();
      else socket.end(PAGE);
    });
    async function* list() {
      for (const path of paths) {
        if (path === 'wait') await new Promise(() => {});
        yield `${server.url}${path}`;
      }
    }
    const started = performance.now();
    const outcomes: PageOutcome[] = [];
    const loop = async () => {
      const signal = AbortSignal.timeout(150);
      for await (const each of fetchPages(list(), { ...options, signal })) outcomes.push(each);
    };
    if (paths.includes('wait')) await expect(loop()).rejects.toMatchObject({ code: 'ABORTED' });
    else await loop();
    expect(performance.now() - started).toBeLessThan(2_000);
    const ends = outcomes.map((each) => (each.ok ? each.page.status : (each.error as { code: string }).code));
    expect(ends).toEqual(paths.filter((path) => path !== 'wait').map((path) => (path === '/1' ? 200 : 'ABORTED')));
  });

  it('begins nothing with a signal that has aborted before, and says so', async () => {
    await using server = await serve(PAGE);
    const signal = AbortSignal.abort('too late');
    await expect(all([server.url], { signal })).rejects.toMatchObject({ code: 'ABORTED', cause: 'too late' });
    expect(server.requests).toEqual([]);
  });

  it('closes the list that it leaves, whoever ends it', async () => {
    await using server = await serve(PAGE);
    let closed = 0;
    async function* list() {
      try {
        for (;;) yield server.url;
      } finally {
        closed += 1;
      }
    }
    const stop = new AbortController();
    await expect(async () => {
      for await (const _ of fetchPages(list(), { signal: stop.signal })) stop.abort();
    }).rejects.toMatchObject({ code: 'ABORTED' });
    for await (const _ of fetchPages(list())) break;
    await vi.waitFor(() => expect(closed).toBe(2));
  });

  it('takes a host for the same, however it is written', async () => {
    let active = 0;
    let most = 0;
    await using server = await serve((socket) => {
      most = Math.max(most, (active += 1));
      setTimeout(() => {
        active -= 1;
        socket.end(PAGE);
      }, 20);
    });
    const urls = ['localhost', 'LocalHost', 'localhost.'].map((host) => `http://${host}:${server.port}/`);
    expect((await all(urls, { perHost: 1 })).every(({ ok }) => ok)).toBe(true);
    expect(most).toBe(1);
  });

  it('asks for a name once, for many pages at once', async () => {
    await using server = await serve(PAGE);
    expect(await all(Array(5).fill(`http://localhost:${server.port}/`), {})).toMatchObject([
      { ok: true },
      {},
      {},
      {},
      {},
    ]);
  });

  it('fails where the list itself does, after what it gave', async () => {
    await using server = await serve(PAGE);
    async function* list() {
      yield server.url;
      throw new Error('the list broke');
    }
    const outcomes: PageOutcome[] = [];
    await expect(async () => {
      for await (const outcome of fetchPages(list())) outcomes.push(outcome);
    }).rejects.toThrow('the list broke');
    expect(outcomes.length).toBe(1);
  });
});

describe('settings', () => {
  it.each([
    ['concurrency', 0],
    ['concurrency', Number.NaN],
    ['concurrency', Number.POSITIVE_INFINITY],
    ['concurrency', '4'],
    ['perHost', 0],
    ['perHost', -1],
    ['retries', Number.NaN],
    ['delay', -1],
    ['backoff', Number.POSITIVE_INFINITY],
    ['follow', Number.NaN],
    ['follow', -1],
    ['timeouts.head', { timeouts: { head: Number.NaN } }],
    ['timeouts.whole', { timeouts: { whole: 0 } }],
    ['limits.body', { limits: { body: Number.NaN } }],
    ['method', 'GE T'],
    ['localAddress', 'localhost'],
    ['headers', { headers: [['bad name', 'x']] }],
    ['proxy', 'ftp://x'],
    ['guard', { guard: () => true, proxy: 'http://localhost:1' }],
    ['tls.ca', { tls: { ca: 'ca.pem' } }],
  ])('that nothing could go by are refused by name, and nothing hangs: %s, %j', async (field, value) => {
    const options = (typeof value === 'object' ? value : { [field]: value }) as PagesOptions;
    await expect(all(['http://a.test/'], options)).rejects.toMatchObject({ name: 'MessageError', field });
  });

  it('headers that can be read once are those of every page', async () => {
    await using server = await serve(PAGE);
    const headers = new Map([['X-One', '1']]).entries();
    await all([server.url, server.url, server.url], { headers });
    expect(server.requests.map((request) => request.includes('\r\nX-One: 1\r\n'))).toEqual([true, true, true]);
  });

  it('that are undefined are not set', async () => {
    await using server = await serve(PAGE);
    const unset = { concurrency: undefined, perHost: undefined, delay: undefined, retries: undefined };
    const options = { ...unset, follow: undefined, limits: { body: undefined }, timeouts: { head: undefined } };
    expect(await all([server.url], options as unknown as PagesOptions)).toMatchObject([{ ok: true }]);
    expect(await all([server.url], { perHost: Number.POSITIVE_INFINITY })).toMatchObject([{ ok: true }]);
  });

  it('a list that is none is refused, and what is no URL in it fails on its own', async () => {
    for (const list of ['http://a.test/', undefined, 5]) {
      await expect(all(list as unknown as string[])).rejects.toMatchObject({ field: 'urls' });
    }
    const outcomes = await all([null, undefined, 5, {}] as unknown as string[]);
    expect(outcomes.map((each) => !each.ok && (each.error as { field?: string }).field)).toEqual(Array(4).fill('url'));
  });
});

describe('the schedule', () => {
  it('forgets hosts at rest, so that a million hosts cost what a thousand do', () => {
    const schedule = new Schedule<number>(1, 10);
    for (let i = 0; i < 10_000; i += 1) {
      schedule.add(i, `h${i}`, 0);
      expect(schedule.take(i)).toBe(i);
      schedule.release(`h${i}`);
    }
    expect(JSON.stringify(schedule)).toBeDefined();
    schedule.add(1, 'h9999', 0);
    expect(schedule.take(10_000)).toBeUndefined();
    expect(schedule.nextDue()).toBe(10_009);
  });

  it('forgets no host whose jobs wait for one another, though it rests', () => {
    const schedule = new Schedule<string>(1, 10);
    schedule.add('last', 'last', 10);
    for (const job of ['a1', 'a2', 'a3']) schedule.add(job, 'a', 0);
    expect([schedule.take(0), schedule.take(0)]).toEqual(['a1', undefined]);
    schedule.release('a');
    // as many as are known before it is time to forget some; the next one is too many
    for (let i = 0; i < 1_022; i += 1) {
      schedule.add(`h${i}`, `h${i}`, 0);
      expect(schedule.take(0)).toBe(`h${i}`);
      schedule.release(`h${i}`);
    }
    expect([schedule.take(10), schedule.take(10), schedule.take(10)]).toEqual(['last', 'a2', undefined]);
    schedule.release('a');
    expect([schedule.take(20), schedule.size]).toEqual(['a3', 0]);
  });

  it('passes over a host that has enough, and comes back to it in order', () => {
    const schedule = new Schedule<string>(1, 0);
    for (const job of ['a1', 'a2', 'a3', 'b1', 'a4', 'c1']) schedule.add(job, job.slice(0, 1), 0);
    const take = (): string | undefined => schedule.take(0);
    expect([take(), take(), take(), take()]).toEqual(['a1', 'b1', 'c1', undefined]);
    expect(schedule.size).toBe(3);
    schedule.add('d1', 'd', 0);
    schedule.release('a');
    schedule.add('a5', 'a', 0);
    expect([take(), take(), take()]).toEqual(['a2', 'd1', undefined]);
    for (const next of ['a3', 'a4', 'a5', undefined]) {
      schedule.release('a');
      expect(take()).toBe(next);
    }
    expect(schedule.size).toBe(0);
  });

  it('a job that is to wait for its time keeps no place of its host from another', () => {
    const schedule = new Schedule<string>(1, 0);
    for (const [job, notBefore] of [
      ['first', 0],
      ['later', 100],
      ['next', 0],
    ] as const)
      schedule.add(job, 'a', notBefore);
    expect(schedule.take(0)).toBe('first');
    expect(schedule.take(0)).toBeUndefined();
    schedule.release('a');
    expect(schedule.take(1)).toBe('next');
    schedule.release('a');
    expect(schedule.take(2)).toBeUndefined();
    expect(schedule.nextDue()).toBe(100);
    expect(schedule.take(100)).toBe('later');
  });

  it('starts each job once, no more of a host at a time than may be, in order of arrival', () => {
    const step = fc.oneof(
      fc.record({ add: fc.constantFrom('a', 'b', 'c', 'd') }),
      fc.constant({ take: true }),
      fc.record({ release: fc.constantFrom('a', 'b', 'c', 'd') }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 3 }), (steps, perHost) => {
        const schedule = new Schedule<{ host: string; n: number }>(perHost, 0);
        let waiting: { host: string; n: number }[] = [];
        const active = new Map<string, number>();
        const count = (host: string): number => active.get(host) ?? 0;
        steps.forEach((step, n) => {
          if ('add' in step) {
            waiting.push({ host: step.add, n });
            schedule.add({ host: step.add, n }, step.add, 0);
          } else if ('release' in step) {
            if (count(step.release) === 0) return;
            active.set(step.release, count(step.release) - 1);
            schedule.release(step.release);
          } else {
            const expected = waiting.find(({ host }) => count(host) < perHost);
            expect(schedule.take(0)).toEqual(expected);
            if (expected === undefined) return;
            waiting = waiting.filter((each) => each !== expected);
            active.set(expected.host, count(expected.host) + 1);
          }
          expect(schedule.size).toBe(waiting.length);
        });
        expect(schedule.clear()).toEqual(waiting);
      }),
    );
  });
});
