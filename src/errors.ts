/**
 * Every error that plainwire throws on purpose is a {@link PlainwireError}: one class per kind of fault, a stable
 * `code` to switch on, and two facts to act on: `retryable` and `mayHaveBeenDelivered`.
 *
 * This is the one file that every layer may import; it imports nothing. That is why the shape of an SMTP reply stands
 * here: errors carry replies, traces show them, and smtp makes them.
 */

/** An SMTP reply (RFC 5321 section 4.2): frozen, the same value in a delivery, an error and a trace. */
export interface Reply {
  /** The three digits, 200 to 599. */
  readonly code: number;
  /** The enhanced status code (RFC 3463), `'5.7.26'`, where the reply began with one. */
  readonly enhanced: string | undefined;
  /** The text of each line, without code, separator, enhanced status code and line end. At least one line. */
  readonly lines: readonly string[];
}

/** One recipient and what the server said of it; `reply` is undefined where the server never got to say anything. */
export interface RecipientReply {
  /** The mailbox as it went over the wire, `'bob@example.com'`. */
  readonly address: string;
  readonly reply: Reply | undefined;
}

/** What became of each recipient when a message failed. */
export interface RecipientAccount {
  readonly accepted: readonly RecipientReply[];
  readonly rejected: readonly RecipientReply[];
}

/** The stable codes. A code never changes its meaning; docs/errors.md has a section for each. */
export type ErrorCode =
  // MessageError: the caller's input
  | 'BAD_INPUT'
  | 'FORBIDDEN_CHARACTER'
  | 'BAD_ADDRESS'
  | 'UNKNOWN_FIELD'
  | 'NO_RECIPIENTS'
  | 'ATTACHMENT_FAILED'
  | 'ACCESS_DENIED'
  | 'BAD_FILE'
  // ConnectionError: the way to the peer
  | 'NAME_NOT_FOUND'
  | 'CONNECT_FAILED'
  | 'LISTEN_FAILED'
  | 'CONNECTION_LOST'
  | 'CONNECTION_CLOSED'
  | 'PROXY_FAILED'
  | 'ADDRESS_REFUSED'
  // TlsError
  | 'TLS_FAILED'
  | 'CERTIFICATE_REFUSED'
  // TimeoutError, AbortError
  | 'DEADLINE_PASSED'
  | 'ABORTED'
  // ProtocolError: the peer broke the rules
  | 'BAD_REPLY'
  | 'UNEXPECTED_REPLY'
  | 'BYTES_BEFORE_TLS'
  | 'LIMIT_EXCEEDED'
  // ReplyError: the server said no
  | 'GREETING_REFUSED'
  | 'EHLO_REFUSED'
  | 'STARTTLS_REFUSED'
  | 'AUTH_REFUSED'
  | 'SENDER_REFUSED'
  | 'RECIPIENTS_REFUSED'
  | 'DATA_REFUSED'
  | 'MESSAGE_REFUSED'
  | 'COMMAND_REFUSED'
  // StoppedError: nothing went wrong, the caller wanted no more
  | 'STOPPED'
  // UnsupportedError: the server does not offer what the caller needs
  | 'STARTTLS_NOT_OFFERED'
  | 'AUTH_NOT_OFFERED'
  | 'PLAINTEXT_AUTH_REFUSED'
  | 'SMTPUTF8_NOT_OFFERED'
  | 'EXTENSION_NOT_OFFERED'
  | 'MESSAGE_TOO_BIG'
  | 'NULL_MX'
  // http: the bytes of a response, each with an offset (ResponseError)
  | 'EMPTY_RESPONSE'
  | 'NOT_HTTP'
  | 'BAD_STATUS_LINE'
  | 'BAD_HEADER'
  | 'CONTROL_IN_HEAD'
  | 'BAD_CONTENT_LENGTH'
  | 'CONFLICTING_CONTENT_LENGTH'
  | 'UNKNOWN_TRANSFER_CODING'
  | 'BAD_CHUNK'
  | 'UNEXPECTED_UPGRADE'
  | 'SHORT_HEAD'
  | 'SHORT_BODY'
  // http: what a response asks for, and what is made of it
  | 'REDIRECT_REFUSED'
  | 'BAD_ENCODING'
  | 'RANGE_MISMATCH';

/** What an error knows beside its code and message. What is left out is undefined, or false. */
export interface ErrorFacts {
  readonly cause?: unknown;
  readonly retryable?: boolean;
  readonly mayHaveBeenDelivered?: boolean;
  readonly phase?: string | undefined;
  readonly command?: string | undefined;
  readonly reply?: Reply | undefined;
  readonly recipients?: RecipientAccount | undefined;
}

