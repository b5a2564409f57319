/** How a connection reports to a trace: fills in time, number and protocol, masks secrets, and swallows what a trace throws. */
import { performance } from 'node:perf_hooks';
import type { PlainwireError, Reply } from '../errors.ts';
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
    this.#emit({ kind: 'sent', ...this.#base(), ...masked(spoken), verb });
  }

  received(spoken: Spoken, reply: Reply | undefined): void {
    this.#emit({ kind: 'received', ...this.#base(), ...masked(spoken), reply });
  }

  closed(by: 'us' | 'peer'): void {
    this.#emit({ kind: 'closed', ...this.#base(), by });
  }

  error(error: PlainwireError): void {
    this.#emit({ kind: 'error', ...this.#base(), error });
  }

  #base(): { time: number; connection: number; protocol: Protocol } {
    return { time: performance.now() - this.#start, connection: this.#connection, protocol: this.#protocol };
  }

  #emit(event: TraceEvent): void {
    try {
      this.#trace(event);
    } catch {
      // a trace changes nothing in the dialogue, a broken one neither
    }
  }
}

/** A copy whose secrets are overwritten: the trace gets bytes that it may keep, and that never held a credential. */
function masked(spoken: Spoken): Spoken {
  const bytes = Uint8Array.from(spoken.bytes);
  for (const { start, end } of spoken.secrets) bytes.fill(ASTERISK, start, end);
  return { phase: spoken.phase, roundTrip: spoken.roundTrip, bytes, secrets: spoken.secrets };
}
