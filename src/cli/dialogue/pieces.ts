/** Lines of a dialogue as they are shown: one that is too long to be waited for comes in pieces. */
import { type Line, LineSplitter } from '../../transport/index.ts';

/** A line longer than this is no line of a dialogue, in bytes. */
const LONGEST_LINE = 32 * 1024;

const LF = 0x0a;

export interface Piece extends Line {
  /** It goes on with the line of the piece before. */
  readonly continues: boolean;
}

export class PieceSplitter {
  readonly #splitter = new LineSplitter(2 * LONGEST_LINE);
  #inside = false;

  /** What has come of a line that has not ended. */
  get partial(): Buffer {
    return this.#splitter.partial;
  }

  /** Takes the next line, or the next piece, of the bytes, and gives what is left: after a line, all may be different. */
  take(bytes: Uint8Array, hand: (piece: Piece) => void): Uint8Array {
    const end = bytes.indexOf(LF);
    const used = bytes.subarray(0, Math.min(end === -1 ? bytes.length : end + 1, LONGEST_LINE));
    for (const line of this.#splitter.push(used)) {
      hand({ ...line, continues: this.#inside });
      this.#inside = false;
    }
    if (this.#splitter.held > LONGEST_LINE) this.rest(hand);
    return bytes.subarray(used.length);
  }

  /** What has come of a line that has not ended, without waiting for the rest. */
  rest(hand: (piece: Piece) => void): void {
    const line = this.#splitter.rest();
    if (line === undefined) return;
    hand({ ...line, continues: this.#inside });
    this.#inside = true;
  }
}
