/** A server of a test: in clear, on loopback, closed when the test is over. */
import { once } from 'node:events';
import net from 'node:net';
import { afterEach } from 'vitest';

const servers: net.Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Its port. */
export async function serving(onSocket: (socket: net.Socket) => void): Promise<number> {
  const server = net.createServer(onSocket).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as net.AddressInfo).port;
}
