import { MessageError } from '../errors.ts';
import { parseAddresses } from './address.ts';
import { envelopeOf, needsUtf8Envelope, readPeople } from './author-fields.ts';
import { contentOf, isSource } from './content.ts';
import { binarySource } from './deferred.ts';
import { readDkim } from './dkim.ts';
import { type Envelope, eachOnce, mailboxes, readEnvelope } from './envelope.ts';
import { refuseLoneSurrogates } from './forbidden.ts';
import { isGiven } from './given.ts';
import { HeaderList, headerEnd } from './header-list.ts';
import { Message } from './message.ts';
import { messageId } from './message-id.ts';
import type { Content, EnvelopeInit, MessageInit } from './message-init.ts';
import { refuseUnknown } from './nearest.ts';
import { signMessage } from './signed-message.ts';
import { signStream } from './signed-stream.ts';
import { isStream } from './source.ts';
import type { Way } from './transfer-encoding.ts';

/**
 * A message that somebody else made, sent as it is. Without an envelope it must be at hand: then its header says whom it
 * goes to, and its Bcc fields, read for that, are taken out as RFC 5322 section 3.6.3 has it.
 */
export function rawMessage(content: Content, envelope?: EnvelopeInit | undefined): Message {
  return makeRaw({ content }, envelope === undefined ? undefined : readEnvelope(envelope), undefined);
}

/** The `raw` of a MessageInit; whom it goes to is said by `envelope` or by the address fields, if either is there. */
export function composeRaw(init: MessageInit, raw: NonNullable<MessageInit['raw']>): Message {
  refuseLost(init);
  const people = readPeople(init);
  const isSaid = isGiven(init.envelope) || Object.values(people).some((list) => list.length > 0);
  const id = isGiven(init.messageId) ? messageId(init.messageId, 'messageId') : undefined;
  const message = makeRaw(contentIn(raw), isSaid ? envelopeOf(init, people) : undefined, id);
  if (!isGiven(init.dkim)) return message;
  const dkim = readDkim(init.dkim);
  const octets = message.inMemory();
  if (octets === undefined)
    return signStream({ ...factsOf(message), canonical: true }, message.segments, message.replayable, dkim);
  // A signature holds for what is sent, and what is sent has CRLF line ends.
  const lines = Buffer.from(octets as Uint8Array)
    .toString('latin1')
    .replace(/\r\n|\r|\n/g, '\r\n');
  return signMessage(
    new Message({ ...factsOf(message), canonical: true }, [Buffer.from(withBlankLine(lines), 'latin1')]),
    dkim,
  );
}

/** A header alone: a verifier wants to see where it ends, and SMTP would end its last line anyway. */
function withBlankLine(lines: string): string {
  if (lines.startsWith('\r\n') || lines.includes('\r\n\r\n')) return lines;
  return `${lines}${lines.endsWith('\r\n') ? '' : '\r\n'}\r\n`;
}

/** Beside `raw` the texts and header fields say nothing, as in nodemailer; but no file may be lost in silence. */
function refuseLost(init: MessageInit): void {
  for (const field of ['attachments', 'alternatives', 'icalEvent', 'calendar'] as const) {
    const given = init[field];
    if (!given || (Array.isArray(given) && given.length === 0)) continue;
    throw new MessageError('BAD_INPUT', field, 'is not sent where raw is the whole message');
  }
}

function factsOf({
  envelope,
  messageId,
  encoding,
  smtpUtf8,
  canonical,
}: Message): ConstructorParameters<typeof Message>[0] {
  return { envelope, messageId, encoding, smtpUtf8, canonical };
}

function makeRaw({ content, encoding }: RawInit, given: Envelope | undefined, knownId: string | undefined): Message {
  const found = contentOf(content, encoding, 'raw', 'the raw message');
  if (isSource(found)) {
    if (given === undefined)
      throw new MessageError('BAD_INPUT', 'envelope', 'is needed for a message that is a stream');
    // What the stream holds shows only when it is read; 8bit is what mail is made of, and is true of 7bit as well.
    const smtpUtf8 = needsUtf8Envelope(given);
    return new Message({ envelope: given, messageId: knownId ?? '', encoding: '8bit', smtpUtf8, canonical: false }, [
      binarySource(found),
    ]);
  }
  const whole = typeof found.octets === 'string' ? utf8(found.octets) : found.octets;
  const headers = HeaderList.of(whole);
  const envelope = given ?? envelopeIn(headers);
  const octets = given === undefined ? withoutBcc(whole) : whole;
  const smtpUtf8 = needsUtf8Envelope(envelope) || [...headers].some(([, value]) => /[^\0-\x7f]/.test(value));
  const id = knownId ?? headers.get('message-id') ?? '';
  return new Message({ envelope, messageId: id, encoding: wayOf(octets), smtpUtf8, canonical: false }, [octets]);
}

function utf8(text: string): Uint8Array {
  refuseLoneSurrogates(text, 'raw');
  return Buffer.from(text, 'utf8');
}

/** What a raw message is given as: its content, or an object that holds it. */
interface RawInit {
  readonly content: Content;
  readonly encoding?: string | undefined;
}
const RAW_FIELDS: readonly string[] = ['content', 'encoding'] satisfies (keyof RawInit)[];

/** A path or URL is not read here: a raw message reads nothing by itself. */
function contentIn(raw: NonNullable<MessageInit['raw']>): RawInit {
  if (typeof raw !== 'object' || raw instanceof ArrayBuffer || ArrayBuffer.isView(raw) || isStream(raw)) {
    return { content: raw as Content };
  }
  if ('path' in raw || 'href' in raw) {
    throw new MessageError('ACCESS_DENIED', 'raw', 'reads no file and no URL by itself: open it, and give the stream');
  }
  for (const name in raw) if (!RAW_FIELDS.includes(name)) refuseUnknown(name, RAW_FIELDS, `raw.${name}`);
  if ('content' in raw) return raw;
  throw new MessageError('BAD_INPUT', 'raw', 'has no content');
}

function envelopeIn(headers: HeaderList): Envelope {
  const listed = (name: string): ReturnType<typeof mailboxes> =>
    mailboxes(headers.getAll(name).flatMap((value) => parseAddresses(value, `raw.${name}`)));
  const from = listed('sender')[0] ?? listed('from')[0];
  return { from, to: eachOnce([...listed('to'), ...listed('cc'), ...listed('bcc')]) };
}

/** The message without its Bcc fields, every other octet as it was. */
function withoutBcc(octets: Uint8Array): Uint8Array {
  const whole = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  const end = headerEnd(whole);
  const header = whole.toString('latin1', 0, end);
  const kept = header
    .split(/(?<=\n)(?![ \t])/)
    .filter((field) => !/^bcc[ \t]*:/i.test(field))
    .join('');
  return kept.length === header.length ? octets : Buffer.concat([Buffer.from(kept, 'latin1'), whole.subarray(end)]);
}

function wayOf(octets: Uint8Array): Way {
  if (octets.includes(0)) return 'binary';
  return octets.some((octet) => octet > 0x7f) ? '8bit' : '7bit';
}
