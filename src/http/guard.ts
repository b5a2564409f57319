/**
 * Which addresses may be connected to. A guard is asked of each address a name resolves to, on every hop, and the
 * connection goes to an address it was asked of: a name that changes its address in between gains nothing.
 */
import { ConnectionError } from '../errors.ts';
import type { Guard } from '../transport/index.ts';

/**
 * Blocks that are not the public Internet: IANA's special-purpose registries (RFC 6890), where "globally reachable" is
 * not plainly true, and multicast. An IPv4 address inside an IPv6 one is looked at as IPv4.
 */
const NOT_PUBLIC_4 = [
  '0.0.0.0/8', // this network
  '10.0.0.0/8', // private
  '100.64.0.0/10', // shared by carriers
  '127.0.0.0/8', // loopback
  '169.254.0.0/16', // link-local; cloud metadata lives here
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments
  '192.0.2.0/24', // documentation
  '192.88.99.0/24', // 6to4 relays, deprecated
  '192.168.0.0/16', // private
  '198.18.0.0/15', // benchmarking
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast
];

/** Of IPv6 only 2000::/3 is handed out; these are its parts that are not public. */
const NOT_PUBLIC_6 = [
  '2001::/23', // protocol assignments, Teredo among them
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4: carries any IPv4 address
  '3fff::/20', // documentation
];

/** Refuses every address that is not one of the public Internet. @throws ConnectionError ADDRESS_REFUSED */
export const publicOnly: Guard = ({ address }, host) => {
  if (isPublic(address)) return;
  const of = host === address ? '' : ` (${host})`;
  throw new ConnectionError('ADDRESS_REFUSED', `${address}${of} is not a public address`, { phase: 'lookup' });
};

/** Whether an address literal is one of the public Internet. What can't be read is not. */
export function isPublic(address: string): boolean {
  const [literal = ''] = address.split('%');
  const bits = literal.includes(':') ? ipv6Bits(literal) : ipv4Bits(literal);
  if (bits === undefined) return false;
  const { four, six, embedding } = blocks();
  const within = (list: readonly string[], wanted: string): boolean => list.some((block) => wanted.startsWith(block));
  if (bits.length === 32) return !within(four, bits);
  if (within(embedding, bits)) return !within(four, bits.slice(96));
  return bits.startsWith('001') && !within(six, bits);
}

function ipv4Bits(literal: string): string | undefined {
  const parts = literal.split('.');
  if (parts.length !== 4 || parts.some((part) => !/^[0-9]{1,3}$/.test(part) || Number(part) > 255)) return undefined;
  return parts.map((part) => Number(part).toString(2).padStart(8, '0')).join('');
}

function ipv6Bits(literal: string): string | undefined {
  const tail = /^(.*:)([0-9.]+\.[0-9]+)$/.exec(literal);
  const ipv4 = tail === null ? '' : ipv4Bits(tail[2] ?? '');
  if (ipv4 === undefined) return undefined;
  const text = tail === null ? literal : (tail[1] ?? '').replace(/([^:]):$/, '$1');
  const halves = text.split('::');
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
  if (halves.length > 2 || groups.flat().some((group) => !/^[0-9A-Fa-f]{1,4}$/.test(group))) return undefined;
  const missing = 8 - ipv4.length / 16 - groups.flat().length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const [before = [], after = []] = groups;
  const all = [...before, ...Array<string>(Math.max(0, missing)).fill('0'), ...after];
  return all.map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0')).join('') + ipv4;
}

function prefix(block: string): string {
  const [address = '', length = ''] = block.split('/');
  const bits = address.includes(':') ? ipv6Bits(address) : ipv4Bits(address);
  return (bits ?? '').slice(0, Number(length));
}

interface Blocks {
  readonly four: readonly string[];
  readonly six: readonly string[];
  /** IPv4-mapped and NAT64: they reach the IPv4 address they end in. */
  readonly embedding: readonly string[];
}

let known: Blocks | undefined;

/** Worked out when first asked for: most who fetch pages never ask. */
function blocks(): Blocks {
  known ??= {
    four: NOT_PUBLIC_4.map(prefix),
    six: NOT_PUBLIC_6.map(prefix),
    embedding: ['::ffff:0:0/96', '64:ff9b::/96'].map(prefix),
  };
  return known;
}
