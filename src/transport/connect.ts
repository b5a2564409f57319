/** Makes a connection: name, guard, socket, proxy, TLS, each within its deadline. */
import { PlainwireError } from '../errors.ts';
import { Tracer } from '../trace/tracer.ts';
import { type ConnectOptions, DEFAULT_CONNECT_TIMEOUTS } from './connect-options.ts';
import { Connection } from './connection.ts';
import { checkEndpoint, type Endpoint, formatEndpoint } from './endpoint.ts';
import { aborted } from './faults.ts';
import { loadSocks, parseProxy, tunnelByConnect, tunnelBySocks } from './proxy.ts';
import { SharedReads } from './shared-reads.ts';
import { reachHost, reachPath } from './socket.ts';
import { checkTlsOptions } from './tls-options.ts';

let connections = 0;

/**
 * Connects to a host and port, or to the path of a Unix domain socket.
 * @throws MessageError for an endpoint that can't be, ConnectionError, TlsError, TimeoutError, AbortError
 */
export async function connect(endpoint: Endpoint, options: ConnectOptions = {}): Promise<Connection> {
  checkEndpoint(endpoint);
  if (options.tls !== undefined) checkTlsOptions(options.tls);
  const { signal, trace } = options;
  connections += 1;
  const tracer = trace === undefined ? undefined : new Tracer(trace, options.protocol ?? 'raw', connections);
  tracer?.connecting(formatEndpoint(endpoint));
  try {
    if (signal?.aborted) throw aborted(signal, 'connect');
    const connection = await open(endpoint, options, tracer);
    tracer?.connected(formatEndpoint(endpoint), connection.remote);
    if (options.tls !== undefined) {
      connection.setDeadline('tls', options.timeouts?.tls ?? DEFAULT_CONNECT_TIMEOUTS.tls);
      await connection.upgrade(options.tls);
      connection.clearDeadline();
    }
    return connection;
  } catch (error) {
    // faults of a standing connection have been reported by it
    if (error instanceof PlainwireError && error.phase !== 'tls') tracer?.error(error);
    throw error;
  }
}

async function open(endpoint: Endpoint, options: ConnectOptions, tracer: Tracer | undefined): Promise<Connection> {
  const { signal, delivery } = options;
  const ms = options.timeouts?.connect ?? DEFAULT_CONNECT_TIMEOUTS.connect;
  if ('path' in endpoint) {
    const { stream, timing, deadline } = await reachPath(endpoint, options, ms);
    return new Connection({ stream, remote: endpoint.path, host: '', timing, signal, tracer, deadline, delivery });
  }
  const { host } = endpoint;
  if (options.proxy === undefined) {
    // under TLS it is the clear text that is read, and not by the socket
    const memory = options.tls === undefined ? (options.memory ?? SharedReads.take()) : undefined;
    const { stream, remote, timing, deadline } = await reachHost(endpoint, options, ms, memory);
    return new Connection({ stream, remote, host, timing, signal, tracer, memory, deadline, delivery });
  }
  const server = parseProxy(options.proxy);
  const socks = server.kind === 'socks5' ? await loadSocks() : undefined;
  const { guard: _, ...direct } = options;
  const { stream: clear, remote, timing, deadline } = await reachHost(server.endpoint, direct, ms, undefined);
  if (socks !== undefined) {
    deadline.stop();
    const stream = await tunnelBySocks(clear, server, endpoint, ms, signal, socks);
    return new Connection({ stream, remote, host, timing, signal, tracer, delivery });
  }
  const connection = new Connection({ stream: clear, remote, host, timing, signal, tracer, deadline, delivery });
  connection.setDeadline('proxy', ms);
  try {
    await tunnelByConnect(connection, server, endpoint);
  } catch (error) {
    connection.destroy();
    throw error;
  }
  connection.clearDeadline();
  return connection;
}
