/** What a caller may say about connecting. */
import type { Protocol, Trace } from '../trace/event.ts';
import type { Delivery } from './connection-init.ts';
import type { ProxyUrl } from './proxy.ts';
import type { ReadMemory } from './read-memory.ts';
import type { IpAddress, Resolve } from './resolve.ts';
import type { TlsOptions } from './tls.ts';

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
  /** `'at-once'` by default; `'together'` is for one of many connections. */
  readonly delivery?: Delivery;
}

/** Refuses an address by throwing, or by `false`; at once, or by a promise of either, which is waited for. */
export type Guard = (address: IpAddress, host: string) => unknown;
