import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { conditionsFrom, fetchPage, RawHeaders, savePage, savePages, strongValidator } from '../../src/http/index.ts';
import { ReadMemory } from '../../src/transport/index.ts';
import { head, serve } from './server.ts';

const BODY = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
let folder = '';
let count = 0;
const fresh = (): string => path.join(folder, `file-${(count += 1)}`);

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'plainwire-save-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Answers ranges as RFC 9110 has it, and breaks off after so many bytes of a body. */
function ranges(state: { etag: string; breakAfter: number; body?: Buffer }) {
  return (socket: Socket, request: string): void => {
    const { etag, breakAfter, body = BODY } = state;
    const from = Number(/\r\nRange: bytes=(\d+)-/.exec(request)?.[1] ?? 0);
    const condition = /\r\nIf-Range: (.*)\r\n/.exec(request)?.[1];
    const start = condition === etag ? from : 0;
    if (start >= body.length) {
      return void socket.end(head('416 No', `Content-Range: bytes */${body.length}`, 'Content-Length: 0'));
    }
    const range = `Content-Range: bytes ${start}-${body.length - 1}/${body.length}`;
    const status = start > 0 ? '206 Partial Content' : '200 OK';
    socket.write(
      head(status, `ETag: ${etag}`, `Content-Length: ${body.length - start}`, ...(start > 0 ? [range] : [])),
    );
    const rest = body.subarray(start);
    if (rest.length > breakAfter) socket.end(rest.subarray(0, breakAfter));
    else socket.end(rest);
  };
}

