/** Two connections that are each other's peer, with no socket between them: for tests and replays. */
import { Duplex } from 'node:stream';
import type { Tracer } from '../trace/tracer.ts';
import { Connection } from './connection.ts';

/** One end. What is written to it comes out at the other; a reader that is slow makes the writer wait. */
class End extends Duplex {
  #peer: End | undefined;
  #resume: (() => void) | undefined;

  constructor() {
    super({ allowHalfOpen: true });
  }

  join(peer: End): void {
    this.#peer = peer;
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: () => void): void {
    // the other end hears of it in a turn of its own, as it would over a socket
    queueMicrotask(() => this.#peer?.deliver(Buffer.from(chunk), done));
  }

  override _final(done: () => void): void {
    queueMicrotask(() => this.#peer?.deliver(null, done));
  }

  override _read(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const peer = this.#peer;
    queueMicrotask(() => {
      // a peer that goes without a word is a reset; one that has said its end is not
      if (peer !== undefined && !peer.destroyed && !this.writableFinished) {
        peer.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
      }
    });
    done(error);
  }

  deliver(chunk: Uint8Array | null, done: () => void): void {
    if (this.destroyed || this.readableEnded || this.push(chunk) || chunk === null) done();
    else this.#resume = done;
  }
}

/** A pair of connections; TLS over it works as over a socket. */
export function memoryPair(tracer?: Tracer): readonly [Connection, Connection] {
  const [one, other] = streamPair();
  return [
    new Connection({ stream: one, remote: 'memory', host: 'memory', tracer }),
    new Connection({ stream: other, remote: 'memory', host: 'memory' }),
  ];
}

/** The same as bare streams. */
export function streamPair(): readonly [Duplex, Duplex] {
  const one = new End();
  const other = new End();
  one.join(other);
  other.join(one);
  return [one, other];
}
