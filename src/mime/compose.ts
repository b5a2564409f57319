import { MessageError } from '../errors.ts';
import { type Address, type AddressInput, type Group, isGroup, readAddressInput } from './address.ts';
import { dateField, dateOfNow } from './date-time.ts';
import { type Envelope, eachOnce, mailboxes, readEnvelope } from './envelope.ts';
import { extraFields } from './extra-fields.ts';
import { addressField, unstructuredField, wordsField } from './folding.ts';
import { listFields } from './list-fields.ts';
import type { Mailbox } from './mailbox.ts';
import { Message } from './message.ts';
import { messageId, messageIds } from './message-id.ts';
import type { ComposeOptions, MessageInit } from './message-init.ts';
import { refuseUnknown } from './nearest.ts';
import { type Part, render } from './part.ts';
import { composeRaw } from './raw-message.ts';
import { SegmentList } from './segment.ts';
import { structure } from './structure.ts';
import { token } from './token.ts';

/** Every field there is. An object rather than a set: each message asks it for each of its fields. */
const FIELDS: Readonly<Record<keyof MessageInit, true>> = {
  from: true,
  sender: true,
  to: true,
  cc: true,
  bcc: true,
  replyTo: true,
  subject: true,
  date: true,
  timeZone: true,
  messageId: true,
  inReplyTo: true,
  references: true,
  text: true,
  html: true,
  watchHtml: true,
  amp: true,
  icalEvent: true,
  calendar: true,
  alternatives: true,
  attachments: true,
  headers: true,
  list: true,
  priority: true,
  xMailer: true,
  autoSubmitted: true,
  dispositionNotificationTo: true,
  envelope: true,
  raw: true,
  attachDataUrls: true,
  textEncoding: true,
  encoding: true,
  flowed: true,
  dkim: true,
  disableFileAccess: true,
  disableUrlAccess: true,
};

const NO_OPTIONS: ComposeOptions = {};
const NOBODY: readonly (Address | Group)[] = [];

/**
 * Makes a message of its fields. Pure: no file is opened and no stream read before the message is; what is wrong with
 * the input is thrown here, as a MessageError that names the field.
 */
export function compose(init: MessageInit, options: ComposeOptions = NO_OPTIONS): Message {
  checkFields(init);
  const addresses = readAddresses(init);
  if (init.raw !== undefined && init.raw !== null)
    return composeRaw(init.raw, envelopeOf(init, addresses), init.messageId);
  if (addresses.from.length === 0) throw new MessageError('BAD_INPUT', 'from', 'is missing');
  const id = init.messageId ? messageId(init.messageId, 'messageId') : newMessageId(addresses);
  const head = header(init, addresses, id);
  const envelope = envelopeOf(init, addresses);
  const smtpUtf8 = !everyAscii(addresses, envelope);
  const root = structure(init, options);
  const encoding = root.encoding === '8bit' || root.encoding === 'binary' ? root.encoding : '7bit';
  const facts = { envelope, messageId: id, encoding, smtpUtf8, canonical: encoding !== 'binary' } as const;
  return new Message(facts, segmentsOf(head, root, smtpUtf8));
}

function checkFields(init: MessageInit): void {
  if (typeof init !== 'object' || init === null) throw new MessageError('BAD_INPUT', 'message', 'is not an object');
  for (const name in init)
    if (FIELDS[name as keyof MessageInit] !== true) refuseUnknown(name, Object.keys(FIELDS), name);
}

interface Addresses {
  readonly from: readonly (Address | Group)[];
  readonly sender: readonly (Address | Group)[];
  readonly replyTo: readonly (Address | Group)[];
  readonly to: readonly (Address | Group)[];
  readonly cc: readonly (Address | Group)[];
  readonly bcc: readonly (Address | Group)[];
}

function readAddresses(init: MessageInit): Addresses {
  const { sender } = init;
  const found = {
    from: read(init.from, 'from'),
    sender: read(sender, 'sender'),
    replyTo: read(init.replyTo, 'replyTo'),
    to: read(init.to, 'to'),
    cc: read(init.cc, 'cc'),
    bcc: read(init.bcc, 'bcc'),
  };
  if (found.sender.length > 1 || found.sender.some(isGroup)) {
    throw new MessageError('BAD_ADDRESS', 'sender', 'one address is expected');
  }
  return found;
}

function read(input: AddressInput | undefined, field: string): readonly (Address | Group)[] {
  return input === undefined || input === null || input === '' ? NOBODY : readAddressInput(input, field);
}

/** Who sends it: the Sender if there is one, else the first author (RFC 5322 section 3.6.2). */
function senderOf(addresses: Addresses): Mailbox | undefined {
  return mailboxes(addresses.sender)[0] ?? mailboxes(addresses.from)[0];
}

