/**
 * Message bytes on their way into DATA (RFC 5321 section 4.5.2): every line ends in CRLF, a line that begins with a dot
 * gets another, and the only lone dot is the one that ends it. Whatever the input was, no bare CR or LF leaves here: a
 * server that takes one for a line end would see a message end, and commands, where there are none (SMTP smuggling).
 * NUL is refused: RFC 6152 keeps it out of DATA, and a server that drops it makes a lone dot of NUL and dot.
 */

import { MessageError } from '../errors.ts';
import type { Message } from '../mime/message.ts';

const NUL = 0x00;
const CR = 0x0d;
const LF = 0x0a;
const DOT = 0x2e;
const NOTHING = new Uint8Array(0);

/**
 * A whole message, one character a byte, ready to be written behind a 354. `canonical`: its line ends are CRLF for sure,
 * and it holds no NUL.
 * @throws MessageError FORBIDDEN_CHARACTER for a NUL
 */
export function dataOf(text: string, canonical: boolean): string {
  const lines = canonical ? text : canonicalText(text);
  const stuffed = lines.includes('\n.') ? lines.replaceAll('\n.', '\n..') : lines;
  const start = stuffed.charCodeAt(0) === DOT ? `.${stuffed}` : stuffed;
  return start === '' || start.endsWith('\r\n') ? `${start}.\r\n` : `${start}\r\n.\r\n`;
}

/** CRLF for every CR LF, CR or LF; a CR before CRLF is a line end of its own. */
export function canonicalText(text: string): string {
  if (text.includes('\0')) throw nulRefused();
  return text.replace(/\r\n|\r|\n/g, '\r\n');
}

/** How many octets {@link dataOf} makes of it, dots that are doubled and the one that ends it left out (RFC 1870 section 3). */
export function canonicalSize(octets: Uint8Array): number {
  const bytes = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  let size = bytes.length;
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) if (bytes[at - 1] !== CR) size += 1;
  for (let at = bytes.indexOf(CR); at !== -1; at = bytes.indexOf(CR, at + 1)) if (bytes[at + 1] !== LF) size += 1;
  const last = bytes[bytes.length - 1];
  return last === undefined || last === LF || last === CR ? size : size + 2;
}

/**
 * Whether its line ends have to be made CRLF on the way, by BDAT too: only BINARYMIME content is not made of lines
 * (RFC 3030 section 3).
 */
export function needsLineEnds(message: Pick<Message, 'canonical' | 'encoding'>): boolean {
  return !message.canonical && message.encoding !== 'binary';
}

/** {@link canonicalText} for text that comes in pieces. */
export class LineEncoder {
  /** A CR at the end of a piece is held back: the next piece tells whether it is half of a CRLF. */
  #heldCr = false;

  /** @throws MessageError FORBIDDEN_CHARACTER for a NUL */
  push(piece: Uint8Array): Uint8Array {
    const source = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    if (source.includes(NUL)) throw nulRefused();
    if (!this.#heldCr && !source.includes(CR) && !source.includes(LF)) return piece;
    let text = source.toString('latin1');
    if (this.#heldCr) text = `\r${text}`;
    this.#heldCr = text.endsWith('\r');
    if (this.#heldCr) text = text.slice(0, -1);
    return Buffer.from(canonicalText(text), 'latin1');
  }

  /** What is still owed. */
  end(): Uint8Array {
    const held = this.#heldCr ? '\r\n' : '';
    this.#heldCr = false;
    return Buffer.from(held, 'latin1');
  }
}

/** The same as {@link dataOf} for a message that comes in pieces: each goes to {@link push}, then comes {@link end}. */
export class DataEncoder {
  readonly #lines: LineEncoder | undefined;
  /** The last byte that was let out, to know where lines begin; a message begins at the start of a line. */
  #last = LF;

  constructor(canonical: boolean) {
    this.#lines = canonical ? undefined : new LineEncoder();
  }

  push(piece: Uint8Array): Uint8Array {
    if (piece.length === 0) return piece;
    return this.#stuff(this.#lines === undefined ? piece : this.#lines.push(piece));
  }

  /** What is still owed, with the final dot. */
  end(): Uint8Array {
    const held = this.#stuff(this.#lines?.end() ?? NOTHING);
    return Buffer.concat([held, Buffer.from(this.#last === LF ? '.\r\n' : '\r\n.\r\n', 'latin1')]);
  }

  #stuff(lines: Uint8Array): Uint8Array {
    if (lines.length === 0) return lines;
    const source = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength);
    const atStart = source[0] === DOT && this.#last === LF;
    this.#last = source[source.length - 1] ?? this.#last;
    // most pieces of most messages hold no dot at all: base64 has none
    if (!atStart && (source.indexOf(DOT) === -1 || source.indexOf('\n.', 0, 'latin1') === -1)) return lines;
    const out: Buffer[] = atStart ? [Buffer.of(DOT)] : [];
    let from = 0;
    for (let at = source.indexOf('\n.', 0, 'latin1'); at !== -1; at = source.indexOf('\n.', at + 1, 'latin1')) {
      out.push(source.subarray(from, at + 2), Buffer.of(DOT));
      from = at + 2;
    }
    out.push(source.subarray(from));
    return Buffer.concat(out);
  }
}

function nulRefused(): MessageError {
  return new MessageError(
    'FORBIDDEN_CHARACTER',
    'raw',
    'the message holds a NUL, which can only go as an encoded part',
  );
}
