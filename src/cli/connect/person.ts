/** The client who is a person: types lines with editing and history, sees replies as they come, asks for hints with Tab. */
import { type Explanation, type Style, type TlsFacts, tlsSummary } from '../../trace/index.ts';
import type { Connection } from '../../transport/index.ts';
import { HEARD, SAID, shownExplanation, shownFact, shownLine } from '../dialogue/lines.ts';
import type { Prompt } from '../dialogue/prompt.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import type { Screen, Session } from './session.ts';

export class PersonScreen implements Screen {
  /** Lines are said that nobody types: they have to be shown. */
  automatic = false;
  readonly #prompt: Prompt;
  readonly #style: Style | undefined;
  readonly #explain: boolean;

  constructor(prompt: Prompt, style: Style | undefined, explain: boolean) {
    this.#prompt = prompt;
    this.#style = style;
    this.#explain = explain;
  }

  said(line: string, explanation: Explanation | undefined): void {
    const shown = this.automatic ? [shownLine(SAID, line, this.#style)] : [];
    const lines = [...shown, ...this.#explained(explanation)];
    if (lines.length > 0) this.#prompt.print(...lines);
  }

  heard(line: string, explanation: Explanation | undefined): void {
    this.#prompt.print(shownLine(HEARD, line, this.#style), ...this.#explained(explanation));
  }

  begun(text: string): void {
    this.#prompt.print(`${shownLine(HEARD, text, this.#style)}…`);
  }

  bytes(): void {}

  secured(facts: TlsFacts): void {
    this.fact(tlsSummary(facts));
  }

  held(): void {
    if (!this.automatic) this.fact('this waits until the server has answered what was said before');
  }

  caughtUp(): undefined {
    return undefined;
  }

  fact(text: string): void {
    this.#prompt.print(shownFact(text, this.#style));
  }

  #explained(explanation: Explanation | undefined): string[] {
    return this.#explain && explanation !== undefined ? [shownExplanation(explanation, this.#style)] : [];
  }
}

export interface ByHand {
  readonly session: Session;
  readonly connection: Connection;
  readonly prompt: Prompt;
  readonly screen: PersonScreen;
  /** What is said before the person may: STARTTLS. */
  readonly before?: () => Promise<void>;
}

/** Says what the person types, until either side ends. @throws PlainwireError */
export async function talkByHand({ session, connection, prompt, screen, before }: ByHand): Promise<ExitCode> {
  const listening = session.listen();
  let saying = begin(screen, before);
  prompt.lines.on('line', (line) => {
    // a line at a time: each may have to wait for the reply to the one before
    saying = saying.then(async () => {
      // what went wrong is told by listen()
      await session.say(line).catch(() => {});
      prompt.print();
    });
  });
  // Ctrl-D: this side has said everything
  prompt.lines.on('close', () => void saying.then(() => connection.end()).catch(() => {}));
  prompt.print();
  try {
    await Promise.race([listening, saying.then(() => listening)]);
    screen.fact('the server has closed the connection');
    return EXIT.done;
  } catch (error) {
    // the other one ends with the connection
    void listening.catch(() => {});
    throw error;
  } finally {
    prompt.close();
  }
}

async function begin(screen: PersonScreen, before: (() => Promise<void>) | undefined): Promise<void> {
  if (before === undefined) return;
  screen.automatic = true;
  await before();
  screen.automatic = false;
}
