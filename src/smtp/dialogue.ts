/**
 * The form of every part of the SMTP dialogue: a generator that yields what is to be said and is resumed with the
 * replies, one for one. It knows the protocol, and sees no socket, no timer and no chunk. What it returns is the
 * outcome; what it throws is the failure.
 */
import type { PlainwireError, Reply } from '../errors.ts';
import type { Message } from '../mime/message.ts';
import type { TlsFacts } from '../trace/event.ts';
import type { Command } from './command.ts';

/** One thing that is said, and is owed a reply, or with BDAT and LMTP several. */
export type Utterance =
  | { readonly kind: 'command'; readonly command: Command }
  /** The message behind a 354, with its final dot. */
  | { readonly kind: 'data'; readonly message: Message; readonly replies: number }
  /** The message in BDAT chunks (RFC 3030): a reply for each, and for the last as many as `replies`. */
  | { readonly kind: 'bdat'; readonly message: Message; readonly replies: number }
  /** Nothing but the final dot: a 354 came though there is nothing to send. */
  | { readonly kind: 'lone dot' }
  /** Nothing is said: the server speaks first. */
  | { readonly kind: 'greeting' };

export type Step =
  | {
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
  /** TLS from here on; resumed with its facts. */
  | { readonly kind: 'upgrade' }
  /** Work that is neither said nor heard, off the wire: a token to fetch, a key to derive; resumed with its result. */
  | { readonly kind: 'work'; readonly work: () => Promise<unknown> };

/** What a step is resumed with: replies (fewer than utterances where it did not go on), TLS facts, or a result. */
export type Answer = readonly Reply[] | TlsFacts | unknown;

export type Dialogue<T> = Generator<Step, T, Answer>;

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

/** Says one command; its reply. */
export function* ask(command: Command): Dialogue<Reply> {
  const [reply] = yield* say([{ kind: 'command', command }]);
  return reply as Reply;
}

/** Says several things whose replies are judged together. */
export function* say(
  utterances: readonly Utterance[],
  goesOn: (replies: readonly Reply[], next: number) => boolean = always,
  place: 'more to come' | 'last' = 'more to come',
): Dialogue<readonly Reply[]> {
  return (yield { kind: 'say', utterances, goesOn, last: place === 'last' }) as readonly Reply[];
}

export function* upgrade(): Dialogue<TlsFacts> {
  return (yield { kind: 'upgrade' }) as TlsFacts;
}

export function* work<T>(task: () => Promise<T>): Dialogue<T> {
  return (yield { kind: 'work', work: task }) as T;
}
