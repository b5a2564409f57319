/** A terminal on which lines appear above the one that is being typed, with editing and history. */
import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from 'node:readline';
import { safe } from '../../trace/index.ts';
import type { Terminal } from '../terminal.ts';
import type { Hint } from './speech.ts';

const HISTORY = 1000;

export class Prompt {
  readonly #interface: Interface;
  readonly #out: NodeJS.WriteStream;
  #open = true;

  /** @param hints what could be typed now */
  constructor(terminal: Terminal, mark: string, hints: () => readonly Hint[]) {
    this.#out = terminal.stdout;
    this.#interface = createInterface({
      input: terminal.stdin,
      output: terminal.stdout,
      terminal: true,
      historySize: HISTORY,
      prompt: mark,
      completer: (typed: string): [string[], string] => [this.#complete(typed, hints()), typed],
    });
    this.#interface.on('close', () => {
      this.#open = false;
    });
    this.#interface.on('SIGINT', () => terminal.interrupt());
  }

  /** Its events `'line'` and `'close'` (Ctrl-D, too). */
  get lines(): Interface {
    return this.#interface;
  }

  /** What stands before the line that is typed. */
  set mark(mark: string) {
    this.#interface.setPrompt(mark);
    this.print();
  }

  /** Shows lines, and the prompt with what is typed below them. */
  print(...lines: readonly string[]): void {
    const text = lines.map((line) => `${line}\n`).join('');
    if (!this.#open) {
      this.#out.write(text);
      return;
    }
    this.#clear();
    this.#out.write(text);
    this.#interface.prompt(true);
  }

  close(): void {
    if (!this.#open) return;
    // the prompt of a line that nobody will type
    this.#clear();
    this.#interface.close();
  }

  #clear(): void {
    const { rows } = this.#interface.getCursorPos();
    moveCursor(this.#out, 0, -rows);
    cursorTo(this.#out, 0);
    clearScreenDown(this.#out);
  }

  /** Completes where there is one way on, else shows all of them, with what they mean. */
  #complete(typed: string, hints: readonly Hint[]): string[] {
    const start = typed.toUpperCase();
    const matching = hints.filter(({ line }) => line.toUpperCase().startsWith(start));
    const [only] = matching;
    if (only !== undefined && matching.length === 1 && only.line !== '' && typed !== '') return [only.line];
    const width = Math.max(0, ...matching.map(({ line }) => line.length));
    if (matching.length > 0) {
      this.print(...matching.map(({ line, means }) => `    ${safe(line).padEnd(width)}  ${safe(means)}`.trimEnd()));
    }
    return [];
  }
}
