/** Makes a connection: name, guard, socket, proxy, TLS, each within its deadline. */
import net from 'node:net';
import { ConnectionError, PlainwireError } from '../errors.ts';
import type { Protocol, Trace } from '../trace/event.ts';
import { Tracer } from '../trace/tracer.ts';
import { addAbortListener, removeAbortListener } from './abort-listeners.ts';
import { Connection } from './connection.ts';
import type { ConnectTiming } from './connection-init.ts';
import { Deadline } from './deadline.ts';
import { checkEndpoint, type Endpoint, formatEndpoint, type HostEndpoint } from './endpoint.ts';
import { aborted, inWords, late } from './faults.ts';
import { type ProxyUrl, parseProxy, tunnelByConnect, tunnelBySocks } from './proxy.ts';
import type { ReadMemory } from './read-memory.ts';
import { addressesOf, type IpAddress, type Resolve, resolveBySystem } from './resolve.ts';
import { SharedReads } from './shared-reads.ts';
import type { TlsOptions } from './tls.ts';
import { checkTlsOptions } from './tls-options.ts';
import { within } from './within.ts';

/** Milliseconds; RFC 5321 gives no value for these, so they are what a person would still wait for. */
export interface ConnectTimeouts {
  /** Name lookup, 20 s by default. */
  readonly lookup?: number;
  /** TCP or Unix connect, and what a proxy does on top of it, 30 s by default. */
  readonly connect?: number;
  /** TLS handshake, 30 s by default. */
  readonly tls?: number;
}

export const DEFAULT_CONNECT_TIMEOUTS: Required<ConnectTimeouts> = { lookup: 20_000, connect: 30_000, tls: 30_000 };

/**
 * How long one address of several is tried before the next (RFC 8305's connection attempt delay). Node gives up an
 * attempt when it goes on to the next, so this must be longer than a slow but honest handshake.
 */
const ATTEMPT_TIMEOUT = 2_500;

export interface ConnectOptions {
  /** Given: TLS from the first byte on. */
  readonly tls?: TlsOptions;
  readonly timeouts?: ConnectTimeouts;
  /** Ends the connection, in every phase of its life. */
  readonly signal?: AbortSignal;
  readonly trace?: Trace;
  /** What the trace calls the protocol; `'raw'` by default. */
  readonly protocol?: Protocol;
  readonly proxy?: ProxyUrl;
  /** How names become addresses; the system's resolver by default. */
  readonly resolve?: Resolve;
  /** Asked of each address before it is connected to. Not asked behind a proxy. */
  readonly guard?: Guard;
  /** The local address to connect from. */
  readonly localAddress?: string;
  /** Whether small writes leave at once (TCP_NODELAY), true by default; one who writes once and then reads needs no such. */
  readonly noDelay?: boolean;
  /**
   * What to read into, in place of new memory for every read: a chunk is the reader's until its next read. Only a socket
   * in clear without a proxy reads so.
   */
  readonly memory?: ReadMemory;
}

/** Refuses an address by throwing, or by `false`; at once, or by a promise of either, which is waited for. */
export type Guard = (address: IpAddress, host: string) => unknown;

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
  const { signal } = options;
  const ms = options.timeouts?.connect ?? DEFAULT_CONNECT_TIMEOUTS.connect;
  if ('path' in endpoint) {
    const { path } = endpoint;
    const started = performance.now();
    const deadline = new Deadline();
    const stream = await socketTo(
      { allowHalfOpen: true, emitClose: false, autoDestroy: true, decodeStrings: false, path },
      endpoint,
      deadline,
      ms,
      signal,
    );
    const timing = { lookup: 0, connect: performance.now() - started, tls: 0 };
    return new Connection({ stream, remote: path, host: '', timing, signal, tracer, deadline });
  }
  const { host } = endpoint;
  if (options.proxy === undefined) {
    // under TLS it is the clear text that is read, and not by the socket
    const memory = options.tls === undefined ? (options.memory ?? new SharedReads()) : undefined;
    const { stream, remote, timing, deadline } = await reach(endpoint, options, ms, memory);
    return new Connection({ stream, remote, host, timing, signal, tracer, memory, deadline });
  }
  const server = parseProxy(options.proxy);
  const { guard: _, ...direct } = options;
  const { stream: clear, remote, timing, deadline } = await reach(server.endpoint, direct, ms, undefined);
  if (server.kind === 'socks5') {
    deadline.stop();
    const stream = await tunnelBySocks(clear, server, endpoint, ms, signal);
    return new Connection({ stream, remote, host, timing, signal, tracer });
  }
  const connection = new Connection({ stream: clear, remote, host, timing, signal, tracer, deadline });
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

/**
 * What every socket is made of. Half-close is the caller's to decide; the other three Node sets itself, on a copy of what
 * it is given. Where they are there already, and by a literal, the copy keeps its hidden class, and Node 20 makes the
 * socket in a thirtieth of the time: the better part of what a connection costs this side.
 */
