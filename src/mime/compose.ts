import { MessageError } from '../errors.ts';
import { envelopeOf, needsUtf8Envelope, needsUtf8Header, readPeople } from './author-fields.ts';
import { checkOptions } from './compose-options.ts';
import { readDkim } from './dkim.ts';
import { partWithNames, withNames } from './field-names.ts';
import { isGiven, stringOf } from './given.ts';
import { header, identifierOf } from './header.ts';
import { liftFields } from './lifted-fields.ts';
import { Message } from './message.ts';
import type { ComposeOptions, MessageInit } from './message-init.ts';
import { MOVED_MESSAGE_FIELDS } from './moved-fields.ts';
import { refuseUnknown } from './nearest.ts';
import { endsInLine, render } from './part.ts';
import { composeRaw } from './raw-message.ts';
import { type Segment, SegmentList } from './segment.ts';
import { signMessage } from './signed-message.ts';
import { structure } from './structure.ts';
import type { Way } from './transfer-encoding.ts';
import { wrapPart } from './wrap.ts';

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
  otp: true,
  autoSubmitted: true,
  dispositionNotificationTo: true,
  envelope: true,
  raw: true,
  attachDataUrls: true,
  textEncoding: true,
  encoding: true,
  flowed: true,
  dkim: true,
  normalizeHeaderKey: true,
  newline: true,
  disableFileAccess: true,
  disableUrlAccess: true,
};

const NON_ASCII = /[^\0-\x7f]/;

const NO_OPTIONS: ComposeOptions = {};

/**
 * Makes a message of its fields. Pure: no file is opened and no stream read before the message is; what is wrong with
 * the input is thrown here, as a MessageError that names the field.
 */
export function compose(init: MessageInit, options: ComposeOptions = NO_OPTIONS): Message {
  checkFields(init);
  if (options !== NO_OPTIONS) checkOptions(options);
  if (isGiven(init.raw)) return composeRaw(init, init.raw);
  return assemble(init, () => renderBody(init, options));
}

/** Throws UNKNOWN_FIELD for what no message has. */
export function checkFields(init: MessageInit): void {
  if (typeof init !== 'object' || init === null) throw new MessageError('BAD_INPUT', 'message', 'is not an object');
  for (const name in init)
    if (FIELDS[name as keyof MessageInit] !== true)
      refuseUnknown(name, Object.keys(FIELDS), name, MOVED_MESSAGE_FIELDS);
}

/** A message's MIME entity as it goes out: first its Content- fields and what follows them at once, then the rest. */
export interface RenderedBody {
  readonly segments: readonly Segment[];
  readonly encoding: Way;
}

export function renderBody(init: MessageInit, options: ComposeOptions, make = structure): RenderedBody {
  const made = make(init, options);
  const part = init.normalizeHeaderKey ? partWithNames(made, init.normalizeHeaderKey) : made;
  const root = options.wrap === undefined ? part : wrapPart(part, options.wrap);
  const out = new SegmentList();
  render(root, out);
  if (!endsInLine(root.body)) out.text('\r\n');
  return {
    segments: out.end(),
    encoding: root.encoding === '8bit' || root.encoding === 'binary' ? root.encoding : '7bit',
  };
}

/** Puts the header in front of the body. The body is made last, so that its cost is not spent on a bad address. */
export function assemble(given: MessageInit, bodyOf: () => RenderedBody): Message {
  const init = given.headers === undefined ? given : liftFields(given);
  const people = readPeople(init);
  checkRare(init);
  if (people.from.length === 0) throw new MessageError('BAD_INPUT', 'from', 'is missing');
  const id = identifierOf(init, people);
  const plain = header(init, people, id);
  const head = init.normalizeHeaderKey ? withNames(plain, init.normalizeHeaderKey) : plain;
  const envelope = envelopeOf(init, people);
  const { segments, encoding } = bodyOf();
  // Whom to notify is none of the people: no envelope has it.
  const utf8 = needsUtf8Header(people) || (isGiven(init.dispositionNotificationTo) && NON_ASCII.test(plain));
  const smtpUtf8 = utf8 || needsUtf8Envelope(envelope);
  const message = new Message(
    { envelope, messageId: id, encoding, smtpUtf8, canonical: encoding !== 'binary' },
    withHead(head, utf8, segments),
  );
  return isGiven(init.dkim) ? signMessage(message, readDkim(init.dkim)) : message;
}

/** Fields of nodemailer that have one meaning here. */
function checkRare({ newline, normalizeHeaderKey }: MessageInit): void {
  if (newline && !/^(?:win|windows|dos|\r\n)$/i.test(stringOf(newline, 'newline'))) {
    throw new MessageError('BAD_INPUT', 'newline', 'lines of mail end in CRLF; leave it out');
  }
  if (normalizeHeaderKey && typeof normalizeHeaderKey !== 'function') {
    throw new MessageError('BAD_INPUT', 'normalizeHeaderKey', 'is not a function');
  }
}

function withHead(head: string, utf8: boolean, segments: readonly Segment[]): readonly Segment[] {
  const [first] = segments;
  // The first segment holds at least the Content- fields, as text.
  if (typeof first !== 'string') return [head, ...segments];
  const start = utf8 ? Buffer.from(head + first, 'utf8') : head + first;
  return segments.length === 1 ? [start] : [start, ...segments.slice(1)];
}
