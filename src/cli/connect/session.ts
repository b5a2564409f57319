/** One dialogue with a server, the client's lines coming from a person or from a file. */
import type { PlainwireError } from '../../errors.ts';
import type { Explanation, TlsFacts } from '../../trace/index.ts';
import type { Connection, TlsOptions } from '../../transport/index.ts';
import { shownText } from '../dialogue/lines.ts';
import { type Piece, PieceSplitter } from '../dialogue/pieces.ts';
import { Recorder } from '../dialogue/recorder.ts';
import type { Pace } from '../dialogue/smtp-view.ts';
import type { View } from '../dialogue/view.ts';

/** Where the dialogue is shown. Lines come as text that is safe to show. */
export interface Screen {
  said(line: string, explanation: Explanation | undefined): void;
  heard(line: string, explanation: Explanation | undefined): void;
  /** A line has begun, and its end does not come: a prompt, perhaps. */
  begun(text: string): void;
  /** Bytes as they came. */
  bytes(chunk: Uint8Array): void;
  secured(facts: TlsFacts): void;
  /** A line was to be said, and still waits for the replies to those before it. */
  held(): void;
  /** Settles when whoever looks at it has caught up; undefined where they have. */
  caughtUp(): Promise<void> | undefined;
}

export interface SessionOptions {
  readonly connection: Connection;
  readonly view: View;
  readonly screen: Screen;
  readonly pace: Pace;
  /** For a STARTTLS in the dialogue. */
  readonly tls: TlsOptions;
  /** How long a reply that is owed is waited for, in milliseconds; a person waits as long as they like. */
  readonly patience: number | undefined;
}

/** A part of a line is shown when nothing more has come for so long, in milliseconds. */
const PARTIAL_AFTER = 400;

/** Who waits to say a line is told so after this, in milliseconds. */
const HELD_AFTER = 1_000;

const CRLF = Buffer.from('\r\n');

export class Session {
  readonly #options: SessionOptions;
  readonly #splitter = new PieceSplitter();
  readonly #recorder: Recorder;
  #wake: (() => void)[] = [];
  #ended = false;
  #fault: PlainwireError | undefined;
  #lastHeard = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#recorder = new Recorder(options.connection.tracer);
  }

  /** The server has said everything, or the connection broke. */
  get ended(): boolean {
    return this.#ended;
  }

  /** When the server last said something (performance.now()); 0 for never. */
  get lastHeard(): number {
    return this.#lastHeard;
  }

  /**
   * Says a line when it is its turn: in SMTP, when the replies before it have come. False when the server is gone.
   * @throws TimeoutError
   */
  async say(line: string, bytes: Uint8Array = Buffer.from(line, 'utf8')): Promise<boolean> {
    const { view, screen, pace } = this.#options;
    view.recognise(line);
    const held = setTimeout(() => screen.held(), HELD_AFTER);
    await this.until(() => view.maySay(pace)).finally(() => clearTimeout(held));
    if (this.#ended) return false;
    const said = view.said(line);
    screen.said(shownText(bytes, said.secrets), said.explanation);
    await screen.caughtUp();
    const whole = Buffer.concat([bytes, CRLF]);
    this.#recorder.said(said, whole);
    await this.#write(whole);
    return true;
  }

  /** Bytes that are no lines. */
  async sayBytes(chunk: Uint8Array): Promise<boolean> {
    if (this.#ended) return false;
    await this.#write(chunk);
    return true;
  }

  /** Waits for a state of the dialogue, or its end. @throws TimeoutError when the server is silent for too long */
  async until(reached: () => boolean): Promise<void> {
    const { connection, patience } = this.#options;
    if (patience !== undefined && !this.#ended && !reached()) connection.setDeadline('reply', patience);
    while (!this.#ended && !reached()) {
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
    if (patience !== undefined) connection.clearDeadline();
    if (this.#fault !== undefined) throw this.#fault;
  }

  /** Shows what the server says, until it ends. @throws what Connection.read() throws */
  async listen(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    try {
      const { connection, screen } = this.#options;
      for (let chunk = await connection.read(); chunk !== undefined; chunk = await connection.read()) {
        clearTimeout(timer);
        this.#lastHeard = performance.now();
        screen.bytes(chunk);
        await this.#take(chunk);
        this.#resume();
        await screen.caughtUp();
        timer = setTimeout(() => this.#showPartial(), PARTIAL_AFTER);
      }
      this.#splitter.rest((piece) => this.#heard(piece));
    } catch (error) {
      this.#fault = error as PlainwireError;
      throw error;
    } finally {
      clearTimeout(timer);
      this.#ended = true;
      this.#resume();
    }
  }

  /** Line by line, for after one that answers STARTTLS everything is different. */
  async #take(chunk: Uint8Array): Promise<void> {
    for (let left = chunk; left.length > 0; ) {
      left = this.#splitter.take(left, (piece) => this.#heard(piece));
      if (this.#options.view.smtp?.tlsDue === true) {
        // what came with the reply came in clear: the connection refuses to go on with it
        this.#options.connection.unread(left);
        left = new Uint8Array(0);
        await this.#secure();
      }
    }
  }

  async #secure(): Promise<void> {
    const { connection, view, screen, tls } = this.#options;
    const facts = await connection.upgrade(tls);
    view.smtp?.secured();
    screen.secured(facts);
  }

  #heard({ bytes, end, continues }: Piece): void {
    const { view, screen } = this.#options;
    const heard = continues ? view.heardOn(bytes.length) : view.heard(bytes.toString('utf8'));
    this.#recorder.heard(heard, end === '' ? bytes : Buffer.concat([bytes, Buffer.from(end)]));
    screen.heard(shownText(bytes), heard.explanation);
  }

  #showPartial(): void {
    const { partial } = this.#splitter;
    if (partial.length > 0) this.#options.screen.begun(shownText(partial));
  }

  async #write(bytes: Uint8Array): Promise<void> {
    // a fault of writing shows when reading, with what the server said last before it
    await this.#options.connection.write(bytes)?.catch(() => {});
  }

  #resume(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const each of wake) each();
  }
}
