/** The parameters of MAIL and RCPT: what the message needs and the caller asks for, as far as the server offers it. */
import { MessageError, UnsupportedError } from '../errors.ts';
import { refuseControls } from '../mime/forbidden.ts';
import type { Mailbox, Message } from '../mime/index.ts';
import type { Capabilities } from './capabilities.ts';
import { refuseOption } from './elsewhere.ts';
import type { ServerState } from './server-state.ts';
import { utf8AddressXtext, xtext } from './xtext.ts';

/** RFC 3461: when the sender hears of a recipient's delivery. */
export type Notify = 'never' | readonly ('success' | 'failure' | 'delay')[];

/** Delivery status notifications (RFC 3461). */
export interface DsnOptions {
  /** What a notification returns of the message: all of it, or its headers. */
  readonly return?: 'full' | 'headers';
  /** An id that the notification quotes, at most 100 characters. */
  readonly envelopeId?: string;
  /** For every recipient that {@link recipients} does not name. */
  readonly notify?: Notify;
  /** Per recipient, by mailbox as given in the envelope. */
  readonly recipients?: Readonly<Record<string, { readonly notify?: Notify; readonly originalRecipient?: string }>>;
}

/** What the caller asks for one message beyond its delivery. */
export interface SendOptions {
  /** Send nothing unless every recipient is accepted. */
  readonly requireAllRecipients?: boolean;
  readonly dsn?: DsnOptions;
  /** RFC 8689: every hop must use verified TLS, or the message is not delivered. */
  readonly requireTls?: boolean;
  /** RFC 2852: seconds, and what becomes of the message when they have passed; with `trace`, each hop says so. */
  readonly deliverBy?: { readonly seconds: number; readonly mode: 'return' | 'notify'; readonly trace?: 'trace' };
  /** RFC 4865: seconds to hold the message, or the moment until which it is held. */
  readonly hold?: { readonly seconds: number } | { readonly until: Date };
  /** RFC 6710: -9 (least) to 9. */
  readonly mtPriority?: number;
  readonly signal?: AbortSignal;
}

/** The options with what the session adds to them. */
export interface TransactionOptions extends SendOptions {
  /** Whether BDAT may be used. */
  readonly chunking: boolean;
  /** Octets of the message, where known. */
  readonly size: number | undefined;
}

const FIELDS: Readonly<Record<keyof SendOptions, true>> = {
  requireAllRecipients: true,
  dsn: true,
  requireTls: true,
  deliverBy: true,
  hold: true,
  mtPriority: true,
  signal: true,
};

/** @throws MessageError UNKNOWN_FIELD for an option that there is not: it would be skipped in silence */
export function checkSendOptions(options: SendOptions): void {
  for (const name in options) if (!Object.hasOwn(FIELDS, name)) refuseOption('send', name, Object.keys(FIELDS));
}

/**
 * Checks that the server can take the message as it is, before a word of it is said.
 * @throws UnsupportedError, MessageError
 */
export function checkSupported(
  message: Message,
  options: TransactionOptions,
  { capabilities: server, isVerified }: Pick<ServerState, 'capabilities' | 'isVerified'>,
): void {
  if (message.envelope.to.length === 0) {
    throw new MessageError('NO_RECIPIENTS', 'to', 'the message has no recipient: give to, cc, bcc or envelope.to');
  }
  const { size } = options;
  if (size !== undefined && server.size !== undefined && server.size > 0 && size > server.size) {
    throw new UnsupportedError(
      'MESSAGE_TOO_BIG',
      `the message has ${size} octets; the server takes at most ${server.size}`,
      {
        phase: 'mail',
      },
    );
  }
  if (message.smtpUtf8 && !server.smtpUtf8) {
    throw new UnsupportedError(
      'SMTPUTF8_NOT_OFFERED',
      'an address is not ASCII and the server does not offer SMTPUTF8: no server on the way would know where to take it',
      { phase: 'mail' },
    );
  }
  if (message.encoding === 'binary' && !server.binaryMime) throw missing('BINARYMIME', 'the message has binary parts');
  if (options.requireTls === true) {
    // RFC 8689 section 4.2.1: what the server says counts only over TLS, with its certificate verified
    if (!isVerified) {
      throw new UnsupportedError(
        'EXTENSION_NOT_OFFERED',
        'requireTls: the way to the server itself is not encrypted, or its certificate is not verified',
        { phase: 'mail' },
      );
    }
    if (!server.requireTls) throw missing('REQUIRETLS', 'requireTls');
  }
  if (options.dsn !== undefined && !server.dsn) throw missing('DSN', 'dsn');
  if (options.deliverBy !== undefined) {
    if (server.deliverBy === undefined) throw missing('DELIVERBY', 'deliverBy');
    integer('deliverBy.seconds', options.deliverBy.seconds, -999_999_999, 999_999_999);
    if (options.deliverBy.mode === 'return' && options.deliverBy.seconds <= 0) {
      throw new MessageError(
        'BAD_INPUT',
        'deliverBy.seconds',
        'mode return needs a time that is still to come (RFC 2852 section 4)',
      );
    }
  }
  if (options.hold !== undefined) {
    if (server.futureRelease === undefined) throw missing('FUTURERELEASE', 'hold');
    if ('seconds' in options.hold) integer('hold.seconds', options.hold.seconds, 1, 999_999_999);
  }
  if (options.mtPriority !== undefined) {
    if (server.mtPriority === undefined) throw missing('MT-PRIORITY', 'mtPriority');
    integer('mtPriority', options.mtPriority, -9, 9);
  }
  const { rcptMax } = server.limits;
  if (rcptMax !== undefined && message.envelope.to.length > rcptMax) {
    throw new UnsupportedError(
      'EXTENSION_NOT_OFFERED',
      `the server takes ${rcptMax} recipients a message (LIMITS RCPTMAX), not ${message.envelope.to.length}`,
      {
        phase: 'rcpt',
      },
    );
  }
}

