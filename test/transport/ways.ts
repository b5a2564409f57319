/** Two ends of a connection, over everything that can carry one. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Connection,
  type ConnectOptions,
  connect,
  type Endpoint,
  type Listener,
  type ListenOptions,
  listen,
  memoryPair,
} from '../../src/transport/index.ts';

const certificates = fileURLToPath(new URL('../fixtures/certificates/', import.meta.url));
const read = (name: string): string => readFileSync(join(certificates, name), 'utf8');

/** What the tests' certificate authority has signed for localhost. */
export const ca = read('ca.pem');
export const serverTls = { cert: read('localhost.pem'), key: read('localhost.key') };

/** Both ends of one connection. */
export interface Pair extends AsyncDisposable {
  readonly client: Connection;
  readonly server: Connection;
}

export const WAYS: Readonly<Record<string, () => Promise<Pair>>> = {
  'in memory': async () => paired(...memoryPair()),
  'over TCP': () => overSocket({ host: '127.0.0.1', port: 0 }),
  'over a Unix socket': async () => {
    const folder = await mkdtemp(join(tmpdir(), 'plainwire-'));
    const pair = await overSocket({ path: join(folder, 'socket') });
    return paired(pair.client, pair.server, async () => {
      await pair[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });
  },
  'over TLS': () =>
    overSocket({ host: '127.0.0.1', port: 0 }, { tls: serverTls }, { tls: { ca, servername: 'localhost' } }),
  'over TLS in memory': async () => {
    const [client, server] = memoryPair();
    await Promise.all([client.upgrade({ ca, servername: 'localhost' }), server.accept(serverTls)]);
    return paired(client, server);
  },
};

async function overSocket(at: Endpoint, listening?: ListenOptions, connecting?: ConnectOptions): Promise<Pair> {
  let arrive: (connection: Connection) => void = () => {};
  const arrived = new Promise<Connection>((resolve) => {
    arrive = resolve;
  });
  const listener: Listener = await listen(
    at,
    async (connection) => {
      arrive(connection);
      await connection.closed;
    },
    listening,
  );
  const [client, server] = await Promise.all([connect(listener.endpoint, connecting), arrived]);
  return paired(client, server, () => listener.close());
}

function paired(client: Connection, server: Connection, andThen: () => Promise<void> = async () => {}): Pair {
  return {
    client,
    server,
    async [Symbol.asyncDispose]() {
      client.destroy();
      server.destroy();
      await andThen();
    },
  };
}
