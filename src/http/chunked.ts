/** The chunked transfer coding (RFC 9112 section 7.1), decoded strictly: CRLF and nothing else ends a line of it. */
import { bodyTooBig, ResponseError } from './errors.ts';
import { parseFields, refuseControls } from './header-block.ts';
import type { ResponseLimits } from './limits.ts';
import { LineBlock } from './line-block.ts';
import type { Quirk } from './quirks.ts';
import { type HeaderPair, NO_HEADERS, RawHeaders } from './raw-headers.ts';
import { excerpt } from './status-line.ts';

const CR = 0x0d;
const LF = 0x0a;

/** A chunk size with its extensions: hexadecimal digits, padding, and `;name=value` any number of times. */
const SIZE_LINE =
  /^([0-9A-Fa-f]+)((?:[ \t]*;[ \t]*[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[ \t]*=[ \t]*(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"))?)*)([ \t]*)$/;

type Part = 'size' | 'data' | 'data-end' | 'trailers' | 'done';

/** What a piece of the coded body held. */
export interface Decoded {
  /** The body's bytes, parts of what was handed in, not copies. */
  readonly pieces: readonly Uint8Array[];
  /** How many of the bytes handed in belong to the coded body. */
  readonly used: number;
  /** Present when the body is complete. */
  readonly trailers: RawHeaders | undefined;
  /** Present when the body is broken; what came before the fault is in `pieces`. */
  readonly fault: ResponseError | undefined;
}

export class ChunkedDecoder {
  readonly #limits: ResponseLimits;
  readonly #quirks: Set<Quirk>;
  /** Where in the response the next byte to be handed in stands. */
  #offset: number;
  #part: Part = 'size';
  /** The bytes of an unfinished size line, or of the line end after a chunk's data. */
  #line = '';
  #lineOffset = 0;
  #left = 0;
  /** Of the body, with what the chunk under way says that it has. */
  #length = 0;
  #extensions = 0;
  #block: LineBlock | undefined;
  #blockOffset = 0;
  #trailers: RawHeaders | undefined;

  constructor(offset: number, limits: ResponseLimits, quirks: Set<Quirk>) {
    this.#offset = offset;
    this.#limits = limits;
    this.#quirks = quirks;
  }

  push(bytes: Uint8Array): Decoded {
    const pieces: Uint8Array[] = [];
    let at = 0;
    let fault: ResponseError | undefined;
    try {
      while (at < bytes.length && this.#part !== 'done') at += this.#take(bytes, at, pieces);
    } catch (error) {
      if (!(error instanceof ResponseError)) throw error;
      fault = error;
    }
    this.#offset += at;
    return { pieces, used: at, trailers: this.#trailers, fault };
  }

  /** Takes what one part of the coding needs, and says how much that was. */
  #take(bytes: Uint8Array, at: number, pieces: Uint8Array[]): number {
    switch (this.#part) {
      case 'data': {
        const piece = bytes.subarray(at, at + this.#left);
        pieces.push(piece);
        this.#left -= piece.length;
        if (this.#left === 0) this.#part = 'data-end';
        return piece.length;
      }
      case 'data-end':
        return this.#takeDataEnd(bytes[at] ?? 0, at);
      case 'size':
        return this.#takeSize(bytes, at);
      default:
        return this.#takeTrailers(bytes, at);
    }
  }

  #takeDataEnd(byte: number, at: number): number {
    if (byte !== (this.#line === '' ? CR : LF)) {
      this.#lineOffset = this.#offset + at;
      throw this.#bad('a chunk is longer than its size says');
    }
    if (byte === CR) this.#line = '\r';
    else {
      this.#line = '';
      this.#part = 'size';
    }
    return 1;
  }

  #takeSize(bytes: Uint8Array, at: number): number {
    const lf = bytes.indexOf(LF, at);
    const stop = lf === -1 ? bytes.length : lf + 1;
    // what can't become a size is refused at once, not when its line ends
    if (this.#line === '') {
      this.#lineOffset = this.#offset + at;
      if (!isHexDigit(bytes[at] ?? 0)) throw this.#bad('where a chunk size was due stands no hexadecimal digit');
    }
    const room = this.#limits.line + 2 - this.#line.length;
    this.#line += latin1(bytes, at, Math.min(stop, at + room + 1));
    if (this.#line.length > this.#limits.line + 2) {
      throw this.#limit(`a chunk size line of more than ${this.#limits.line} bytes`);
    }
    if (lf === -1) return stop - at;
    if (!this.#line.endsWith('\r\n')) throw this.#bad('a chunk size line that does not end in CRLF');
    const line = this.#line.slice(0, -2);
    this.#line = '';
    this.#left = this.#size(line);
    if (this.#left > 0) this.#part = 'data';
    else {
      this.#part = 'trailers';
      this.#blockOffset = this.#offset + stop;
      this.#block = new LineBlock(this.#blockOffset, this.#limits);
    }
    return stop - at;
  }

  #size(line: string): number {
    const match = SIZE_LINE.exec(line);
    if (match === null) throw this.#bad(`not a chunk size: ${excerpt(line)}`);
    const [, given = '', , padding = ''] = match;
    const digits = given.replace(/^0+(?=.)/, '');
    this.#extensions += line.length - digits.length;
    if (this.#extensions > this.#limits.chunkExtensions) {
      throw this.#limit(`more than ${this.#limits.chunkExtensions} bytes of chunk extensions`);
    }
    const size = digits.length > 14 ? Number.POSITIVE_INFINITY : Number.parseInt(digits, 16);
    if (!Number.isSafeInteger(size)) throw this.#bad(`a chunk size beyond all measure: ${excerpt(digits)}`);
    if (padding !== '') this.#quirks.add('chunk-size-padding');
    this.#length += size;
    if (this.#length > this.#limits.body) throw bodyTooBig(this.#limits, this.#lineOffset);
    return size;
  }

  #takeTrailers(bytes: Uint8Array, at: number): number {
    const block = this.#block?.push(at === 0 ? bytes : bytes.subarray(at));
    if (block === undefined) return bytes.length - at;
    this.#trailers = this.#parseTrailers(latin1(block.bytes, 0, block.bytes.length));
    this.#part = 'done';
    return block.used;
  }

  #parseTrailers(text: string): RawHeaders {
    if (text === '\r\n') return NO_HEADERS;
    refuseControls(text, this.#blockOffset);
    const bare = /(?<!\r)\n/.exec(text);
    if (bare !== null) {
      throw new ResponseError('BAD_CHUNK', 'a trailer line that does not end in CRLF', {
        offset: this.#blockOffset + bare.index,
      });
    }
    const context = { offset: this.#blockOffset, limits: this.#limits, quirks: this.#quirks };
    const pairs: HeaderPair[] = parseFields(text, 0, text.length - 2, context);
    return new RawHeaders(pairs);
  }

  #bad(message: string): ResponseError {
    return new ResponseError('BAD_CHUNK', message, { offset: this.#lineOffset });
  }

  #limit(message: string): ResponseError {
    return new ResponseError('LIMIT_EXCEEDED', message, { offset: this.#lineOffset });
  }
}

function isHexDigit(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}

export function latin1(bytes: Uint8Array, start: number, end: number): string {
  const buffer = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString('latin1', start, end);
}
