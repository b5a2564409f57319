import { contentOf, findContent, isSource, type Reach } from './content.ts';
import { base64Octets, base64Source } from './deferred.ts';
import type { ContentInit, TextInit } from './message-init.ts';
import { refuseUnknown } from './nearest.ts';
import type { Part } from './part.ts';
import { encodeText } from './text-body.ts';
import type { TransferEncoding, Way } from './transfer-encoding.ts';

/** What shapes every text part of a message. */
export interface TextContext {
  readonly reach: Reach;
  readonly way: Way;
  readonly textEncoding: 'quoted-printable' | 'base64' | undefined;
  /** How strings are to be read; undefined is as they are. */
  readonly encoding: string | undefined;
}

const FIELDS = new Set(['content', 'path', 'href', 'encoding', 'contentType', 'method', 'filename', 'raw', 'headers']);

/** A text part: `type` is the whole value of its Content-Type. */
export function textPart(init: TextInit, type: string, field: string, context: TextContext): Part {
  if (typeof init === 'string' && context.encoding === undefined) return encodedPart(init, type, field, context);
  const found = isContentInit(init) ? findIn(init, field, context) : contentOf(init, context.encoding, field, field);
  if (isSource(found)) return { head: textHead(type, 'base64'), body: base64Source(found), encoding: 'base64' };
  return encodedPart(found.octets, type, field, context);
}

function findIn(init: ContentInit, field: string, context: TextContext): ReturnType<typeof findContent> {
  for (const name in init) if (!FIELDS.has(name)) refuseUnknown(name, FIELDS, `${field}.${name}`);
  return findContent({ encoding: context.encoding, ...init }, field, field, context.reach);
}

/** An object that says where the content is, rather than being the content. */
export function isContentInit(init: unknown): init is ContentInit {
  return (
    typeof init === 'object' &&
    init !== null &&
    !(init instanceof Uint8Array) &&
    ('content' in init || 'path' in init || 'href' in init || Object.getPrototypeOf(init) === Object.prototype)
  );
}

function encodedPart(octets: string | Uint8Array, type: string, field: string, context: TextContext): Part {
  const text = typeof octets === 'string' ? octets : utf8Text(octets);
  // Octets that are not UTF-8 are nobody's text; they go out as they are.
  if (text === undefined) {
    return { head: textHead(type, 'base64'), body: base64Octets(octets as Uint8Array), encoding: 'base64' };
  }
  const { encoding, body } = encodeText(text, field, context.way, context.textEncoding);
  return { head: textHead(type, encoding), body, encoding };
}

function utf8Text(octets: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets);
  } catch {
    return undefined;
  }
}

export function textHead(type: string, encoding: TransferEncoding): string {
  return `Content-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n`;
}
