import { createHash, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { MessageError } from '../errors.ts';
import { BodyHash, type Canonicalization, canonicalField } from './canonical.ts';
import { foldWords } from './folding.ts';
import { refuseForbidden } from './forbidden.ts';
import { isGiven, stringOf } from './given.ts';
import { excerpt } from './lexer.ts';
import { toAsciiDomain } from './mailbox.ts';
import type { DkimInit, DkimKey } from './message-init.ts';
import { refuseUnknown } from './nearest.ts';

/** DKIM signatures (RFC 6376) with rsa-sha256 and ed25519-sha256 (RFC 8463). */

/** The fields worth signing (RFC 6376 section 5.4.1), those that are there. */
const SIGNED =
  'from:sender:reply-to:subject:date:message-id:to:cc:mime-version:content-type:content-transfer-encoding:content-id:' +
  'in-reply-to:references:list-id:list-help:list-unsubscribe:list-unsubscribe-post:list-subscribe:list-post:list-owner:' +
  'list-archive:auto-submitted:disposition-notification-to';
/** The fields that are named once more than they are there, so that nobody can add another (section 8.15). */
const OVERSIGNED = new Set(
  'from:sender:reply-to:subject:date:message-id:to:cc:mime-version:content-type:content-transfer-encoding'.split(':'),
);

const FIELDS = new Set<string>([
  'domainName',
  'keySelector',
  'privateKey',
  'keys',
  'headerFieldNames',
  'skipFields',
  'canonicalization',
  'spoolFolder',
  'cacheDir',
  'cacheTreshold',
  'hashAlgo',
] satisfies (keyof DkimInit)[]);
const KEY_FIELDS = new Set<string>(['domainName', 'keySelector', 'privateKey'] satisfies (keyof DkimKey)[]);

/** RFC 8301 section 3.2: shorter keys prove nothing. */
const MIN_RSA_BITS = 1024;

interface Signer {
  readonly domain: string;
  readonly selector: string;
  readonly key: KeyObject;
  readonly algorithm: 'rsa-sha256' | 'ed25519-sha256';
}

/** All that is known before there is a message: keys, forms, fields. */
export interface Dkim {
  readonly signers: readonly Signer[];
  readonly headerForm: Canonicalization;
  readonly bodyForm: Canonicalization;
  readonly names: readonly string[];
  readonly spoolFolder: string | undefined;
}

/** Checks the settings and reads the keys. */
export function readDkim(init: DkimInit): Dkim {
  if (typeof init !== 'object') throw new MessageError('BAD_INPUT', 'dkim', 'is not an object');
  for (const name in init) if (!FIELDS.has(name)) refuseUnknown(name, FIELDS, `dkim.${name}`);
  const { keys } = init;
  const canonicalization = isGiven(init.canonicalization) ? init.canonicalization : 'relaxed/relaxed';
  const signers = isGiven(keys) ? readKeys(keys) : [readSigner(init as DkimKey, 'dkim')];
  if (typeof canonicalization !== 'string' || !/^(?:relaxed|simple)\/(?:relaxed|simple)$/.test(canonicalization)) {
    throw new MessageError('BAD_INPUT', 'dkim.canonicalization', `${excerpt(canonicalization)} is unknown`);
  }
  const [headerForm, bodyForm] = canonicalization.split('/') as [Canonicalization, Canonicalization];
  const skipped = new Set(listOf(init.skipFields || '', 'dkim.skipFields'));
  const names = listOf(init.headerFieldNames || SIGNED, 'dkim.headerFieldNames').filter((name) => !skipped.has(name));
  if (!names.includes('from')) names.unshift('from');
  if (isGiven(init.hashAlgo) && !/^(?:rsa-)?sha-?256$/i.test(stringOf(init.hashAlgo, 'dkim.hashAlgo'))) {
    throw new MessageError('BAD_INPUT', 'dkim.hashAlgo', 'is not sha256, and RFC 8301 leaves no other');
  }
  const spoolFolder = init.spoolFolder || init.cacheDir || undefined;
  if (spoolFolder !== undefined) stringOf(spoolFolder, 'dkim.spoolFolder');
  return { signers, headerForm, bodyForm, names, spoolFolder };
}

/** A key that nobody gave must not send a message without the signature that was asked for. */
function readKeys(given: readonly DkimKey[] | DkimKey): Signer[] {
  const keys = Array.isArray(given) ? (given as readonly DkimKey[]) : [given as DkimKey];
  if (keys.length === 0) throw new MessageError('BAD_INPUT', 'dkim.keys', 'holds no key');
  return keys.map((key: DkimKey, index) => readSigner(key, `dkim.keys[${index}]`));
}

/** Names as h= has them, which ends at a semicolon. */
const SIGNED_NAME = /^[!-9<-~]{1,76}$/;

function listOf(text: string, field: string): string[] {
  refuseForbidden(text, field);
  const all = text.toLowerCase().split(':');
  const names = new Set(all.map((name) => name.trim()).filter((name) => name !== ''));
  for (const name of names) {
    if (!SIGNED_NAME.test(name)) throw new MessageError('BAD_INPUT', field, `${excerpt(name)} is no name of a field`);
  }
  return [...names];
}

function readSigner(init: DkimKey, field: string): Signer {
  if (typeof init !== 'object' || init === null) throw new MessageError('BAD_INPUT', field, 'is not an object');
  if (field !== 'dkim')
    for (const name in init) if (!KEY_FIELDS.has(name)) refuseUnknown(name, KEY_FIELDS, `${field}.${name}`);
  const { domainName, keySelector, privateKey } = init;
  if (typeof domainName !== 'string') throw new MessageError('BAD_INPUT', `${field}.domainName`, 'is missing');
  if (typeof keySelector !== 'string') throw new MessageError('BAD_INPUT', `${field}.keySelector`, 'is missing');
  const domain = toAsciiDomain(domainName, `${field}.domainName`);
  const selector = toAsciiDomain(keySelector, `${field}.keySelector`);
  const key = readKey(privateKey, `${field}.privateKey`);
  return { domain, selector, key, algorithm: key.asymmetricKeyType === 'rsa' ? 'rsa-sha256' : 'ed25519-sha256' };
}

/** Keys as they were read from PEM: reading one takes longer than composing a message. */
const keyCache = new Map<string, KeyObject>();
const MAX_CACHED_KEYS = 64;

/** A key as a caller may give it. */
function pemOf(given: unknown): { pem: string; passphrase?: string } | undefined {
  if (typeof given === 'string') return { pem: given };
  if (given instanceof Uint8Array) return { pem: Buffer.from(given).toString('latin1') };
  if (typeof given !== 'object' || given === null || !('key' in given)) return undefined;
  const inner = typeof given.key === 'object' && !(given.key instanceof Uint8Array) ? undefined : pemOf(given.key);
  const passphrase = 'passphrase' in given && typeof given.passphrase === 'string' ? given.passphrase : undefined;
  return inner === undefined || passphrase === undefined ? inner : { ...inner, passphrase };
}

function readKey(given: unknown, field: string): KeyObject {
  const found = pemOf(given);
  if (found === undefined) throw new MessageError('BAD_INPUT', field, 'is not a key in PEM');
  const { pem, passphrase } = found;
  const name = passphrase === undefined ? pem : `${pem}\0${passphrase}`;
  const cached = keyCache.get(name);
  if (cached !== undefined) return cached;
  let key: KeyObject;
  try {
    key = createPrivateKey(passphrase === undefined ? pem : { key: pem, passphrase });
  } catch {
    // The reason would not help, and the text of a key belongs in no error.
    throw new MessageError('BAD_INPUT', field, 'is not a private key in PEM');
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'ed25519' && !(key.asymmetricKeyType === 'rsa' && bits >= MIN_RSA_BITS)) {
    throw new MessageError(
      'BAD_INPUT',
      field,
      `is neither an RSA key of at least ${MIN_RSA_BITS} bits nor an Ed25519 key`,
    );
  }
  if (keyCache.size >= MAX_CACHED_KEYS) keyCache.clear();
  keyCache.set(name, key);
  return key;
}

export function newBodyHash(dkim: Dkim): BodyHash {
  return new BodyHash(dkim.bodyForm);
}

/** The DKIM-Signature fields, one for each key, for a header block and the hash of a body. */
export function signatureFields(dkim: Dkim, header: string, bodyHash: string, seconds: number): string {
  return dkim.signers.map((signer) => signatureField(dkim, signer, header, bodyHash, seconds)).join('');
}

/** How long the signature fields will be: all of it is known before anything is signed. */
export function signatureSize(dkim: Dkim, header: string, seconds: number): number {
  const hash = 'A'.repeat(44);
  return dkim.signers.reduce((total, signer) => {
    const octets =
      signer.algorithm === 'rsa-sha256' ? Math.ceil((signer.key.asymmetricKeyDetails?.modulusLength ?? 0) / 8) : 64;
    const signature = 'A'.repeat(Math.ceil(octets / 3) * 4);
    return total + withSignature(unsignedField(dkim, signer, namesIn(dkim, header), hash, seconds), signature).length;
  }, 0);
}

function signatureField(dkim: Dkim, signer: Signer, header: string, bodyHash: string, seconds: number): string {
  const fields = fieldsOf(header);
  const names = namesIn(dkim, header);
  // Repeats of a name are taken from the bottom up; a name without a field stands for a field that is not there.
  const left = [...fields];
  let data = '';
  for (const name of names) {
    const index = left.findLastIndex((field) => nameOf(field) === name);
    if (index === -1) continue;
    data += canonicalField(left[index] as string, dkim.headerForm);
    left.splice(index, 1);
  }
  const unsigned = unsignedField(dkim, signer, names, bodyHash, seconds);
  // The signature's own field is signed too, with an empty b= and without its CRLF.
  data += canonicalField(unsigned, dkim.headerForm).replace(/\r\n$/, '');
  const octets = Buffer.from(data, 'latin1');
  const signature =
    signer.algorithm === 'rsa-sha256'
      ? sign('sha256', octets, signer.key)
      : sign(null, createHash('sha256').update(octets).digest(), signer.key);
  return withSignature(unsigned, signature.toString('base64'));
}

function unsignedField(
  dkim: Dkim,
  signer: Signer,
  names: readonly string[],
  bodyHash: string,
  seconds: number,
): string {
  const words = [
    'v=1;',
    `a=${signer.algorithm};`,
    `c=${dkim.headerForm}/${dkim.bodyForm};`,
    `d=${signer.domain};`,
    `s=${signer.selector};`,
    `t=${seconds};`,
    `h=${names[0]}`,
    ...names.slice(1).map((name) => `:${name}`),
  ];
  words[words.length - 1] += ';';
  return foldWords('DKIM-Signature', [...words, `bh=${bodyHash};`]).replace(/\r\n$/, '\r\n b=\r\n');
}

/** The signature in lines; white space in b= means nothing. */
function withSignature(unsigned: string, signature: string): string {
  const lines = signature.match(/.{1,72}/g) ?? [];
  return unsigned.replace(/b=\r\n$/, `b=${lines.join('\r\n ')}\r\n`);
}

/** The names for h=: each field that is there and is to be signed, and once more those that nobody may add. */
function namesIn(dkim: Dkim, header: string): string[] {
  const present = fieldsOf(header).map(nameOf);
  return dkim.names.flatMap((name) => {
    const times = present.filter((other) => other === name).length + (OVERSIGNED.has(name) ? 1 : 0);
    return Array.from({ length: times }, () => name);
  });
}

function nameOf(field: string): string {
  return field.slice(0, field.indexOf(':')).trimEnd().toLowerCase();
}

/** The fields of a header block, folded as they are, each with its CRLF. */
function fieldsOf(header: string): string[] {
  return header.split(/(?<=\r\n)(?![ \t])/).filter((field) => field !== '');
}
