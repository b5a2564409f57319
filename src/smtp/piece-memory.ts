/**
 * Memory in which one piece of content after another is made: where the connection keeps nothing of what has left, the
 * same few kilobytes, which stay in the processor's cache, serve for a message of any size.
 */

/** Large enough for what the encoder makes in one go. */
const SIZE = 128 * 1024;
/** So much stays for the next messages. */
const MAX_SPARE = 4;
const spare: Buffer[] = [];

export class PieceMemory {
  readonly #memory = spare.pop() ?? Buffer.allocUnsafeSlow(SIZE);

  /** The memory itself, or where a piece is larger, some of its own. */
  readonly allocate = (size: number): Buffer =>
    size <= this.#memory.length ? this.#memory.subarray(0, size) : Buffer.allocUnsafeSlow(size);

  /** Only when all that was written from it has left. */
  release(): void {
    if (spare.length < MAX_SPARE) spare.push(this.#memory);
  }
}
