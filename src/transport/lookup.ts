/** What the domain name system says of a host: its addresses, names and mail exchangers. */
import dns from 'node:dns/promises';
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { ConnectionError, MessageError } from '../errors.ts';
import { type IpAddress, resolveBySystem } from './resolve.ts';

export interface MailExchanger {
  readonly preference: number;
  /** Empty for a null MX (RFC 7505): the domain takes no mail. */
  readonly exchange: string;
}

export interface HostInfo {
  readonly host: string;
  /** As the system resolves the name, for an address the address itself. */
  readonly addresses: readonly IpAddress[];
  /** The name at the end of the chain of aliases, where DNS knows one. */
  readonly canonicalName: string | undefined;
  /** What each address is called in reverse; an address without a name has an empty list. */
  readonly reverseNames: ReadonlyMap<string, readonly string[]>;
  /** In order of preference; empty where the domain has none. */
  readonly mailExchangers: readonly MailExchanger[];
}

/** What DNS answers when a name or a record is not there: an answer, not a fault. */
const NOTHING_THERE = new Set(['ENODATA', 'ENOTFOUND', 'NOTIMP', 'ENOTIMP']);

/**
 * Looks a host name or address up, in every direction.
 * @throws MessageError for a name that can't be one, ConnectionError NAME_NOT_FOUND where nothing at all is known of it
 */
export async function lookup(host: string): Promise<HostInfo> {
  const family = isIP(host);
  if (family !== 0) {
    const address: IpAddress = { address: host, family: family === 6 ? 6 : 4 };
    const names = await reverse(host);
    return {
      host,
      addresses: [address],
      canonicalName: names[0],
      reverseNames: new Map([[host, names]]),
      mailExchangers: [],
    };
  }
  const name = hostName(host);
  const [found, canonicalName, mailExchangers] = await Promise.all([
    resolveBySystem(name).catch((error: unknown) => error),
    alias(name),
    resolveMx(name).catch((): readonly MailExchanger[] => []),
  ]);
  if (!Array.isArray(found)) {
    // a domain may have mail exchangers and no address of its own
    if (mailExchangers.length === 0) throw found;
    return { host, addresses: [], canonicalName, reverseNames: new Map(), mailExchangers };
  }
  const addresses: readonly IpAddress[] = found;
  const reverseNames = new Map(
    await Promise.all(addresses.map(async ({ address }) => [address, await reverse(address)] as const)),
  );
  return { host, addresses, canonicalName, reverseNames, mailExchangers };
}

/**
 * The mail exchangers of a domain, lowest preference first; none is an empty list.
 * @throws ConnectionError NAME_NOT_FOUND, retryable, where DNS could not be asked
 */
export async function resolveMx(domain: string): Promise<readonly MailExchanger[]> {
  const name = hostName(domain);
  try {
    const records = await dns.resolveMx(name);
    return records
      .map(({ priority, exchange }) => ({ preference: priority, exchange: exchange === '.' ? '' : exchange }))
      .sort((a, b) => a.preference - b.preference);
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code);
    if (NOTHING_THERE.has(code)) return [];
    throw new ConnectionError('NAME_NOT_FOUND', `${domain}: no answer about mail exchangers (${code})`, {
      cause: error,
      phase: 'lookup',
      retryable: true,
    });
  }
}

function hostName(host: string): string {
  if (/[\0-\x20\x7f]/.test(host)) {
    throw new MessageError('FORBIDDEN_CHARACTER', 'host', 'spaces and control characters have no place in a host name');
  }
  const name = domainToASCII(host);
  if (name === '') throw new MessageError('BAD_INPUT', 'host', `'${host}' is not a valid host name`);
  return name;
}

async function reverse(address: string): Promise<readonly string[]> {
  const names = await dns.reverse(address).catch((): string[] => []);
  if (names.length > 0) return names;
  // c-ares asks DNS only; the hosts file is asked through the system
  const { hostname } = await dns.lookupService(address, 0).catch(() => ({ hostname: address }));
  return hostname === address ? [] : [hostname];
}

async function alias(name: string): Promise<string | undefined> {
  const names = await dns.resolveCname(name).catch((): string[] => []);
  return names[0];
}
