/** Where the body of a response ends (RFC 9112 section 6.3). */
import type { ErrorCode } from '../errors.ts';
import { ResponseError } from './errors.ts';
import type { Quirk } from './quirks.ts';
import type { ResponseHead } from './response-head.ts';
import { excerpt } from './status-line.ts';

export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'content-length'; readonly length: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'until-close' };

/** What of the request decides how its response is framed. */
export interface Asked {
  readonly method: string;
  readonly version: HttpVersion;
}

export type HttpVersion = '0.9' | '1.0' | '1.1';

const NONE: Framing = { kind: 'none' };
const CHUNKED: Framing = { kind: 'chunked' };
const UNTIL_CLOSE: Framing = { kind: 'until-close' };

/** Where in the response a field of a name (in lower case) stands, for an error to name; 0 is the first of them. */
export type Locate = (name: string, which: number) => number;

/** Decides by method, status and fields. */
export function frameBody(head: ResponseHead, asked: Asked, locate: Locate, quirks: Set<Quirk>): Framing {
  const lengths: string[] = [];
  const codings: string[] = [];
  for (const [name, value] of head.headers) {
    if (isField(name, 'Content-Length')) lengths.push(value);
    else if (isField(name, 'Transfer-Encoding')) codings.push(value);
    else if (isField(name, 'Connection') && asked.version !== '1.1') {
      if (/(?:^|[,\s])keep-alive(?:$|[,\s])/i.test(value)) quirks.add('unasked-keep-alive');
    }
  }
  if (hasNoBody(head.status, asked.method)) return NONE;
  const length = lengths.length === 0 ? undefined : contentLength(lengths, locate, quirks);
  if (codings.length > 0) return transferCoding(codings, length, head, asked, locate, quirks);
  return length === undefined ? UNTIL_CLOSE : { kind: 'content-length', length };
}

/** By length first, and as it is usually spelt: this is asked of every field of every page. */
function isField(name: string, field: string): boolean {
  return name.length === field.length && (name === field || name.toLowerCase() === field.toLowerCase());
}

/** Rules 1 and 2: whatever the fields say, these responses end with their head. */
function hasNoBody(status: number, method: string): boolean {
  if (status < 200 || status === 204 || status === 304 || method === 'HEAD') return true;
  return method === 'CONNECT' && status < 300;
}

/** Decimal digits and nothing else, the same each time. A list, even of equal numbers, is refused. */
function contentLength(values: readonly string[], locate: Locate, quirks: Set<Quirk>): number {
  const fault = (code: ErrorCode, message: string, which: number): ResponseError =>
    new ResponseError(code, message, { offset: locate('content-length', which) });
  const [first = ''] = values;
  for (const [i, value] of values.entries()) {
    if (!/^[0-9]+$/.test(value)) {
      if (!/^[0-9]+(?:[ \t]*,[ \t]*[0-9]+)+$/.test(value)) {
        throw fault('BAD_CONTENT_LENGTH', `not a Content-Length: ${excerpt(value)}`, i);
      }
      throw fault('CONFLICTING_CONTENT_LENGTH', `Content-Length is a list: ${excerpt(value)}`, i);
    }
    if (value !== first) {
      const message = `two values of Content-Length: ${excerpt(first)} and ${excerpt(value)}`;
      throw fault('CONFLICTING_CONTENT_LENGTH', message, i);
    }
  }
  const length = Number(first);
  if (!Number.isSafeInteger(length)) {
    throw fault('BAD_CONTENT_LENGTH', `Content-Length is beyond all measure: ${excerpt(first)}`, 0);
  }
  if (values.length > 1) quirks.add('repeated-content-length');
  return length;
}

/** chunked, alone and once, or the obsolete identity; nothing else was asked for, so nothing else may come. */
function transferCoding(
  values: readonly string[],
  length: number | undefined,
  head: ResponseHead,
  asked: Asked,
  locate: Locate,
  quirks: Set<Quirk>,
): Framing {
  const coding = values.join(', ').toLowerCase();
  if (coding === 'identity' && length === undefined) {
    quirks.add('identity-coding');
    return UNTIL_CLOSE;
  }
  if (coding !== 'chunked') {
    throw new ResponseError('UNKNOWN_TRANSFER_CODING', `Transfer-Encoding: ${excerpt(values.join(', '))}`, {
      offset: locate('transfer-encoding', values.length - 1),
    });
  }
  if (length !== undefined) quirks.add('content-length-with-chunked');
  if (head.version === '1.0' || head.version === '0.9') quirks.add('chunked-in-1.0');
  if (asked.version !== '1.1') quirks.add('unasked-chunked');
  return CHUNKED;
}
