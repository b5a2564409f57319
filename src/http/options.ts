/** What a caller may say about fetching a page. */
import { MessageError } from '../errors.ts';
import type { Trace } from '../trace/event.ts';
import type { Guard, ProxyUrl, Resolve, TlsOptions } from '../transport/index.ts';
import { isAddress } from '../transport/resolve.ts';
import type { ResponseLimits } from './limits.ts';
import type { RequestOptions } from './request.ts';

/** Milliseconds; each is absolute for its phase. */
export interface PageTimeouts {
  /** Name lookup, 20 s by default. */
  readonly lookup?: number;
  /** TCP connect, with what a proxy does on top of it, 30 s by default. */
  readonly connect?: number;
  /** TLS handshake, 30 s by default. */
  readonly tls?: number;
  /** From the request to the end of the answer's head, 30 s by default. */
  readonly head?: number;
  /** Without a byte of the body, or without one of the request leaving, 30 s by default. */
  readonly idle?: number;
  /** All of it, redirects included; 5 minutes by default, none for a stream or a file. */
  readonly whole?: number;
}

export interface PageOptions extends RequestOptions {
  /** How many redirects to follow; 0 by default: a redirect is a page like any other. */
  readonly follow?: number;
  /** Whether a redirect may lead from https to http; `'refuse'` by default. */
  readonly downgrade?: 'refuse' | 'allow';
  /** Asked of each address before it is connected to, on every hop: {@link publicOnly}, or your own, which throws or says false. */
  readonly guard?: Guard;
  readonly timeouts?: PageTimeouts;
  readonly limits?: Partial<ResponseLimits>;
  readonly signal?: AbortSignal;
  readonly trace?: Trace;
  /** `'http://user:pass@proxy:3128'` or `'socks5://proxy:1080'`. */
  readonly proxy?: ProxyUrl;
  readonly tls?: TlsOptions;
  /** How names become addresses: `cachingResolve(...)`, say. */
  readonly resolve?: Resolve;
  /** The path of a Unix domain socket to connect to, whatever host the URL names. */
  readonly socketPath?: string;
  /** The local address to connect from. */
  readonly localAddress?: string;
  /** What to make of an answer without status line: an error, or an HTTP/0.9 page. `'refuse'` by default. */
  readonly simpleResponse?: 'refuse' | 'accept';
}

export const DEFAULT_PAGE_TIMEOUTS = { head: 30_000, idle: 30_000, whole: 300_000 } as const;

/** A slip in a number would switch off what it was to limit: a comparison with NaN is never true. @throws MessageError */
export function checkPageOptions({ follow, timeouts, limits, localAddress }: PageOptions): void {
  if (follow !== undefined) checkNumber('follow', follow, 'a whole number from 0', follow >= 0);
  if (localAddress !== undefined && !isAddress(localAddress)) {
    throw new MessageError('BAD_INPUT', 'localAddress', `expected an IP address, not ${JSON.stringify(localAddress)}`);
  }
  for (const [phase, ms] of Object.entries(timeouts ?? {})) {
    checkNumber(`timeouts.${phase}`, ms, 'milliseconds above 0', ms > 0);
  }
  for (const [what, most] of Object.entries(limits ?? {})) {
    checkNumber(`limits.${what}`, most, 'a number from 0', most >= 0);
  }
}

/** @throws MessageError that names `field`, unless the value is a number, and as expected; one left out is as well */
export function checkNumber(field: string, value: unknown, expected: string, isRight: boolean): void {
  if (value === undefined || (typeof value === 'number' && isRight)) return;
  throw new MessageError('BAD_INPUT', field, `expected ${expected}, not ${JSON.stringify(value) ?? String(value)}`);
}
