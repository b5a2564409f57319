/** TLS as the client: options, handshake, the facts after it, and what its failures mean. */
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { ConnectionError, type PlainwireError, TlsError } from '../errors.ts';
import type { CertificateFacts, TlsFacts } from '../trace/event.ts';

/** Node's own names; certificates and names are verified unless the caller says otherwise. */
export interface TlsOptions {
  /** Trusted roots (PEM) instead of the built-in ones. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** A client certificate and its key (PEM). */
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  readonly pfx?: Uint8Array;
  readonly passphrase?: string;
  /** The name to ask for (SNI) and to verify, where it is not the host connected to. */
  readonly servername?: string;
  /** `false` turns verification off: for tests only, for then anyone can be the peer. */
  readonly rejectUnauthorized?: boolean;
  /**
   * Pins: the SHA-256 fingerprint of the peer's certificate, hexadecimal with or without colons. A certificate that
   * matches is trusted without regard to chain and name; any other is refused.
   */
  readonly fingerprint256?: string | readonly string[];
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  readonly ciphers?: string;
  readonly alpn?: readonly string[];
  /** Where sessions are kept between connections, for resumption. */
  readonly sessions?: TlsSessions;
}

/** Keeps the newest session of one server; hand the same object to every connection to it. */
export class TlsSessions {
  newest: Buffer | undefined;
  /** Of the certificate that was shown when it began: a resumed session shows none. */
  fingerprint256 = '';
  /** Why that certificate was not one to trust; undefined where it was: a resumed session does not look at its name again. */
  authorizationError: string | undefined;
}

/** A handshake under way. */
export interface Handshake {
  readonly stream: Duplex;
  readonly done: Promise<void>;
  facts(): TlsFacts;
  failure(error: unknown): PlainwireError;
}

/** Starts the handshake over a stream that carries nothing else. */
export function handshake(clear: Duplex, host: string, options: TlsOptions): Handshake {
  // neither SNI nor a certificate has the dot of the root (RFC 6066 section 3)
  const name = (options.servername ?? host).replace(/\.$/, '');
  const pins = pinned(options.fingerprint256);
  const verify = (options.rejectUnauthorized ?? true) && pins === undefined;
  const socket = tls.connect({
    socket: clear,
    host: name,
    // an address is no name: SNI carries host names only (RFC 6066 section 3)
    ...(isIP(name) === 0 && name !== '' ? { servername: name } : {}),
    rejectUnauthorized: verify,
    ...(options.ca === undefined ? {} : { ca: options.ca as tls.SecureContextOptions['ca'] & {} }),
    ...(options.cert === undefined ? {} : { cert: buffer(options.cert) }),
    ...(options.key === undefined ? {} : { key: buffer(options.key) }),
    ...(options.pfx === undefined ? {} : { pfx: Buffer.from(options.pfx) }),
    ...(options.passphrase === undefined ? {} : { passphrase: options.passphrase }),
    ...(options.minVersion === undefined ? {} : { minVersion: options.minVersion }),
    ...(options.ciphers === undefined ? {} : { ciphers: options.ciphers }),
    ...(options.alpn === undefined ? {} : { ALPNProtocols: [...options.alpn] }),
    ...(options.sessions?.newest === undefined ? {} : { session: options.sessions.newest }),
  });
  // TLSSocket answers the peer's end by ending itself; half-close is the caller's to decide
  socket.allowHalfOpen = true;
  const sessions = options.sessions;
  const resumed = sessions?.newest;
  const offered = { fingerprint256: sessions?.fingerprint256 ?? '', doubt: sessions?.authorizationError };
  let fresh: Buffer | undefined;
  let shown: string | undefined;
  // kept once the peer is known to be the right one; tickets come before that moment, or after it
  const keep = (): void => {
    if (sessions === undefined || shown === undefined || fresh === undefined) return;
    sessions.newest = fresh;
    sessions.fingerprint256 = shown;
    sessions.authorizationError = doubt(socket, offered.doubt);
  };
  socket.on('session', (session) => {
    fresh = session;
    keep();
  });
  const done = new Promise<void>((resolve, reject) => {
    const ended = (): void => {
      reject(
        new ConnectionError('CONNECTION_CLOSED', 'the peer closed during the TLS handshake', {
          phase: 'tls',
          retryable: true,
        }),
      );
    };
    socket.once('error', reject);
    socket.once('close', ended);
    socket.once('end', ended);
    socket.once('secureConnect', () => {
      socket.off('error', reject);
      socket.off('close', ended);
      socket.off('end', ended);
      const fingerprint = socket.isSessionReused()
        ? offered.fingerprint256
        : (socket.getPeerCertificate().fingerprint256 ?? '');
      const refusal = pins === undefined ? undefined : unpinned(fingerprint, pins);
      if (refusal !== undefined) return reject(refusal);
      shown = fingerprint;
      keep();
      resolve();
    });
  });
  // some servers can't take up a session of their own: what failed once shall not fail every handshake to come
  const forget = (): void => {
    if (sessions !== undefined && sessions.newest === resumed) sessions.newest = undefined;
  };
  // a fault of the stream can end the handshake first; then nobody waits for this one
  done.catch(forget);
  return {
    stream: socket,
    done,
    facts: () => facts(socket, name, doubt(socket, offered.doubt)),
    failure: (error) => failure(error, name, resumed !== undefined),
  };
}

