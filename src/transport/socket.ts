/** A socket to a host or a path: name, guard and connecting, each within its deadline. */
import net from 'node:net';
import { ConnectionError, type PlainwireError } from '../errors.ts';
import { addAbortListener, removeAbortListener } from './abort-listeners.ts';
import { type ConnectOptions, DEFAULT_CONNECT_TIMEOUTS, type Guard } from './connect-options.ts';
import type { ConnectTiming, Delivery } from './connection-init.ts';
import { Deadline } from './deadline.ts';
import { type Endpoint, formatEndpoint, type HostEndpoint, type PathEndpoint } from './endpoint.ts';
import { aborted, inWords, late } from './faults.ts';
import type { ReadMemory } from './read-memory.ts';
import { addressesOf, type IpAddress, resolveBySystem } from './resolve.ts';
import type { SharedReads } from './shared-reads.ts';
import { atEndOfTurn } from './turn.ts';
import { within } from './within.ts';

/**
 * How long one address of several is tried before the next (RFC 8305's connection attempt delay). Node gives up an
 * attempt when it goes on to the next, so this must be longer than a slow but honest handshake.
 */
const ATTEMPT_TIMEOUT = 2_500;

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

/** A socket that is connected. Its deadline is clear now, and is to be stopped by whoever has it. */
interface Reached {
  readonly stream: net.Socket;
  readonly timing: ConnectTiming;
  readonly deadline: Deadline;
}

/** @throws ConnectionError, TimeoutError, AbortError */
export async function reachPath(
  endpoint: PathEndpoint,
  { signal, delivery }: ConnectOptions,
  ms: number,
): Promise<Reached> {
  const { path } = endpoint;
  const started = performance.now();
  const deadline = new Deadline();
  const target = { allowHalfOpen: true, emitClose: false, autoDestroy: true, decodeStrings: false, path } as const;
  const stream = await socketTo(target, { endpoint, deadline, ms, signal, delivery });
  return { stream, timing: { lookup: 0, connect: performance.now() - started, tls: 0 }, deadline };
}

/** @throws what the guard throws; ConnectionError, TimeoutError, AbortError */
export async function reachHost(
  endpoint: HostEndpoint,
  options: ConnectOptions,
  ms: number,
  memory: ReadMemory | SharedReads | undefined,
): Promise<Reached & { readonly remote: string }> {
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
  const { signal, delivery } = options;
  const stream = await socketTo(target, { endpoint, deadline, ms, signal, delivery });
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

interface Connecting {
  readonly endpoint: Endpoint;
  readonly deadline: Deadline;
  readonly ms: number;
  readonly signal: AbortSignal | undefined;
  readonly delivery: Delivery | undefined;
}

function socketTo(
  target: net.NetConnectOpts & SocketOptions,
  { endpoint, deadline, ms, signal, delivery }: Connecting,
): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    // it may have come while a name was looked up, a guard asked, or a library loaded
    if (signal?.aborted) return reject(aborted(signal, 'connect'));
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
    const onConnected = (): void => {
      deadline.clear();
      removeAbortListener(signal, onAbort);
      socket.off('error', onError);
      resolve(socket);
    };
    socket.on('connect', delivery === 'together' ? () => atEndOfTurn(onConnected) : onConnected);
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
