/** What is said, put into bytes: into the outbox, into the trace, and onto the account of the dialogue that says it. */
import { type Command, encode } from './command.ts';
import { canonicalText, dataOf, needsLineEnds } from './content.ts';
import type { Content, Utterance } from './dialogue.ts';
import type { Outbox } from './outbox.ts';
import type { ContentStream, Run } from './run.ts';
import type { Secrets } from './secrets.ts';
import type { SessionTrace } from './session-trace.ts';

export class Speech {
  readonly #out: Outbox;
  readonly #trace: SessionTrace;
  readonly #secrets: Secrets;

  constructor(out: Outbox, trace: SessionTrace, secrets: Secrets) {
    this.#out = out;
    this.#trace = trace;
    this.#secrets = secrets;
  }

  /** @throws MessageError for what can't be said, before a byte of it is */
  say(run: Run, utterance: Utterance): void {
    switch (utterance.verb) {
      case 'data':
      case 'bdat':
        return this.#sayContent(run, utterance);
      case 'lone dot':
        this.#out.write('.\r\n', 1);
        this.#owe(run, 1);
        this.#trace.content('.\r\n');
        return;
      case 'greeting':
        this.#out.expect(1);
        this.#owe(run, 1);
        return;
      default: {
        const encoded = encode(utterance);
        this.#out.write(encoded, 1);
        this.#owe(run, 1);
        this.#secrets.learn(utterance, encoded);
        this.#trace.command(utterance, encoded);
      }
    }
  }

  /** A chunk of BDAT begins: the bytes of its command; a reply is owed to it from now on. */
  beginChunk({ content, run }: ContentStream, octets: number, place: 'more' | 'last'): string {
    const last = place === 'last';
    const command: Command = { verb: 'BDAT', octets, last };
    const encoded = encode(command);
    const replies = last ? content.replies : 1;
    this.#out.expect(replies);
    this.#owe(run, replies);
    this.#trace.command(command, encoded);
    return encoded;
  }

  #sayContent(run: Run, content: Content): void {
    const { message, verb, replies } = content;
    const whole = message.inMemory();
    if (whole === undefined) {
      // a reply before the last byte is a reply ahead of time, but it may be a refusal: it is owed from the first byte on
      if (verb === 'data') {
        this.#out.expect(replies);
        this.#owe(run, replies);
      }
      run.content = 'streaming';
      this.#out.stream({ content, run });
      return;
    }
    const text =
      typeof whole === 'string'
        ? whole
        : Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength).toString('latin1');
    if (verb === 'data') {
      const data = dataOf(text, message.canonical);
      this.#out.write(data, replies, run);
      this.#owe(run, replies);
      this.#trace.content(data);
      return;
    }
    const chunk = needsLineEnds(message) ? canonicalText(text) : text;
    const command: Command = { verb: 'BDAT', octets: chunk.length, last: true };
    const encoded = encode(command);
    this.#out.write(encoded + chunk, replies, run);
    this.#owe(run, replies);
    this.#trace.command(command, encoded);
    this.#trace.content(chunk);
  }

  #owe(run: Run, replies: number): void {
    run.owed += replies;
    this.#trace.owed(replies);
  }
}
