/** Waits for connections: on a TCP port or the path of a Unix domain socket, in clear or with TLS from the first byte. */
import { lstat, unlink } from 'node:fs/promises';
import net from 'node:net';
import { ConnectionError, PlainwireError } from '../errors.ts';
import { Connection } from './connection.ts';
import { checkEndpoint, type Endpoint, formatEndpoint } from './endpoint.ts';
import { inWords } from './faults.ts';
import { checkServerTls, type ServerTlsOptions } from './tls-server.ts';

/** How long a client may take for its TLS handshake, in milliseconds. */
const HANDSHAKE_TIMEOUT = 30_000;

/**
 * What is done with a connection. It is closed when the promise settles, so that none is forgotten.
 * What it rejects with ends this connection alone.
 */
export type OnConnection = (connection: Connection) => Promise<void>;

export interface ListenOptions {
  /** Given: TLS from the first byte on. */
  readonly tls?: ServerTlsOptions;
  /** Ends the listening and every connection. */
  readonly signal?: AbortSignal;
  /** More clients than this are turned away at once; no limit by default. */
  readonly maxConnections?: number;
  /**
   * Told of what ended a connection's work. By default the faults of the wire (a client that breaks off, a handshake
   * that fails) are not told, and anything else is an unhandled rejection: a bug of the program.
   */
  readonly onError?: (error: unknown, connection: Connection) => void;
}

export class Listener implements AsyncDisposable {
  /** Where it listens, with the port that the system chose where 0 was asked for. */
  readonly endpoint: Endpoint;
  readonly #server: net.Server;
  readonly #connections: Set<Connection>;

  constructor(endpoint: Endpoint, server: net.Server, connections: Set<Connection>) {
    this.endpoint = endpoint;
    this.#server = server;
    this.#connections = connections;
  }

  /** `'127.0.0.1:2525'`, or the path. */
  get address(): string {
    return formatEndpoint(this.endpoint);
  }

  /** The connections that stand. */
  get connections(): ReadonlySet<Connection> {
    return this.#connections;
  }

  /** Takes no more connections; those that stand go on. Settles when the last of them is gone. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** Takes no more connections, and closes those that stand. */
  async close(): Promise<void> {
    const stopped = this.stop();
    await Promise.all([...this.#connections].map((connection) => connection.close()));
    await stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * Listens; settles when clients can connect. Port 0 lets the system choose. The path of a socket that nobody listens on
 * any more, left behind by a process that was killed, is taken over.
 * @throws MessageError for an endpoint that can't be, ConnectionError LISTEN_FAILED, TlsError for a bad certificate
 */
export async function listen(
  endpoint: Endpoint,
  onConnection: OnConnection,
  options: ListenOptions = {},
): Promise<Listener> {
  checkEndpoint(endpoint, 0);
  if (options.tls !== undefined) checkServerTls(options.tls);
  const connections = new Set<Connection>();
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const connection = new Connection({
      stream: socket,
      remote: 'path' in endpoint ? endpoint.path : remoteOf(socket),
      host: '',
      signal: options.signal,
    });
    connections.add(connection);
    void connection.closed.then(() => connections.delete(connection));
    void serve(connection, onConnection, options);
  });
  if (options.maxConnections !== undefined) server.maxConnections = options.maxConnections;
  await open(server, endpoint);
  const listener = new Listener(listeningOn(server, endpoint), server, connections);
  // the signal destroys the connections itself
  options.signal?.addEventListener('abort', () => void listener.stop(), { once: true });
  if (options.signal?.aborted) void listener.stop();
  return listener;
}

async function serve(connection: Connection, onConnection: OnConnection, options: ListenOptions): Promise<void> {
  try {
    if (options.tls !== undefined) {
      connection.setDeadline('tls', HANDSHAKE_TIMEOUT);
      await connection.accept(options.tls);
      connection.clearDeadline();
    }
    await onConnection(connection);
  } catch (error) {
    if (options.onError !== undefined) options.onError(error, connection);
    else if (!(error instanceof PlainwireError)) throw error;
  } finally {
    await connection.close();
  }
}

async function open(server: net.Server, endpoint: Endpoint): Promise<void> {
  try {
    await bind(server, endpoint);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'EADDRINUSE' || !('path' in endpoint) || !(await isStale(endpoint.path))) {
      throw new ConnectionError(
        'LISTEN_FAILED',
        `can't listen on ${formatEndpoint(endpoint)}: ${inWords(code ?? String(error))}`,
        {
          cause: error,
          phase: 'listen',
        },
      );
    }
    await unlink(endpoint.path);
    await open(server, endpoint);
  }
}

function bind(server: net.Server, endpoint: Endpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen('path' in endpoint ? { path: endpoint.path } : { host: endpoint.host, port: endpoint.port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Whether a path is a socket that nobody answers on. */
async function isStale(path: string): Promise<boolean> {
  const facts = await lstat(path).catch(() => undefined);
  if (facts?.isSocket() !== true) return false;
  return new Promise((resolve) => {
    const probe = net.connect({ path });
    probe.once('connect', () => {
      probe.destroy();
      resolve(false);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
}

function listeningOn(server: net.Server, endpoint: Endpoint): Endpoint {
  const address = server.address();
  if ('path' in endpoint || address === null || typeof address === 'string') return endpoint;
  return { host: address.address, port: address.port };
}

function remoteOf(socket: net.Socket): string {
  // a client that is gone again before it was looked at has no address
  const { remoteAddress, remotePort } = socket;
  return remoteAddress === undefined ? 'gone' : formatEndpoint({ host: remoteAddress, port: remotePort ?? 0 });
}
