/** Runs a program of examples/ as its own process, as `npm run example NAME` does. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const RUN = fileURLToPath(new URL('../../examples/run.mjs', import.meta.url));
if (!existsSync(fileURLToPath(new URL('../../dist/transport/index.js', import.meta.url)))) {
  throw new Error('the package is not built: npm run build');
}

/** How long a program may take to say what is waited for, in milliseconds. */
const PATIENCE = 10_000;

export class Example implements AsyncDisposable {
  stdout = '';
  stderr = '';
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #exit: Promise<number | null>;
  readonly #listeners = new Set<() => void>();

  constructor(args: readonly string[], cwd?: string) {
    this.#child = spawn(process.execPath, [RUN, ...args], { cwd });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      for (const listener of this.#listeners) listener();
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.#child.stdin.on('error', () => {});
    this.#exit = new Promise((resolve) => {
      this.#child.on('close', (code) => {
        resolve(code);
        for (const listener of this.#listeners) listener();
      });
    });
  }

  /** What a person types. */
  type(text: string): void {
    this.#child.stdin.write(text);
  }

  /** Types, says that this was all, and waits for the end. */
  async finish(text = ''): Promise<number | null> {
    this.#child.stdin.end(text);
    return await this.#exit;
  }

  get exit(): Promise<number | null> {
    return this.#exit;
  }

  /** Settles when stdout matches; rejects when the program ends, or takes too long, without having said it. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    return await new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#listeners.delete(look);
      };
      const look = (): void => {
        const match = pattern.exec(this.stdout);
        if (match !== null) {
          settle();
          resolve(match);
        } else if (this.#child.exitCode !== null) {
          settle();
          reject(new Error(`it ended without ${pattern}: ${this.stdout}${this.stderr}`));
        }
      };
      const timer = setTimeout(() => {
        settle();
        reject(new Error(`no ${pattern} in time: ${this.stdout}${this.stderr}`));
      }, PATIENCE);
      this.#listeners.add(look);
      look();
    });
  }

  kill(signal: NodeJS.Signals = 'SIGINT'): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exit;
  }
}

/** A server of examples/, and where it listens. */
export async function serverExample(...args: string[]): Promise<Example & { readonly address: string }> {
  const server = new Example(args);
  const [, address = ''] = await server.says(/^listening on (.+)$/m);
  return Object.assign(server, { address });
}

/** Runs a program to its end. */
export async function run(
  args: readonly string[],
  input = '',
  cwd?: string,
): Promise<Example & { code: number | null }> {
  const program = new Example(args, cwd);
  const code = await program.finish(input);
  return Object.assign(program, { code });
}
