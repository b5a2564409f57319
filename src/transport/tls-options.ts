/** TLS options, looked at before anything is opened: what OpenSSL would choke on half-way is named here. */
import tls from 'node:tls';
import { MessageError } from '../errors.ts';
import type { TlsOptions } from './tls.ts';

const FIELDS: Readonly<Record<keyof TlsOptions, true>> = {
  ca: true,
  cert: true,
  key: true,
  pfx: true,
  passphrase: true,
  servername: true,
  rejectUnauthorized: true,
  fingerprint256: true,
  minVersion: true,
  ciphers: true,
  alpn: true,
  sessions: true,
};

/** The names of all TLS options. */
export const TLS_OPTION_NAMES: readonly string[] = Object.keys(FIELDS);

/** The same options serve many connections, and reading keys and certificates costs time. */
const checked = new WeakSet<TlsOptions>();

/** @throws MessageError that names the option: `tls.cert`, `tls.minVersion` ... */
export function checkTlsOptions(options: TlsOptions): void {
  if (typeof options !== 'object' || options === null) throw bad('tls', 'expected an object');
  if (checked.has(options)) return;
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(FIELDS, name)) {
      throw new MessageError(
        'UNKNOWN_FIELD',
        `tls.${name}`,
        `no such option; there are ${TLS_OPTION_NAMES.join(', ')}`,
      );
    }
  }
  const { rejectUnauthorized, servername, fingerprint256, alpn } = options;
  if (rejectUnauthorized !== undefined && typeof rejectUnauthorized !== 'boolean')
    throw bad('tls.rejectUnauthorized', 'expected true or false');
  if (servername !== undefined && (typeof servername !== 'string' || /[\0-\x20\x7f]/.test(servername)))
    throw bad('tls.servername', 'expected a host name');
  if (fingerprint256 !== undefined && ![fingerprint256].flat().every((pin) => typeof pin === 'string'))
    throw bad('tls.fingerprint256', 'expected a fingerprint, or a list of them');
  // Node ends the process for a protocol without a name
  if (alpn !== undefined && !(Array.isArray(alpn) && alpn.length > 0 && alpn.every(isProtocolName)))
    throw bad('tls.alpn', 'expected a list of protocol names');
  checkTrust(options.ca);
  checkIdentity(options);
  for (const name of ['minVersion', 'ciphers'] as const) {
    const value = options[name];
    if (value !== undefined) build(name, { [name]: value });
  }
  checked.add(options);
}

/** OpenSSL passes over what is no certificate, and then trusts nobody: a path in place of a file's content, most often. */
function checkTrust(ca: TlsOptions['ca']): void {
  if (ca === undefined) return;
  for (const each of [ca].flat()) {
    const isText = typeof each === 'string' || each instanceof Uint8Array;
    if (!isText || !/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/.test(Buffer.from(each).toString('latin1')))
      throw bad('tls.ca', 'holds no certificate in PEM form (the content of the file is meant, not its name)');
  }
}

function checkIdentity({ cert, key, pfx, passphrase }: TlsOptions): void {
  if (passphrase !== undefined && typeof passphrase !== 'string') throw bad('tls.passphrase', 'expected text');
  if (cert !== undefined && key === undefined) throw bad('tls.key', 'a certificate needs its key');
  if (key !== undefined && cert === undefined) throw bad('tls.cert', 'a key needs its certificate');
  const secret = passphrase === undefined ? {} : { passphrase };
  if (cert !== undefined) build('cert', { cert: cert as string | Buffer });
  if (key !== undefined) build('key', { cert: cert as string | Buffer, key: key as string | Buffer, ...secret });
  if (pfx !== undefined) build('pfx', { pfx: pfx as Buffer, ...secret });
}

function build(name: keyof TlsOptions, options: tls.SecureContextOptions): void {
  try {
    tls.createSecureContext(options);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new MessageError('BAD_INPUT', `tls.${name}`, `OpenSSL can't use it: ${text}`, { cause });
  }
}

function isProtocolName(name: unknown): boolean {
  return typeof name === 'string' && name !== '' && Buffer.byteLength(name) <= 255;
}

function bad(field: string, what: string): MessageError {
  return new MessageError('BAD_INPUT', field, what);
}
