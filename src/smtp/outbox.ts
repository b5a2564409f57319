/** What is to be written, in its order: commands and messages gathered into as few writes as may be, and streams. */
import type { ContentStream, Run } from './run.ts';

/** What is to be written next: bytes, one character each, or a stream of content. */
export type Outgoing = string | ContentStream;

/** Bytes to be written, the dialogues whose message ends in them, and how many replies they will be owed. */
interface Piece {
  text: string;
  readonly ending: Run[];
  replies: number;
}

export class Outbox {
  #out: (Piece | ContentStream)[] = [];
  #due = 0;

  /** How many replies are owed to words that have left: no other may have come yet. */
  get due(): number {
    return this.#due;
  }

  /** Replies are owed to what does not leave from here: to the connection itself, or to a stream. */
  expect(replies: number): void {
    this.#due += replies;
  }

  /** One of the replies due has come. */
  answered(): void {
    this.#due -= 1;
  }

  /** `ending`: the dialogue whose message is whole with this. */
  write(text: string, replies: number, ending?: Run): void {
    let last = this.#out[this.#out.length - 1];
    if (last !== undefined && 'text' in last) {
      last.text += text;
      last.replies += replies;
    } else {
      last = { text, ending: [], replies };
      this.#out.push(last);
    }
    if (ending !== undefined) last.ending.push(ending);
  }

  stream(content: ContentStream): void {
    this.#out.push(content);
  }

  /** The next to be written; it counts as said from now on. */
  take(): Outgoing | undefined {
    const next = this.#out.shift();
    if (next === undefined || !('text' in next)) return next;
    for (const run of next.ending) run.content = 'left';
    this.#due += next.replies;
    return next.text;
  }

  clear(): void {
    this.#out = [];
  }
}
