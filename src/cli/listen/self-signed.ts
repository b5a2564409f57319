/**
 * A certificate made on the spot, for a server that shall speak TLS and has none: X.509 v3 (RFC 5280), written in DER,
 * signed with its own key. Nobody trusts it who is not told to.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface SelfSigned {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

const DAY = 86_400_000;

/** How long it is good for, in days: longer than any lesson. */
const VALID = 30;

/** @param names host names and addresses; the first is the subject */
export function selfSigned(names: readonly string[], now = new Date()): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence(set(sequence(oid(COMMON_NAME), text(names[0] ?? 'localhost'))));
  const algorithm = sequence(oid(ECDSA_WITH_SHA256));
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))), // version 3
    integer(randomBytes(16)),
    algorithm,
    name,
    // a clock that goes a little wrong shall not spoil it
    sequence(time(new Date(now.getTime() - DAY)), time(new Date(now.getTime() + VALID * DAY))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, extensions(names)),
  );
  const certificate = sequence(body, algorithm, bits(sign('sha256', body, privateKey)));
  return { cert: pem('CERTIFICATE', certificate), key: keyText(privateKey) };
}

/** RFC 5280 section 4.2: the names that it is for, that it is for servers, and that it signs itself alone. */
function extensions(names: readonly string[]): Buffer {
  return sequence(
    sequence(oid(SUBJECT_ALT_NAME), octets(sequence(...names.map(generalName)))),
    sequence(oid(BASIC_CONSTRAINTS), TRUE, octets(sequence())),
    sequence(oid(EXTENDED_KEY_USAGE), octets(sequence(oid(SERVER_AUTH)))),
  );
}

function generalName(name: string): Buffer {
  const isAddress = IPV4.test(name) || name.includes(':');
  return isAddress ? tagged(0x87, addressBytes(name)) : tagged(0x82, Buffer.from(name, 'ascii'));
}

const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;

function addressBytes(address: string): Buffer {
  if (IPV4.test(address)) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? [];
  const groups = (half: string) => half.split(':').filter((group) => group !== '');
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const all = [...before, ...Array<string>(zeros).fill('0'), ...after];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

const COMMON_NAME = [2, 5, 4, 3];
const ECDSA_WITH_SHA256 = [1, 2, 840, 10045, 4, 3, 2];
const SUBJECT_ALT_NAME = [2, 5, 29, 17];
const BASIC_CONSTRAINTS = [2, 5, 29, 19];
const EXTENDED_KEY_USAGE = [2, 5, 29, 37];
const SERVER_AUTH = [1, 3, 6, 1, 5, 5, 7, 3, 1];
const TRUE = Buffer.from([0x01, 0x01, 0xff]);

/** Tag, length, value (X.690 section 8.1). */
function tagged(tag: number, value: Buffer): Buffer {
  const { length } = value;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), value]);
  const size = Buffer.from(length.toString(16).padStart(length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | size.length]), size, value]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function set(part: Buffer): Buffer {
  return tagged(0x31, part);
}

function explicit(number: number, part: Buffer): Buffer {
  return tagged(0xa0 | number, part);
}

/** A positive one: a first bit that is set would make it negative. */
function integer(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const shortest = first === -1 ? Buffer.from([0]) : bytes.subarray(first);
  return tagged(0x02, (shortest[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), shortest]) : shortest);
}

function oid(numbers: readonly number[]): Buffer {
  const [first = 0, second = 0, ...rest] = numbers;
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(number: number): number[] {
  const digits = [number & 0x7f];
  for (let left = number >> 7; left > 0; left >>= 7) digits.unshift(0x80 | (left & 0x7f));
  return digits;
}

function text(value: string): Buffer {
  return tagged(0x0c, Buffer.from(value, 'utf8'));
}

function octets(value: Buffer): Buffer {
  return tagged(0x04, value);
}

function bits(value: Buffer): Buffer {
  return tagged(0x03, Buffer.concat([Buffer.from([0]), value]));
}

/** UTCTime, as RFC 5280 section 4.1.2.5 wants it for the years to 2049. */
function time(date: Date): Buffer {
  return tagged(
    0x17,
    Buffer.from(
      `${date
        .toISOString()
        .replaceAll(/[-:T]|\.\d+/g, '')
        .slice(2)}`,
      'ascii',
    ),
  );
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

function keyText(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
