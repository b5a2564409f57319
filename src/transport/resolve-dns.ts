/** Addresses with the time they hold for: asked of DNS itself, for getaddrinfo does not tell it. */
import { resolve4, resolve6 } from 'node:dns/promises';
import { domainToASCII } from 'node:url';
import { type IpAddress, type Resolve, resolveBySystem } from './resolve.ts';

/**
 * DNS's own answer, each address with its TTL, IPv6 first as the system would have it. A name without a dot, and one that
 * DNS does not know, is the system's to answer: it may stand in the hosts file. @throws ConnectionError NAME_NOT_FOUND
 */
export const resolveByDns: Resolve = async (host) => {
  const name = domainToASCII(host);
  if (!name.includes('.')) return resolveBySystem(host);
  const [six, four] = await Promise.allSettled([resolve6(name, { ttl: true }), resolve4(name, { ttl: true })]);
  const found: IpAddress[] = [];
  if (six.status === 'fulfilled') for (const { address, ttl } of six.value) found.push({ address, family: 6, ttl });
  if (four.status === 'fulfilled') for (const { address, ttl } of four.value) found.push({ address, family: 4, ttl });
  return found.length > 0 ? found : resolveBySystem(host);
};
