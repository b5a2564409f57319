import { fileURLToPath } from 'node:url';
import { MessageError } from '../errors.ts';
import { decodeDataUri } from './data-uri.ts';
import { fileSource } from './file-source.ts';
import { isGiven } from './given.ts';
import { excerpt } from './lexer.ts';
import { Message } from './message.ts';
import type { ComposeOptions, Content, ContentInit } from './message-init.ts';
import { isStream, type Source, streamSource, urlSource } from './source.ts';
import { octetsOfText } from './written-octets.ts';

/** What a part may read, and how: the caller's access, narrowed by what the message says of itself. */
export interface Reach {
  readonly files: boolean | string;
  readonly urls: boolean;
  readonly fetch: ComposeOptions['fetch'];
}

/** Content at hand: octets, or a text that was not given as octets. */
export interface AtHand {
  readonly octets: string | Uint8Array;
  /** What a data: URI says of itself. */
  readonly contentType?: string | undefined;
}

/** Finds the one content of a part, at hand or to be read; reads nothing. A path goes before a href, and both before content. */
export function findContent(init: ContentInit, field: string, label: string, reach: Reach): AtHand | Source {
  const { content, path, href } = init;
  const place = isGiven(path) ? path : href;
  if (!isGiven(place)) {
    if (isGiven(content) || content === '') return contentOf(content, init.encoding, `${field}.content`, label);
    // A path that was never set must not send an empty file.
    throw new MessageError('BAD_INPUT', field, 'has no content: give it as content, path or href');
  }
  if (typeof place !== 'string' && !(place instanceof URL)) {
    throw new MessageError('BAD_INPUT', `${field}.path`, 'is neither a text nor a URL');
  }
  const text = String(place);
  if (text.includes('\0')) throw new MessageError('FORBIDDEN_CHARACTER', `${field}.path`, 'holds a NUL');
  if (/^data:/i.test(text)) return decodeDataUri(text, field);
  if (/^https?:/i.test(text)) return urlContent(text, field, label, reach, init.httpHeaders);
  if (!isGiven(path)) {
    throw new MessageError('BAD_INPUT', `${field}.href`, `${excerpt(text)} is not a URL that can be fetched`);
  }
  if (reach.files === false) {
    throw new MessageError('ACCESS_DENIED', `${field}.path`, 'files may not be read for this message');
  }
  const file = /^file:/i.test(text) ? pathOfUrl(text, `${field}.path`) : text;
  return fileSource(file, typeof reach.files === 'string' ? reach.files : undefined, field, label);
}

function pathOfUrl(url: string, field: string): string {
  try {
    return fileURLToPath(url);
  } catch {
    throw new MessageError('BAD_INPUT', field, `${excerpt(url)} is not the URL of a file on this machine`);
  }
}

function urlContent(
  url: string,
  field: string,
  label: string,
  reach: Reach,
  httpHeaders: ContentInit['httpHeaders'],
): Source {
  if (!reach.urls)
    throw new MessageError('ACCESS_DENIED', field, `URLs may not be read for this message (${excerpt(url)})`);
  if (reach.fetch === undefined) {
    throw new MessageError('BAD_INPUT', field, `${excerpt(url)} can only be read with a fetch function in the options`);
  }
  const { fetch } = reach;
  return urlSource(url, () => fetch(url, httpHeaders), field, label);
}

/** A value that a caller gave as content. */
export function contentOf(
  content: Content,
  encoding: string | undefined,
  field: string,
  label: string,
): AtHand | Source {
  if (typeof content === 'string') return { octets: octetsOfText(content, encoding, field) };
  if (content instanceof Uint8Array) return { octets: content };
  if (content instanceof ArrayBuffer) return { octets: new Uint8Array(content) };
  if (ArrayBuffer.isView(content))
    return { octets: new Uint8Array(content.buffer, content.byteOffset, content.byteLength) };
  const whole = content instanceof Message ? content.inMemory() : undefined;
  if (whole !== undefined) return { octets: whole };
  if (isStream(content)) return streamSource(content, field.replace(/\.content$/, ''), label);
  throw new MessageError('BAD_INPUT', field, notContent(content));
}

function notContent(content: unknown): string {
  const isPlace = typeof content === 'object' && content !== null && ('path' in content || 'href' in content);
  if (isPlace) return 'is a place to read from: give it as path or href, beside content';
  return 'is neither a string nor octets, a Blob or a stream';
}

export function isSource(found: AtHand | Source): found is Source {
  return 'read' in found;
}
