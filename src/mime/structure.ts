import { MessageError } from '../errors.ts';
import { attachmentPart } from './attachment.ts';
import type { Reach } from './content.ts';
import { extractDataImages } from './data-images.ts';
import type { Attachment, CalendarInit, ComposeOptions, MessageInit, TextInit } from './message-init.ts';
import { multipart, type Part } from './part.ts';
import { isContentInit, type TextContext, textHead, textPart } from './text-part.ts';

/**
 * Which MIME structure the content makes (RFC 2046, RFC 2387):
 *
 *     mixed
 *       alternative
 *         text, watch html, amp
 *         related
 *           html
 *           what the html shows by cid:
 *         calendar, other alternatives
 *       attachments
 *
 * A level with one part in it is left out.
 */

const PLAIN = 'text/plain; charset=utf-8';
const HTML = 'text/html; charset=utf-8';

export function structure(init: MessageInit, options: ComposeOptions): Part {
  const context = contextOf(init, options);
  const { text, html } = init;
  const attachments = listOf(init.attachments, 'attachments');
  if (attachments.length === 0 && !hasMore(init)) {
    if (isGiven(text)) {
      const plain = textPart(text, PLAIN, 'text', context);
      return isGiven(html) ? multipart('alternative', [plain, textPart(html, HTML, 'html', context)]) : plain;
    }
    if (!isGiven(html)) return { head: textHead(PLAIN, '7bit'), body: '', encoding: '7bit' };
    if (options.htmlToText === undefined && init.attachDataUrls !== true) return textPart(html, HTML, 'html', context);
  }
  return wholeStructure(init, options, attachments, context);
}

function wholeStructure(
  init: MessageInit,
  options: ComposeOptions,
  attachments: readonly Attachment[],
  context: TextContext,
): Part {
  const parts = context;
  const { html, images } =
    init.attachDataUrls === true ? extractDataImages(init.html) : { html: init.html, images: [] };
  const alternatives: Part[] = [];
  const text = isGiven(init.text) ? init.text : textOf(html, options);
  if (isGiven(text)) alternatives.push(textPart(text, PLAIN, 'text', context));
  if (isGiven(init.watchHtml))
    alternatives.push(textPart(init.watchHtml, 'text/watch-html; charset=utf-8', 'watchHtml', context));
  if (isGiven(init.amp)) alternatives.push(textPart(init.amp, 'text/x-amp-html; charset=utf-8', 'amp', context));

  const files: Part[] = [];
  const shown: Part[] = images.map((image) => attachmentPart(image, 'html', 'attachment', parts));
  attachments.forEach((attachment, index) => {
    const part = attachmentPart(attachment, `attachments[${index}]`, 'attachment', parts);
    // Only html can show a part by its cid:.
    if (attachment.cid && isGiven(html)) shown.push(part);
    else files.push(part);
  });
  if (isGiven(html)) {
    const body = textPart(html, HTML, 'html', context);
    alternatives.push(shown.length === 0 ? body : multipart('related', [body, ...shown], ['type="text/html"']));
  }
  addCalendar(init, alternatives, files, context);
  listOf(init.alternatives, 'alternatives').forEach((alternative, index) => {
    alternatives.push(attachmentPart(alternative, `alternatives[${index}]`, 'alternative', parts));
  });

  const body = oneOf('alternative', alternatives);
  const all = body === undefined ? files : [body, ...files];
  return oneOf('mixed', all) ?? { head: textHead(PLAIN, '7bit'), body: '', encoding: '7bit' };
}

function oneOf(subtype: string, parts: readonly Part[]): Part | undefined {
  // A part that was given whole can't be the message itself: its header would have to be taken apart.
  if (parts.length === 1 && parts[0]?.verbatim !== true) return parts[0];
  return parts.length === 0 ? undefined : multipart(subtype, parts);
}

function contextOf(init: MessageInit, options: ComposeOptions): TextContext {
  const { textEncoding } = init;
  if (textEncoding !== undefined && textEncoding !== 'quoted-printable' && textEncoding !== 'base64') {
    throw new MessageError('BAD_INPUT', 'textEncoding', 'is neither "quoted-printable" nor "base64"');
  }
  return { reach: reachOf(init, options), way: options.way ?? '7bit', textEncoding, encoding: init.encoding };
}

const OPEN: Reach = { files: true, urls: false, fetch: undefined };

/** What this message may read: what the program allows, less what the message forbids itself. */
function reachOf(init: MessageInit, options: ComposeOptions): Reach {
  if (options.access === undefined && init.disableFileAccess !== true) return OPEN;
  return {
    files: init.disableFileAccess === true ? false : (options.access?.files ?? true),
    urls: init.disableUrlAccess === true ? false : (options.access?.urls ?? false),
    fetch: options.fetch,
  };
}

function hasMore(init: MessageInit): boolean {
  return (
    init.icalEvent !== undefined ||
    init.calendar !== undefined ||
    init.alternatives !== undefined ||
    init.amp !== undefined ||
    init.watchHtml !== undefined
  );
}

function textOf(html: TextInit | undefined, options: ComposeOptions): string | undefined {
  return options.htmlToText !== undefined && typeof html === 'string' ? options.htmlToText(html) : undefined;
}

/** An event goes out twice: as an alternative for calendars that look there, and as a file for the others. */
function addCalendar(init: MessageInit, alternatives: Part[], files: Part[], context: TextContext): void {
  const name = init.icalEvent === undefined ? 'calendar' : 'icalEvent';
  const given = init.icalEvent ?? init.calendar;
  if (!isGiven(given)) return;
  const event: CalendarInit = isContentInit(given) ? given : { content: given };
  const method = String(event.method ?? 'PUBLISH')
    .trim()
    .toUpperCase();
  if (!/^[A-Z][A-Z-]*$/.test(method)) throw new MessageError('BAD_INPUT', `${name}.method`, 'is not a calendar method');
  const type = `text/calendar; charset=utf-8; method=${method}`;
  alternatives.push(textPart(event, type, name, context));
  if (event.filename === false) return;
  const { content, path, href, encoding } = event;
  const copy = {
    content,
    path,
    href,
    encoding,
    filename: event.filename ?? 'invite.ics',
    contentType: 'application/ics',
  };
  files.push(attachmentPart(copy, name, 'attachment', context));
}

/** nodemailer takes an empty text for none; an empty message still has its one empty part. */
function isGiven<T>(value: T | undefined | null | false | ''): value is T {
  return value !== undefined && value !== null && value !== false && value !== '';
}

function listOf<T>(list: readonly T[] | undefined, field: string): readonly T[] {
  if (list === undefined || list === null) return [];
  if (Array.isArray(list)) {
    const bad = list.findIndex((entry) => typeof entry !== 'object' || entry === null);
    if (bad === -1) return list;
    throw new MessageError('BAD_INPUT', `${field}[${bad}]`, 'is not an object');
  }
  throw new MessageError('BAD_INPUT', field, 'is not an array');
}