/** What ties a login to one TLS session. */
export interface ChannelBinding {
  readonly type: 'tls-exporter' | 'tls-server-end-point';
  readonly data: Uint8Array;
}

/** tls-exporter for TLS 1.3 (RFC 9266), tls-server-end-point before (RFC 5929 section 4); undefined without TLS. */
export function channelBinding(stream: Duplex): ChannelBinding | undefined {
  if (!(stream instanceof tls.TLSSocket)) return undefined;
  if (stream.getProtocol() === 'TLSv1.3') {
    return { type: 'tls-exporter', data: stream.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)) };
  }
  const certificate = stream.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  const algorithm =
    STRONGER_HASHES.find(({ oids }) => oids.some((oid) => certificate.raw.includes(oid)))?.hash ?? 'sha256';
  return { type: 'tls-server-end-point', data: createHash(algorithm).update(certificate.raw).digest() };
}

/**
 * tls-server-end-point hashes the certificate as its signature algorithm does, but never with less than SHA-256. Node 20
 * does not tell the algorithm, so its DER object identifier is looked for: RSA, ECDSA, and the hash itself (RSA-PSS).
 */
const STRONGER_HASHES = [
  { hash: 'sha384', oids: ['2a864886f70d01010c', '2a8648ce3d040303', '608648016503040202'] },
  { hash: 'sha512', oids: ['2a864886f70d01010d', '2a8648ce3d040304', '608648016503040203'] },
].map(({ hash, oids }) => ({ hash, oids: oids.map((oid) => Buffer.from(oid, 'hex')) }));

function buffer(value: string | Uint8Array): string | Buffer {
  return typeof value === 'string' ? value : Buffer.from(value);
}

function pinned(pins: string | readonly string[] | undefined): readonly string[] | undefined {
  if (pins === undefined) return undefined;
  return (typeof pins === 'string' ? [pins] : pins).map((pin) => pin.replaceAll(':', '').toUpperCase());
}

function unpinned(fingerprint: string, pins: readonly string[]): TlsError | undefined {
  if (pins.includes(fingerprint.replaceAll(':', ''))) return undefined;
  return new TlsError('CERTIFICATE_REFUSED', `the certificate's fingerprint ${fingerprint} is none of those pinned`, {
    phase: 'tls',
  });
}

/** Why the certificate is not one to trust; of a resumed session, what was found when it began. */
function doubt(socket: tls.TLSSocket, before: string | undefined): string | undefined {
  if (socket.isSessionReused() && before !== undefined) return before;
  return socket.authorized ? undefined : String(socket.authorizationError);
}

function facts(socket: tls.TLSSocket, name: string, authorizationError: string | undefined): TlsFacts {
  const certificate = socket.getPeerCertificate();
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().standardName,
    serverName: isIP(name) === 0 && name !== '' ? name : undefined,
    authorized: authorizationError === undefined,
    authorizationError,
    resumed: socket.isSessionReused(),
    alpn: typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : undefined,
    // a resumed session shows no certificate
    certificate: certificate.raw === undefined ? undefined : certificateFacts(certificate),
  };
}

function certificateFacts(certificate: tls.PeerCertificate): CertificateFacts {
  return {
    subject: distinguishedName(certificate.subject),
    issuer: distinguishedName(certificate.issuer),
    altNames: certificate.subjectaltname === undefined ? [] : certificate.subjectaltname.split(', '),
    validFrom: new Date(certificate.valid_from),
    validTo: new Date(certificate.valid_to),
    fingerprint256: certificate.fingerprint256,
  };
}

function distinguishedName(name: tls.Certificate | undefined): string {
  return Object.entries(name ?? {})
    .flatMap(([key, value]: [string, string | string[] | undefined]) =>
      [value ?? []].flat().map((each) => `${key}=${each}`),
    )
    .join(', ');
}

/** OpenSSL's and Node's words for a certificate that is not one to trust. */
const CERTIFICATE_FAULT = /CERT|SELF_SIGNED|ISSUER|VERIFY|UNABLE_TO|HOSTNAME_MISMATCH/;

/** What OpenSSL says of bytes that are no TLS at all. */
const NO_TLS = /^(?:wrong version number|http request|packet length too long|record too (?:large|small))$/;

/** `resumed`: whether a session was offered that the next handshake does without. */
function failure(error: unknown, name: string, resumed: boolean): PlainwireError {
  const code = String((error as NodeJS.ErrnoException).code ?? '');
  const text = error instanceof Error ? error.message : String(error);
  const facts = { cause: error, phase: 'tls' };
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    return new ConnectionError('CONNECTION_LOST', `the connection broke during the TLS handshake: ${code}`, {
      ...facts,
      retryable: true,
    });
  }
  // alerts of the peer about our certificate are ERR_SSL_..._ALERT_...: those are failures of the handshake
  if (CERTIFICATE_FAULT.test(code) && !code.startsWith('ERR_SSL')) {
    return new TlsError(
      'CERTIFICATE_REFUSED',
      `the certificate of ${name === '' ? 'the peer' : name} is not to be trusted: ${text}`,
      facts,
    );
  }
  // OpenSSL's own words, without the names of its source files
  const reason = (error as { reason?: string }).reason ?? text;
  const what = NO_TLS.test(reason) ? 'the peer does not speak TLS here' : 'the TLS handshake failed';
  return new TlsError('TLS_FAILED', `${what}: ${reason.trim()}`, { ...facts, retryable: resumed });
}
