import { describe, expect, it } from 'vitest';
import { fetchPage, openPage, type PageOptions, partialPage, ResponseError } from '../../src/http/index.ts';
import type { TraceEvent } from '../../src/trace/event.ts';
import { type ResponseCase, responseCases } from './cases.ts';
import { head, serve } from './server.ts';

describe('every response of the conformance cases, over a socket', () => {
  for (const delivery of ['whole', 'byte by byte'] as const) {
    it(delivery, async () => {
      for (const one of responseCases.filter(({ bytes }) => delivery === 'whole' || bytes.length < 600)) {
        await using server = await serve(async (socket) => {
          socket.setNoDelay(true);
          if (delivery === 'whole') socket.write(one.bytes);
          else for (const byte of one.bytes) if (!socket.destroyed) await written(socket, Buffer.from([byte]));
          // the result must come while the socket stays open
          if (!one.finishesWithoutClose && !socket.destroyed) socket.end();
        });
        await judge(one, server.url);
      }
    });
  }
});

async function judge(one: ResponseCase, url: string): Promise<void> {
  const { expected, accept } = one;
  try {
    const page = await fetchPage(url, { method: one.requestMethod, timeouts: { head: 2_000, idle: 2_000 } });
    expect(
      accept.some((verdict) => verdict.startsWith('ok')),
      one.id,
    ).toBe(true);
    if (expected.ok !== true) return;
    expect([page.status, page.version, page.reason, page.framing], one.id).toEqual([
      expected.status,
      expected.httpVersion,
      expected.reason,
      expected.framing,
    ]);
    expect(Buffer.from(page.body).toString('base64'), one.id).toBe(expected.bodyBase64 ?? '');
    expect(Buffer.from(page.raw).equals(one.bytes.subarray(0, page.raw.length)), one.id).toBe(true);
  } catch (error) {
    if (!(error instanceof ResponseError)) throw error;
    expect(accept, one.id).toContain('error');
    expect(Buffer.from(error.received).equals(one.bytes.subarray(0, error.received.length)), one.id).toBe(true);
  }
}

function written(socket: import('node:net').Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    socket.write(bytes, () => setImmediate(resolve));
  });
}

