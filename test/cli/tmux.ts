/** A terminal for the command line to run on, typed on and looked at by way of tmux. */
import { execFile, spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BIN } from './plainwire.ts';

const run = promisify(execFile);

const found = spawnSync('tmux', ['-V'], { encoding: 'utf8' });

/** Why the tests that need a terminal can't run; undefined where they can. */
export const NO_TERMINAL =
  found.status === 0 ? undefined : 'there is no tmux on this machine (Debian and Ubuntu: apt install tmux)';

const PATIENCE = 15_000;
let sessions = 0;

export class Screen implements AsyncDisposable {
  /** The path of tmux's own socket, which it leaves behind: where it goes with the test run. */
  readonly #socket: string;

  private constructor(socket: string) {
    this.#socket = socket;
  }

  /** Runs plainwire on a terminal of its own; when it ends, its exit code is the last line. */
  static async plainwire(args: readonly string[], cwd: string): Promise<Screen> {
    sessions += 1;
    const screen = new Screen(join(tmpdir(), `tmux-${process.pid}-${sessions}`));
    const command = [process.execPath, BIN, ...args].map(quoted).join(' ');
    // Ctrl-C is for the command, and not for the shell around it. NO_COLOR is for people; here colours would only be in the way of what is looked for
    const script = `trap : INT; cd ${quoted(cwd)}; NO_COLOR=1 ${command}; echo "exit code $?"; exec cat`;
    await screen.#tmux('new-session', '-d', '-x', '120', '-y', '50', 'sh', '-c', script);
    return screen;
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    // no settings of the person who runs the tests, and no server of theirs
    return (await run('tmux', ['-S', this.#socket, '-f', '/dev/null', ...args])).stdout;
  }

  /** What stands on the screen and above it, long lines joined. */
  async text(): Promise<string> {
    return (await this.#tmux('capture-pane', '-p', '-J', '-S', '-500'))
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd();
  }

  /** Waits until the screen shows this. */
  async shows(expected: RegExp | string): Promise<string> {
    const end = Date.now() + PATIENCE;
    for (;;) {
      const text = await this.text();
      if (typeof expected === 'string' ? text.includes(expected) : expected.test(text)) return text;
      if (Date.now() > end) throw new Error(`no ${expected} within ${PATIENCE} ms, only:\n${text}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async type(text: string): Promise<void> {
    await this.#tmux('send-keys', '-l', text);
  }

  /** By tmux's names: `'Enter'`, `'Up'`, `'Tab'`, `'C-c'`, `'BSpace'`. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.#tmux('send-keys', ...keys);
  }

  /** A line and Enter. */
  async say(line: string): Promise<void> {
    await this.type(line);
    await this.press('Enter');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux('kill-server').catch(() => {});
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
