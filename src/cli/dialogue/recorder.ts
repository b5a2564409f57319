/** Reports the lines of a dialogue to a trace: a reply of several lines, or a head, as the one thing that it is. */
import { makeReply } from '../../smtp/reply.ts';
import type { SecretSpan, Tracer } from '../../trace/index.ts';
import type { Heard, Said } from './speech.ts';

/** What one side has begun and not ended. */
class Gathering {
  #pieces: Uint8Array[] = [];
  #size = 0;
  #secrets: SecretSpan[] = [];

  add(bytes: Uint8Array, secrets: readonly SecretSpan[]): void {
    for (const { start, end } of secrets) this.#secrets.push({ start: start + this.#size, end: end + this.#size });
    this.#pieces.push(bytes);
    this.#size += bytes.length;
  }

  take(): { bytes: Uint8Array; secrets: readonly SecretSpan[] } {
    const taken = { bytes: Buffer.concat(this.#pieces), secrets: this.#secrets };
    this.#pieces = [];
    this.#size = 0;
    this.#secrets = [];
    return taken;
  }
}

export class Recorder {
  readonly #tracer: Tracer | undefined;
  readonly #said = new Gathering();
  readonly #heard = new Gathering();
  #reply: { code: number; texts: string[] } | undefined;
  #roundTrip = 1;
  #answered = false;

  constructor(tracer: Tracer | undefined) {
    this.#tracer = tracer;
  }

  /** `bytes` with their line end. */
  said(line: Said, bytes: Uint8Array): void {
    if (this.#tracer === undefined) return;
    if (this.#answered) {
      this.#roundTrip += 1;
      this.#answered = false;
    }
    this.#said.add(bytes, line.secrets);
    if (line.more) return;
    this.#tracer.sent({ phase: line.phase, roundTrip: this.#roundTrip, ...this.#said.take() }, line.verb);
  }

  heard(line: Heard, bytes: Uint8Array): void {
    if (this.#tracer === undefined) return;
    this.#answered = true;
    this.#heard.add(bytes, line.secrets);
    if (line.reply) {
      const text = Buffer.from(bytes).toString('utf8').trimEnd();
      this.#reply ??= { code: Number(text.slice(0, 3)), texts: [] };
      this.#reply.texts.push(text.slice(4));
    }
    if (line.more) return;
    const reply = this.#reply === undefined ? undefined : makeReply(this.#reply.code, this.#reply.texts);
    this.#reply = undefined;
    this.#tracer.received({ phase: line.phase, roundTrip: this.#roundTrip, ...this.#heard.take() }, reply);
  }
}
