/** From a host name to the addresses to connect to. */
import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { ConnectionError } from '../errors.ts';

export interface IpAddress {
  readonly address: string;
  readonly family: 4 | 6;
  /** Seconds the answer holds for, where the resolver tells. */
  readonly ttl?: number;
}

/** How names become addresses: the system's resolver (hosts file and DNS) unless the caller brings another. */
export type Resolve = (host: string) => Promise<readonly IpAddress[]>;

/** The system's answer, in its order. @throws ConnectionError NAME_NOT_FOUND */
export const resolveBySystem: Resolve = async (host) => {
  const name = domainToASCII(host);
  if (name === '') throw notFound(host, 'not a valid host name', undefined);
  try {
    const found = await systemLookup(name, { all: true, verbatim: true });
    return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw notFound(host, code, error);
  }
};

/** IPv4 or IPv6, and no name. */
export function isAddress(host: string): boolean {
  return isIP(host) !== 0;
}

/** An address literal as itself, anything else by `resolve`. */
export async function addressesOf(host: string, resolve: Resolve): Promise<readonly IpAddress[]> {
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family: family === 6 ? 6 : 4 }];
  const addresses = await resolve(host);
  if (addresses.length === 0) throw notFound(host, 'no address', undefined);
  return addresses;
}

interface Remembered {
  until: number;
  readonly answer: Promise<readonly IpAddress[]>;
}

/**
 * Remembers answers as long as they say that they hold, or, where they don't say, for `ttl` milliseconds; at most
 * `entries` names. Lookups of one name at once share one answer.
 */
export function cachingResolve(resolve: Resolve, ttl: number, entries = 10_000): Resolve {
  const known = new Map<string, Remembered>();
  return (host) => {
    const now = performance.now();
    const hit = known.get(host);
    if (hit !== undefined && hit.until > now) return hit.answer;
    known.delete(host);
    const answer = resolve(host);
    const remembered = { until: now + ttl, answer };
    known.set(host, remembered);
    answer.then(
      (addresses) => {
        const seconds = Math.min(...addresses.map((each) => each.ttl ?? Number.POSITIVE_INFINITY));
        if (seconds !== Number.POSITIVE_INFINITY) remembered.until = performance.now() + seconds * 1_000;
      },
      // a failure is not remembered: the next to ask tries again
      () => {
        if (known.get(host) === remembered) known.delete(host);
      },
    );
    const oldest = known.keys().next();
    if (known.size > entries && oldest.done === false) known.delete(oldest.value);
    return answer;
  };
}

function notFound(host: string, why: string, cause: unknown): ConnectionError {
  // EAI_AGAIN: the resolver could not be asked; the name may well exist
  const retryable = why === 'EAI_AGAIN';
  return new ConnectionError('NAME_NOT_FOUND', `${host}: name not found (${why})`, {
    cause,
    phase: 'lookup',
    retryable,
  });
}
