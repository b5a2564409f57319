/** How a connection reports to a trace: fills in time, number and protocol, masks secrets, and swallows what a trace throws. */
import { performance } from 'node:perf_hooks';
import { PlainwireError, type Reply } from '../errors.ts';
import { Echoes } from './echoes.ts';
import type { Protocol, SecretSpan, TlsFacts, Trace, TraceEvent } from './event.ts';

const ASTERISK = 0x2a;

export interface Spoken {
  readonly phase: string;
  readonly roundTrip: number;
  readonly bytes: Uint8Array;
  readonly secrets: readonly SecretSpan[];
}

/** The reporter of one connection. It exists only where a trace was asked for, so that no trace costs nothing. */
export class Tracer {
  readonly #trace: Trace;
  readonly #protocol: Protocol;
  readonly #connection: number;
  readonly #start = performance.now();
  readonly #echoes = new Echoes();
  /** The end of a piece of a body that may be the beginning of something secret. */
  #held: Spoken | undefined;

  constructor(trace: Trace, protocol: Protocol, connection: number) {
    this.#trace = trace;
    this.#protocol = protocol;
    this.#connection = connection;
  }

  connecting(target: string): void {
    this.#emit({ kind: 'connecting', ...this.#base(), target });
  }

  connected(target: string, remote: string): void {
    this.#emit({ kind: 'connected', ...this.#base(), target, remote });
  }

  tls(facts: TlsFacts): void {
    this.#emit({ kind: 'tls', ...this.#base(), facts });
  }

  sent(spoken: Spoken, verb: string | undefined): void {
    this.#release();
    if (spoken.secrets.length > 0 || verb === 'AUTH') this.#echoes.learn(spoken, verb);
    this.#emit({ kind: 'sent', ...this.#base(), ...masked(spoken), verb });
  }

  received(spoken: Spoken, reply: Reply | undefined): void {
    if (this.#echoes.isEmpty && spoken.secrets.length === 0) {
      this.#emit({ kind: 'received', ...this.#base(), ...masked(spoken), reply });
    } else if (spoken.phase === 'body') this.#body(spoken);
    else {
      this.#release();
      const { secrets, bytes } = spoken;
      const hidden = masked({ ...spoken, secrets: [...secrets, ...this.#echoes.find(bytes)] });
      const asterisks = reply === undefined ? undefined : this.#maskedReply(reply, secrets.length > 0);
      this.#emit({ kind: 'received', ...this.#base(), ...hidden, reply: asterisks });
    }
  }

  closed(by: 'us' | 'peer'): void {
    this.#release();
    this.#emit({ kind: 'closed', ...this.#base(), by });
  }

  error(error: PlainwireError): void {
    this.#release();
    this.#emit({ kind: 'error', ...this.#base(), error: this.#echoes.isEmpty ? error : this.#maskedError(error) });
  }

  /** A body comes in pieces that are cut anywhere, in the middle of something secret, too. */
  #body(spoken: Spoken): void {
    const bytes = this.#held === undefined ? spoken.bytes : Buffer.concat([this.#held.bytes, spoken.bytes]);
    const begun = this.#echoes.begun(bytes);
    const shown = bytes.subarray(0, bytes.length - begun);
    this.#held = begun === 0 ? undefined : { ...spoken, bytes: Uint8Array.from(bytes.subarray(shown.length)) };
    if (shown.length > 0) this.#bodyEvent({ ...spoken, bytes: shown });
  }

  /** What was held back was no secret after all, or no more of it comes. */
  #release(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#bodyEvent(held);
  }

  #bodyEvent(spoken: Spoken): void {
    const hidden = masked({ ...spoken, secrets: this.#echoes.find(spoken.bytes) });
    this.#emit({ kind: 'received', ...this.#base(), ...hidden, reply: undefined });
  }

  #maskedReply(reply: Reply, isSecret: boolean): Reply {
    const lines = reply.lines.map((line) => (isSecret ? line.replace(/./gs, '*') : this.#echoes.hidden(line)));
    return lines.every((line, at) => line === reply.lines[at]) ? reply : Object.freeze({ ...reply, lines });
  }

  /** An error may quote what the peer said; then the trace gets one that quotes it with asterisks. */
  #maskedError(error: PlainwireError): PlainwireError {
    const message = this.#echoes.hidden(error.message);
    const reply = error.reply === undefined ? undefined : this.#maskedReply(error.reply, false);
    if (message === error.message && reply === error.reply) return error;
    const { name, code, retryable, mayHaveBeenDelivered, phase, command, recipients } = error;
    const facts = { retryable, mayHaveBeenDelivered, phase, command, recipients, reply };
    return Object.assign(new PlainwireError(code, message, facts), { name });
  }

  #base(): { time: number; connection: number; protocol: Protocol } {
    return { time: performance.now() - this.#start, connection: this.#connection, protocol: this.#protocol };
  }

  #emit(event: TraceEvent): void {
    // a trace changes nothing in the dialogue, a broken one neither, whether it throws or rejects
    try {
      const outcome: unknown = this.#trace(event);
      if (outcome instanceof Promise) outcome.catch(() => {});
    } catch {}
  }
}

/** A copy whose secrets are overwritten: the trace gets bytes that it may keep, and that never held a credential. */
function masked(spoken: Spoken): Spoken {
  const bytes = Uint8Array.from(spoken.bytes);
  for (const { start, end } of spoken.secrets) bytes.fill(ASTERISK, start, end);
  return { phase: spoken.phase, roundTrip: spoken.roundTrip, bytes, secrets: spoken.secrets };
}
