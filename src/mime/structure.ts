import { MessageError } from '../errors.ts';
import { attachmentPart } from './attachment.ts';
import { calendarParts } from './calendar.ts';
import type { Reach } from './content.ts';
import { extractDataImages } from './data-images.ts';
import { flow } from './flowed.ts';
import { isGiven, stringOf } from './given.ts';
import type { Attachment, ComposeOptions, MessageInit, TextInit } from './message-init.ts';
import { endsInLine, multipart, type Part } from './part.ts';
import type { PartCache } from './part-cache.ts';
import {
  isContentInit,
  readTextEncoding,
  type TextContext,
  type TextEncoding,
  textAtHand,
  textHead,
  textPart,
} from './text-part.ts';

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
const EMPTY: Part = { head: textHead(PLAIN, '7bit'), body: '', encoding: '7bit' };

/** Makes the message's one entity; parts that a template keeps come from its cache. */
export function structure(init: MessageInit, options: ComposeOptions, cache?: PartCache): Part {
  const builder: Builder = { init, options, context: contextOf(init, options), cache };
  if (!isSimple(init, options)) return wholeStructure(builder);
  const { text, html } = init;
  if (!isGiven(text)) return isGiven(html) ? made(builder, 'html', html, HTML) : EMPTY;
  const plain = plainPart(builder, text);
  return isGiven(html) ? multipart('alternative', [plain, made(builder, 'html', html, HTML)]) : plain;
}

interface Builder {
  readonly init: MessageInit;
  readonly options: ComposeOptions;
  readonly context: TextContext;
  readonly cache: PartCache | undefined;
}

type TextField = 'text' | 'html' | 'watchHtml' | 'amp';

/** Text, html or both, and nothing else: nearly every message. */
function isSimple(init: MessageInit, options: ComposeOptions): boolean {
  return (
    init.attachments === undefined &&
    init.alternatives === undefined &&
    init.icalEvent === undefined &&
    init.calendar === undefined &&
    init.amp === undefined &&
    init.watchHtml === undefined &&
    init.attachDataUrls === undefined &&
    options.htmlToText === undefined
  );
}

function made({ context, cache }: Builder, field: TextField, value: TextInit, type: string): Part {
  if (cache === undefined) return textPart(value, type, field, context);
  return cache.part(field, value, () => textPart(value, type, field, context));
}

function plainPart(builder: Builder, text: TextInit): Part {
  const { flowed } = builder.init;
  if (!flowed) return made(builder, 'text', text, PLAIN);
  if (flowed !== true && flowed !== 'delsp')
    throw new MessageError('BAD_INPUT', 'flowed', 'is neither true nor "delsp"');
  const plain = textAtHand(text);
  if (plain === undefined) {
    throw new MessageError('BAD_INPUT', 'flowed', 'needs a text that is at hand, as a string or as octets');
  }
  const delSp = flowed === 'delsp';
  const type = `${PLAIN}; format=flowed${delSp ? '; delsp=yes' : ''}`;
  const content = flow(plain, delSp);
  return textPart(isContentInit(text) ? { ...text, content } : content, type, 'text', builder.context);
}

function attached(builder: Builder, init: Attachment, field: 'attachments' | 'alternatives', index: number): Part {
  const role = field === 'attachments' ? 'attachment' : 'alternative';
  const make = (): Part => attachmentPart(init, `${field}[${index}]`, role, builder.context);
  return builder.cache === undefined ? make() : builder.cache.part(field, init, make);
}

