/** Bytes in, replies out: incremental, strict about the grammar of RFC 5321 section 4.2.1, and bounded. */
import { ProtocolError, type Reply } from '../errors.ts';
import { makeReply } from './reply.ts';

/** RFC 5321 allows a reply line 512 octets; servers are known to use more, none this much. */
export const REPLY_LINE_LIMIT = 4096;
/** EHLO replies of real servers have some twenty lines, policy texts some ten. */
export const REPLY_LINES_LIMIT = 512;
/** All lines of one reply together. */
export const REPLY_BYTES_LIMIT = 64 * 1024;

/** A server says the same few lines again and again, in the same order: their replies are made once. */
const KNOWN_LINES = 32;

interface KnownLine {
  readonly line: string;
  readonly reply: Reply;
  /** What came behind it the last time. */
  next: KnownLine | undefined;
}

export type OnReply = (reply: Reply, raw: string) => void;

export class ReplyParser {
  readonly #onReply: OnReply;
  readonly #known = new Map<string, KnownLine>();
  #last: KnownLine | undefined;
  #partial = '';
  #code = 0;
  #texts: string[] = [];
  #raw = '';

  /** `onReply` gets each reply and its bytes as they came (one character a byte). */
  constructor(onReply: OnReply) {
    this.#onReply = onReply;
  }

  /** Whether a reply has begun and not ended. */
  get hasPartial(): boolean {
    return this.#partial !== '' || this.#texts.length > 0;
  }

  /** As much as there is of the code of a reply that has begun and not ended. */
  get begun(): string {
    return (this.#raw === '' ? this.#partial : this.#raw).slice(0, 3);
  }

  /** @throws ProtocolError BAD_REPLY, LIMIT_EXCEEDED, and what `onReply` throws */
  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const text = this.#partial === '' ? bytes.toString('latin1') : this.#partial + bytes.toString('latin1');
    this.#partial = '';
    let start = 0;
    while (start < text.length) {
      const expected = this.#texts.length === 0 ? this.#last?.next : undefined;
      if (expected !== undefined && text.startsWith(expected.line, start)) {
        start += expected.line.length;
        this.#repeated(expected);
        continue;
      }
      const end = text.indexOf('\n', start);
      if (end === -1) break;
      const line = text.slice(start, end + 1);
      start = end + 1;
      this.#line(line);
    }
    if (start < text.length) this.#partial = start === 0 ? text : text.slice(start);
    // no line that is no reply is waited for: some protocols have no lines at all
    if (this.#partial !== '' && !/^[2-5]/.test(this.#partial)) throw malformed(NO_CODE, this.#partial);
    if (this.#partial.length > REPLY_LINE_LIMIT) throw tooMuch(`a reply line of over ${REPLY_LINE_LIMIT} bytes`);
  }

  #line(line: string): void {
    const known = this.#texts.length === 0 ? this.#known.get(line) : undefined;
    if (known !== undefined) return this.#repeated(known);
    if (line.length > REPLY_LINE_LIMIT) throw tooMuch(`a reply line of over ${REPLY_LINE_LIMIT} bytes`);
    const { code, isLast, text } = parseLine(line);
    if (this.#texts.length === 0) this.#code = code;
    else if (code !== this.#code) throw malformed(`one reply with the codes ${this.#code} and ${code}`, line);
    this.#texts.push(text);
    this.#raw += line;
    if (this.#texts.length > REPLY_LINES_LIMIT) throw tooMuch(`a reply of over ${REPLY_LINES_LIMIT} lines`);
    if (this.#raw.length > REPLY_BYTES_LIMIT) throw tooMuch(`a reply of over ${REPLY_BYTES_LIMIT} bytes`);
    if (!isLast) return;
    const reply = makeReply(code, this.#texts);
    const raw = this.#raw;
    const isLine = this.#texts.length === 1;
    this.#texts = [];
    this.#raw = '';
    this.#remember(isLine ? { line: copyOf(line), reply, next: undefined } : undefined);
    this.#onReply(reply, raw);
  }

  #repeated(known: KnownLine): void {
    if (this.#last !== undefined) this.#last.next = known;
    this.#last = known;
    this.#onReply(known.reply, known.line);
  }

  #remember(known: KnownLine | undefined): void {
    if (this.#last !== undefined) this.#last.next = known;
    this.#last = known;
    if (known === undefined) return;
    // some lines come but once, those with the id of a message
    if (this.#known.size === KNOWN_LINES) this.#known.clear();
    this.#known.set(known.line, known);
  }
}

/** A line cut out of what came in one read would be slow to compare with, and hold all of it in memory. */
function copyOf(line: string): string {
  return Buffer.from(line, 'latin1').toString('latin1');
}

const NO_CODE = 'no reply code of three digits, 200 to 599';
const ZERO = 0x30;

interface ReplyLine {
  readonly code: number;
  readonly isLast: boolean;
  readonly text: string;
}

/** `Reply-line = Reply-code [ SP textstring ] CRLF`, with `-` for SP before the last; a bare LF passes as a line end. */
function parseLine(line: string): ReplyLine {
  const end = line.charCodeAt(line.length - 2) === 0x0d ? line.length - 2 : line.length - 1;
  const first = line.charCodeAt(0) - ZERO;
  const second = line.charCodeAt(1) - ZERO;
  const third = line.charCodeAt(2) - ZERO;
  const isCode = end >= 3 && first >= 2 && first <= 5 && second >= 0 && second <= 9 && third >= 0 && third <= 9;
  if (!isCode) throw malformed(NO_CODE, line);
  const separator = end === 3 ? ' ' : line.charAt(3);
  if (separator !== ' ' && separator !== '-') throw malformed(`'${separator}' after the reply code`, line);
  const text = line.slice(4, end);
  if (/[\r\0]/.test(text)) throw malformed('a bare CR or a NUL in a reply', line);
  return { code: first * 100 + second * 10 + third, isLast: separator === ' ', text: decoded(text) };
}

/** UTF-8 where it is that (RFC 6531 section 3.7.4.2), else byte for byte. */
function decoded(text: string): string {
  if (/^[\x00-\x7f]*$/.test(text)) return text;
  const utf8 = Buffer.from(text, 'latin1').toString('utf8');
  return utf8.includes('\ufffd') ? text : utf8;
}

function malformed(what: string, line: string): ProtocolError {
  return new ProtocolError(
    'BAD_REPLY',
    `${what}: ${JSON.stringify(line.length > 80 ? `${line.slice(0, 80)}…` : line)}`,
  );
}

function tooMuch(what: string): ProtocolError {
  return new ProtocolError('LIMIT_EXCEEDED', `the server sent ${what}`);
}
