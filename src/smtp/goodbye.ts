/**
 * The 421 by which a server ends a session (RFC 5321 section 3.8), and what it says of the messages that had left whole.
 * Until the server closes nobody knows: some say 421 of one recipient, and go on.
 */
import type { Reply } from '../errors.ts';
import type { Utterance } from './dialogue.ts';
import type { Run } from './run.ts';

export class Goodbye {
  readonly reply: Reply;
  /** The message that it answered for one of several recipients: in LMTP each has a reply, and some may have been taken. */
  #inPart: Run | undefined;

  constructor(reply: Reply) {
    this.reply = reply;
  }

  /** What it answered, and whose turn it was: the first of the runs that are left. */
  heardFor(answered: Utterance, runs: readonly Run[]): void {
    const isPartly = (answered.verb === 'data' || answered.verb === 'bdat') && answered.replies > 1;
    this.#inPart = isPartly ? runs[0] : undefined;
  }

  /** Whether there are messages of which what the server does next tells what became of them. */
  leavesDoubt(runs: readonly Run[]): boolean {
    return runs.some((run) => run.content === 'left' && !run.abandoned && run !== this.#inPart);
  }

  /**
   * RFC 5321 section 4.2.2: a server that says 421 closes the channel. One that did so, or had nothing but refusals left,
   * has no message of those that stood behind the words it answered so.
   */
  unheeded(runs: readonly Run[]): void {
    for (const run of runs) if (run !== this.#inPart) run.content = 'held';
  }
}
