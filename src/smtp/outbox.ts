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
  readonly #onLeaving: (replies: number) => void;

  /** `onLeaving` hears how many replies are owed to what was just taken. */
  constructor(onLeaving: (replies: number) => void) {
    this.#onLeaving = onLeaving;
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
    this.#onLeaving(next.replies);
    return next.text;
  }

  clear(): void {
    this.#out = [];
  }
}
