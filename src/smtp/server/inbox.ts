/** Bytes in, lines, contents and chunks out: what a server reads, taken from a stream in which anything may come cut. */
import type { ClientContent, ClientLine } from './wants.ts';

const CR = 0x0d;
const LF = 0x0a;
const DOT = 0x2e;

export class Inbox {
  readonly #onTaken: (bytes: Uint8Array) => void;
  #bytes: Buffer = Buffer.alloc(0);
  #task: Reading<unknown> | undefined;

  /** @param onTaken told of bytes as they are read for what they are */
  constructor(onTaken: (bytes: Uint8Array) => void) {
    this.#onTaken = onTaken;
  }

  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes]);
  }

  /** What came and was not read. */
  takeRest(): Buffer {
    const rest = this.#bytes;
    this.#bytes = Buffer.alloc(0);
    return rest;
  }

  /** Each gives undefined until all of it has come, and is then to be asked again. */
  line(limit: number): ClientLine | undefined {
    return this.#read(() => new LineReading(limit));
  }

  content(limit: number): ClientContent | undefined {
    return this.#read(() => new ContentReading(limit));
  }

  octets(count: number, limit: number): ClientContent | undefined {
    return this.#read(() => new OctetReading(count, limit));
  }

  #read<T>(begin: () => Reading<T>): T | undefined {
    const reading = (this.#task as Reading<T> | undefined) ?? begin();
    const used = reading.take(this.#bytes);
    if (used > 0) this.#onTaken(this.#bytes.subarray(0, used));
    this.#bytes = this.#bytes.subarray(used);
    this.#task = reading.result === undefined ? reading : undefined;
    return reading.result;
  }
}

/** Something that is read piece by piece. */
interface Reading<T> {
  result: T | undefined;
  /** Takes of the bytes what belongs to it, and says how much that was. */
  take(bytes: Buffer): number;
}

class LineReading implements Reading<ClientLine> {
  result: ClientLine | undefined;
  readonly #limit: number;
  #text: Buffer = Buffer.alloc(0);
  #size = 0;
  #endsInCr = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  take(bytes: Buffer): number {
    const end = bytes.indexOf(LF);
    const piece = end === -1 ? bytes : bytes.subarray(0, end + 1);
    const room = Math.max(0, this.#limit - this.#text.length);
    // what is too long is not kept, but its end is still looked for
    this.#text = Buffer.concat([this.#text, piece.subarray(0, room)]);
    this.#size += piece.length;
    const last = end === -1 ? piece.at(-1) : piece.at(-2);
    if (last !== undefined) this.#endsInCr = last === CR;
    if (end !== -1) {
      this.result = {
        text: this.#text.toString('utf8').replace(/\r?\n$/, ''),
        tooLong: this.#size > this.#limit,
        bareLf: !this.#endsInCr,
      };
    }
    return piece.length;
  }
}

/**
 * Where in a line of content the next byte stands. The order of states is the order of the bytes of
 * `CR LF . CR LF`, which ends the content; what looked like an end and was not is kept.
 */
type Place = 'line start' | 'dot' | 'dot CR' | 'text' | 'CR';

/** The content behind DATA: dots unstuffed (RFC 5321 section 4.5.2), and ended by a line with a dot alone. */
class ContentReading implements Reading<ClientContent> {
  result: ClientContent | undefined;
  readonly #limit: number;
  readonly #pieces: Uint8Array[] = [];
  #size = 0;
  #bareLineEnd = false;
  #place: Place = 'line start';

  constructor(limit: number) {
    this.#limit = limit;
  }

  take(bytes: Buffer): number {
    // a run of bytes that is kept as it is
    let start = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at];
      switch (this.#place) {
        case 'line start':
          if (byte === DOT) {
            this.#keep(bytes.subarray(start, at));
            start = at + 1;
            this.#place = 'dot';
          } else this.#text(byte);
          break;
        case 'dot':
          // the dot itself is dropped, whatever follows it
          if (byte === CR) {
            start = at + 1;
            this.#place = 'dot CR';
          } else this.#text(byte);
          break;
        case 'dot CR':
          if (byte === LF) {
            this.result = { pieces: this.#pieces, size: this.#size, bareLineEnd: this.#bareLineEnd };
            return at + 1;
          }
          // the CR was part of the line, after all
          this.#keep(CR_ALONE);
          start = at;
          this.#bareLineEnd = true;
          this.#text(byte);
          break;
        case 'CR':
          if (byte === LF) this.#place = 'line start';
          else {
            this.#bareLineEnd = true;
            this.#text(byte);
          }
          break;
        default:
          this.#text(byte);
      }
    }
    this.#keep(bytes.subarray(start));
    return bytes.length;
  }

  #text(byte: number | undefined): void {
    if (byte === LF) this.#bareLineEnd = true;
    this.#place = byte === CR ? 'CR' : 'text';
  }

  #keep(piece: Uint8Array): void {
    this.#size += piece.length;
    if (this.#size <= this.#limit) this.#pieces.push(piece);
    // what is too big is refused at its end: nothing of it need be held
    else this.#pieces.length = 0;
  }
}

const CR_ALONE = Buffer.from('\r');

class OctetReading implements Reading<ClientContent> {
  result: ClientContent | undefined;
  readonly #count: number;
  readonly #limit: number;
  readonly #pieces: Uint8Array[] = [];
  #size = 0;

  constructor(count: number, limit: number) {
    this.#count = count;
    this.#limit = limit;
  }

  take(bytes: Buffer): number {
    const piece = bytes.subarray(0, this.#count - this.#size);
    this.#size += piece.length;
    if (this.#count <= this.#limit && piece.length > 0) this.#pieces.push(piece);
    if (this.#size === this.#count) this.result = { pieces: this.#pieces, size: this.#size, bareLineEnd: false };
    return piece.length;
  }
}
