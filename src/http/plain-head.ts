/**
 * The head that nearly every page has: to the letter of the grammar (RFC 9112 sections 2.1, 4 and 5), so that there is
 * nothing to tolerate and nothing to refuse, and it is read at once. What is not so is read line by line, with care.
 */
import { type HeaderPair, RawHeaders } from './raw-headers.ts';
import type { ResponseHead } from './response-head.ts';
import { trimmedSlice } from './whitespace.ts';

const PLAIN =
  /^HTTP\/1\.[01] [1-5][0-9]{2} (?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t -~\x80-\xff]*\r\n)*\r\n$/;

/** Real heads are shorter; a long one is not worth a second look. */
const LONGEST = 8 * 1024;

const VERSION = 'HTTP/1.'.length;
const STATUS = 'HTTP/1.1 '.length;
const REASON = 'HTTP/1.1 200 '.length;
const ZERO = 0x30;

/** The head, blank line included, one character a byte; undefined where it takes care, or has more than so many fields. */
export function readPlainHead(text: string, mostFields: number): ResponseHead | undefined {
  if (text.length > LONGEST || !PLAIN.test(text)) return undefined;
  const end = text.length - 2;
  let at = text.indexOf('\r', REASON);
  const version = text.charCodeAt(VERSION) === ZERO ? '1.0' : '1.1';
  const status = Number(text.slice(STATUS, STATUS + 3));
  const reason = text.slice(REASON, at);
  const pairs: HeaderPair[] = [];
  for (at += 2; at < end; ) {
    if (pairs.length === mostFields) return undefined;
    const colon = text.indexOf(':', at);
    const stop = text.indexOf('\r', colon);
    pairs.push([text.slice(at, colon), trimmedSlice(text, colon + 1, stop)]);
    at = stop + 2;
  }
  return { version, status, reason, headers: new RawHeaders(pairs) };
}
