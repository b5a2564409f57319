import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fetchPage, openPage } from '../../src/http/index.ts';
import { play } from './play.ts';
import { head, serve } from './server.ts';

/** Says the same over and over until nobody listens. */
function forEver(start: string, again: string): (socket: Socket) => void {
  const piece = again.repeat(Math.ceil(16_384 / again.length));
  return (socket) => {
    socket.write(start);
    const more = (): void => {
      while (!socket.destroyed && socket.write(piece)) {}
    };
    socket.on('drain', more);
    more();
  };
}

describe('a hostile server', () => {
  it.each([
    ['an endless status line', 'HTTP/1.1 200 ', 'a', 'LIMIT_EXCEEDED'],
    ['an endless header', 'HTTP/1.1 200 OK\r\nX: ', 'a', 'LIMIT_EXCEEDED'],
    ['an endless head', 'HTTP/1.1 200 OK\r\n', 'X-Header: value\r\n', 'LIMIT_EXCEEDED'],
    ['an endless fold', 'HTTP/1.1 200 OK\r\nX: y\r\n', ' \r\n', 'LIMIT_EXCEEDED'],
    ['endless 100s', '', 'HTTP/1.1 100 Continue\r\n\r\n', 'LIMIT_EXCEEDED'],
    ['endless blank lines', '', '\r\n', 'NOT_HTTP'],
    ['an endless chunk size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '0', 'LIMIT_EXCEEDED'],
    [
      'endless chunk extensions',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
      '1;a=bcdefgh\r\nx\r\n',
      'LIMIT_EXCEEDED',
    ],
    ['endless trailers', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n', 'X: y\r\n', 'LIMIT_EXCEEDED'],
    ['an endless body', 'HTTP/1.1 200 OK\r\n\r\n', 'body', 'LIMIT_EXCEEDED'],
    [
      'a body announced beyond all limits',
      'HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n',
      'x',
      'LIMIT_EXCEEDED',
    ],
  ])('that sends %s is left, and memory stays small', async (_, start, again, code) => {
    await using server = await serve(forEver(start, again));
    await expect(fetchPage(server.url, { limits: { body: 1_000_000 } })).rejects.toMatchObject({ code });
  });

  it('that sends a byte now and then meets the deadline of the head, and then of the whole', async () => {
    const slowly = (text: string) => (socket: Socket) => {
      let at = 0;
      const timer = setInterval(() => {
        socket.write(text[at % text.length] ?? '');
        at += 1;
      }, 15);
      socket.on('close', () => clearInterval(timer));
    };
    await using drip = await serve(slowly(`HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(100)}`));
    const started = performance.now();
    await expect(fetchPage(drip.url, { timeouts: { head: 100, idle: 60 } })).rejects.toMatchObject({ phase: 'head' });
    await using body = await serve((socket) => {
      socket.write(head('200 OK'));
      slowly('x')(socket);
    });
    await expect(fetchPage(body.url, { timeouts: { idle: 80, whole: 150 } })).rejects.toMatchObject({ phase: 'whole' });
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('that sends a gzip bomb is met by the limits of size and of ratio, in memory and as a stream', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const raw = Buffer.concat([Buffer.from(head('200 OK', 'Content-Encoding: gzip')), bomb]);
    await using server = await serve(raw);
    const page = await fetchPage(server.url);
    expect(page.body.length).toBe(bomb.length);
    expect(() => page.decoded()).toThrow(/grows beyond/);
    expect(() => page.decoded({ ratio: 5_000, size: 1_000 })).toThrow(/grows beyond 1000/);
    expect(page.decoded({ ratio: 5_000 }).length).toBe(50_000_000);
    const open = await openPage(server.url);
    let seen = 0;
    await expect(async () => {
      for await (const piece of open.decoded()) seen += piece.length;
    }).rejects.toMatchObject({ code: 'BAD_ENCODING' });
    expect(seen).toBeLessThan(12_000_000);
  });

  it('takes linear time, however its bytes come: a head of 200 KB byte by byte', () => {
    const bytes = Buffer.from(`HTTP/1.1 200 OK\r\n${`X: ${'y'.repeat(60_000)}\r\n`.repeat(3)}\r\n`);
    const started = performance.now();
    const pieces = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
    expect(play(pieces).head?.status).toBe(200);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
