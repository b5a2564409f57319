/** What a session says and hears, as events of the wire: round trips counted, secrets marked. */
import type { Reply } from '../errors.ts';
import type { Tracer } from '../trace/tracer.ts';
import { type Command, PHASES, secretsOf } from './command.ts';
import { phaseOf } from './legal-replies.ts';
import type { Owed } from './run.ts';

export class SessionTrace {
  readonly #tracer: Tracer | undefined;
  #roundTrip = 1;
  #heard = false;

  constructor(tracer: Tracer | undefined) {
    this.#tracer = tracer;
  }

  /** The number of the round trip that goes on: what is said first after something was heard begins one. */
  get roundTrip(): number {
    if (this.#heard) {
      this.#heard = false;
      this.#roundTrip += 1;
    }
    return this.#roundTrip;
  }

  heard(): void {
    this.#heard = true;
  }

  command(command: Command, encoded: string): void {
    if (this.#tracer === undefined) return;
    const { verb } = command;
    this.#sent(encoded, PHASES[verb], verb === 'RESPONSE' ? undefined : verb, command);
  }

  content(said: string | Uint8Array): void {
    if (this.#tracer !== undefined) this.#sent(said, 'content', undefined, undefined);
  }

  reply(reply: Reply, raw: string, owed: Owed | undefined): void {
    if (this.#tracer === undefined) return;
    const phase = owed === undefined ? 'idle' : phaseOf(owed.utterance);
    const roundTrip = owed?.roundTrip ?? this.#roundTrip;
    const end = raw.trimEnd().length;
    // a challenge holds what the credentials are computed with
    const secrets = reply.code === 334 && end > 4 ? [{ start: 4, end }] : [];
    this.#tracer.received({ phase, roundTrip, bytes: Buffer.from(raw, 'latin1'), secrets }, reply);
  }

  #sent(said: string | Uint8Array, phase: string, verb: string | undefined, command: Command | undefined): void {
    const bytes = typeof said === 'string' ? Buffer.from(said, 'latin1') : said;
    const secrets = command === undefined || typeof said !== 'string' ? [] : secretsOf(command, said);
    this.#tracer?.sent({ phase, roundTrip: this.roundTrip, bytes, secrets }, verb);
  }
}
