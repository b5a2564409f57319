/** What a caller may ask for one message beyond its delivery, checked before anything is opened or queued. */
import { MessageError } from '../errors.ts';
import { refuseControls } from '../mime/forbidden.ts';
import { parseMailbox } from '../mime/mailbox.ts';
import { refuseOption } from './elsewhere.ts';

/** RFC 3461: when the sender hears of a recipient's delivery. */
export type Notify = 'never' | readonly ('success' | 'failure' | 'delay')[];

/** What is asked for one recipient (RFC 3461). */
export interface RecipientDsn {
  readonly notify?: Notify;
  /** The address to which the message was sent at first, where it is not this one. */
  readonly originalRecipient?: string;
}

/** Delivery status notifications (RFC 3461). */
export interface DsnOptions {
  /** What a notification returns of the message: all of it, or its headers. */
  readonly return?: 'full' | 'headers';
  /** An id that the notification quotes, at most 100 characters. */
  readonly envelopeId?: string;
  /** For every recipient that {@link recipients} does not name. */
  readonly notify?: Notify;
  /** Per recipient, by mailbox as given in the envelope. */
  readonly recipients?: Readonly<Record<string, RecipientDsn>>;
}

/** RFC 2852: seconds, and what becomes of the message when they have passed; with `trace`, each hop says so. */
export interface DeliverBy {
  readonly seconds: number;
  readonly mode: 'return' | 'notify';
  readonly trace?: 'trace';
}

/** What the caller asks for one message beyond its delivery. */
export interface SendOptions {
  /** Send nothing unless every recipient is accepted. */
  readonly requireAllRecipients?: boolean;
  readonly dsn?: DsnOptions;
  /** RFC 8689: every hop must use verified TLS, or the message is not delivered. */
  readonly requireTls?: boolean;
  readonly deliverBy?: DeliverBy;
  /** RFC 4865: seconds to hold the message, or the moment until which it is held. */
  readonly hold?: { readonly seconds: number } | { readonly until: Date };
  /** RFC 6710: -9 (least) to 9. */
  readonly mtPriority?: number;
  readonly signal?: AbortSignal;
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
const DSN_FIELDS = ['return', 'envelopeId', 'notify', 'recipients'];
const RECIPIENT_FIELDS = ['notify', 'originalRecipient'];
const EVENTS: readonly unknown[] = ['success', 'failure', 'delay'];

/**
 * Refuses what can't be meant, whatever the server offers: what is skipped in silence, or fails half-way, is worse.
 * @throws MessageError that names the option
 */
export function checkSendOptions(options: SendOptions): void {
  if (!isObject(options)) throw bad('options', 'expected an object');
  for (const name in options) if (!Object.hasOwn(FIELDS, name)) refuseOption('send', name, Object.keys(FIELDS));
  const { requireAllRecipients, requireTls, dsn, deliverBy, hold, mtPriority, signal } = options;
  flag('requireAllRecipients', requireAllRecipients);
  flag('requireTls', requireTls);
  if (dsn !== undefined) checkDsn(dsn);
  if (deliverBy !== undefined) checkDeliverBy(deliverBy);
  if (hold !== undefined) checkHold(hold);
  if (mtPriority !== undefined) integer('mtPriority', mtPriority, -9, 9);
  if (signal !== undefined && typeof (signal as Partial<AbortSignal> | null)?.addEventListener !== 'function')
    throw bad('signal', 'expected an AbortSignal');
}

function checkDsn(dsn: DsnOptions): void {
  fieldsOf('dsn', dsn, DSN_FIELDS);
  const { envelopeId, notify, recipients } = dsn;
  if (dsn.return !== undefined) oneOf('dsn.return', dsn.return, ['full', 'headers']);
  if (envelopeId !== undefined) {
    limited('dsn.envelopeId', envelopeId, 100);
    // RFC 3461 section 4.4: printable ASCII, before it is made xtext
    if (/[^ -~]/.test(envelopeId)) throw bad('dsn.envelopeId', 'expected printable ASCII');
  }
  checkNotify('dsn.notify', notify);
  if (recipients === undefined) return;
  if (!isObject(recipients)) throw bad('dsn.recipients', 'expected an object, by address');
  for (const [address, own] of Object.entries(recipients)) {
    const field = `dsn.recipients[${JSON.stringify(address)}]`;
    parseMailbox(address, field);
    fieldsOf(field, own, RECIPIENT_FIELDS);
    checkNotify(`${field}.notify`, own.notify);
    if (own.originalRecipient !== undefined) limited(`${field}.originalRecipient`, own.originalRecipient, 500);
  }
}

function checkNotify(field: string, notify: Notify | undefined): void {
  if (notify === undefined || notify === 'never') return;
  if (Array.isArray(notify) && notify.length > 0 && notify.every((event) => EVENTS.includes(event))) return;
  throw bad(field, `expected 'never' or a list of ${EVENTS.join(', ')}`);
}

function checkDeliverBy(deliverBy: DeliverBy): void {
  fieldsOf('deliverBy', deliverBy, ['seconds', 'mode', 'trace']);
  const { seconds, mode, trace } = deliverBy;
  integer('deliverBy.seconds', seconds, -999_999_999, 999_999_999);
  oneOf('deliverBy.mode', mode, ['return', 'notify']);
  if (trace !== undefined) oneOf('deliverBy.trace', trace, ['trace']);
  if (mode === 'return' && seconds <= 0)
    throw bad('deliverBy.seconds', 'mode return needs a time that is still to come (RFC 2852 section 4)');
}

function checkHold(hold: { readonly seconds?: number; readonly until?: Date }): void {
  fieldsOf('hold', hold, ['seconds', 'until']);
  const { seconds, until } = hold;
  if ((seconds === undefined) === (until === undefined)) throw bad('hold', 'expected one of seconds and until');
  if (seconds !== undefined) integer('hold.seconds', seconds, 1, 999_999_999);
  if (until !== undefined && !(until instanceof Date && !Number.isNaN(until.getTime())))
    throw bad('hold.until', 'expected a Date');
}

/**
 * A notification quotes the text in a header of its own (RFC 3461 sections 4.2 and 4.4): xtext would carry a line end
 * there, safely.
 */
function limited(field: string, text: string, most: number): void {
  if (typeof text !== 'string') throw bad(field, 'expected text');
  refuseControls(text, field);
  if (text === '' || text.length > most) throw bad(field, `expected 1 to ${most} characters`);
}

function flag(field: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') throw bad(field, 'expected true or false');
}

function oneOf(field: string, value: unknown, words: readonly string[]): void {
  if (typeof value !== 'string' || !words.includes(value))
    throw bad(field, `expected ${words.map((word) => `'${word}'`).join(' or ')}`);
}

function integer(field: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most)
    throw bad(field, `expected a whole number from ${least} to ${most}, not ${value}`);
}

function fieldsOf(field: string, value: object, known: readonly string[]): void {
  if (!isObject(value)) throw bad(field, 'expected an object');
  for (const name of Object.keys(value)) if (!known.includes(name)) refuseOption('dsn', name, known, `${field}.`);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bad(field: string, what: string): MessageError {
  return new MessageError('BAD_INPUT', field, what);
}