function missing(extension: string, what: string): UnsupportedError {
  return new UnsupportedError('EXTENSION_NOT_OFFERED', `${what}: the server does not offer ${extension}`, {
    phase: 'mail',
  });
}

function integer(field: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new MessageError('BAD_INPUT', field, `expected a whole number from ${least} to ${most}, not ${value}`);
  }
}

const NONE: readonly string[] = [];

/** What goes behind MAIL FROM. */
export function mailParameters(message: Message, options: TransactionOptions, server: Capabilities): readonly string[] {
  const parameters: string[] = [];
  if (server.size !== undefined && options.size !== undefined) parameters.push(`SIZE=${options.size}`);
  if (message.encoding === 'binary') parameters.push('BODY=BINARYMIME');
  else if (message.encoding === '8bit' && server.eightBitMime) parameters.push('BODY=8BITMIME');
  if (message.smtpUtf8) parameters.push('SMTPUTF8');
  const { dsn, deliverBy, hold } = options;
  if (dsn?.return !== undefined) parameters.push(dsn.return === 'full' ? 'RET=FULL' : 'RET=HDRS');
  if (dsn?.envelopeId !== undefined) parameters.push(`ENVID=${xtext(envelopeId(dsn.envelopeId))}`);
  if (options.requireTls === true) parameters.push('REQUIRETLS');
  if (deliverBy !== undefined) {
    parameters.push(
      `BY=${deliverBy.seconds};${deliverBy.mode === 'return' ? 'R' : 'N'}${deliverBy.trace === undefined ? '' : 'T'}`,
    );
  }
  if (hold !== undefined)
    parameters.push('seconds' in hold ? `HOLDFOR=${hold.seconds}` : `HOLDUNTIL=${seconds(hold.until)}`);
  if (options.mtPriority !== undefined) parameters.push(`MT-PRIORITY=${options.mtPriority}`);
  return parameters.length === 0 ? NONE : parameters;
}

/** What goes behind RCPT TO. */
export function rcptParameters(mailbox: Mailbox, options: TransactionOptions): readonly string[] {
  const { dsn } = options;
  if (dsn === undefined) return NONE;
  const own = dsn.recipients?.[mailbox.address];
  const notify = own?.notify ?? dsn.notify;
  const parameters: string[] = [];
  if (notify === 'never') parameters.push('NOTIFY=NEVER');
  else if (notify !== undefined && notify.length > 0) parameters.push(`NOTIFY=${events(notify)}`);
  if (own?.originalRecipient !== undefined) {
    const address = limited('dsn.recipients.originalRecipient', own.originalRecipient, 500);
    // RFC 6533 section 3: an address that is not ASCII has a type of its own
    const isAscii = !/[^\0-\x7f]/.test(address);
    parameters.push(isAscii ? `ORCPT=rfc822;${xtext(address)}` : `ORCPT=utf-8;${utf8AddressXtext(address)}`);
  }
  return parameters;
}

const EVENTS: readonly string[] = ['success', 'failure', 'delay'];

function events(notify: readonly string[]): string {
  if (typeof notify === 'string' || notify.some((event) => !EVENTS.includes(event)))
    throw new MessageError('BAD_INPUT', 'dsn.notify', `expected 'never' or a list of ${EVENTS.join(', ')}`);
  return notify.join(',').toUpperCase();
}

/** RFC 3461 section 4.4: printable ASCII, before it is made xtext. */
function envelopeId(text: string): string {
  const id = limited('dsn.envelopeId', text, 100);
  if (/[^ -~]/.test(id)) throw new MessageError('BAD_INPUT', 'dsn.envelopeId', 'expected printable ASCII');
  return id;
}

/**
 * A notification quotes the text in a header of its own (RFC 3461 sections 4.2 and 4.4): xtext would carry a line end
 * there, safely.
 */
function limited(field: string, text: string, most: number): string {
  refuseControls(text, field);
  if (text === '' || text.length > most) throw new MessageError('BAD_INPUT', field, `expected 1 to ${most} characters`);
  return text;
}

/** RFC 4865 wants a date-time with whole seconds. */
function seconds(moment: Date): string {
  if (Number.isNaN(moment.getTime())) throw new MessageError('BAD_INPUT', 'hold.until', 'not a date');
  return moment.toISOString().replace(/\.\d+Z$/, 'Z');
}
