/**
 * The response parser: bytes in, events out, no socket, no timer, no copy of the body.
 *
 * ```
 * start → head → (interim: start again) → body → done
 *              ↘ failed, from anywhere
 * ```
 *
 * The events of a response are the same however its bytes are cut into pieces, but for the cuts between `body` events
 * and for bytes behind the end, which are only known if they come with it. The parser reads each byte once.
 */
import { type Asked, type Framing, frameBody } from './body-framing.ts';
import { ChunkedDecoder, latin1 } from './chunked.ts';
import { bodyTooBig, ResponseError } from './errors.ts';
import { NO_BYTES } from './gathered.ts';
import { fieldAt, lineEnd, parseFields, refuseControls } from './header-block.ts';
import { limitsWith, type ResponseLimits } from './limits.ts';
import { LineBlock } from './line-block.ts';
import { readPlainHead } from './plain-head.ts';
import type { Quirk } from './quirks.ts';
import { NO_HEADERS, RawHeaders } from './raw-headers.ts';
import type { ResponseHead } from './response-head.ts';
import { blankLines, looksLikeHttp, looksLikeStatusLine } from './sniff.ts';
import { parseStatusLine } from './status-line.ts';

export type ResponseEvent =
  /** A 1xx response; the real one follows. */
  | { readonly kind: 'interim'; readonly head: ResponseHead; readonly bytes: Uint8Array }
  /** The real one; `bytes` are the head as it came, blank line included. */
  | { readonly kind: 'head'; readonly head: ResponseHead; readonly framing: Framing; readonly bytes: Uint8Array }
  /** Bytes of the body after transfer decoding: a view of what was pushed. */
  | { readonly kind: 'body'; readonly bytes: Uint8Array }
  | { readonly kind: 'end'; readonly trailers: RawHeaders }
  /** The response breaks the rules; nothing comes after this. */
  | { readonly kind: 'error'; readonly error: ResponseError };

export interface ParserOptions extends Asked {
  readonly limits?: Partial<ResponseLimits> | undefined;
  /** What to make of an answer without status line to a request of HTTP/1.x. */
  readonly simpleResponse?: 'refuse' | 'accept' | undefined;
}

type State = 'start' | 'head' | 'body' | 'done' | 'failed';

const NOTHING: readonly ResponseEvent[] = [];
const SIMPLE: ResponseHead = { version: '0.9', status: 200, reason: '', headers: NO_HEADERS };

export class ResponseParser {
  /** The tolerances this response needed so far, in the order met. */
  readonly quirks: Set<Quirk> = new Set();
  readonly #asked: Asked;
  readonly #limits: ResponseLimits;
  readonly #simple: 'refuse' | 'accept';
  #state: State = 'start';
  #offset = 0;
  #block: LineBlock | undefined;
  #blockOffset = 0;
  #opening: Uint8Array | undefined;
  #blankLines = 0;
  #interim = 0;
  #head: ResponseHead | undefined;
  #framing: Framing | undefined;
  #left = 0;
  #bodyLength = 0;
  #chunked: ChunkedDecoder | undefined;
  #headEnd = 0;

  constructor(options: ParserOptions) {
    this.#asked = { method: options.method, version: options.version };
    this.#limits = limitsWith(options.limits);
    this.#simple = options.version === '0.9' ? 'accept' : (options.simpleResponse ?? 'refuse');
  }

  get state(): State {
    return this.#state;
  }

  /** Whether only the end of the connection can end this response. */
  get needsEnd(): boolean {
    return this.#state === 'body' && this.#framing?.kind === 'until-close';
  }

  /** How many bytes belong to the response so far, from the first of the first head. */
  get length(): number {
    return this.#offset + (this.#block?.length ?? this.#opening?.length ?? 0);
  }

  /** Where the final head begins, behind interim responses and blank lines. */
  get headStart(): number {
    return this.#blockOffset;
  }

  /** Where the final head ends and the body begins. */
  get headEnd(): number {
    return this.#headEnd;
  }

