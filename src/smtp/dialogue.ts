/**
 * The form of every part of the SMTP dialogue: a generator that yields what is to be said and is resumed with the
 * replies, one for one. It knows the protocol, and sees no socket, no timer and no chunk. What it returns is the
 * outcome; what it throws is the failure.
 */
import type { PlainwireError, Reply } from '../errors.ts';
import type { Message } from '../mime/message.ts';
import type { Command } from './command.ts';

/**
 * One thing that is said, and is owed a reply, or with BDAT and LMTP several: a command, or what has no verb in the RFC
 * and goes by a name in lower case.
 */
export type Utterance =
  | Command
  | Content
  /** Nothing but the final dot: a 354 came though there is nothing to send. */
  | { readonly verb: 'lone dot' }
  /** Nothing is said: the server speaks first. */
  | { readonly verb: 'greeting' };

/** A message; nothing of the same step is said behind it. */
export interface Content {
  /** Behind a 354, with its final dot; or in BDAT chunks (RFC 3030), each of which is owed a reply. */
  readonly verb: 'data' | 'bdat';
  readonly message: Message;
  /** How many replies are owed to its end: one, or in LMTP one for each recipient. */
  readonly replies: number;
}

/** Things that are said, and whose replies are judged together. */
export interface Say {
  readonly kind: 'say';
  readonly utterances: readonly Utterance[];
  /**
   * Where each reply is awaited before the next utterance: whether the next still makes sense, given the replies so
   * far. Where all go out in one write, it is not asked.
   */
  readonly goesOn: (replies: readonly Reply[], next: number) => boolean;
  /** Nothing will be said after this, whatever the replies: what comes next may be said right behind it. */
  readonly last: boolean;
}

export type Step =
  | Say
  /** TLS from here on. */
  | { readonly kind: 'upgrade' }
  /** Work that is neither said nor heard, off the wire: a token to fetch, a key to derive. */
  | { readonly kind: 'work'; readonly work: () => Promise<void> };

/**
 * A dialogue is resumed with the replies to what it said: fewer than there were utterances where it did not go on, and
 * none where nothing was said.
 */
export type Dialogue<T> = Generator<Step, T, readonly Reply[]>;

/** Thrown into a dialogue whose replies will not come: what went wrong, and the replies that did come. */
export class Interruption extends Error {
  override name = 'Interruption';
  readonly fault: PlainwireError;
  readonly replies: readonly Reply[];

  constructor(fault: PlainwireError, replies: readonly Reply[]) {
    super(fault.message, { cause: fault });
    this.fault = fault;
    this.replies = replies;
  }
}

const always = (): boolean => true;

/** Several things at once. */
export function say(
  utterances: readonly Utterance[],
  goesOn: (replies: readonly Reply[], next: number) => boolean = always,
): Say {
  return { kind: 'say', utterances, goesOn, last: false };
}

/** The same, and nothing more after it. */
export function sayLast(
  utterances: readonly Utterance[],
  goesOn: (replies: readonly Reply[], next: number) => boolean = always,
): Say {
  return { kind: 'say', utterances, goesOn, last: true };
}

/** Says one command; its reply. */
export function* ask(command: Command): Dialogue<Reply> {
  const [reply] = yield say([command]);
  return reply as Reply;
}

/** TLS from here on. */
export const UPGRADE: Step = { kind: 'upgrade' };

/** Work off the wire; its result. */
export function* work<T>(task: () => Promise<T>): Dialogue<T> {
  let result: { readonly value: T } | undefined;
  yield {
    kind: 'work',
    work: async () => {
      result = { value: await task() };
    },
  };
  return (result as unknown as { readonly value: T }).value;
}