function envelopeOf(init: MessageInit, addresses: Addresses): Envelope {
  if (init.envelope !== undefined && init.envelope !== null) return readEnvelope(init.envelope);
  const to = mailboxes(addresses.to);
  if (addresses.cc.length > 0) to.push(...mailboxes(addresses.cc));
  if (addresses.bcc.length > 0) to.push(...mailboxes(addresses.bcc));
  return { from: senderOf(addresses), to: eachOnce(to) };
}

/** Unique by its random part; its domain is the author's, so that it says nothing about the machine. */
function newMessageId(addresses: Addresses): string {
  const domain = senderOf(addresses)?.domain ?? 'localhost';
  const isPlain = /^[\w.-]+$/.test(domain);
  return `<${token()}@${isPlain ? domain : 'localhost'}>`;
}

function header(init: MessageInit, addresses: Addresses, id: string): string {
  const zone = init.timeZone ?? 'utc';
  const date = init.date === undefined && zone === 'utc' ? dateOfNow() : dateField(init.date ?? Date.now(), zone);
  let text = `Date: ${date}\r\n${addressField('From', addresses.from)}`;
  const authors = addresses.from.length;
  if (addresses.sender.length > 0) text += addressField('Sender', addresses.sender);
  else if (authors > 1) text += addressField('Sender', addresses.from.slice(0, 1));
  if (addresses.replyTo.length > 0) text += addressField('Reply-To', addresses.replyTo);
  if (addresses.to.length > 0) text += addressField('To', addresses.to);
  if (addresses.cc.length > 0) text += addressField('Cc', addresses.cc);
  if (init.subject) text += unstructuredField('Subject', String(init.subject), 'subject');
  text += `Message-ID: ${id}\r\n`;
  if (init.inReplyTo) text += wordsField('In-Reply-To', messageIds(init.inReplyTo, 'inReplyTo'), 'inReplyTo');
  if (init.references && init.references.length > 0) {
    text += wordsField('References', messageIds(init.references, 'references'), 'references');
  }
  return `${text}${rareFields(init)}MIME-Version: 1.0\r\n`;
}

const PRIORITY = {
  high: 'X-Priority: 1 (Highest)\r\nX-MSMail-Priority: High\r\nImportance: High\r\n',
  normal: '',
  low: 'X-Priority: 5 (Lowest)\r\nX-MSMail-Priority: Low\r\nImportance: Low\r\n',
} as const;

function rareFields(init: MessageInit): string {
  let text = '';
  const { priority, autoSubmitted, dispositionNotificationTo } = init;
  if (priority !== undefined && priority !== null) {
    const wanted = String(priority).toLowerCase();
    if (!Object.hasOwn(PRIORITY, wanted)) throw new MessageError('BAD_INPUT', 'priority', 'is not high, normal or low');
    text += PRIORITY[wanted as keyof typeof PRIORITY];
  }
  if (autoSubmitted !== undefined) {
    if (!/^auto-(?:generated|replied|notified)$/.test(autoSubmitted)) {
      throw new MessageError('BAD_INPUT', 'autoSubmitted', 'is not auto-generated, auto-replied or auto-notified');
    }
    text += `Auto-Submitted: ${autoSubmitted}\r\n`;
  }
  if (dispositionNotificationTo !== undefined) {
    const to = readAddressInput(dispositionNotificationTo, 'dispositionNotificationTo');
    if (to.length > 0) text += addressField('Disposition-Notification-To', to);
  }
  if (typeof init.xMailer === 'string' && init.xMailer !== '')
    text += unstructuredField('X-Mailer', init.xMailer, 'xMailer');
  if (init.list !== undefined) text += listFields(init.list);
  if (init.headers !== undefined) text += extraFields(init.headers, 'headers');
  return text;
}

function everyAscii(addresses: Addresses, envelope: Envelope): boolean {
  const isAscii = (mailbox: Mailbox): boolean => mailbox.ascii;
  if (envelope.from?.ascii === false || !envelope.to.every(isAscii)) return false;
  return (
    mailboxes(addresses.from).every(isAscii) &&
    mailboxes(addresses.sender).every(isAscii) &&
    mailboxes(addresses.replyTo).every(isAscii) &&
    mailboxes(addresses.to).every(isAscii) &&
    mailboxes(addresses.cc).every(isAscii)
  );
}

function segmentsOf(head: string, root: Part, smtpUtf8: boolean): ReturnType<SegmentList['end']> {
  const out = new SegmentList();
  if (smtpUtf8) out.add(Buffer.from(head, 'utf8'));
  else out.text(head);
  render(root, out);
  if (!endsInLine(root.body)) out.text('\r\n');
  return out.end();
}

/** Does the body end in CRLF by itself, or is there none? Of content that is yet to be read nothing is known. */
function endsInLine(body: Part['body']): boolean {
  if (typeof body === 'string') return body === '' || body.endsWith('\r\n');
  return body instanceof Uint8Array && (body.length === 0 || body.at(-1) === 0x0a);
}
