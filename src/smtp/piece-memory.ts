/**
 * Memory in which one piece of content after another is made: where the connection keeps nothing of what has left, the
 * same few kilobytes, which stay in the processor's cache, serve for a message of any size.
 */
import type { Connection } from '../transport/index.ts';

/** Large enough for what the encoder makes in one go. */
const SIZE = 128 * 1024;
/** So much stays for the next messages. */
const MAX_SPARE = 4;
const spare: Buffer[] = [];

export class PieceMemory {
  readonly #connection: Pick<Connection, 'hasLeft'>;
  readonly #memory = spare.pop() ?? Buffer.allocUnsafeSlow(SIZE);

  constructor(connection: Pick<Connection, 'hasLeft'>) {
    this.#connection = connection;
  }

  /**
   * The memory itself, where all that was written from it has left: a short piece may wait for a slow server though the
   * connection takes more. Where it waits, or a piece is larger, some of its own.
   */
  readonly allocate = (size: number): Buffer =>
    size <= this.#memory.length && this.#connection.hasLeft
      ? this.#memory.subarray(0, size)
      : Buffer.allocUnsafeSlow(size);

  /** It serves for the next message, where all that was written from it has left. */
  release(): void {
    if (this.#connection.hasLeft && spare.length < MAX_SPARE) spare.push(this.#memory);
  }
}
