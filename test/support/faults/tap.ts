/** A stream that counts what goes through it in both directions, and breaks the connection at one byte of it. */
import { Duplex } from 'node:stream';

/** What a network, or a server that dies, can do to a connection; and a server that goes away with a word, a 421. */
export const FAULTS = ['close', 'reset', 'stall', '421'] as const;
export type Fault = (typeof FAULTS)[number];

/** Behind how many bytes that the server sends, or receives, the connection breaks, and how. */
export interface Cut {
  readonly side: 'sent' | 'received';
  readonly at: number;
  readonly fault: Fault;
}

/** How far a connection got. Several taps on one connection, one in clear and one above TLS, count together. */
export interface Passage {
  readonly cut: Cut | undefined;
  /** Bytes of the server that were passed on. */
  sent: number;
  /** Bytes of the server, passed on or not. */
  offered: number;
  /** Bytes of the client that were passed on. */
  received: number;
  /** The server has replies in hand that it has not written yet. */
  busy: boolean;
  /** The place of the cut is reached: nothing the client says is passed on any more. */
  deaf: boolean;
  /** The fault has happened: nothing the server says is passed on any more. */
  broken: boolean;
  /** Everything the client said, passed on or not. */
  seen: string;
  /** Called when the fault happens. */
  readonly onBreak: () => void;
}

export function passage(cut: Cut | undefined, onBreak: () => void): Passage {
  return { cut, sent: 0, offered: 0, received: 0, busy: false, deaf: false, broken: false, seen: '', onBreak };
}

/** Turns of the event loop in which both sides, which live in this process, get what was written before the fault. */
const TURNS = 6;

export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export class Tap extends Duplex {
  readonly #below: Duplex;
  readonly #passage: Passage;

  constructor(below: Duplex, state: Passage) {
    super({ allowHalfOpen: true });
    this.#below = below;
    this.#passage = state;
    below.on('data', this.#onData);
    below.on('end', this.#onEnd);
    below.on('close', () => this.destroy());
    const { cut } = state;
    if (cut?.at === 0 && !state.deaf) this.#reach(cut);
  }

  /** Lets go of the stream below, for another to read from. */
  detach(): void {
    this.#below.off('data', this.#onData);
    this.#below.off('end', this.#onEnd);
  }

  readonly #onEnd = (): void => {
    this.push(null);
  };

  readonly #onData = (chunk: Buffer): void => {
    const state = this.#passage;
    const { cut } = state;
    state.seen += chunk.toString('latin1');
    if (state.deaf) return;
    const room = cut?.side === 'received' ? cut.at - state.received : chunk.length;
    const part = chunk.subarray(0, room);
    state.received += part.length;
    if (part.length > 0) this.push(part);
    if (cut?.side === 'received' && state.received === cut.at) this.#reach(cut);
  };

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const state = this.#passage;
    const { cut } = state;
    const room = state.broken ? 0 : cut?.side === 'sent' ? cut.at - state.sent : chunk.length;
    const part = chunk.subarray(0, room);
    state.offered += chunk.length;
    state.sent += part.length;
    const passed = (): void => {
      if (cut?.side === 'sent' && state.sent === cut.at && !state.broken) this.#reach(cut);
      done();
    };
    if (part.length === 0) passed();
    else this.#below.write(part, passed);
  }

  override _final(done: () => void): void {
    if (!this.#passage.broken) this.#below.end();
    done();
  }

  #reach(cut: Cut): void {
    const state = this.#passage;
    state.deaf = true;
    // behind the last byte that is sent nothing more is; behind the last that is received, its answer still is
    if (cut.side === 'sent') state.broken = true;
    void this.#break(cut);
  }

  async #break(cut: Cut): Promise<void> {
    const state = this.#passage;
    await turns(TURNS);
    while (state.busy && !state.broken) await turns(1);
    if (!state.broken) await turns(TURNS);
    state.broken = true;
    if (cut.fault === 'close') this.#below.end();
    if (cut.fault === '421') this.#below.end('421 4.3.2 going down\r\n');
    state.onBreak();
  }
}
