/**
 * Explains a whole transcript, line by line. It may be marked in any of the ways that traces are: `C: ` and `S: ` as in
 * the RFCs, our arrows, swaks, smtplib, curl's `> ` and `< `; or not at all, for then each line is judged by its look.
 */
import type { Explanation } from './entry.ts';
import { explainLine } from './index.ts';
import { explainCommand } from './smtp.ts';

export interface TranscriptLine {
  /** The line as it stands in the transcript. */
  readonly text: string;
  readonly explanation: Explanation | undefined;
}

type Side = 'client' | 'server' | 'fact' | 'unknown';

interface Marked {
  readonly side: Side;
  readonly text: string;
  /** An opened bracket of `--> [`: the lines that follow belong to it, up to the one that closes it. */
  readonly open: boolean;
}

const MARKS: readonly (readonly [RegExp, Side])[] = [
  [/^--> \[/, 'client'],
  [/^<-- \[/, 'server'],
  [/^(?:C: |>>> | -> | ~> |> )/, 'client'],
  [/^(?:S: |<<< |<- {2}|<~ {2}|<\*\* |<~\* |< )/, 'server'],
  [/^(?:=== |\*\*\* |-- |\* |reply: retcode|data: \(|connect: )/, 'fact'],
  [/^send: (?=['"])/, 'client'],
  [/^reply: (?=b?['"])/, 'server'],
];

export function explainTranscript(transcript: string): TranscriptLine[] {
  const lines = transcript.replace(/\r?\n$/, '').split(/\r?\n/);
  // The first line that is spoken tells: where one is marked all are, and others (smtplib's second copies) say nothing.
  const first = lines.map(mark).find((line) => line.side !== 'fact');
  const reader = new Reader(first !== undefined && first.side !== 'unknown');
  return lines.map((text) => ({ text, explanation: reader.line(text) }));
}

class Reader {
  readonly #isMarked: boolean;
  #open: Side | undefined;
  #phase: string | undefined;
  #inContent = false;

  constructor(isMarked: boolean) {
    this.#isMarked = isMarked;
  }

  line(text: string): Explanation | undefined {
    const marked = this.#marked(text);
    if (marked.side === 'fact') return undefined;
    if (this.#inContent && marked.side !== 'server') {
      if (isEnd(marked.text)) {
        this.#inContent = false;
        this.#phase = 'content';
      }
      return undefined;
    }
    const explanation = explainLine(marked.text, this.#phase);
    if (marked.side !== 'server') this.#command(marked.text);
    if (/^354(?: |$)/.test(marked.text)) this.#inContent = true;
    return explanation;
  }

  #marked(text: string): Marked {
    if (!this.#isMarked) return { side: 'unknown', text, open: false };
    let marked: Marked = this.#open === undefined ? mark(text) : { side: this.#open, text, open: true };
    if (marked.side === 'unknown') return { ...marked, side: 'fact' };
    // In a message a bracket may end any line; what closes it there stands alone, after the last line end.
    const closes = this.#inContent ? marked.text === ']' : marked.text.endsWith(']');
    if (marked.open && closes) marked = { ...marked, text: marked.text.slice(0, -1), open: false };
    this.#open = marked.open ? marked.side : undefined;
    return marked;
  }

  #command(line: string): void {
    const command = explainCommand(line);
    if (command !== undefined) this.#phase = command.subject.toLowerCase();
  }
}

/** The end of a message: the dot, or the whole message as one string, as smtplib shows it. */
function isEnd(text: string): boolean {
  return text === '.' || text.endsWith('\r\n.\r\n') || text.endsWith('\r\n.');
}

function mark(text: string): Marked {
  for (const [pattern, side] of MARKS) {
    const found = pattern.exec(text)?.[0];
    if (found === undefined) continue;
    const rest = text.slice(found.length);
    if (/^(send|reply): $/.test(found)) return { side, text: unquoted(rest), open: false };
    return { side, text: rest, open: found.endsWith('[') };
  }
  return { side: 'unknown', text, open: false };
}

/** What Python's repr() quoted. */
function unquoted(literal: string): string {
  const inner = /^b?(['"])(.*)\1/.exec(literal)?.[2] ?? literal;
  return inner
    .replace(/\\(r|n|t|\\|'|")/g, (_whole, c: string) => ({ r: '\r', n: '\n', t: '\t' })[c] ?? c)
    .replace(/\r\n$/, '');
}
