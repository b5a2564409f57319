/** A SOCKS proxy that goes away while the library for it is being loaded: the first connection of a process. */
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

let server: net.Server;
let goAway: (socket: net.Socket) => void;

beforeEach(async () => {
  // as in a new process: nothing is loaded yet
  vi.resetModules();
  server = net.createServer((socket) => goAway(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  server.close();
});

test.each([
  ['closes', (socket: net.Socket) => socket.end()],
  ['breaks off a little later', (socket: net.Socket) => setTimeout(() => socket.resetAndDestroy(), 3)],
])('a proxy that %s is a fault at once, and no surprise', async (_how, how) => {
  goAway = how;
  const { connect } = await import('../../src/transport/index.ts');
  const { port } = server.address() as net.AddressInfo;
  vi.doMock('socks', async (original) => {
    // what loading takes at the least
    await new Promise((resolve) => setTimeout(resolve, 20));
    return original();
  });
  const options = { proxy: `socks5://127.0.0.1:${port}`, timeouts: { connect: 2_000 } };
  await expect(connect({ host: 'a.test', port: 25 }, options)).rejects.toMatchObject({ code: 'PROXY_FAILED' });
});
