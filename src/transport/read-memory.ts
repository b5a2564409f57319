/** Memory that a socket reads into again and again, in place of new memory for every read. */
import type { OnReadOpts } from 'node:net';

const PIECES = 8;
/** Twice what Node reads at a time. */
const PIECE = 128 * 1024;
/** So many may wait to be used again; of each, only as much is really taken from the system as was ever read into. */
const SPARE = 64;

const spare: ReadMemory[] = [];

/**
 * For one connection at a time. What a read brings is lent: it is the reader's until the next read. When all pieces are
 * filled and not yet read, the peer has to wait.
 */
export class ReadMemory {
  /** Made when a socket wants it: under TLS, and behind a proxy, none does. */
  #memory: Buffer | undefined;
  #next = 0;
  #lent = 0;
  #deliver: (chunk: Uint8Array) => void = () => {};

  static take(): ReadMemory {
    return spare.pop() ?? new ReadMemory();
  }

  /** For others to take: who calls this is done with all that was read, and no socket reads into it any more. */
  release(): void {
    this.#lent = 0;
    this.#next = 0;
    this.#deliver = () => {};
    if (spare.length < SPARE) spare.push(this);
  }

  get isUsedUp(): boolean {
    return this.#lent === PIECES;
  }

  owns(chunk: Uint8Array): boolean {
    return chunk.buffer === this.#memory?.buffer;
  }

  /** The oldest chunk that is lent has been read. */
  takeBack(): void {
    this.#lent -= 1;
  }

  /** Who gets what is read, and is to pause the socket where the memory is used up: each piece has its turn. */
  deliverTo(onRead: (chunk: Uint8Array) => void): void {
    this.#deliver = onRead;
  }

  /** For the options of a socket. */
  get onread(): OnReadOpts {
    this.#memory ??= Buffer.allocUnsafeSlow(PIECES * PIECE);
    const memory = this.#memory;
    return {
      buffer: () => {
        const start = this.#next * PIECE;
        this.#next = (this.#next + 1) % PIECES;
        return memory.subarray(start, start + PIECE);
      },
      callback: (octets, piece) => {
        this.#lent += 1;
        this.#deliver(piece.subarray(0, octets));
        return true;
      },
    };
  }
}
