/** Shows the dialogue with one client as the server sees it: `<-- ` what the client says, `--> ` what goes back. */
import type { Explanation, Style, TlsFacts, Tracer } from '../../trace/index.ts';
import { foldLabel } from '../../trace/render.ts';
import { HEARD, SAID, shownExplanation, shownFact, shownLine, shownText } from '../dialogue/lines.ts';
import { type Piece, PieceSplitter } from '../dialogue/pieces.ts';
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
  /** Settles when whoever reads what is shown has caught up; undefined where they have. */
  readonly caughtUp: () => Promise<void> | undefined;
  /** What goes back was typed on this very terminal, and need not be shown again. */
  readonly typed: boolean;
  /** The trace of it is written as the client sees it. */
  readonly tracer: Tracer | undefined;
}

/** So much of a message or page is shown, in bytes. */
const CONTENT_SHOWN = 4096;

export class Watch {
  readonly #options: WatchOptions;
  readonly #recorder: Recorder;
  readonly #client = new PieceSplitter();
  readonly #server = new PieceSplitter();
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

  /** Waits for whoever reads what is shown, so that no client fills our memory with what it says. */
  caughtUp(): Promise<void> | undefined {
    return this.#options.caughtUp();
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
      left = this.#client.take(left, (piece) => this.#cameLine(piece));
    }
  }

  /** This side said something. */
  went(bytes: Uint8Array): void {
    for (let left = bytes; left.length > 0; ) {
      left = this.#server.take(left, (piece) => this.#wentLine(piece));
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
    this.#client.rest((piece) => this.#cameLine(piece));
    this.#server.rest((piece) => this.#wentLine(piece));
    this.#unfold();
    this.#options.tracer?.closed(by === 'client' ? 'us' : 'peer');
  }

  #cameLine({ bytes, end, continues }: Piece): void {
    const { view } = this.#options;
    const said = continues ? view.saidOn(bytes.length) : view.said(bytes.toString('utf8'));
    this.#recorder.said(said, end === '' ? bytes : Buffer.concat([bytes, Buffer.from(end)]));
    this.#said(said, bytes);
  }

  #cameChunk(piece: Uint8Array): void {
    const said = this.#options.view.smtp?.saidChunk(piece.length);
    if (said === undefined) return;
    this.#recorder.said(said, piece);
    const room = this.#room(said.phase, piece.length);
    if (room === 0) return;
    const lines = shownText(piece.subarray(0, room)).replace(/\n$/, '');
    for (const line of lines.split('\n')) this.#print(HEARD, line, undefined);
  }

  #said(said: Said, bytes: Buffer): void {
    // the dot that ends a message says more than the message
    if (said.explanation !== undefined) this.#unfold();
    const size = bytes.length + 2;
    const room = said.explanation === undefined ? this.#room(said.phase, size) : size;
    if (room > 0) this.#print(HEARD, shownText(bytes.subarray(0, room), said.secrets), said.explanation);
  }

  #wentLine({ bytes, end, continues }: Piece): void {
    const { view, typed } = this.#options;
    const heard = continues ? view.heardOn(bytes.length) : view.heard(bytes.toString('utf8'));
    this.#recorder.heard(heard, end === '' ? bytes : Buffer.concat([bytes, Buffer.from(end)]));
    if (typed) return this.#explain(heard.explanation);
    const room = this.#room(heard.phase, bytes.length + 2);
    if (room > 0) this.#print(SAID, shownText(bytes.subarray(0, room)), heard.explanation);
  }

  /** How much of a line, or of a piece of content, of this size is still to be shown. */
  #room(phase: string, size: number): number {
    if (phase !== 'content' && phase !== 'body') {
      this.#unfold();
      return size;
    }
    // a line is not cut where it need not be
    const rest = this.#content < CONTENT_SHOWN ? CONTENT_SHOWN : 0;
    const room = this.#options.whole ? size : Math.min(size, rest);
    this.#content += size;
    this.#folded += size - room;
    return room;
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
