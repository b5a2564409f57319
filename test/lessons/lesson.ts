/**
 * Runs the commands of a lesson as a reader would, in an empty folder, and gathers what they say. A command that listens
 * goes on while the others run, and has said all when the lesson is over. Ports are free ones, and are shown as the
 * lesson has them.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BIN } from '../cli/plainwire.ts';

export const LESSONS = fileURLToPath(new URL('../../docs/lessons/', import.meta.url));

export interface Step {
  readonly command: string;
  readonly output: string;
}

/** The commands of a lesson with the output that it shows. */
export function stepsOf(lesson: string): Step[] {
  return [...lesson.matchAll(/^```console\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((each) => {
        const end = each.indexOf('\n');
        return { command: each.slice(0, end), output: each.slice(end + 1) };
      }),
  );
}

/** The lesson with other output under its commands, in their order. */
export function withOutputs(lesson: string, outputs: readonly string[]): string {
  let at = 0;
  return lesson.replace(/^```console\n([\s\S]*?)^```$/gm, (_whole, block: string) => {
    const commands = [...block.matchAll(/^\$ .*$/gm)].map(([line]) => `${line}\n${outputs[at++] ?? ''}`);
    return `\`\`\`console\n${commands.join('')}\`\`\``;
  });
}

/** What differs from run to run, made the same: times, dates, ids, ports, keys. */
export function steady(output: string): string {
  return output
    .replace(/\b\d+(?:,\d{3})*(?:\.\d+)? m?s\b/g, 'TIME')
    .replace(/[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (?:GMT|[+-]\d{4})/g, 'DATE')
    .replace(/\b\d{4}-\d\d-\d\d\b/g, 'DAY')
    .replace(/<[\w-]{20,}@/g, '<ID@')
    .replace(/Message-ID <[^>]*>/g, 'Message-ID <ID>')
    .replace(/(connected from (?:127\.0\.0\.1|\[::1\]):)\d+/g, '$1PORT')
    .replace(/(?:[0-9A-F]{2}:){31}[0-9A-F]{2}/g, 'FINGERPRINT')
    .replace(/=_[\w-]{20,}?(?="|(?:--)?$)/gm, 'BOUNDARY')
    .replace(/(\d+) bytes (sent|received)/g, 'N bytes $2')
    .replace(/(round trips?); N bytes sent, N bytes received/g, '$1');
}

export interface Outcome {
  /** What each command said, in their order. */
  readonly outputs: readonly string[];
  /** The pictures that were drawn, by name. */
  readonly pictures: ReadonlyMap<string, string>;
}

export async function run(steps: readonly Step[]): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'plainwire-lesson-'));
  const running: { child: ChildProcess; at: number }[] = [];
  const ports = new Map<string, string>();
  try {
    await mkdir(join(folder, 'bin'));
    await writeFile(join(folder, 'bin', 'plainwire'), `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`);
    await chmod(join(folder, 'bin', 'plainwire'), 0o755);
    await mkdir(join(folder, 'work'));
    await copyFile(join(LESSONS, 'slow-link.mjs'), join(folder, 'work', 'slow-link.mjs'));
    const outputs: string[] = steps.map(() => '');
    for (const [at, { command }] of steps.entries()) {
      for (const [port] of command.matchAll(/\b(?:2525|2526|8080)\b/g)) {
        if (!ports.has(port)) ports.set(port, await freePort());
      }
      const child = start(mapped(command, ports), folder, (text) => (outputs[at] += text));
      if (/(?:^|&& )(?:plainwire listen|node slow-link)/.test(command)) {
        running.push({ child, at });
        await until(() => /listening on /.test(outputs[at] ?? ''), `${command}: it does not listen: ${outputs[at]}`);
      } else {
        await ended(child);
        await settled(() => running.map((each) => outputs[each.at] ?? ''), command);
      }
    }
    for (const { child } of running) {
      child.kill('SIGINT');
      await ended(child);
    }
    const back = new Map([...ports].map(([port, own]) => [own, port]));
    const pictures = new Map<string, string>();
    for (const [, name = ''] of steps
      .map(({ command }) => command)
      .join('\n')
      .matchAll(/--picture (\S+\.svg)/g)) {
      pictures.set(name, mapped(await readFile(join(folder, 'work', name), 'utf8'), back));
    }
    return { outputs: outputs.map((output, at) => shown(steps[at]?.command ?? '', mapped(output, back))), pictures };
  } finally {
    for (const { child } of running) if (child.exitCode === null) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
}

/** As it stands in a lesson: of a server, what it says of its first client; the others are seen from the client's side. */
function shown(command: string, output: string): string {
  const text = output.replaceAll('\r\n', '\n').replace(/(?<!\n)$/, '\n');
  if (text === '\n') return '';
  if (!command.startsWith('plainwire listen')) return text;
  const second = text.search(/^2 === connected/m);
  return second === -1 ? text : `${text.slice(0, second)}...\n`;
}

/** `exec` so that a signal gets to the program and not to a shell before it. */
function start(command: string, folder: string, heard: (text: string) => void): ChildProcess {
  const PATH = `${join(folder, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`;
  const line = /^(?:plainwire|node) [^|&]*$/.test(command)
    ? `exec ${command}`
    : command.replace('&& plainwire', '&& exec plainwire');
  const env = { ...process.env, PATH, NO_COLOR: '1' };
  // both kinds of output by one pipe: in two, what was said first would be chance
  const child = spawn('bash', ['-c', `exec 2>&1; ${line}`], {
    cwd: join(folder, 'work'),
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  child.stdout?.setEncoding('utf8').on('data', heard);
  return child;
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('close', () => resolve()));
}

function mapped(text: string, ports: ReadonlyMap<string, string>): string {
  if (ports.size === 0) return text;
  return text.replace(
    new RegExp(`(?<!\\d)(?:${[...ports.keys()].join('|')})(?!\\d)`, 'g'),
    (port) => ports.get(port) ?? port,
  );
}

async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return String(typeof address === 'object' ? address?.port : address);
}

async function until(done: () => boolean, complaint: string): Promise<void> {
  for (const end = performance.now() + 15_000; !done(); ) {
    if (performance.now() > end) throw new Error(complaint);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The last that a server says of a client: that it closed, or the code of what went wrong. */
const GONE = /^\d+ === (?:closed|the client has closed the connection|.*\([A-Z_]+\))$/gm;

/** A server says what it has to a little later than the client sees it: waits until nobody is there any more. */
function settled(said: () => readonly string[], command: string): Promise<void> {
  const count = (text: string, what: RegExp): number => text.match(what)?.length ?? 0;
  const alone = (text: string): boolean => count(text, /^\d+ === connected/gm) === count(text, GONE);
  return until(() => said().every(alone), `${command}: a client stays`);
}
