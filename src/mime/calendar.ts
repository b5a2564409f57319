import { MessageError } from '../errors.ts';
import { attachmentPart } from './attachment.ts';
import { isGiven, stringOf } from './given.ts';
import type { Attachment, CalendarInit, Content, MessageInit } from './message-init.ts';
import { refuseUnknown } from './nearest.ts';
import type { Part } from './part.ts';
import { isStream, keepError } from './source.ts';
import { isContentInit, TEXT_FIELDS, type TextContext, textPart } from './text-part.ts';

/** RFC 5546 section 1.4 and whatever comes after it. */
const METHOD = /^[A-Z][A-Z-]*$/;

const FIELDS: ReadonlySet<string> = new Set([...TEXT_FIELDS, 'method', 'filename']);

/** An event goes out twice: as an alternative for calendars that look there, and as a file for the others. */
export interface CalendarParts {
  readonly alternative: Part;
  /** Left out where `filename` is false. */
  readonly file: Part | undefined;
}

/** The parts of the event (RFC 5545, RFC 6047), if the message has one. */
export function calendarParts(init: MessageInit, context: TextContext): CalendarParts | undefined {
  const name = isGiven(init.icalEvent) ? 'icalEvent' : 'calendar';
  const given = isGiven(init.icalEvent) ? init.icalEvent : init.calendar;
  if (!isGiven(given)) return undefined;
  const { method: wanted, filename, ...event }: CalendarInit = isContentInit(given) ? given : { content: given };
  for (const key in event) if (!FIELDS.has(key)) refuseUnknown(key, FIELDS, `${name}.${key}`);
  const method = stringOf(wanted || 'PUBLISH', `${name}.method`)
    .trim()
    .toUpperCase();
  if (!METHOD.test(method)) throw new MessageError('BAD_INPUT', `${name}.method`, 'is not a calendar method');
  const shared: CalendarInit = { ...event, content: readTwice(event.content) };
  return {
    alternative: textPart(shared, `text/calendar; charset=utf-8; method=${method}`, name, context),
    // A part that is given whole says itself what it is: there is no content to make another of.
    file:
      filename === false || isGiven(event.raw)
        ? undefined
        : attachmentPart(copyOf(shared, filename), name, 'attachment', context),
  };
}

function copyOf(event: CalendarInit, filename: string | undefined): Attachment {
  const { content, path, href, encoding, httpHeaders } = event;
  return {
    content,
    path,
    href,
    encoding,
    httpHeaders,
    filename: filename || 'invite.ics',
    contentType: 'application/ics',
  };
}

/** A stream gives its content once, and two parts need it: the first to ask for it keeps it for the other. */
function readTwice(content: Content | undefined): Content | undefined {
  if (!isStream(content) || content instanceof Blob) return content;
  keepError(content);
  let kept: Promise<(Uint8Array | string)[]> | undefined;
  return {
    async *[Symbol.asyncIterator]() {
      kept ??= collect(content as AsyncIterable<Uint8Array | string>);
      yield* await kept;
    },
  };
}

async function collect(stream: AsyncIterable<Uint8Array | string>): Promise<(Uint8Array | string)[]> {
  const chunks: (Uint8Array | string)[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}
