/** Field lines (RFC 9112 section 5), of a head and of trailers. */
import { ResponseError } from './errors.ts';
import type { ResponseLimits } from './limits.ts';
import type { Quirk } from './quirks.ts';
import type { HeaderPair } from './raw-headers.ts';
import { excerpt } from './status-line.ts';
import { isWhitespace, trimmedSlice, trimWhitespace } from './whitespace.ts';

const CR = 0x0d;

/** A field name is a token (RFC 9110 section 5.6.2). */
export const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Nothing of these belongs into a head, whatever a recipient may do with them: RFC 9110 section 5.5. */
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)/;

/** Where a block of lines stands in the response, and what is told of it. */
export interface BlockContext {
  readonly offset: number;
  readonly limits: ResponseLimits;
  readonly quirks: Set<Quirk>;
}

/** Refuses NUL, other control characters and a CR that no LF follows, anywhere in a whole block of lines. */
export function refuseControls(text: string, offset: number): void {
  const match = FORBIDDEN.exec(text);
  if (match === null) return;
  const byte = match[0].charCodeAt(0);
  const what = byte === CR ? 'a CR without LF' : `the control character 0x${byte.toString(16).padStart(2, '0')}`;
  throw new ResponseError('CONTROL_IN_HEAD', `${what} in the head`, { offset: offset + match.index });
}

/** Where the line that starts at `start` ends: before its CRLF or LF. `lf` is where that LF stands. */
export function lineEnd(text: string, lf: number, start: number): number {
  return lf > start && text.charCodeAt(lf - 1) === CR ? lf - 1 : lf;
}

/**
 * The fields of a block: `text` from `start` up to and without the blank line, each line with its end, one character a
 * byte. The whole text has passed {@link refuseControls}.
 */
export function parseFields(text: string, start: number, end: number, context: BlockContext): HeaderPair[] {
  const pairs: HeaderPair[] = [];
  let folds: string[] = [];
  let at = start;
  while (at < end) {
    const lf = text.indexOf('\n', at);
    const stop = lineEnd(text, lf, at);
    if (stop === lf) context.quirks.add('bare-lf');
    if (isWhitespace(text.charCodeAt(at))) {
      if (pairs.length === 0) throw badHeader('whitespace before the first header field', context.offset + at);
      folds.push(trimWhitespace(text.slice(at, stop)));
      context.quirks.add('obsolete-folding');
    } else {
      if (folds.length > 0) folds = unfold(pairs, folds);
      if (pairs.length === context.limits.fields) {
        const message = `more than ${context.limits.fields} header fields`;
        throw new ResponseError('LIMIT_EXCEEDED', message, { offset: context.offset + at });
      }
      pairs.push(parseField(text, at, stop, context.offset));
    }
    at = lf + 1;
  }
  if (folds.length > 0) unfold(pairs, folds);
  return pairs;
}

function parseField(text: string, at: number, stop: number, offset: number): HeaderPair {
  const colon = text.indexOf(':', at);
  if (colon === -1 || colon >= stop) {
    throw badHeader(`a header line without colon: ${excerpt(text.slice(at, stop))}`, offset + at);
  }
  const name = text.slice(at, colon);
  if (!TOKEN.test(name)) {
    // RFC 9112 section 5.1: such a space has been used to smuggle one message past a reader that strips it
    const what = /^[^\s]+[ \t]+$/.test(name) ? 'whitespace between a field name and its colon' : 'not a field name';
    throw badHeader(`${what}: ${excerpt(name)}`, offset + at);
  }
  return [name, trimmedSlice(text, colon + 1, stop)];
}

/** Where in a block that has been parsed a field of a name (in lower case) stands; 0 is the first of them. */
export function fieldAt(text: string, name: string, which: number): number {
  const lower = text.toLowerCase();
  let at = 0;
  for (let i = 0; i <= which; i += 1) at = lower.indexOf(`\n${name}:`, at) + 1;
  return at;
}

/** Joins obsolete folds to the field before them, with one space for each line end and the whitespace around it. */
function unfold(pairs: HeaderPair[], folds: readonly string[]): string[] {
  const [name, value] = pairs.pop() ?? ['', ''];
  pairs.push([name, trimWhitespace([value, ...folds].join(' '))]);
  return [];
}

function badHeader(message: string, offset: number): ResponseError {
  return new ResponseError('BAD_HEADER', message, { offset });
}