  /** What came, in order. Bytes behind the end of the response are a quirk, and are not looked at. */
  push(bytes: Uint8Array): readonly ResponseEvent[] {
    if (bytes.length === 0 || this.#state === 'failed') return NOTHING;
    const events: ResponseEvent[] = [];
    try {
      let rest = bytes;
      while (rest.length > 0 && this.#state !== 'done') rest = this.#step(rest, events);
      if (rest.length > 0) this.quirks.add('excess-bytes');
    } catch (error) {
      events.push(this.#failed(error));
    }
    return events;
  }

  /** The peer has ended its data. */
  finish(): readonly ResponseEvent[] {
    if (this.#state === 'done' || this.#state === 'failed') return NOTHING;
    if (this.needsEnd) return [this.#ended(NO_HEADERS)];
    if (this.#simple === 'accept' && this.#opening !== undefined) {
      const events: ResponseEvent[] = [];
      this.#simpleBody(this.#opening, events);
      events.push(this.#ended(NO_HEADERS));
      return events;
    }
    return [this.#failed(this.#cutShort())];
  }

  #step(bytes: Uint8Array, events: ResponseEvent[]): Uint8Array {
    if (this.#state === 'start') return this.#start(bytes, events);
    if (this.#state === 'head') return this.#takeHead(bytes, events);
    return this.#takeBody(bytes, events);
  }

  /** Before a head: blank lines are skipped, and what can't be a status line is told from the first bytes on. */
  #start(bytes: Uint8Array, events: ResponseEvent[]): Uint8Array {
    const seen = this.#opening === undefined ? bytes : Buffer.concat([this.#opening, bytes]);
    if (this.#simple === 'accept') return this.#startOfEither(seen, events);
    const verdict = looksLikeHttp(seen);
    if (verdict === 'blank-line') {
      this.#blankLines += 1;
      if (this.#blankLines > this.#limits.blankLines) {
        throw new ResponseError('NOT_HTTP', 'blank lines and no status line', { offset: this.#offset });
      }
      this.quirks.add('leading-blank-lines');
      const length = seen[0] === 0x0a ? 1 : 2;
      this.#offset += length;
      this.#opening = undefined;
      return seen.subarray(length);
    }
    if (verdict === 'no') throw new ResponseError('NOT_HTTP', 'this is not HTTP', { offset: this.#offset });
    if (verdict === 'more') return this.#keep(seen);
    return this.#beginHead(seen);
  }

  /** Blank lines before a status line are told from a body that begins with some. */
  #startOfEither(seen: Uint8Array, events: ResponseEvent[]): Uint8Array {
    const { lines, length } = blankLines(seen);
    const verdict = lines > this.#limits.blankLines ? 'no' : looksLikeStatusLine(seen.subarray(length));
    if (verdict === 'more') return this.#keep(seen);
    if (verdict === 'no') return this.#simpleBody(seen, events);
    if (lines > 0) this.quirks.add('leading-blank-lines');
    this.#offset += length;
    if (this.#asked.version === '0.9') this.quirks.add('full-response-to-simple-request');
    return this.#beginHead(seen.subarray(length));
  }

  #keep(seen: Uint8Array): Uint8Array {
    // a copy: what was pushed may be a piece of a buffer that is used again
    this.#opening = Uint8Array.from(seen);
    return seen.subarray(seen.length);
  }

  #beginHead(seen: Uint8Array): Uint8Array {
    this.#opening = undefined;
    this.#state = 'head';
    this.#blockOffset = this.#offset;
    this.#block = new LineBlock(this.#offset, this.#limits);
    return seen;
  }

  #simpleBody(seen: Uint8Array, events: ResponseEvent[]): Uint8Array {
    this.#opening = undefined;
    if (this.#asked.version !== '0.9') this.quirks.add('simple-response');
    this.#beginBody(SIMPLE, { kind: 'until-close' }, seen.subarray(0, 0), events);
    return this.#takeBody(seen, events);
  }

  #takeHead(bytes: Uint8Array, events: ResponseEvent[]): Uint8Array {
    const block = this.#block?.push(bytes);
    if (block === undefined) return bytes.subarray(bytes.length);
    const text = latin1(block.bytes, 0, block.bytes.length);
    const head = readPlainHead(text, this.#limits.fields) ?? this.#parseHead(text);
    this.#block = undefined;
    this.#offset += block.bytes.length;
    if (head.status < 200) this.#takeInterim(head, block.bytes, events);
    else {
      const locate = (name: string, which: number): number => this.#blockOffset + fieldAt(text, name, which);
      this.#beginBody(head, frameBody(head, this.#asked, locate, this.quirks), block.bytes, events);
    }
    return bytes.subarray(block.used);
  }

  /** Line by line: each tolerance is told, and what is wrong is told with its place. */
  #parseHead(text: string): ResponseHead {
    const offset = this.#blockOffset;
    refuseControls(text, offset);
    const lf = text.indexOf('\n');
    const stop = lineEnd(text, lf, 0);
    if (stop === lf) this.quirks.add('bare-lf');
    const { version, status, reason } = parseStatusLine(text.slice(0, stop), offset, this.quirks);
    const blank = text.endsWith('\r\n') ? 2 : 1;
    if (blank === 1) this.quirks.add('bare-lf');
    const context = { offset, limits: this.#limits, quirks: this.quirks };
    const headers = new RawHeaders(parseFields(text, lf + 1, text.length - blank, context));
    return { version, status, reason, headers };
  }

  #takeInterim(head: ResponseHead, bytes: Uint8Array, events: ResponseEvent[]): void {
    if (head.status === 101) {
      // RFC 9110 section 15.2.2: only after a request with Upgrade; what follows would not be HTTP
      throw new ResponseError('UNEXPECTED_UPGRADE', '101 Switching Protocols, which nobody asked for', {
        offset: this.#blockOffset,
      });
    }
    this.#interim += 1;
    if (this.#interim > this.#limits.interim) {
      throw new ResponseError('LIMIT_EXCEEDED', `more than ${this.#limits.interim} interim responses`, {
        offset: this.#blockOffset,
      });
    }
    this.quirks.add('interim-response');
    this.#state = 'start';
    events.push({ kind: 'interim', head, bytes });
  }

  #beginBody(head: ResponseHead, framing: Framing, bytes: Uint8Array, events: ResponseEvent[]): void {
    this.#head = head;
    this.#headEnd = this.#offset;
    this.#framing = framing;
    this.#state = 'body';
    events.push({ kind: 'head', head, framing, bytes });
    if (framing.kind === 'chunked') this.#chunked = new ChunkedDecoder(this.#offset, this.#limits, this.quirks);
    if (framing.kind === 'content-length') {
      if (framing.length > this.#limits.body) throw bodyTooBig(this.#limits, this.#offset);
      this.#left = framing.length;
    }
    if (framing.kind === 'none' || (framing.kind === 'content-length' && framing.length === 0)) {
      events.push(this.#ended(NO_HEADERS));
    }
  }

  #takeBody(bytes: Uint8Array, events: ResponseEvent[]): Uint8Array {
    if (this.#chunked !== undefined) return this.#takeChunked(bytes, this.#chunked, events);
    if (this.#framing?.kind === 'until-close') return this.#takeRest(bytes, events);
    const piece = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes;
    this.#left -= piece.length;
    this.#offset += piece.length;
    emit(piece, events);
    if (this.#left === 0) events.push(this.#ended(NO_HEADERS));
    return piece === bytes ? NO_BYTES : bytes.subarray(piece.length);
  }

  /** To the end, whatever it is; what is beyond the limit is not handed out, however it was cut. */
  #takeRest(bytes: Uint8Array, events: ResponseEvent[]): Uint8Array {
    const room = this.#limits.body - this.#bodyLength;
    const piece = bytes.length > room ? bytes.subarray(0, room) : bytes;
    emit(piece, events);
    this.#bodyLength += piece.length;
    this.#offset += piece.length;
    if (piece.length < bytes.length) throw bodyTooBig(this.#limits, this.#offset);
    return bytes.subarray(bytes.length);
  }

  #takeChunked(bytes: Uint8Array, decoder: ChunkedDecoder, events: ResponseEvent[]): Uint8Array {
    const { pieces, used, trailers, fault } = decoder.push(bytes);
    for (const piece of pieces) emit(piece, events);
    this.#offset += used;
    if (fault !== undefined) throw fault;
    if (trailers !== undefined) events.push(this.#ended(trailers));
    return bytes.subarray(used);
  }

  #ended(trailers: RawHeaders): ResponseEvent {
    this.#state = 'done';
    return { kind: 'end', trailers };
  }

  #cutShort(): ResponseError {
    const offset = this.length;
    if (this.#state === 'body') {
      const message =
        this.#framing?.kind === 'content-length'
          ? `the body ended ${this.#left} bytes before its Content-Length`
          : 'the chunked body ended before its last chunk';
      return new ResponseError('SHORT_BODY', message, { offset });
    }
    if (offset === 0) {
      return new ResponseError('EMPTY_RESPONSE', 'the server closed without an answer', { offset });
    }
    return new ResponseError('SHORT_HEAD', 'the response ended within its head', { offset });
  }

  #failed(error: unknown): ResponseEvent {
    if (!(error instanceof ResponseError)) throw error;
    this.#state = 'failed';
    const { code, message, offset } = error;
    const phase = this.#head === undefined ? 'head' : 'body';
    return { kind: 'error', error: new ResponseError(code, message, { offset, head: this.#head, phase }) };
  }
}

function emit(bytes: Uint8Array, events: ResponseEvent[]): void {
  if (bytes.length > 0) events.push({ kind: 'body', bytes });
}
