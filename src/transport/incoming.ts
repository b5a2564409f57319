/** What has come over a connection and nobody has read yet, and the reader that waits for more. */
import type { PlainwireError } from '../errors.ts';
import type { Delivery } from './connection-init.ts';
import { ReadMemory } from './read-memory.ts';
import type { SharedReads } from './shared-reads.ts';
import { atEndOfTurn } from './turn.ts';

/** Bytes held for a reader that is not there; past this the peer has to wait. */
const READ_AHEAD = 256 * 1024;

interface Reader {
  readonly resolve: (chunk: Uint8Array | undefined) => void;
  readonly reject: (error: PlainwireError) => void;
}

export class Incoming {
  #chunks: Uint8Array[] = [];
  #held = 0;
  #memory: ReadMemory | undefined;
  /** Whether the chunk that was read last is in that memory. */
  #lent = false;
  #ended = false;
  #reader: Reader | undefined;
  readonly #delivery: Delivery;
  /** Whether the reader is served at the end of this turn. */
  #served = false;
  readonly #onTaken: () => void;

  /**
   * @param memory what the stream reads into; a chunk in memory that is lent is the reader's until the next is asked for
   * @param onTaken hears that there may be room again
   */
  constructor(memory: ReadMemory | SharedReads | undefined, delivery: Delivery, onTaken: () => void) {
    this.#memory = memory instanceof ReadMemory ? memory : undefined;
    this.#delivery = delivery;
    this.#onTaken = onTaken;
  }

  get isEmpty(): boolean {
    return this.#held === 0;
  }

  get isFull(): boolean {
    return this.#memory === undefined ? this.#held >= READ_AHEAD : this.#memory.isUsedUp;
  }

  /** Whether the peer has said that nothing more comes. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  get isAwaited(): boolean {
    return this.#reader !== undefined;
  }

  /** What comes from now on is not in the memory: nothing of it is lent, and it is held as far as anything is. */
  leaveMemory(): void {
    this.#memory = undefined;
  }

  push(chunk: Uint8Array): void {
    const reader = this.#reader;
    if (reader !== undefined && this.#delivery === 'at-once') {
      this.#reader = undefined;
      reader.resolve(this.#lend(chunk));
      return;
    }
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    if (reader === undefined || this.#served) return;
    this.#served = true;
    atEndOfTurn(this.#serve);
  }

  /** To be read before all that is held. */
  putBack(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.unshift(chunk);
    this.#held += chunk.length;
  }

  /** Nothing more comes. */
  end(): void {
    this.#ended = true;
    if (!this.#served) this.#serve();
  }

  /** The first chunk that is held, if any is. The reader has done with the one before. */
  next(): Uint8Array | undefined {
    if (this.#lent) {
      this.#lent = false;
      this.#memory?.takeBack();
    }
    return this.#take();
  }

  /** What comes next; undefined where nothing more comes. */
  wait(): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  stopWaiting(): void {
    this.#reader = undefined;
  }

  /** Lets the wait end with the fault; what came before it is read first. */
  fail(fault: PlainwireError): void {
    if (!this.isEmpty) this.#serve();
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.reject(fault);
  }

  readonly #serve = (): void => {
    this.#served = false;
    const reader = this.#reader;
    if (reader === undefined || (this.isEmpty && !this.#ended)) return;
    this.#reader = undefined;
    reader.resolve(this.#take());
  };

  #take(): Uint8Array | undefined {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return undefined;
    this.#held -= chunk.length;
    this.#lend(chunk);
    this.#onTaken();
    return chunk;
  }

  /** A chunk on its way to the reader. */
  #lend(chunk: Uint8Array): Uint8Array {
    this.#lent = this.#memory?.owns(chunk) === true;
    return chunk;
  }
}
