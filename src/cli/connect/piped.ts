/** The client whose lines come from a file or a pipe: says them each in its turn, and prints what comes back. */
import { ConnectionError } from '../../errors.ts';
import { type Explanation, type TlsFacts, tlsSummary } from '../../trace/index.ts';
import { type Connection, LineSplitter } from '../../transport/index.ts';
import { HEARD, SAID, shownExplanation, shownFact, shownLine } from '../dialogue/lines.ts';
import type { View } from '../dialogue/view.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import type { Terminal } from '../terminal.ts';
import type { Screen, Session } from './session.ts';

/** A server of HTTP that has answered and then is silent for so long (in milliseconds) waits for us to end. */
const QUIET = 1_000;

/** A line of a file that is piped in, and not text at all past this. */
const LONGEST_LINE = 16 * 1024 * 1024;

/** Prints what the server said, byte for byte. */
export class PlainScreen implements Screen {
  readonly #terminal: Terminal;
  /** A terminal must not be steered by what comes over the wire; a file or a pipe gets every byte. */
  readonly #asText: boolean;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#asText = terminal.stdout.isTTY === true;
  }

  said(): void {}

  heard(line: string): void {
    if (this.#asText) this.#terminal.out(`${line}\n`);
  }

  begun(): void {}

  bytes(chunk: Uint8Array): void {
    if (!this.#asText) void this.#terminal.outBytes(chunk);
  }

  secured(): void {}

  held(): void {}

  caughtUp(): Promise<void> | undefined {
    return this.#terminal.caughtUp();
  }
}

/** Prints both sides of the dialogue, and under each line what it means where that is asked for. */
export class BothSidesScreen implements Screen {
  readonly #terminal: Terminal;
  readonly #explain: boolean;

  constructor(terminal: Terminal, explain: boolean) {
    this.#terminal = terminal;
    this.#explain = explain;
  }

  said(line: string, explanation: Explanation | undefined): void {
    this.#show(shownLine(SAID, line, this.#style), explanation);
  }

  heard(line: string, explanation: Explanation | undefined): void {
    this.#show(shownLine(HEARD, line, this.#style), explanation);
  }

  begun(): void {}

  bytes(): void {}

  secured(facts: TlsFacts): void {
    this.#terminal.out(`${shownFact(tlsSummary(facts), this.#style)}\n`);
  }

  held(): void {}

  caughtUp(): Promise<void> | undefined {
    return this.#terminal.caughtUp();
  }

  get #style(): Terminal['style'] {
    return this.#terminal.stdout.isTTY ? this.#terminal.style : undefined;
  }

  #show(line: string, explanation: Explanation | undefined): void {
    const isShown = this.#explain && explanation !== undefined;
    this.#terminal.out(`${line}\n${isShown ? `${shownExplanation(explanation, this.#style)}\n` : ''}`);
  }
}

export interface Piped {
  readonly session: Session;
  readonly connection: Connection;
  readonly view: View;
  /** `'lines'` get CRLF, whatever ended them; `'bytes'` go as they are. */
  readonly input: 'lines' | 'bytes';
  /** The session's listen(), under way. */
  readonly listening: Promise<void>;
}

/** Says what stdin has, then prints until the server ends. @throws PlainwireError */
export async function talkPiped(piped: Piped, stdin: NodeJS.ReadStream): Promise<ExitCode> {
  // When the server has ended, nothing more can be said: stdin need not be read to its end.
  const listening = piped.listening.finally(() => stdin.destroy());
  const [said] = await Promise.all([sayAll(piped, stdin), listening]);
  if (!said) {
    throw new ConnectionError('CONNECTION_CLOSED', 'the server closed before everything was said');
  }
  return EXIT.done;
}

/** False where the server was gone before the end. */
async function sayAll(piped: Piped, stdin: NodeJS.ReadStream): Promise<boolean> {
  const { session, connection } = piped;
  try {
    const whole = piped.input === 'bytes' ? await sayBytes(session, stdin) : await sayLines(session, stdin);
    if (!whole) return false;
  } catch (error) {
    if (session.ended) return false;
    throw error;
  }
  await readyToEnd(piped);
  if (!session.ended) connection.end();
  return true;
}

async function sayLines(session: Session, stdin: NodeJS.ReadStream): Promise<boolean> {
  const splitter = new LineSplitter(LONGEST_LINE);
  for await (const chunk of stdin) {
    for (const { bytes } of splitter.push(chunk as Buffer)) {
      if (!(await session.say(bytes.toString('utf8'), bytes))) return false;
    }
  }
  const rest = splitter.rest();
  return rest === undefined || session.say(rest.bytes.toString('utf8'), rest.bytes);
}

async function sayBytes(session: Session, stdin: NodeJS.ReadStream): Promise<boolean> {
  for await (const chunk of stdin) {
    if (!(await session.sayBytes(chunk as Buffer))) return false;
  }
  return true;
}

/**
 * Waits until this side may end (half-close). In SMTP, when every reply has come, and after QUIT not at all, for then
 * the server closes. In HTTP a client that ends may be taken for one that is gone, so it ends only where the server has
 * answered and does not close. Else at once: the server of a protocol with no commands waits for nothing but our end.
 */
async function readyToEnd({ session, view }: Piped): Promise<void> {
  const { smtp, http } = view;
  if (smtp !== undefined) {
    await session.until(() => smtp.idle);
    if (smtp.over) await session.until(() => false);
  } else if (http !== undefined) {
    await session.until(() => http.answered);
    while (!session.ended && performance.now() - session.lastHeard < QUIET) {
      await new Promise((resolve) => setTimeout(resolve, QUIET / 10));
    }
  }
}
