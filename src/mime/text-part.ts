import { MessageError } from '../errors.ts';
import { rawPart } from './attachment.ts';
import { contentOf, findContent, isSource, type Reach } from './content.ts';
import { base64Octets, base64Source } from './deferred.ts';
import { extraFields } from './extra-fields.ts';
import { isGiven, stringOf } from './given.ts';
import { isMediaType, parseMediaType } from './media-type.ts';
import type { TextContentInit, TextInit } from './message-init.ts';
import { MOVED_TEXT_FIELDS } from './moved-fields.ts';
import { refuseUnknown } from './nearest.ts';
import type { Part } from './part.ts';
import { isStream } from './source.ts';
import { encodeText } from './text-body.ts';
import { base64TextSource, quotedPrintableTextSource } from './text-source.ts';
import type { TransferEncoding, Way } from './transfer-encoding.ts';

/** What shapes every text part of a message. */
export interface TextContext {
  readonly reach: Reach;
  readonly way: Way;
  readonly textEncoding: TextEncoding | undefined;
}

/** A transfer encoding that a text can be made to have; undefined is the shortest safe one. */
export type TextEncoding = 'quoted-printable' | 'base64';

export const TEXT_FIELDS: ReadonlySet<string> = new Set<keyof TextContentInit>([
  'content',
  'path',
  'href',
  'encoding',
  'httpHeaders',
  'contentType',
  'contentTransferEncoding',
  'headers',
  'raw',
]);

/** Names of charsets (RFC 2978 section 2.3). */
const CHARSET = /^[A-Za-z0-9!#$%&'+^_`{}~.:-]{1,40}$/;

/** A text part: `type` is the whole value of its Content-Type. */
export function textPart(init: TextInit, type: string, field: string, context: TextContext): Part {
  if (typeof init === 'string') return encodedPart(init, type, '', field, context.way, context.textEncoding);
  if (!isContentInit(init)) return partOf(contentOf(init, undefined, field, field), type, '', field, context);
  for (const name in init)
    if (!TEXT_FIELDS.has(name)) refuseUnknown(name, TEXT_FIELDS, `${field}.${name}`, MOVED_TEXT_FIELDS);
  if (isGiven(init.raw)) return rawPart(init.raw, field);
  const found = findContent(init, field, field, context.reach);
  const { contentTransferEncoding: wanted } = init;
  const textEncoding = wanted ? readTextEncoding(wanted, `${field}.contentTransferEncoding`) : context.textEncoding;
  const extra = extraFields(init.headers, `${field}.headers`);
  const charset = isSource(found) || typeof found.octets !== 'string' ? foreignCharset(init.contentType) : undefined;
  if (charset !== undefined)
    return foreignPart(
      found,
      type.replace('utf-8', () => charset),
      extra,
    );
  return partOf(found, type, extra, field, { ...context, textEncoding });
}

/** The charset that octets are said to be in, if it is another than UTF-8 and what is ASCII in it. */
function foreignCharset(contentType: string | undefined): string | undefined {
  if (typeof contentType !== 'string' || !isMediaType(contentType)) return undefined;
  const charset = parseMediaType(contentType, 'contentType').parameters.get('charset') ?? '';
  return CHARSET.test(charset) && !/^(?:utf-?8|us-ascii)$/i.test(charset) ? charset : undefined;
}

/** Octets in a charset of their own go out as they are: what is a line end in them is not known here. */
function foreignPart(found: ReturnType<typeof findContent>, type: string, extra: string): Part {
  const body = isSource(found) ? base64Source(found) : base64Octets(found.octets as Uint8Array);
  return { head: textHead(type, 'base64') + extra, body, encoding: 'base64' };
}

/** An object that says where the content is, rather than being the content; Node's stream of a file has a `path` too. */
export function isContentInit(init: unknown): init is TextContentInit {
  return (
    typeof init === 'object' &&
    init !== null &&
    !ArrayBuffer.isView(init) &&
    !isStream(init) &&
    ('content' in init || 'path' in init || 'href' in init || Object.getPrototypeOf(init) === Object.prototype)
  );
}

/** nodemailer's names: `Q` and `B` for short; 7bit, 8bit and binary come about by themselves where they can. */
export function readTextEncoding(name: string, field: string): TextEncoding | undefined {
  switch (stringOf(name, field).trim().toLowerCase()) {
    case 'q':
    case 'quoted-printable':
      return 'quoted-printable';
    case 'b':
    case 'base64':
      return 'base64';
    case '7bit':
    case '8bit':
    case 'binary':
      return undefined;
    default:
      throw new MessageError('BAD_INPUT', field, 'is neither "quoted-printable" nor "base64"');
  }
}

function partOf(
  found: ReturnType<typeof findContent>,
  type: string,
  extra: string,
  field: string,
  context: TextContext,
): Part {
  if (!isSource(found)) return encodedPart(found.octets, type, extra, field, context.way, context.textEncoding);
  const encoding = context.textEncoding ?? 'base64';
  const body = encoding === 'base64' ? base64TextSource(found) : quotedPrintableTextSource(found);
  return { head: textHead(type, encoding) + extra, body, encoding };
}

function encodedPart(
  octets: string | Uint8Array,
  type: string,
  extra: string,
  field: string,
  way: Way,
  textEncoding: TextEncoding | undefined,
): Part {
  const text = typeof octets === 'string' ? octets : utf8Text(octets);
  // Octets that are not UTF-8 are nobody's text; they go out as they are.
  if (text === undefined) {
    return { head: textHead(type, 'base64') + extra, body: base64Octets(octets as Uint8Array), encoding: 'base64' };
  }
  const { encoding, body } = encodeText(text, field, way, textEncoding);
  return { head: textHead(type, encoding) + extra, body, encoding };
}

function utf8Text(octets: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets);
  } catch {
    return undefined;
  }
}

/** The text at hand, for those who want to look into it; undefined where it must be read first. */
export function textAtHand(init: TextInit | undefined): string | undefined {
  if (init === undefined || init === null || typeof init === 'string') return init ?? undefined;
  const content = isContentInit(init) ? init.content : init;
  if (isContentInit(init) && [init.encoding, init.raw, init.path, init.href].some(isGiven)) return undefined;
  if (content instanceof Uint8Array) {
    return isContentInit(init) && foreignCharset(init.contentType) !== undefined ? undefined : utf8Text(content);
  }
  return typeof content === 'string' ? content : undefined;
}

export function textHead(type: string, encoding: TransferEncoding): string {
  return `Content-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n`;
}