describe('savePage', () => {
  it('saves a body, or every byte as it came, and leaves nothing else behind', async () => {
    await using server = await serve(ranges({ etag: '"1"', breakAfter: Infinity }));
    const file = fresh();
    const progress: (number | undefined)[] = [];
    const saved = await savePage(server.url, file, { onProgress: (length, total) => progress.push(length, total) });
    expect(saved).toMatchObject({ saved: true, length: BODY.length, resumedFrom: 0, page: { status: 200 } });
    expect((await readFile(file)).equals(BODY)).toBe(true);
    expect(progress.slice(-2)).toEqual([BODY.length, BODY.length]);
    await expect(readFile(`${file}.part`)).rejects.toThrow();
    await expect(readFile(`${file}.part.json`)).rejects.toThrow();
    const raw = fresh();
    await savePage(server.url, raw, { content: 'raw' });
    expect((await readFile(raw)).toString('latin1')).toMatch(/^HTTP\/1\.1 200 OK\r\nETag: "1"\r\n/);
  });

  it('goes on where a download broke off, as often as it must, asked for by a validator', async () => {
    await using server = await serve(ranges({ etag: '"1"', breakAfter: 120_000 }));
    const file = fresh();
    await expect(savePage(server.url, file)).rejects.toMatchObject({ code: 'SHORT_BODY' });
    await expect(readFile(file)).rejects.toThrow();
    await expect(savePage(server.url, file)).rejects.toMatchObject({ code: 'SHORT_BODY' });
    expect(await savePage(server.url, file)).toMatchObject({ saved: true, length: BODY.length, resumedFrom: 240_000 });
    expect(server.requests[2]).toContain('\r\nRange: bytes=240000-\r\nIf-Range: "1"\r\n');
    expect((await readFile(file)).equals(BODY)).toBe(true);
  });

  it('sends headers that can be read once, also behind a redirect', async () => {
    await using server = await serve((socket, request) => {
      if (request.startsWith('GET /go ')) socket.end(head('302 Found', 'Location: /there', 'Content-Length: 0'));
      else socket.end(`${head('200 OK', 'Content-Length: 2')}ok`);
    });
    const headers = new Map([['X-One', '1']]).entries();
    await savePage(`${server.url}/go`, fresh(), { headers, follow: 1 });
    expect(server.requests.map((request) => request.includes('\r\nX-One: 1\r\n'))).toEqual([true, true]);
  });

  it('begins anew where the page has changed in between, and never joins two versions', async () => {
    const state = { etag: '"1"', breakAfter: 100_000, body: BODY };
    await using server = await serve((socket, request) => ranges(state)(socket, request));
    const file = fresh();
    await expect(savePage(server.url, file)).rejects.toMatchObject({ code: 'SHORT_BODY' });
    Object.assign(state, { etag: '"2"', breakAfter: Infinity, body: Buffer.alloc(200_000, 'new') });
    expect(await savePage(server.url, file)).toMatchObject({ resumedFrom: 0, length: 200_000 });
    expect((await readFile(file)).equals(state.body)).toBe(true);
  });

  it.each([
    ['another start', 'bytes 5-299999/300000', '"1"'],
    ['no range', undefined, '"1"'],
    ['another validator', 'bytes 100000-299999/300000', '"2"'],
    ['an end before its start', 'bytes 100000-99999/300000', '"1"'],
    ['an end behind the total', 'bytes 100000-300000/300000', '"1"'],
    ['another unit', 'lines 100000-299999/300000', '"1"'],
    ['a length that is not that of its range', 'bytes 100000-299999/300000\r\nContent-Length: 5', '"1"'],
  ])('gives up what it has for a 206 with %s, and begins anew', async (_, range, etag) => {
    let answers = 0;
    await using server = await serve((socket, request) => {
      answers += 1;
      if (answers === 1) return ranges({ etag: '"1"', breakAfter: 100_000 })(socket, request);
      if (answers === 3) return ranges({ etag: '"1"', breakAfter: Infinity })(socket, request);
      const fields = [`ETag: ${etag}`, ...(range === undefined ? [] : [`Content-Range: ${range}`])];
      socket.end(`${head('206 Partial', ...fields)}12345`);
    });
    const file = fresh();
    await expect(savePage(server.url, file)).rejects.toMatchObject({ code: 'SHORT_BODY' });
    expect(await savePage(server.url, file)).toMatchObject({ saved: true, resumedFrom: 0, length: BODY.length });
    expect(server.requests[1]).toContain('\r\nRange: ');
    expect(server.requests[2]).not.toContain('\r\nRange: ');
    expect((await readFile(file)).equals(BODY)).toBe(true);
  });

  const hour = (at: string): string => `Sat, 21 Nov 2026 ${at} GMT`;
  it.each([
    ['a weak tag', 'ETag: "1"', '"1"', 'ETag: W/"1"'],
    [
      'a date too young to prove anything',
      `Last-Modified: ${hour('08:00:00')}`,
      hour('08:00:00'),
      `Last-Modified: ${hour('09:59:50')}`,
    ],
  ])('takes no 206 for the rest that is of another page by %s', async (_, field, validator, other) => {
    await using server = await serve((socket, request) => {
      const date = `Date: ${hour('10:00:00')}`;
      if (request.includes('\r\nRange: ')) {
        socket.end(`${head('206 Partial', other, date, 'Content-Range: bytes 3-5/6', 'Content-Length: 3')}new`);
      } else if (server.requests.length === 1) socket.end(`${head('200 OK', field, date, 'Content-Length: 6')}old`);
      else socket.end(`${head('200 OK', other, date, 'Content-Length: 6')}newnew`);
    });
    const file = fresh();
    await expect(savePage(server.url, file)).rejects.toMatchObject({ code: 'SHORT_BODY' });
    expect(await savePage(server.url, file)).toMatchObject({ saved: true, resumedFrom: 0 });
    expect(server.requests[1]).toContain(`\r\nIf-Range: ${validator}\r\n`);
    expect(await readFile(file, 'utf8')).toBe('newnew');
  });

  it('refuses a 206 with more bytes than its range, and begins anew the next time', async () => {
    await using server = await serve((socket, request) => {
      if (!request.includes('\r\nRange: ')) return ranges({ etag: '"1"', breakAfter: 100_000 })(socket, request);
      socket.end(`${head('206 Partial', 'ETag: "1"', 'Content-Range: bytes 100000-100003/300000')}12345`);
    });
    const file = fresh();
    await expect(savePage(server.url, file)).rejects.toMatchObject({ code: 'SHORT_BODY' });
    await expect(savePage(server.url, file)).rejects.toMatchObject({ code: 'RANGE_MISMATCH' });
    await expect(savePage(server.url, file)).rejects.toMatchObject({ code: 'SHORT_BODY' });
    expect(server.requests.map((request) => request.includes('\r\nRange: '))).toEqual([false, true, false]);
  });

  it('keeps what it has when the server answers with an error, and knows a 416 of a complete file', async () => {
    let tries = 0;
    await using server = await serve((socket, request) => {
      tries += 1;
      if (tries === 2) socket.end(head('503 Busy', 'Content-Length: 0'));
      else ranges({ etag: '"1"', breakAfter: 100_000 })(socket, request);
    });
    const file = fresh();
    await expect(savePage(server.url, file)).rejects.toMatchObject({ code: 'SHORT_BODY' });
    expect(await savePage(server.url, file)).toMatchObject({ saved: false, page: { status: 503 } });
    await writeFile(`${file}.part`, BODY);
    expect(await savePage(server.url, file)).toMatchObject({ saved: true, length: BODY.length });
    expect((await readFile(file)).equals(BODY)).toBe(true);
  });

  it('is not complete with a range that ends early, and goes on from there', async () => {
    await using server = await serve((socket, request) => {
      const from = Number(/\r\nRange: bytes=(\d+)-/.exec(request)?.[1] ?? 0);
      if (from === 0) return ranges({ etag: '"1"', breakAfter: 100_000 })(socket, request);
      const to = Math.min(BODY.length, from + 90_000);
      const range = `Content-Range: bytes ${from}-${to - 1}/${BODY.length}`;
      // with and without a length: what ends with the connection may have been cut off
      const length = from < 200_000 ? [`Content-Length: ${to - from}`] : [];
      socket.write(head('206 Partial', 'ETag: "1"', range, ...length));
      socket.end(BODY.subarray(from, from < 200_000 ? to : from + 50_000));
    });
    const file = fresh();
    const lengths: number[] = [];
    for (let i = 0; i < 5; i += 1) {
      const error = await savePage(server.url, file).catch((fault: unknown) => fault);
      if (!(error instanceof Error)) break;
      expect(error).toMatchObject({ code: 'SHORT_BODY', retryable: true });
      lengths.push((await readFile(`${file}.part`)).length);
    }
    expect(lengths).toEqual([100_000, 190_000, 280_000]);
    expect((await readFile(file)).equals(BODY)).toBe(true);
  });

  it('begins anew where a 416 says that what there is can not be right', async () => {
    let tries = 0;
    await using server = await serve((socket, request) => {
      tries += 1;
      if (tries === 1) ranges({ etag: '"1"', breakAfter: 100_000 })(socket, request);
      else if (request.includes('Range')) socket.end(head('416 No', 'Content-Range: bytes */5', 'Content-Length: 0'));
      else socket.end(`${head('200 OK', 'Content-Length: 5')}short`);
    });
    const file = fresh();
    await expect(savePage(server.url, file)).rejects.toMatchObject({ code: 'SHORT_BODY' });
    expect(await savePage(server.url, file)).toMatchObject({ saved: true, length: 5, resumedFrom: 0 });
    expect((await readFile(file)).toString()).toBe('short');
    await expect(readFile(`${file}.part.json`)).rejects.toThrow();
  });

  it('goes on behind a redirect, but not where it leads elsewhere by now', async () => {
    let place = '/one';
    await using server = await serve((socket, request) => {
      if (request.startsWith('GET / ')) socket.end(head('302 Found', `Location: ${place}`));
      else ranges({ etag: '"1"', breakAfter: 100_000 })(socket, request);
    });
    const file = fresh();
    const save = () => savePage(server.url, file, { follow: 1 });
    await expect(save()).rejects.toMatchObject({ code: 'SHORT_BODY' });
    await expect(save()).rejects.toMatchObject({ code: 'SHORT_BODY' });
    expect((await readFile(`${file}.part`)).length).toBe(200_000);
    place = '/two';
    await expect(save()).rejects.toMatchObject({ code: 'SHORT_BODY' });
    expect((await readFile(`${file}.part`)).length).toBe(100_000);
  });

  it('takes no part for the beginning of a page that was asked for otherwise', async () => {
    await using server = await serve(ranges({ etag: '"1"', breakAfter: 50_000 }));
    for (const options of [{ method: 'POST' }, { headers: { Range: 'bytes=1000-', 'If-Range': '"1"' } }]) {
      const file = fresh();
      await expect(savePage(server.url, file, options)).rejects.toThrow();
      await expect(savePage(server.url, file, options)).rejects.toThrow();
      expect(server.requests.at(-1)?.match(/Range: bytes=/g)?.length ?? 0).toBe(options.headers === undefined ? 0 : 1);
    }
    const file = fresh();
    await expect(
      savePage(server.url, file, { headers: { Range: 'bytes=1000-', 'If-Range': '"1"' } }),
    ).rejects.toThrow();
    await expect(savePage(server.url, file)).rejects.toThrow();
    expect(server.requests.at(-1)).not.toContain('Range');
  });

  it('does not go on without a validator, with a weak one, for another URL, or when told not to', async () => {
    await using weak = await serve(ranges({ etag: 'W/"1"', breakAfter: 100_000 }));
    const file = fresh();
    await expect(savePage(weak.url, file)).rejects.toThrow();
    await expect(savePage(weak.url, file)).rejects.toThrow();
    expect(weak.requests[1]).not.toContain('Range');
    await using strong = await serve(ranges({ etag: '"1"', breakAfter: 100_000 }));
    await expect(savePage(`${strong.url}/a`, file)).rejects.toThrow();
    await expect(savePage(`${strong.url}/b`, file)).rejects.toThrow();
    await expect(savePage(`${strong.url}/b`, file, { resume: 'never' })).rejects.toThrow();
    expect(strong.requests.map((request) => request.includes('Range'))).toEqual([false, false, false]);
  });
});

