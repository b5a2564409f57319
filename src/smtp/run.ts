/** One dialogue under way in a session, and what it waits for. */
import type { Reply } from '../errors.ts';
import type { Content, Dialogue, Say, Utterance } from './dialogue.ts';

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

export class Run {
  readonly dialogue: Dialogue<unknown>;
  readonly done: (outcome: Outcome<unknown>) => void;
  step: Say | undefined;
  /** How many utterances of the step have been said. */
  said = 0;
  /** How many replies are owed to it. */
  owed = 0;
  replies: Reply[] = [];
  /** The message: not begun, being written piece by piece, or gone whole, after which only the server knows its fate. */
  content: 'held' | 'streaming' | 'left' = 'held';
  /** Why the message's source broke off. */
  contentFault: unknown;
  /** The caller has had its answer and is gone; the replies owed to it still have to come. */
  abandoned = false;

  constructor(dialogue: Dialogue<unknown>, done: (outcome: Outcome<unknown>) => void) {
    this.dialogue = dialogue;
    this.done = done;
  }

  /** What the next reply answers; undefined when none is owed. */
  get awaits(): Utterance | undefined {
    if (this.owed === 0) return undefined;
    // only a message is owed several replies, and nothing is said behind it
    return this.step?.utterances[this.replies.length] ?? this.step?.utterances.at(-1);
  }
}

/** Content that is too large, or not yet there, to be written in one go. The driver reads and writes it piece by piece. */
export interface ContentStream {
  readonly content: Content;
  readonly run: Run;
}