describe('fetchPage', () => {
  it('keeps status line, headers in order and case with repeats, body, and every byte', async () => {
    const raw = `HTTP/1.0 200 Fine\r\nX-b: 1\r\nX-A: 2\r\nx-B: 3\r\n\r\nbody`;
    await using server = await serve(raw);
    const page = await fetchPage(`${server.url}/a?b#c`);
    expect(server.requests).toEqual([
      `GET /a?b HTTP/1.0\r\nHost: 127.0.0.1:${server.port}\r\nUser-Agent: plainwire\r\nAccept: */*\r\n\r\n`,
    ]);
    expect(page).toMatchObject({ status: 200, version: '1.0', reason: 'Fine', framing: 'until-close', quirks: [] });
    expect([...page.headers]).toEqual([
      ['X-b', '1'],
      ['X-A', '2'],
      ['x-B', '3'],
    ]);
    expect(page.headers.get('x-b')).toBe('1, 3');
    expect(page.headers.getAll('X-B')).toEqual(['1', '3']);
    expect(Buffer.from(page.raw).toString()).toBe(raw);
    expect(page.text()).toBe('body');
    expect(page.url).toBe(`${server.url}/a?b`);
    expect(page.remote).toBe(`127.0.0.1:${server.port}`);
    expect(page.timing.total).toBeGreaterThan(0);
    expect(page.redirects).toEqual([]);
  });

  it('keeps interim responses, trailers, and where each part of the raw bytes is', async () => {
    const interim = head('103 Early Hints', 'Link: </s>');
    const raw = `${interim}${head('200 OK', 'Transfer-Encoding: chunked')}3\r\nabc\r\n0\r\nX-Sum: 9\r\n\r\nmore`;
    await using server = await serve(raw);
    const page = await fetchPage(server.url);
    expect(page.interim.map(({ status }) => status)).toEqual([103]);
    expect([...page.trailers]).toEqual([['X-Sum', '9']]);
    expect(page.span.head).toBe(interim.length);
    expect(Buffer.from(page.raw.subarray(page.span.end)).toString()).toBe('more');
    expect(page.quirks).toEqual(['interim-response', 'unasked-chunked', 'excess-bytes']);
  });

  it('speaks HTTP/0.9 when asked to, and reads an answer with or without a head', async () => {
    await using bare = await serve('<p>just this');
    const page = await fetchPage(bare.url, { version: '0.9' });
    expect(bare.requests).toEqual(['GET /\r\n']);
    expect(page).toMatchObject({ version: '0.9', status: 200, framing: 'until-close', quirks: [] });
    expect(page.text()).toBe('<p>just this');
    await using full = await serve(`${head('400 Bad Request')}no`);
    expect(await fetchPage(full.url, { version: '0.9' })).toMatchObject({
      status: 400,
      quirks: ['full-response-to-simple-request'],
    });
    await expect(fetchPage(bare.url)).rejects.toMatchObject({ code: 'NOT_HTTP', offset: 0 });
    const tolerated = await fetchPage(bare.url, { simpleResponse: 'accept' });
    expect(tolerated).toMatchObject({ version: '0.9', quirks: ['simple-response'] });
  });

  it('tells with each error where, what had come, and whether trying again is safe', async () => {
    await using short = await serve(`${head('200 OK', 'Content-Length: 10')}abc`);
    const error = await fetchPage(short.url).catch((fault: unknown) => fault);
    expect(error).toBeInstanceOf(ResponseError);
    expect(error).toMatchObject({ code: 'SHORT_BODY', offset: 42, phase: 'body', retryable: true });
    expect(Buffer.from((error as ResponseError).received).toString()).toMatch(/abc$/);
    expect((error as ResponseError).head?.status).toBe(200);
    expect(partialPage(error)).toMatchObject({ receivedLength: 42, head: { status: 200 } });
    await expect(fetchPage(short.url, { method: 'POST' })).rejects.toMatchObject({ retryable: false });
    await using broken = await serve('HTTP/1.1 200 OK\r\nA : b\r\n\r\n');
    await expect(fetchPage(broken.url)).rejects.toMatchObject({ code: 'BAD_HEADER', offset: 17, retryable: false });
    await using silent = await serve((socket) => socket.end());
    await expect(fetchPage(silent.url)).rejects.toMatchObject({ code: 'EMPTY_RESPONSE', retryable: true });
  });

  it('ends a wait with its own deadline, and with the signal', async () => {
    await using mute = await serve(() => {});
    const timeouts = { head: 50 };
    await expect(fetchPage(mute.url, { timeouts })).rejects.toMatchObject({ code: 'DEADLINE_PASSED', phase: 'head' });
    await using stalled = await serve((socket) => socket.write(`${head('200 OK', 'Content-Length: 9')}abc`));
    const idle = await fetchPage(stalled.url, { timeouts: { idle: 50 } }).catch((fault: unknown) => fault);
    expect(idle).toMatchObject({ code: 'DEADLINE_PASSED', phase: 'idle' });
    expect(partialPage(idle)).toMatchObject({ head: { status: 200 }, receivedLength: 41 });
    await expect(fetchPage(stalled.url, { timeouts: { whole: 60 } })).rejects.toMatchObject({ phase: 'whole' });
    const signal = AbortSignal.timeout(50);
    await expect(fetchPage(stalled.url, { signal })).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('sends a body with its length, and hears an answer that comes before the body has left', async () => {
    await using server = await serve('HTTP/1.1 201 Created\r\n\r\n');
    await fetchPage(server.url, { method: 'POST', body: 'grün', headers: { 'Content-Type': 'text/plain' } });
    expect(server.requests[0]).toMatch(/\r\nContent-Type: text\/plain\r\nContent-Length: 5\r\n\r\n/);
    const net = await import('node:net');
    const refuser = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.pause();
      socket.write(head('413 Too Much', 'Content-Length: 0'));
    });
    await new Promise<void>((resolve) => refuser.listen(0, '127.0.0.1', resolve));
    const { port } = refuser.address() as import('node:net').AddressInfo;
    const page = await fetchPage(`http://127.0.0.1:${port}`, { method: 'PUT', body: new Uint8Array(20_000_000) });
    expect(page.status).toBe(413);
    refuser.close();
  });

  it('reports what crossed the wire, credentials overwritten', async () => {
    await using server = await serve(`${head('103 Hm')}${head('200 OK', 'Content-Length: 2')}ok`);
    const events: TraceEvent[] = [];
    const trace = (event: TraceEvent): void => void events.push(event);
    const options: PageOptions = { trace, headers: { Cookie: 'secret=1' } };
    await fetchPage(server.url.replace('//', '//me:secret@'), options);
    const shown = events.map((event) =>
      'bytes' in event ? `${event.kind} ${event.phase} ${text(event.bytes)}` : event.kind,
    );
    expect(shown.join('\n')).not.toContain('secret');
    expect(shown[2]).toMatch(/Cookie: \*{8}\r\nAuthorization: Basic \*+\r\n/);
    expect(shown.map((line) => line.split(/[\r\n]/)[0])).toEqual([
      'connecting',
      'connected',
      'sent head GET / HTTP/1.0',
      'received head HTTP/1.1 103 Hm',
      'received head HTTP/1.1 200 OK',
      'received body ok',
      'closed',
    ]);
  });

  it('fetches over a Unix domain socket and over IPv6', async () => {
    const { createServer } = await import('node:net');
    const path = `/tmp/plainwire-test-${process.pid}.sock`;
    const server = createServer((socket) => socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\nunix')));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    expect((await fetchPage('http://whatever/', { socketPath: path })).text()).toBe('unix');
    server.close();
    await using six = await serve('HTTP/1.0 200 OK\r\n\r\nsix', '::1');
    expect((await fetchPage(six.url)).text()).toBe('six');
    expect(six.requests[0]).toContain(`Host: [::1]:${six.port}\r\n`);
  });
});

describe('openPage', () => {
  it('gives the head first, then body or raw bytes as they come', async () => {
    const raw = `${head('200 OK', 'Content-Length: 6')}abcdef`;
    await using server = await serve(raw);
    const body = await openPage(server.url);
    expect(body).toMatchObject({ status: 200, length: 6, framing: 'content-length' });
    expect(await gather(body)).toBe('abcdef');
    await expect(gather(body)).rejects.toThrow(TypeError);
    expect(await gather((await openPage(server.url)).raw())).toBe(raw);
    expect(body.timing.body).toBeGreaterThanOrEqual(0);
  });

  it('gives a reader all the time there is: only a server that is waited for can be late', async () => {
    await using server = await serve((socket) => {
      socket.write(head('200 OK', 'Content-Length: 3000000'));
      socket.write(Buffer.alloc(3_000_000));
    });
    const nap = () => new Promise((wake) => setTimeout(wake, 150));
    const page = await openPage(server.url, { timeouts: { head: 100, idle: 100 } });
    await nap();
    let length = 0;
    let naps = 0;
    for await (const piece of page) {
      length += piece.length;
      if (length > naps * 1_000_000) {
        naps += 1;
        await nap();
      }
    }
    expect(length).toBe(3_000_000);
    const whole = await openPage(server.url, { timeouts: { whole: 120 } });
    await nap();
    await expect(async () => {
      for await (const _ of whole);
    }).rejects.toMatchObject({ code: 'DEADLINE_PASSED', phase: 'whole' });
  });

  it('closes the connection when the loop is left', async () => {
    let closed = (): void => {};
    const gone = new Promise<void>((resolve) => {
      closed = resolve;
    });
    await using server = await serve((socket) => {
      socket.on('close', () => closed());
      socket.write(`${head('200 OK')}endless`);
    });
    await using page = await openPage(server.url);
    for await (const _ of page) break;
    await gone;
  });
});

async function gather(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  let all = '';
  for await (const piece of pieces) all += text(piece);
  return all;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
