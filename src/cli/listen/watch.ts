/** Shows the dialogue with one client as the server sees it: `<-- ` what the client says, `--> ` what goes back. */
import type { Explanation, Style, TlsFacts, Tracer } from '../../trace/index.ts';
import { foldLabel } from '../../trace/render.ts';
import { type Line, LineSplitter } from '../../transport/index.ts';
import { HEARD, SAID, shownExplanation, shownFact, shownLine, shownText } from '../dialogue/lines.ts';
import { Recorder } from '../dialogue/recorder.ts';
import type { Said } from '../dialogue/speech.ts';
import type { View } from '../dialogue/view.ts';

export interface WatchOptions {
  /** The client's number, shown before each line. */
  readonly id: number;
  readonly view: View;
  /** Shows a line, or several. */
  readonly print: (text: string) => void;
  readonly style: Style | undefined;
  readonly explain: boolean;
  /** Show contents whole, and not only how they begin. */
  readonly whole: boolean;
  /** What goes back was typed on this very terminal, and need not be shown again. */
  readonly typed: boolean;
  /** The trace of it is written as the client sees it. */
  readonly tracer: Tracer | undefined;
}

/** So much of a message or page is shown, in bytes. */
const CONTENT_SHOWN = 4096;

/** A line longer than this is no line of a dialogue, and is shown in pieces. */
const LONGEST_LINE = 32 * 1024;

const LF = 0x0a;

export class Watch {
  readonly #options: WatchOptions;
  readonly #recorder: Recorder;
  readonly #client = new LineSplitter(2 * LONGEST_LINE);
  readonly #server = new LineSplitter(2 * LONGEST_LINE);
  #content = 0;
  #folded = 0;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#recorder = new Recorder(options.tracer);
  }

  /** What is known of the dialogue. */
  get view(): View {
    return this.#options.view;
  }

  /** The client said something. */
  came(chunk: Uint8Array): void {
    let left = chunk;
    while (left.length > 0) {
      const octets = this.#options.view.smtp?.chunkLeft ?? 0;
      if (octets > 0) {
        const piece = left.subarray(0, octets);
        this.#cameChunk(piece);
        left = left.subarray(piece.length);
        continue;
      }
      left = this.#nextLine(this.#client, left, (line) => this.#cameLine(line));
    }
  }

  /** This side said something. */
  went(bytes: Uint8Array): void {
    for (let left = bytes; left.length > 0; ) {
      left = this.#nextLine(this.#server, left, (line) => this.#wentLine(line));
    }
  }

  secured(facts: TlsFacts): void {
    this.#options.view.smtp?.secured();
    this.#options.tracer?.tls(facts);
    this.fact(`${facts.protocol}, ${facts.cipher}`);
  }

  /** What happened, in words. */
  fact(text: string): void {
    this.#show(shownFact(text, this.#options.style));
  }

  /** Both sides have said what they say: lines that have no end are shown. */
  end(by: 'client' | 'server'): void {
    const came = this.#client.rest();
    if (came !== undefined) this.#cameLine(came);
    const went = this.#server.rest();
    if (went !== undefined) this.#wentLine(went);
    this.#unfold();
    this.#options.tracer?.closed(by === 'client' ? 'us' : 'peer');
  }

  #nextLine(splitter: LineSplitter, bytes: Uint8Array, take: (line: Line) => void): Uint8Array {
    const end = bytes.indexOf(LF);
    const piece = bytes.subarray(0, Math.min(end === -1 ? bytes.length : end + 1, LONGEST_LINE));
    for (const line of splitter.push(piece)) take(line);
    if (splitter.held > LONGEST_LINE) {
      const rest = splitter.rest();
      if (rest !== undefined) take(rest);
    }
    return bytes.subarray(piece.length);
  }

  #cameLine({ bytes, end }: Line): void {
    const said = this.#options.view.said(bytes.toString('utf8'));
    this.#recorder.said(said, end === '' ? bytes : Buffer.concat([bytes, Buffer.from(end)]));
    this.#said(said, bytes);
  }

  #cameChunk(piece: Uint8Array): void {
    const said = this.#options.view.smtp?.saidChunk(piece.length);
    if (said === undefined) return;
    this.#recorder.said(said, piece);
    const lines = shownText(piece).replace(/\n$/, '');
    if (this.#shows(said.phase, piece.length))
      for (const line of lines.split('\n')) this.#print(HEARD, line, undefined);
  }

  #said(said: Said, bytes: Buffer): void {
    // the dot that ends a message says more than the message
    if (said.explanation === undefined && !this.#shows(said.phase, bytes.length + 2)) return;
    if (said.explanation !== undefined) this.#unfold();
    this.#print(HEARD, shownText(bytes, said.secrets), said.explanation);
  }

  #wentLine({ bytes, end }: Line): void {
    const heard = this.#options.view.heard(bytes.toString('utf8'));
    this.#recorder.heard(heard, end === '' ? bytes : Buffer.concat([bytes, Buffer.from(end)]));
    if (this.#options.typed) this.#explain(heard.explanation);
    else if (this.#shows(heard.phase, bytes.length + 2)) this.#print(SAID, shownText(bytes), heard.explanation);
  }

  /** Whether a line, or a piece of content of this size, is still to be shown. */
  #shows(phase: string, size: number): boolean {
    if (phase !== 'content' && phase !== 'body') {
      this.#unfold();
      return true;
    }
    this.#content += size;
    if (this.#options.whole || this.#content - size < CONTENT_SHOWN) return true;
    this.#folded += size;
    return false;
  }

  /** The content is over: says how much of it was not shown. */
  #unfold(): void {
    if (this.#folded > 0) this.#show(`    ${foldLabel(this.#folded)}`);
    this.#content = 0;
    this.#folded = 0;
  }

  #print(mark: string, text: string, explanation: Explanation | undefined): void {
    this.#show(shownLine(mark, text, this.#options.style));
    this.#explain(explanation);
  }

  #explain(explanation: Explanation | undefined): void {
    const { style, explain } = this.#options;
    if (explain && explanation !== undefined) this.#options.print(shownExplanation(explanation, style));
  }

  #show(text: string): void {
    this.#options.print(`${this.#options.id} ${text}`);
  }
}
