/** The way to a page: which endpoint to connect to, through what, and what that makes of the request. */
import { MessageError } from '../errors.ts';
import { type ConnectOptions, type Endpoint, parseProxy } from '../transport/index.ts';
import type { PageOptions } from './options.ts';
import type { Route } from './request.ts';
import { hostOf, portOf } from './target.ts';

export interface WayTo extends Route {
  readonly endpoint: Endpoint;
  readonly connectOptions: ConnectOptions;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** @throws MessageError */
export function routeTo(url: URL, options: PageOptions): WayTo {
  const { proxy, socketPath, guard, signal, trace, tls, resolve, localAddress } = options;
  const secure = url.protocol === 'https:';
  if (guard !== undefined && (proxy !== undefined || socketPath !== undefined)) {
    // the proxy looks the name up, and connects where it likes: a guard here would promise what it can't hold
    throw new MessageError('BAD_INPUT', 'guard', 'no guard can see which address a proxy connects to');
  }
  if (socketPath !== undefined && proxy !== undefined) {
    throw new MessageError('BAD_INPUT', 'socketPath', 'the way is either a Unix domain socket or a proxy');
  }
  // by assignment: this runs for every page, and a chain of conditional spreads costs as much as reading the head
  const connectOptions: Writable<ConnectOptions> = { protocol: 'http', delivery: 'together' };
  if (signal !== undefined) connectOptions.signal = signal;
  if (trace !== undefined) connectOptions.trace = trace;
  if (resolve !== undefined) connectOptions.resolve = resolve;
  if (guard !== undefined) connectOptions.guard = guard;
  if (localAddress !== undefined) connectOptions.localAddress = localAddress;
  if (secure) connectOptions.tls = { servername: hostOf(url), ...tls };
  // a request in clear leaves in one write
  else connectOptions.noDelay = false;
  if (socketPath !== undefined) return { endpoint: { path: socketPath }, connectOptions };
  const target = { host: hostOf(url), port: portOf(url) };
  if (proxy === undefined) return { endpoint: target, connectOptions };
  const server = parseProxy(proxy);
  if (server.kind === 'http' && !secure) {
    return { endpoint: server.endpoint, connectOptions, viaProxy: { credentials: server.credentials } };
  }
  return { endpoint: target, connectOptions: { ...connectOptions, proxy } };
}
