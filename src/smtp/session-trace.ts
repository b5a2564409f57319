/** What a session says and hears, as events of the wire: round trips counted, secrets marked. */
import type { Reply } from '../errors.ts';
import type { Tracer } from '../trace/tracer.ts';
import { type Command, PHASES, secretsOf } from './command.ts';
import type { Utterance } from './dialogue.ts';
import { phaseOf } from './legal-replies.ts';

export class SessionTrace {
  readonly #tracer: Tracer | undefined;
  /** For each reply owed, the round trip in which it was asked for. */
  readonly #owed: number[] = [];
  #roundTrip = 1;
  #heard = false;

  constructor(tracer: Tracer | undefined) {
    this.#tracer = tracer;
  }

  heard(): void {
    this.#heard = true;
  }

  owed(replies: number): void {
    if (this.#tracer === undefined) return;
    const roundTrip = this.#speak();
    for (let n = 0; n < replies; n += 1) this.#owed.push(roundTrip);
  }

  command(command: Command, encoded: string): void {
    if (this.#tracer === undefined) return;
    const { verb } = command;
    this.#sent(encoded, PHASES[verb], verb === 'RESPONSE' ? undefined : verb, command);
  }

  content(said: string | Uint8Array): void {
    if (this.#tracer !== undefined) this.#sent(said, 'content', undefined, undefined);
  }

  /** `awaited`: what it answers. */
  reply(reply: Reply, raw: string, awaited: Utterance | undefined): void {
    if (this.#tracer === undefined) return;
    const phase = awaited === undefined ? 'idle' : phaseOf(awaited);
    const roundTrip = this.#owed.shift() ?? this.#roundTrip;
    const end = raw.trimEnd().length;
    // a challenge holds what the credentials are computed with
    const secrets = reply.code === 334 && end > 4 ? [{ start: 4, end }] : [];
    this.#tracer.received({ phase, roundTrip, bytes: Buffer.from(raw, 'latin1'), secrets }, reply);
  }

  #sent(said: string | Uint8Array, phase: string, verb: string | undefined, command: Command | undefined): void {
    const bytes = typeof said === 'string' ? Buffer.from(said, 'latin1') : said;
    const secrets = command === undefined || typeof said !== 'string' ? [] : secretsOf(command, said);
    this.#tracer?.sent({ phase, roundTrip: this.#speak(), bytes, secrets }, verb);
  }
  /** The number of the round trip that goes on: what is said first after something was heard begins one. */
  #speak(): number {
    if (this.#heard) {
      this.#heard = false;
      this.#roundTrip += 1;
    }
    return this.#roundTrip;
  }
}
