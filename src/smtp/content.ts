/**
 * Message bytes on their way into DATA (RFC 5321 section 4.5.2): every line ends in CRLF, a line that begins with a dot
 * gets another, and the only lone dot is the one that ends it. Whatever the input was, no bare CR or LF leaves here: a
 * server that takes one for a line end would see a message end, and commands, where there are none (SMTP smuggling).
 * NUL is refused: RFC 6152 keeps it out of DATA, and a server that drops it makes a lone dot of NUL and dot.
 */

import { MessageError } from '../errors.ts';

const NUL = 0x00;
const CR = 0x0d;
const LF = 0x0a;
const DOT = 0x2e;

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

/** The same for a message that comes in pieces: feed each to {@link push}, then write what {@link end} gives. */
export class DataEncoder {
  readonly #canonical: boolean;
  /** The last byte that was let out, to know where lines begin; a message begins at the start of a line. */
  #last = LF;
  /** A CR at the end of a piece is held back: the next piece tells whether it is half of a CRLF. */
  #heldCr = false;

  constructor(canonical: boolean) {
    this.#canonical = canonical;
  }

  push(piece: Uint8Array): Uint8Array {
    if (piece.length === 0) return piece;
    const lines = this.#canonical ? piece : this.#canonicalize(piece);
    return this.#stuff(lines);
  }

  /** What is still owed, with the final dot. */
  end(): Uint8Array {
    const held = this.#heldCr ? '\r\n' : '';
    if (this.#heldCr) this.#last = LF;
    this.#heldCr = false;
    return Buffer.from(this.#last === LF ? `${held}.\r\n` : `${held}\r\n.\r\n`, 'latin1');
  }

  #canonicalize(piece: Uint8Array): Uint8Array {
    const source = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    if (source.includes(NUL)) throw nulRefused();
    if (!this.#heldCr && !source.includes(CR) && !source.includes(LF)) return piece;
    let text = source.toString('latin1');
    if (this.#heldCr) text = `\r${text}`;
    this.#heldCr = text.endsWith('\r');
    if (this.#heldCr) text = text.slice(0, -1);
    return Buffer.from(canonicalText(text), 'latin1');
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
