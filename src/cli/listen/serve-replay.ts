/** `--replay FILE`: plays the server of a recorded dialogue, and shows where a client says something else. */

import { parseTranscript, type Transcript } from '../../trace/index.ts';
import { safeLine } from '../../trace/render.ts';
import { MismatchError, play, type ServerTlsOptions } from '../../transport/index.ts';
import type { Client, Serve } from './client.ts';

/** @throws MessageError BAD_FILE that names the line */
export function serveReplay(text: string, tls: ServerTlsOptions | undefined, print: (line: string) => void): Serve {
  const dialogues = dialoguesOf(text).map(parseTranscript);
  return async (client) => {
    try {
      await playTo(client, dialogues[client.id - 1] ?? dialogues.at(-1) ?? [], tls);
      client.watch.fact('the dialogue was played to its end');
    } catch (error) {
      if (error instanceof MismatchError) for (const line of sideBySide(error)) print(`${client.id} ${line}`);
      throw error;
    }
  };
}

/** A record holds one dialogue after the other, each under a heading; the first client gets the first of them. */
function dialoguesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  const starts = lines.flatMap((line, index) => (/^# \S+ dialogue with /.test(line) ? [index] : []));
  if (starts.length < 2) return [text];
  return starts.map((start, index) => {
    const own = lines.slice(index === 0 ? 0 : start, starts[index + 1]);
    // a complaint about a line names its number in the file
    return '\n'.repeat(index === 0 ? 0 : start) + own.join('\n');
  });
}

function playTo(client: Client, steps: Transcript, tls: ServerTlsOptions | undefined): Promise<void> {
  return play(steps, client.connection, {
    onTls: async () => {
      if (tls !== undefined) await client.secure(tls);
    },
    onStep: (step, received) => {
      if (step.from === 'client') {
        if (received === undefined) return;
        client.watch.came('octets' in step ? Buffer.from(received, 'latin1') : Buffer.from(`${received}\r\n`));
      } else if ('bytes' in step) client.watch.went(step.bytes);
    },
  });
}

/** Wider lines than this are cut where they begin to differ. */
const WIDTH = 56;

/** The two lines next to each other, and under them where they part. */
export function sideBySide({ step, expected, received }: MismatchError): string[] {
  const left = safeLine(expected);
  const right = received === undefined ? '(the client has closed)' : safeLine(received);
  const parting = firstDifference(left, right);
  const from = Math.max(left.length, right.length) > WIDTH ? Math.max(0, parting - WIDTH / 2) : 0;
  const cut = (text: string) => `${from > 0 ? '…' : ''}${text.slice(from, from + WIDTH)}`;
  const width = Math.max(cut(left).length, 'expected'.length);
  const at = parting - from + (from > 0 ? 1 : 0);
  return [
    `*** step ${step} is not what was recorded`,
    `    ${'expected'.padEnd(width)} | received`,
    `    ${cut(left).padEnd(width)} | ${cut(right)}`,
    `    ${`${' '.repeat(at)}^`.padEnd(width)} | ${' '.repeat(at)}^`,
  ];
}

function firstDifference(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return at;
}
