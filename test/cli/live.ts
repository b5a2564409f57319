/** A command that goes on while the test talks to it: `plainwire listen`, and `plainwire connect` to it. */
import { spawn } from 'node:child_process';
import { BIN } from './plainwire.ts';

export interface Live extends AsyncDisposable {
  /** What stdout and stderr have said so far. */
  readonly said: () => string;
  readonly stdout: () => string;
  /** Settles when what was said so far holds this; rejects when the command ends without, or takes too long. */
  hears(expected: RegExp | string): Promise<string>;
  /** Lines on stdin. */
  type(...lines: readonly string[]): void;
  /** No more on stdin. */
  end(): void;
  kill(signal: NodeJS.Signals): void;
  /** Nobody reads stdout any more, until somebody does again. */
  readonly reader: { pause(): void; resume(): void };
  /** The exit code. */
  readonly ended: Promise<number | null>;
}

const PATIENCE = 15_000;

export function live(args: readonly string[], options: { readonly cwd?: string } = {}): Live {
  const { PLAINWIRE_PASSWORD: _password, PLAINWIRE_SERVER: _server, FORCE_COLOR: _colour, ...env } = process.env;
  const child = spawn(process.execPath, [BIN, ...args], { cwd: options.cwd, env });
  let said = '';
  let stdout = '';
  let over = false;
  const wake = new Set<() => void>();
  const heard = () => {
    for (const each of wake) each();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    stdout += text;
    heard();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    heard();
  });
  child.stdin.on('error', () => {});
  const ended = new Promise<number | null>((resolve) =>
    child.on('close', (code) => {
      over = true;
      resolve(code);
      heard();
    }),
  );
  const has = (expected: RegExp | string) =>
    typeof expected === 'string' ? said.includes(expected) : expected.test(said);
  return {
    said: () => said,
    stdout: () => stdout,
    ended,
    hears: (expected) =>
      new Promise((resolve, reject) => {
        const settle = (end: () => void) => {
          clearTimeout(timer);
          wake.delete(look);
          end();
        };
        const look = () => {
          if (has(expected)) settle(() => resolve(said));
          else if (over) settle(() => reject(new Error(`it ended without ${expected}, having said:\n${said}`)));
        };
        const timer = setTimeout(
          () => settle(() => reject(new Error(`no ${expected} within ${PATIENCE} ms, only:\n${said}`))),
          PATIENCE,
        );
        wake.add(look);
        look();
      }),
    type: (...lines) => void child.stdin.write(lines.map((line) => `${line}\n`).join('')),
    end: () => void child.stdin.end(),
    reader: { pause: () => void child.stdout.pause(), resume: () => void child.stdout.resume() },
    kill: (signal) => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      if (!over) child.kill('SIGKILL');
      await ended;
    },
  };
}

/** `plainwire listen`, with the port it listens on. */
export async function listening(
  args: readonly string[],
  options: { readonly cwd?: string } = {},
): Promise<Live & { readonly port: number }> {
  const server = live(['listen', '0', ...args], options);
  const said = await server.hears(/listening on \S+/);
  return { ...server, port: Number(/listening on \S+:(\d+)/.exec(said)?.[1]) };
}