interface SocketOptions {
  readonly allowHalfOpen: true;
  readonly emitClose: false;
  readonly autoDestroy: true;
  readonly decodeStrings: false;
}

interface Reached {
  readonly stream: net.Socket;
  readonly remote: string;
  readonly timing: ConnectTiming;
  readonly deadline: Deadline;
}

async function reach(
  endpoint: HostEndpoint,
  options: ConnectOptions,
  ms: number,
  memory: ReadMemory | SharedReads | undefined,
): Promise<Reached> {
  const { host, port } = endpoint;
  const started = performance.now();
  const family = net.isIP(host);
  const literal = family !== 0;
  const addresses: readonly IpAddress[] = literal
    ? [{ address: host, family: family === 6 ? 6 : 4 }]
    : await resolved(host, options);
  // one refused address refuses the name: a name that mixes public and private addresses is how rebinding is done
  if (options.guard !== undefined) await ask(options.guard, addresses, host, options);
  const connecting = performance.now();
  const target: net.TcpNetConnectOpts & SocketOptions = {
    allowHalfOpen: true,
    emitClose: false,
    autoDestroy: true,
    decodeStrings: false,
    host,
    port,
    noDelay: options.noDelay ?? true,
  };
  if (!literal) {
    // the very addresses that were looked up and guarded: the name is not asked for again
    target.lookup = fixed(addresses);
    target.autoSelectFamily = addresses.length > 1;
    target.autoSelectFamilyAttemptTimeout = ATTEMPT_TIMEOUT;
  }
  if (options.localAddress !== undefined) target.localAddress = options.localAddress;
  if (memory !== undefined) target.onread = memory.onread;
  const deadline = new Deadline();
  const stream = await socketTo(target, endpoint, deadline, ms, options.signal);
  const timing = { lookup: literal ? 0 : connecting - started, connect: performance.now() - connecting, tls: 0 };
  // where there was but one address, there is no need to ask the system which one it was
  const [only, another] = addresses;
  const address = another === undefined ? only?.address : stream.remoteAddress;
  const remote = family === 4 ? `${host}:${port}` : formatEndpoint({ host: address ?? host, port });
  return { stream, remote, timing, deadline };
}

/** @throws what the guard throws; ConnectionError ADDRESS_REFUSED, TimeoutError, AbortError */
async function ask(
  guard: Guard,
  addresses: readonly IpAddress[],
  host: string,
  { timeouts, signal }: ConnectOptions,
): Promise<void> {
  for (const address of addresses) {
    const answer = guard(address, host);
    // most guards answer at once, and need no clock
    const verdict =
      answer instanceof Promise
        ? await within(answer, 'lookup', timeouts?.lookup ?? DEFAULT_CONNECT_TIMEOUTS.lookup, signal)
        : answer;
    if (verdict === false) {
      const message = `${address.address} (${host}) is refused by the guard`;
      throw new ConnectionError('ADDRESS_REFUSED', message, { phase: 'lookup' });
    }
  }
}

function resolved(
  host: string,
  { resolve = resolveBySystem, timeouts, signal }: ConnectOptions,
): Promise<readonly IpAddress[]> {
  return within(addressesOf(host, resolve), 'lookup', timeouts?.lookup ?? DEFAULT_CONNECT_TIMEOUTS.lookup, signal);
}

function fixed(addresses: readonly IpAddress[]): net.LookupFunction {
  return (_host, options, callback) => {
    const first = addresses[0];
    if (options.all) callback(null, [...addresses]);
    else if (first !== undefined) callback(null, first.address, first.family);
  };
}

/** The deadline is left clear once the socket is connected, and stopped when it will not be. */
function socketTo(
  target: net.NetConnectOpts & SocketOptions,
  endpoint: Endpoint,
  deadline: Deadline,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(target);
    const fail = (error: PlainwireError): void => {
      deadline.stop();
      removeAbortListener(signal, onAbort);
      socket.destroy();
      reject(error);
    };
    const onError = (error: Error): void => fail(refused(formatEndpoint(endpoint), error));
    const onAbort = (): void => fail(aborted(signal, 'connect'));
    deadline.onPassed = (phase) => fail(late(phase, ms));
    deadline.set('connect', ms);
    socket.on('connect', () => {
      deadline.clear();
      removeAbortListener(signal, onAbort);
      socket.off('error', onError);
      resolve(socket);
    });
    socket.on('error', onError);
    addAbortListener(signal, onAbort);
  });
}

function refused(name: string, error: Error): ConnectionError {
  const causes = error instanceof AggregateError ? (error.errors as Error[]) : [error];
  const reasons = new Set(causes.map((each) => inWords((each as NodeJS.ErrnoException).code ?? each.message)));
  return new ConnectionError('CONNECT_FAILED', `no connection to ${name}: ${[...reasons].join(', ')}`, {
    cause: error,
    phase: 'connect',
    retryable: true,
  });
}
