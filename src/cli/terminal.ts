/**
 * Where a command reads and writes: results on stdout, dialogue and complaints on stderr. A reader that has gone away
 * (`plainwire get ... | head`) stops the output, not the work: a message under way is still sent, and the exit code tells.
 */
import { styleText } from 'node:util';
import type { Part, Style } from '../trace/index.ts';
import { askSecret } from './password.ts';

/** The environment variables that plainwire reads. */
export interface Environment {
  readonly PLAINWIRE_PASSWORD?: string | undefined;
  readonly PLAINWIRE_SERVER?: string | undefined;
}

export interface Terminal {
  /** Results. */
  out(text: string): void;
  /** The dialogue, and what went wrong. */
  err(text: string): void;
  /** Colours for the dialogue; undefined where they are not wanted. */
  readonly style: Style | undefined;
  /** Ends everything that waits, when the person presses Ctrl-C. */
  readonly signal: AbortSignal;
  /** What Ctrl-C does, for whoever reads it as a key: a terminal that edits lines sends no signal. */
  interrupt(): void;
  readonly env: Environment;
  readonly stdin: NodeJS.ReadStream;
  /** For what edits lines on it; text goes by way of {@link out}. */
  readonly stdout: NodeJS.WriteStream;
  /** For what draws progress on it; text goes by way of {@link err}. */
  readonly stderr: NodeJS.WriteStream;
  /** Results that are no text; a promise where whoever reads them is slow. */
  outBytes(bytes: Uint8Array): Promise<void> | undefined;
  /** Settles when whoever reads the results has caught up, or need not any more; undefined where they have. */
  caughtUp(): Promise<void> | undefined;
  /** Asks the person for a password without showing it; undefined where nobody can be asked. */
  readonly askSecret: ((question: string) => Promise<string>) | undefined;
  /** Has something done when the command is over, however it ends. */
  atEnd(task: () => void): void;
  /** Does what was asked for by {@link atEnd}. */
  end(): void;
}

export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  const interrupt = new AbortController();
  // Once: a second Ctrl-C ends the process at once, whatever it is waiting for. SIGTERM is how other programs press it.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => interrupt.abort(new Error('interrupted')));
  }
  const out = writer(stdout);
  const tasks: (() => void)[] = [];
  return {
    out: (text) => void out(text),
    outBytes: (bytes) => (out(bytes) ? undefined : drained(stdout, interrupt.signal)),
    caughtUp: () => (stdout.writableNeedDrain ? drained(stdout, interrupt.signal) : undefined),
    err: writer(stderr),
    style: wantsColour(stderr, env) ? colours : undefined,
    signal: interrupt.signal,
    interrupt: () => interrupt.abort(new Error('interrupted')),
    env,
    stdin,
    stdout,
    stderr,
    atEnd: (task) => void tasks.push(task),
    end: () => {
      for (const task of tasks.splice(0)) task();
    },
    askSecret:
      stdin.isTTY && stderr.isTTY ? (question) => askSecret(question, stdin, stderr, interrupt.signal) : undefined,
  };
}

/** Writes until the reader is gone; false where it is slow. */
function writer(stream: NodeJS.WriteStream): (data: string | Uint8Array) => boolean {
  let gone = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    gone = true;
  });
  return (data) => gone || stream.write(data);
}

/** Settles when the reader has taken what was written, has gone, or is not waited for any more. */
function drained(stream: NodeJS.WriteStream, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      stream.off('drain', settle).off('error', settle);
      signal.removeEventListener('abort', settle);
      resolve();
    };
    if (signal.aborted) return resolve();
    stream.on('drain', settle).on('error', settle);
    signal.addEventListener('abort', settle);
  });
}

/** https://no-color.org and Node's own FORCE_COLOR decide before the terminal does. */
function wantsColour(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = env;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return stream.isTTY === true && TERM !== 'dumb';
}

const COLOURS = {
  sent: 'cyan',
  received: 'green',
  refused: 'red',
  fact: 'magenta',
  error: 'red',
  explanation: 'dim',
} as const satisfies Record<Part, Parameters<typeof styleText>[0]>;

function colours(part: Part, text: string): string {
  return styleText(COLOURS[part], text);
}
