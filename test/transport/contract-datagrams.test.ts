/** The transport's contract, chapter 4: datagrams, each whole or cut off, with no order and no promise. */
import { describe, expect, test } from 'vitest';
import { bindDatagrams, type HostEndpoint, MAX_DATAGRAM } from '../../src/transport/index.ts';
import { LOCAL, pause, text } from './reading.ts';

describe('a datagram is no stream', () => {
  test('each is whole: two sends are two receives, and an empty one is one too', async () => {
    await using a = await bindDatagrams(LOCAL);
    await using b = await bindDatagrams(LOCAL);
    for (const words of ['one', '', 'two']) await a.send(words, b.endpoint);
    const got = [await b.receive({ timeout: 5_000 }), await b.receive(), await b.receive()];
    expect(got.map((each) => text(each?.bytes ?? new Uint8Array(1)))).toEqual(['one', '', 'two']);
    // there is no connection: each says where it came from, and that is where an answer goes
    expect(got[0]?.from).toEqual(a.endpoint);
  });

  test('what does not fit into the buffer is cut off and gone; here it is at least said', async () => {
    await using a = await bindDatagrams(LOCAL);
    await using b = await bindDatagrams(LOCAL, { limit: 10 });
    await a.send('0123456789', b.endpoint);
    await a.send('0123456789 and more', b.endpoint);
    await a.send('next', b.endpoint);
    expect(await b.receive({ timeout: 5_000 })).toMatchObject({ truncated: false, size: 10 });
    const cut = await b.receive({ timeout: 5_000 });
    expect(cut).toMatchObject({ truncated: true, size: 19 });
    expect(text(cut?.bytes ?? new Uint8Array())).toBe('0123456789');
    // the rest is not what comes next, as it would be with a stream
    expect(text((await b.receive({ timeout: 5_000 }))?.bytes ?? new Uint8Array())).toBe('next');
  });

  test('there is a biggest one', async () => {
    await using a = await bindDatagrams(LOCAL);
    await using b = await bindDatagrams(LOCAL);
    await a.send(Buffer.alloc(MAX_DATAGRAM, 'x'), b.endpoint);
    expect((await b.receive({ timeout: 5_000 }))?.size).toBe(MAX_DATAGRAM);
    await expect(a.send(Buffer.alloc(MAX_DATAGRAM + 1), b.endpoint)).rejects.toMatchObject({ name: 'MessageError' });
  });

  test('nobody tells that nothing will come: only a timeout does, and the socket is as good as before', async () => {
    await using a = await bindDatagrams(LOCAL);
    await using b = await bindDatagrams(LOCAL);
    await expect(b.receive({ timeout: 10 })).rejects.toMatchObject({ code: 'DEADLINE_PASSED', phase: 'receive' });
    await a.send('late', b.endpoint);
    expect(text((await b.receive({ timeout: 5_000 }))?.bytes ?? new Uint8Array())).toBe('late');
  });

  test('who does not read loses the newest, and is told how many', async () => {
    await using a = await bindDatagrams(LOCAL);
    await using b = await bindDatagrams(LOCAL);
    // some at a time, so that it is not the system's own buffer that overflows
    for (let n = 0; n < 1_100; n += 1) {
      await a.send(`${n}`, b.endpoint);
      if (n % 50 === 49) await pause(2);
    }
    await expect.poll(() => b.dropped, { timeout: 5_000 }).toBeGreaterThan(0);
    expect(text((await b.receive())?.bytes ?? new Uint8Array())).toBe('0');
  });

  test('what can not be is refused before anything is opened or sent', async () => {
    const wrong = [{ path: '/tmp/socket' }, { host: '', port: 0 }, { host: '127.0.0.1', port: 70_000 }];
    for (const endpoint of wrong) {
      // a path is no place for datagrams: silently, it would have been any port for everybody
      await expect(bindDatagrams(endpoint as HostEndpoint)).rejects.toMatchObject({ name: 'MessageError' });
    }
    await expect(bindDatagrams(LOCAL, { limit: -1 })).rejects.toMatchObject({ name: 'MessageError', field: 'limit' });
    await using socket = await bindDatagrams(LOCAL);
    for (const endpoint of [...wrong, LOCAL]) {
      await expect(socket.send('x', endpoint as HostEndpoint)).rejects.toMatchObject({ name: 'MessageError' });
    }
    await expect(socket.send({} as string, socket.endpoint)).rejects.toMatchObject({ field: 'datagram' });
    // a wait that has no end is no wait of a millisecond
    const waiting = socket.receive({ timeout: Number.POSITIVE_INFINITY });
    await pause(10);
    await socket.send('x', socket.endpoint);
    expect(await waiting).toMatchObject({ size: 1 });
  });

  test('a socket that is closed ends the wait, and so does a signal', async () => {
    await using first = await bindDatagrams(LOCAL);
    const waiting = first.receive();
    await first.close();
    expect(await waiting).toBeUndefined();
    await expect(first.send('x', { host: '127.0.0.1', port: 9 })).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    const abort = new AbortController();
    await using second = await bindDatagrams(LOCAL, { signal: abort.signal });
    const aborted = expect(second.receive()).rejects.toMatchObject({ name: 'AbortError' });
    abort.abort();
    await aborted;
  });
});