it('gives back what it read into, whether the page came or broke off', async () => {
  await using server = await serve((socket, request) => {
    socket.end(`${head('200 OK', 'Content-Length: 4')}${request.startsWith('GET /whole') ? 'body' : 'bo'}`);
  });
  const memory = ReadMemory.take();
  memory.release();
  const file = path.join(folder, 'given-back');
  for (const page of ['whole', 'broken', 'whole']) {
    await savePage(`${server.url}/${page}`, file, { resume: 'never' }).catch((error: unknown) =>
      expect(page, String(error)).toBe('broken'),
    );
    // the connection is closed a moment later
    await vi.waitFor(() => expect(ReadMemory.take()).toBe(memory));
    memory.release();
  }
});

describe('savePages', () => {
  it('saves each page into a file of its own; what fails leaves none, and two of one name do not mix', async () => {
    await using server = await serve((socket, request) => {
      const size = Number(/^GET \/(\d+)/.exec(request)?.[1] ?? 0);
      if (size === 0) socket.end(`${head('200 OK', 'Content-Length: 10')}short`);
      else socket.end(Buffer.concat([Buffer.from(head('200 OK')), Buffer.alloc(size, String(size))]));
    });
    const dir = await mkdtemp(path.join(folder, 'many-'));
    const urls = ['/1000', '/0', '/200000', '/1000', 'file:x'].map((each) =>
      each.startsWith('/') ? `${server.url}${each}` : each,
    );
    const seen: string[] = [];
    const grown = new Map<string, number>();
    for await (const outcome of savePages(urls, (url) => path.join(dir, url.pathname.slice(1)), {
      perHost: 9,
      onProgress: (file, length) => grown.set(path.basename(file), length),
    })) {
      seen.push(outcome.ok ? `${path.basename(outcome.path)} ${outcome.length}` : `${outcome.index} failed`);
    }
    expect(seen.sort()).toEqual(['1 failed', '1000 1000', '1000 1000', '200000 200000', '4 failed']);
    expect((await readdir(dir)).sort()).toEqual(['1000', '200000']);
    expect((await readFile(path.join(dir, '1000'))).equals(Buffer.alloc(1000, '1000'))).toBe(true);
    expect(grown.get('200000')).toBe(200_000);
  });

  it('has ended with every file when the loop is left', async () => {
    await using server = await serve((socket) => socket.write(`${head('200 OK')}endless`));
    const dir = await mkdtemp(path.join(folder, 'left-'));
    const stop = new AbortController();
    const pages = savePages([server.url, 'file:x'], () => path.join(dir, 'page'), { signal: stop.signal });
    for await (const outcome of pages) {
      expect(outcome).toMatchObject({ ok: false, input: 'file:x' });
      await expect.poll(() => readdir(dir)).toEqual(['page.part']);
      break;
    }
    expect(await readdir(dir)).toEqual([]);
  });
});

