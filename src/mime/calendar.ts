import { MessageError } from '../errors.ts';
import { attachmentPart } from './attachment.ts';
import { isGiven, stringOf } from './given.ts';
import type { Attachment, CalendarInit, Content, MessageInit } from './message-init.ts';
import { refuseUnknown } from './nearest.ts';
import type { Part } from './part.ts';
import { SharedStream } from './shared-stream.ts';
import { isStream, streamSource } from './source.ts';
import { isContentInit, TEXT_FIELDS, type TextContext, textAtHand, textPart } from './text-part.ts';

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
  const method = stringOf(wanted || methodIn(event) || 'PUBLISH', `${name}.method`)
    .trim()
    .toUpperCase();
  if (!METHOD.test(method)) throw new MessageError('BAD_INPUT', `${name}.method`, 'is not a calendar method');
  const shared: CalendarInit = { ...event, content: readTwice(event.content, name) };
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

/** What a stream gives once goes into both parts; one that was read or has failed by then is an error as elsewhere. */
function readTwice(content: Content | undefined, field: string): Content | undefined {
  if (!isStream(content) || content instanceof Blob) return content;
  return new SharedStream(streamSource(content, field, field));
}

/** METHOD as a line of the event (RFC 5545 section 3.7.2); its parameters say nothing of it. */
const METHOD_LINE = /^METHOD(?:;[^:\r\n]*)?:[\t ]*([A-Z-]+)[\t ]*$/im;

/** What the event itself says that it is: RFC 6047 section 2.4 wants the part to say the same. */
function methodIn(event: CalendarInit): string | undefined {
  return METHOD_LINE.exec(textAtHand(event) ?? '')?.[1];
}
