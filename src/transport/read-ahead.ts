/** What has come and nobody has read yet. */
import type { ReadMemory } from './read-memory.ts';

/** Bytes held for a reader that is not there; past this the peer has to wait. */
const READ_AHEAD = 256 * 1024;

export class ReadAhead {
  #chunks: Uint8Array[] = [];
  #held = 0;
  readonly #memory: ReadMemory | undefined;
  /** Whether the chunk that was read last is in that memory. */
  #lent = false;

  /** `memory`: what the stream reads into; a chunk in it is the reader's until the next is asked for. */
  constructor(memory: ReadMemory | undefined) {
    this.#memory = memory;
  }

  get isEmpty(): boolean {
    return this.#held === 0;
  }

  get isFull(): boolean {
    return this.#memory === undefined ? this.#held >= READ_AHEAD : this.#memory.isUsedUp;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
  }

  /** To be read before all that is held. */
  putBack(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.unshift(chunk);
    this.#held += chunk.length;
  }

  /** The first chunk that is held, if any is. */
  next(): Uint8Array | undefined {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return undefined;
    this.#held -= chunk.length;
    return this.lend(chunk);
  }

  /** A chunk on its way to the reader. */
  lend(chunk: Uint8Array): Uint8Array {
    this.#lent = this.#memory?.owns(chunk) === true;
    return chunk;
  }

  /** The reader has done with the chunk before. */
  takeBack(): void {
    if (!this.#lent) return;
    this.#lent = false;
    this.#memory?.takeBack();
  }
}
