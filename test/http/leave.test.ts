/** How connections are left whose pages are complete, in a test that holds the clock as well. */
import { once } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import timers from 'node:timers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fetchPage } from '../../src/http/index.ts';

let server: net.Server;
let closed: Promise<unknown>[];

/** Says its page, and waits for the client to close. */
beforeEach(async () => {
  closed = [];
  server = net.createServer({ allowHalfOpen: true }, (socket) => {
    closed.push(once(socket, 'close'));
    socket.on('end', () => socket.end());
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

const { setImmediate: own } = timers;
afterEach(() => {
  vi.useRealTimers();
  timers.setImmediate = own;
  syncBuiltinESMExports();
  server.close();
});

async function fetched(): Promise<string> {
  const { port } = server.address() as net.AddressInfo;
  return (await fetchPage(`http://127.0.0.1:${port}/`)).text();
}

test('a complete page leaves no connection, where the caller’s timers are fakes and afterwards', async () => {
  vi.useFakeTimers();
  expect(await fetched()).toBe('ok');
  vi.useRealTimers();
  expect(await fetched()).toBe('ok');
  expect(closed.length).toBe(2);
  await Promise.all(closed);
});

test('a page comes where the timers of the module are fakes, too', async () => {
  const fake = vi.fn();
  timers.setImmediate = fake as unknown as typeof own;
  syncBuiltinESMExports();
  expect(await fetched()).toBe('ok');
  expect(fake).not.toHaveBeenCalled();
});
