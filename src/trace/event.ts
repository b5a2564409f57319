/**
 * What crossed the wire, as values. One model for SMTP, LMTP, HTTP and bare connections: `transport` reports names,
 * connections, TLS and closes; the drivers of `smtp` and `http` report what was said, command by command and reply by
 * reply, so that a batch written in one go is still seen as the commands it is made of.
 */
import type { PlainwireError, Reply } from '../errors.ts';

/** A part of an event's bytes that is secret: the half-open range [start, end). */
export interface SecretSpan {
  readonly start: number;
  readonly end: number;
}

/** Facts after a TLS handshake. */
export interface TlsFacts {
  /** `'TLSv1.3'`. */
  readonly protocol: string;
  /** The cipher suite's standard name, `'TLS_AES_256_GCM_SHA384'`. */
  readonly cipher: string;
  /** The name that was asked for (SNI) and verified; undefined for an address literal. */
  readonly serverName: string | undefined;
  /** Whether the chain and the name were verified. */
  readonly authorized: boolean;
  /** Why not, where they were not and the caller allowed it. */
  readonly authorizationError: string | undefined;
  /** Whether an earlier session was resumed. */
  readonly resumed: boolean;
  /** The ALPN protocol agreed on. */
  readonly alpn: string | undefined;
  readonly certificate: CertificateFacts | undefined;
}

export interface CertificateFacts {
  /** One line, `'CN=mail.example.com, O=Example'`. */
  readonly subject: string;
  readonly issuer: string;
  /** `['DNS:mail.example.com', 'IP Address:192.0.2.1']`. */
  readonly altNames: readonly string[];
  readonly validFrom: Date;
  readonly validTo: Date;
  /** SHA-256 over the DER form, upper-case hexadecimal with colons. */
  readonly fingerprint256: string;
}

export type Protocol = 'smtp' | 'lmtp' | 'http' | 'raw';

interface EventBase {
  /** Milliseconds since the trace began on this connection, monotonic, with fractions. */
  readonly time: number;
  /** Counts the connections of this process from 1. */
  readonly connection: number;
  readonly protocol: Protocol;
}

/** A connection is being made; `target` is `'mail.example.com:587'` or a path. */
export interface ConnectingEvent extends EventBase {
  readonly kind: 'connecting';
  readonly target: string;
}

/** The connection stands. */
export interface ConnectedEvent extends EventBase {
  readonly kind: 'connected';
  readonly target: string;
  /** The peer's numeric address and port, or the path of the socket. */
  readonly remote: string;
}

/** The connection is encrypted from here on. */
export interface TlsEvent extends EventBase {
  readonly kind: 'tls';
  readonly facts: TlsFacts;
}

/** Something was said. */
interface SpokenEvent extends EventBase {
  /** The part of the dialogue: `'greeting'`, `'ehlo'`, `'auth'`, `'mail'`, `'content'`, `'head'`, `'body'` ... */
  readonly phase: string;
  /** Counts from 1: how often we have by now written and then waited for the peer. */
  readonly roundTrip: number;
  /** As they crossed the wire, but each secret overwritten with `*`: a credential never reaches a trace. */
  readonly bytes: Uint8Array;
  readonly secrets: readonly SecretSpan[];
}

/** We said something: one command, a piece of content, a request. */
export interface SentEvent extends SpokenEvent {
  readonly kind: 'sent';
  /** The verb of a command, `'MAIL'`; undefined for content and for the lines of a challenge's answer. */
  readonly verb: string | undefined;
}

/** The peer said something: one whole reply, a head, a piece of a body. */
export interface ReceivedEvent extends SpokenEvent {
  readonly kind: 'received';
  /** The reply as parsed, in SMTP and LMTP. */
  readonly reply: Reply | undefined;
}

/** The connection is closed, by us, by the peer, or by a fault. */
export interface ClosedEvent extends EventBase {
  readonly kind: 'closed';
  readonly by: 'us' | 'peer';
}

/** Something went wrong on this connection. */
export interface ErrorEvent extends EventBase {
  readonly kind: 'error';
  readonly error: PlainwireError;
}

export type TraceEvent =
  | ConnectingEvent
  | ConnectedEvent
  | TlsEvent
  | SentEvent
  | ReceivedEvent
  | ClosedEvent
  | ErrorEvent;

/** Where events go. What it throws is ignored: a trace changes nothing in the dialogue. */
export type Trace = (event: TraceEvent) => void;