describe('validators', () => {
  it('that are empty are none', () => {
    const headers = new RawHeaders([
      ['ETag', ''],
      ['Last-Modified', ''],
    ]);
    expect(conditionsFrom({ headers })).toEqual([]);
  });

  it('ask for a page only if it has changed', async () => {
    await using server = await serve((socket, request) =>
      socket.end(
        request.includes('If-None-Match: "x"')
          ? head('304 Not Modified')
          : `${head('200 OK', 'ETag: "x"', 'Last-Modified: Tue, 13 Jun 2000 12:10:00 GMT')}page`,
      ),
    );
    const page = await fetchPage(server.url);
    expect(conditionsFrom(page)).toEqual([
      ['If-None-Match', '"x"'],
      ['If-Modified-Since', 'Tue, 13 Jun 2000 12:10:00 GMT'],
    ]);
    expect(await fetchPage(server.url, { headers: conditionsFrom(page) })).toMatchObject({
      status: 304,
      framing: 'none',
    });
  });

  it('are strong where they prove sameness to the byte', () => {
    const at = (seconds: number) => `Tue, 13 Jun 2000 12:10:${String(seconds).padStart(2, '0')} GMT`;
    const of = (...pairs: [string, string][]) => strongValidator(new RawHeaders(pairs));
    expect(of(['ETag', '"a"'])).toBe('"a"');
    expect(of(['ETag', 'W/"a"'], ['Last-Modified', at(0)], ['Date', 'Tue, 13 Jun 2001 12:10:00 GMT'])).toBeUndefined();
    expect(of(['Last-Modified', at(0)], ['Date', 'Tue, 13 Jun 2000 12:11:00 GMT'])).toBe(at(0));
    expect(of(['Last-Modified', at(0)], ['Date', at(30)])).toBeUndefined();
    expect(of(['Last-Modified', at(0)])).toBeUndefined();
  });
});