function wholeStructure(builder: Builder): Part {
  const { init, options, context } = builder;
  const { html, images } = init.attachDataUrls ? extractDataImages(init.html) : { html: init.html, images: [] };
  const alternatives: Part[] = [];
  const text = isGiven(init.text) ? init.text : textOf(init.html, options);
  if (isGiven(text)) alternatives.push(plainPart(builder, text));
  if (isGiven(init.watchHtml))
    alternatives.push(made(builder, 'watchHtml', init.watchHtml, 'text/watch-html; charset=utf-8'));
  if (isGiven(init.amp)) alternatives.push(made(builder, 'amp', init.amp, 'text/x-amp-html; charset=utf-8'));

  const files: Part[] = [];
  const shown: Part[] = images.map((image) => attachmentPart(image, 'html', 'attachment', context));
  listOf(init.attachments, 'attachments').forEach((attachment, index) => {
    // Only html can show a part by its cid:.
    const place = attachment.cid && isGiven(html) ? shown : files;
    place.push(attached(builder, attachment, 'attachments', index));
  });
  if (isGiven(html)) {
    const body = made(builder, 'html', html, HTML);
    alternatives.push(shown.length === 0 ? body : multipart('related', [body, ...shown], ['type="text/html"']));
  }
  const event = calendarParts(init, context);
  if (event !== undefined) alternatives.push(event.alternative);
  if (event?.file !== undefined) files.push(event.file);
  listOf(init.alternatives, 'alternatives').forEach((alternative, index) => {
    alternatives.push(attached(builder, alternative, 'alternatives', index));
  });

  const body = oneOf('alternative', alternatives);
  if (body !== undefined) return oneOf('mixed', [body, ...files]) ?? EMPTY;
  // A message ends in CRLF: a file that is the whole of it would get one more, and come back as another.
  const isOpen = files.some(({ encoding, body }) => encoding !== 'base64' && !endsInLine(body));
  return isOpen ? multipart('mixed', files) : (oneOf('mixed', files) ?? EMPTY);
}

function oneOf(subtype: string, parts: readonly Part[]): Part | undefined {
  // A part that was given whole can't be the message itself: its header would have to be taken apart.
  if (parts.length === 1 && parts[0]?.verbatim !== true) return parts[0];
  return parts.length === 0 ? undefined : multipart(subtype, parts);
}

function contextOf(init: MessageInit, options: ComposeOptions): TextContext {
  const { textEncoding, encoding } = init;
  return {
    reach: reachOf(init, options),
    way: options.way ?? '7bit',
    textEncoding: textEncoding ? readTextEncoding(textEncoding, 'textEncoding') : forcedBy(encoding),
  };
}

/** nodemailer's `encoding` of a message names the transfer encoding of its texts; some give it a charset. */
function forcedBy(encoding: string | undefined): TextEncoding | undefined {
  if (!encoding) return undefined;
  if (/^(?:utf-?8|us-?ascii|ascii)$/i.test(stringOf(encoding, 'encoding'))) return undefined;
  if (/^(?:quoted-printable|base64|7bit|8bit|binary|[qb])$/i.test(encoding))
    return readTextEncoding(encoding, 'encoding');
  const hint = 'text that is encoded already is given as { content, encoding }';
  throw new MessageError('BAD_INPUT', 'encoding', `is not the transfer encoding of a text; ${hint}`);
}

const OPEN: Reach = { files: true, urls: false, fetch: undefined };

/** What this message may read: what the program allows, less what the message forbids itself. */
function reachOf(init: MessageInit, options: ComposeOptions): Reach {
  if (options.access === undefined && !init.disableFileAccess) return OPEN;
  return {
    files: init.disableFileAccess ? false : (options.access?.files ?? true),
    urls: init.disableUrlAccess ? false : (options.access?.urls ?? false),
    fetch: options.fetch,
  };
}

function textOf(html: TextInit | undefined, options: ComposeOptions): string | undefined {
  const text = options.htmlToText === undefined ? undefined : textAtHand(html);
  return text === undefined ? undefined : options.htmlToText?.(text);
}

/** A list, or one thing in place of a list of one. */
function listOf<T extends object>(list: readonly T[] | T | undefined | null | false, field: string): readonly T[] {
  if (!isGiven(list)) return [];
  if (typeof list !== 'object') throw new MessageError('BAD_INPUT', field, 'is not an array');
  if (!Array.isArray(list)) return [list as T];
  const bad = list.findIndex((entry) => typeof entry !== 'object' || entry === null);
  if (bad === -1) return list as readonly T[];
  throw new MessageError('BAD_INPUT', `${field}[${bad}]`, 'is not an object');
}
