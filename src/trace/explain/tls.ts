/** Explains TLS: the version, whether the peer is who it should be, the cipher; of a handshake, or of a line about one. */
import type { TlsFacts } from '../event.ts';
import { type Entry, type Explanation, entryOf, explanation } from './entry.ts';

const OUTDATED = 'Encrypted, but with a version that is no longer safe; do not use it.';

/** Names as OpenSSL and Node write them. */
export const TLS_VERSIONS: Readonly<Record<string, Entry>> = {
  'TLSV1.3': ['From here on everything is encrypted.', 'RFC 9846'],
  'TLSV1.2': ['From here on everything is encrypted.', 'RFC 5246; RFC 9846 is the next version'],
  'TLSV1.1': [OUTDATED, 'RFC 8996'],
  'TLSV1.0': [OUTDATED, 'RFC 8996'],
  TLSV1: [OUTDATED, 'RFC 8996'],
  SSLV3: [OUTDATED, 'RFC 7568'],
  SSLV2: [OUTDATED, 'RFC 6176'],
};

const VERIFIED: Entry = ['The certificate is signed by somebody trusted, and is for this name.', 'RFC 9525 section 6'];
const RESUMED: Entry = ['An earlier session goes on, so that the handshake is shorter.', 'RFC 9846 section 2.2'];
const ALPN: Entry = ['Both sides agreed on what to speak inside.', 'RFC 7301 section 3'];
const FORWARD_SECRET: Entry = [
  'The cipher. What is recorded now cannot be read later, not even with the key of the server.',
  'RFC 9325 section 7.3',
];
const STATIC_KEY: Entry = [
  'The cipher. Whoever gets the key of the server can read what was recorded.',
  'RFC 9325 section 7.3',
];

function notVerified(why: string | undefined): Entry {
  return [`Anybody could be at the other end: ${why ?? 'the certificate was not checked'}.`, 'RFC 9525 section 6'];
}

export function explainTls(facts: TlsFacts): Explanation {
  const { authorized, authorizationError, certificate, cipher, resumed, alpn } = facts;
  const parts = [
    authorized ? explanation('verified', VERIFIED) : explanation('not verified', notVerified(authorizationError)),
  ];
  if (cipher !== '') parts.push(explainCipher(cipher));
  if (resumed) parts.push(explanation('resumed', RESUMED));
  if (alpn !== undefined) parts.push(explanation(alpn, ALPN));
  // of a transcript, no more than its name is known
  if (certificate !== undefined && certificate.issuer !== '') {
    const { subject, issuer, validTo } = certificate;
    parts.push(
      explanation(subject, [
        `Who the server says it is, as ${issuer} has signed; valid until ${validTo.toISOString().slice(0, 10)}.`,
        'RFC 5280 section 4.1',
      ]),
    );
  }
  return version(facts.protocol, parts);
}

function version(protocol: string, parts: readonly Explanation[]): Explanation {
  const entry = entryOf(TLS_VERSIONS, protocol) ?? ['From here on everything is encrypted.', 'RFC 9846'];
  return explanation(protocol, entry, parts);
}

/** TLS 1.3 names no key exchange, for all of its own are forward secret. */
function explainCipher(cipher: string): Explanation {
  return explanation(cipher, /^(?:TLS_)?(?:AES|CHACHA20|(?:EC)?DHE)[-_]/.test(cipher) ? FORWARD_SECRET : STATIC_KEY);
}

/**
 * A line that tells of TLS, of this package's formats, of swaks, curl or `openssl s_client`; undefined for any other.
 * `isFact` says that the line is known to be no part of the dialogue.
 */
export function explainTlsLine(line: string, isFact: boolean): Explanation | undefined {
  if (line.length > LONGEST) return undefined;
  const protocol = /\b(?:TLSv1(?:\.[0-3])?|SSLv[23])\b/.exec(line)?.[0];
  const checked = trust(line);
  if (CIPHER.test(line)) return explainCipher(line.trim());
  if (protocol === undefined) return checked;
  if (!isFact && !/^(?:[*] +)?(?:\S+$|New, |SSL connection|Protocol *:|=== |TLS )/.test(line.trim())) return undefined;
  // one of the messages of a handshake, as curl lists them
  if (/\((?:IN|OUT)\), TLS/.test(line)) return undefined;
  const cipher = /\b(?:TLS_[A-Z0-9_]+|(?:ECDHE|DHE|AES|CHACHA20)[-_][A-Z0-9_-]+)\b/.exec(line)?.[0];
  return version(protocol, [
    ...(checked === undefined ? [] : [checked]),
    ...(cipher === undefined ? [] : [explainCipher(cipher)]),
  ]);
}

/** Octets of a line about TLS, names of a certificate included; what is longer is something else, and not searched. */
const LONGEST = 1000;

/** A line that is the name of a cipher, and nothing else. */
const CIPHER = /^\s*(?:TLS_[A-Z0-9_]{8,}|(?:EC)?DHE-[A-Z0-9-]+)\s*$/;

/** As this package says it, openssl, curl, and swaks. */
const NOT_VERIFIED: readonly RegExp[] = [
  /\bNOT verified(?:[^:]*: (.+?))?\.?\]?$/,
  /Verif(?:y return code|ication error): (?!0 )(?:\d+ )?\(?([^()]+)\)?|verify error:num=\d+:(.+)$/,
  /certificate verify result: (.+?)(?: \(|,|$)/,
  /certificate failed CA verification \(([^()]+)\)/,
];
const IS_VERIFIED =
  /Verif(?:y return code: 0 \(ok\)|ication: OK)|SSL certificate verify ok|certificate passed CA verification|\bverified(?: for \S+)?\.?\]?$/;

function trust(line: string): Explanation | undefined {
  for (const pattern of NOT_VERIFIED) {
    const found = pattern.exec(line);
    if (found !== null) return explanation('not verified', notVerified(found[1] ?? found[2]));
  }
  return IS_VERIFIED.test(line) ? explanation('verified', VERIFIED) : undefined;
}