/** The base of every error of plainwire. */
export class PlainwireError extends Error {
  override name = 'PlainwireError';
  /** Stable: switch on this, never on the message. */
  readonly code: ErrorCode;
  /** The same work may succeed later, and doing it again cannot deliver a message twice. */
  readonly retryable: boolean;
  /** The message was sent whole and its fate is unknown: sending it again may deliver it twice. */
  readonly mayHaveBeenDelivered: boolean;
  /** What was going on: `'connect'`, `'greeting'`, `'rcpt'`, `'head'` ... */
  readonly phase: string | undefined;
  /** The command that failed, its secrets left out. */
  readonly command: string | undefined;
  /** The reply that refused it. */
  readonly reply: Reply | undefined;
  /** What became of each recipient, where a message was under way. */
  readonly recipients: RecipientAccount | undefined;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.mayHaveBeenDelivered = facts.mayHaveBeenDelivered ?? false;
    this.retryable = (facts.retryable ?? false) && !this.mayHaveBeenDelivered;
    this.phase = facts.phase;
    this.command = facts.command;
    this.reply = facts.reply;
    this.recipients = facts.recipients;
  }
}

/** The caller's input can't be sent as it is; nothing was sent. `field` names what is wrong. */
export class MessageError extends PlainwireError {
  override name = 'MessageError';
  /** The field of the input, as the caller knows it: `'to[2]'`, `'attachments[0].filename'`, `'url'`. */
  readonly field: string;

  constructor(code: ErrorCode, field: string, message: string, facts: ErrorFacts = {}) {
    super(code, `${field}: ${message}`, facts);
    this.field = field;
  }
}

/** The way to the peer failed: name, connect, proxy, reset, or a close where more was to come. */
export class ConnectionError extends PlainwireError {
  override name = 'ConnectionError';
}

/** The TLS handshake failed, or the certificate is not one to trust. */
export class TlsError extends PlainwireError {
  override name = 'TlsError';
}

/** A deadline passed; `phase` says which. */
export class TimeoutError extends PlainwireError {
  override name = 'TimeoutError';
}

/** The caller's AbortSignal fired; `cause` is its reason. */
export class AbortError extends PlainwireError {
  override name = 'AbortError';
}

/** The peer broke the protocol. The connection is never used again. */
export class ProtocolError extends PlainwireError {
  override name = 'ProtocolError';
}

/** The server understood and said no; `reply` is what it said. */
export class ReplyError extends PlainwireError {
  override name = 'ReplyError';
}

/** The server does not offer what this message or these settings need; nothing was sent that needs it. */
export class UnsupportedError extends PlainwireError {
  override name = 'UnsupportedError';
}

/**
 * The same fault seen from further up: an error of the same class and code with more facts, and the original as its
 * cause. Several messages can fail by one fault, each with a truth of its own, so an error is never changed in place.
 */
export function withFacts<E extends PlainwireError>(error: E, facts: ErrorFacts): E {
  // of an abort the caller wants to know the reason
  return alike(error, error.message, { ...facts, cause: error instanceof AbortError ? error.cause : error });
}

/** The same error, said in other words; of what it knows, what is given takes the place of what was. */
export function reworded<E extends PlainwireError>(error: E, message: string, facts: ErrorFacts): E {
  return alike(error, message, facts);
}

function alike<E extends PlainwireError>(error: E, message: string, facts: ErrorFacts): E {
  const merged: ErrorFacts = {
    cause: facts.cause,
    retryable: facts.retryable ?? error.retryable,
    mayHaveBeenDelivered: facts.mayHaveBeenDelivered ?? error.mayHaveBeenDelivered,
    phase: facts.phase ?? error.phase,
    command: facts.command ?? error.command,
    reply: facts.reply ?? error.reply,
    recipients: facts.recipients ?? error.recipients,
  };
  const seen = new PlainwireError(error.code, message, merged);
  Object.setPrototypeOf(seen, Object.getPrototypeOf(error));
  // what its class adds: a field, an offset, a step; its constructor may take other words than these
  for (const key of Object.keys(error)) if (!Object.hasOwn(seen, key) || key === 'name') copy(seen, error, key);
  return seen as E;
}

function copy(to: PlainwireError, from: PlainwireError, key: string): void {
  const property = Object.getOwnPropertyDescriptor(from, key);
  if (property !== undefined) Object.defineProperty(to, key, property);
}
