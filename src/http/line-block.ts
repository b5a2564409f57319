/**
 * Gathers a block of lines that ends with a blank one (a head, or trailers), however its bytes arrive. Linear in the
 * bytes: each is looked at once, and a block that comes in one piece is not even copied.
 */
import { ResponseError } from './errors.ts';
import type { ResponseLimits } from './limits.ts';

const CR = 0x0d;
const LF = 0x0a;

export interface Block {
  /** From the first line to the blank line, both included. */
  readonly bytes: Uint8Array;
  /** How many of the bytes last handed in belong to the block. */
  readonly used: number;
}

export class LineBlock {
  readonly #limits: ResponseLimits;
  /** Where in the response the block begins. */
  readonly #offset: number;
  #held: Buffer | undefined;
  #length = 0;
  /** Where the line begins that is being looked for the end of, and how far it has been looked. */
  #line = 0;
  #scanned = 0;

  constructor(offset: number, limits: ResponseLimits) {
    this.#offset = offset;
    this.#limits = limits;
  }

  /** How many bytes of an unfinished block are held. */
  get length(): number {
    return this.#length;
  }

  /** @throws ResponseError LIMIT_EXCEEDED */
  push(bytes: Uint8Array): Block | undefined {
    const before = this.#length;
    const all = before === 0 ? bytes : this.#append(bytes);
    const length = before + bytes.length;
    for (;;) {
      const lf = all.indexOf(LF, this.#scanned);
      if (lf === -1) break;
      const stop = lf > this.#line && all[lf - 1] === CR ? lf - 1 : lf;
      this.#check(stop, lf + 1);
      const blank = stop === this.#line;
      this.#line = this.#scanned = lf + 1;
      if (blank) return { bytes: all.subarray(0, lf + 1), used: lf + 1 - before };
    }
    this.#scanned = length;
    // a CR at the very end may be part of the line end
    this.#check(all[length - 1] === CR ? length - 1 : length, length);
    if (before === 0) this.#append(bytes);
    return undefined;
  }

  /** Where both limits are passed, the one that was passed first is told of, as if the bytes had come one by one. */
  #check(lineStop: number, blockStop: number): void {
    const { line, head } = this.#limits;
    const longLine = lineStop - this.#line > line;
    if (blockStop > head && !(longLine && this.#line + line < head)) {
      throw new ResponseError('LIMIT_EXCEEDED', `a head of more than ${head} bytes`, { offset: this.#offset + head });
    }
    if (longLine) {
      const offset = this.#offset + this.#line + line;
      throw new ResponseError('LIMIT_EXCEEDED', `a header line of more than ${line} bytes`, { offset });
    }
  }

  /** Room grows by doubling, so that a head that comes byte by byte is copied a bounded number of times. */
  #append(bytes: Uint8Array): Buffer {
    const length = this.#length + bytes.length;
    if (this.#held === undefined || this.#held.length < length) {
      const grown = Buffer.allocUnsafe(Math.max(1024, 2 * length));
      this.#held?.copy(grown, 0, 0, this.#length);
      this.#held = grown;
    }
    this.#held.set(bytes, this.#length);
    this.#length = length;
    return this.#held.subarray(0, length);
  }
}
