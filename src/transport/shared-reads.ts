/**
 * One piece of memory that every socket reads into, in place of new memory for every read: what came is copied out of it
 * at once. The system writes to memory that is still in the processor's cache, and a reply of 30 bytes costs 30 bytes.
 */
import type { OnReadOpts } from 'node:net';

/** As much as Node reads at a time. */
const SHARED = Buffer.allocUnsafeSlow(64 * 1024);

/** In Deno (2.9) no TLS handshake goes on over a socket that reads so: after STARTTLS it would wait for its deadline. */
const CAN_SHARE = !('Deno' in globalThis);

/** What one socket reads so. */
export class SharedReads {
  /** Undefined where it can't be. */
  static take(): SharedReads | undefined {
    return CAN_SHARE ? new SharedReads() : undefined;
  }

  #deliver: (chunk: Uint8Array) => void = () => {};

  /** Who gets what is read: it is theirs to keep. */
  deliverTo(onRead: (chunk: Uint8Array) => void): void {
    this.#deliver = onRead;
  }

  /** For the options of a socket. */
  get onread(): OnReadOpts {
    return {
      buffer: SHARED,
      callback: (octets) => {
        // what is kept of a page is not to hold what others have in the pool
        const chunk = octets < POOLED ? Buffer.allocUnsafe(octets) : Buffer.allocUnsafeSlow(octets);
        SHARED.copy(chunk, 0, 0, octets);
        this.#deliver(chunk);
        return true;
      },
    };
  }
}

/** Less than this is given from memory that many share. */
const POOLED = 512;
