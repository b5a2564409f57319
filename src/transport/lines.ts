/** Lines out of a stream of bytes: TCP keeps the order of bytes, and nothing else of how they were written. */
import { ProtocolError } from '../errors.ts';
import type { Connection } from './connection.ts';

/** A line that is longer than any protocol of lines allows; past it somebody is filling memory. */
export const LINE_LIMIT = 64 * 1024;

const LF = 0x0a;
const CR = 0x0d;

/** A line as it came. */
export interface Line {
  /** Without its line end. */
  readonly bytes: Buffer;
  /** What ended it; `''` for what stood after the last line end when the data ended. */
  readonly end: '\r\n' | '\n' | '';
}

/** Gathers bytes, however they arrive, into lines. */
export class LineSplitter {
  readonly #limit: number;
  #pieces: Buffer[] = [];
  #held = 0;

  constructor(limit = LINE_LIMIT) {
    this.#limit = limit;
  }

  /** The bytes of a line that has begun and not ended. */
  get partial(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  /** How many bytes that line has so far. */
  get held(): number {
    return this.#held;
  }

  /** The lines that these bytes end, in order. @throws ProtocolError LIMIT_EXCEEDED */
  *push(chunk: Uint8Array): Generator<Line> {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let start = 0;
    for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, start)) {
      const whole = this.#take(bytes.subarray(start, end));
      start = end + 1;
      const isCrlf = whole.at(-1) === CR;
      yield { bytes: isCrlf ? whole.subarray(0, -1) : whole, end: isCrlf ? '\r\n' : '\n' };
    }
    if (start === bytes.length) return;
    this.#pieces.push(bytes.subarray(start));
    this.#held += bytes.length - start;
    this.#check();
  }

  /** What is left when the data has ended, or is to be shown without waiting for the rest of its line. */
  rest(): Line | undefined {
    if (this.#held === 0) return undefined;
    return { bytes: this.#take(Buffer.alloc(0)), end: '' };
  }

  #take(last: Buffer): Buffer {
    this.#held += last.length;
    this.#check();
    const whole = this.#pieces.length === 0 ? last : Buffer.concat([...this.#pieces, last]);
    this.#pieces = [];
    this.#held = 0;
    return whole;
  }

  #check(): void {
    if (this.#held > this.#limit) throw new ProtocolError('LIMIT_EXCEEDED', `a line of over ${this.#limit} bytes`);
  }
}

/**
 * The lines that a peer says, as text (UTF-8) without line ends, up to the end of its data; CRLF and LF both end a line.
 * @throws ProtocolError LIMIT_EXCEEDED, and what Connection.read() throws
 */
export async function* readLines(connection: Connection, limit = LINE_LIMIT): AsyncGenerator<string> {
  const splitter = new LineSplitter(limit);
  for (let chunk = await connection.read(); chunk !== undefined; chunk = await connection.read()) {
    for (const { bytes } of splitter.push(chunk)) yield bytes.toString('utf8');
  }
  const rest = splitter.rest();
  if (rest !== undefined) yield rest.bytes.toString('utf8');
}
