/** Real servers as processes of this test: started in the foreground on free loopback ports, ended by their pid. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, connect as open } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** What scripts/interop-setup.sh has made. */
export const CACHE = fileURLToPath(new URL('../../../.cache/interop', import.meta.url));
/** The system that Debian's servers run in. */
export const ROOT = `${CACHE}/root`;

const START_MS = 40_000;
const STOP_MS = 5_000;
/** What a server says last is what explains why it did not start. */
const LOG_LIMIT = 20_000;

export interface Server extends AsyncDisposable {
  /** What the server wrote to stdout and stderr. */
  log(): string;
}

/** Where a server can be reached once it is up: a port of this host, or a file that appears. */
export type Sign = number | string;

/**
 * Ports are taken from below those that systems give to clients (32768 on Linux): a connection of somebody cannot take
 * one between the look and the start, and who knocks at a port too early cannot be connected to himself.
 */
const PORTS = { from: 10_000, to: 32_000 };
const given = new Set<number>();

/** Ports that nobody listens on, each another, and none twice. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = randomInt(PORTS.from, PORTS.to);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    ports.push(port);
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** A folder of its own in the servers' system; `inside` is what they call it, `outside` what we do. */
export function folderInRoot(name: string): { inside: string; outside: string } {
  if (!existsSync(`${CACHE}/stamp`)) throw new Error('no servers here: run scripts/interop-setup.sh first');
  mkdirSync(`${ROOT}/tmp`, { recursive: true });
  const outside = mkdtempSync(`${ROOT}/tmp/${name}-`);
  // servers let go of root, and must still come in
  chmodSync(outside, 0o755);
  return { inside: outside.slice(ROOT.length), outside };
}

/** Starts a program of the servers' system, and waits until it can be reached. */
export function startInRoot(command: string, args: readonly string[], signs: readonly Sign[]): Promise<Server> {
  return start('chroot', [ROOT, command, ...args], signs);
}

/** Runs a program of the servers' system to its end. */
export async function runInRoot(command: string, args: readonly string[], input = ''): Promise<string> {
  const child = spawn('chroot', [ROOT, command, ...args], { env: ENVIRONMENT });
  const log = logOf(child);
  // a program that reads nothing may be gone already
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${log()}`);
  return log();
}

const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C', TZ: 'UTC' };

/** Starts a program, and waits until every sign of it is there. */
export async function start(
  command: string,
  args: readonly string[],
  signs: readonly Sign[],
  env: Readonly<Record<string, string>> = ENVIRONMENT,
): Promise<Server> {
  // a group of its own, so that a server's own children end with it
  const child = spawn(command, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = logOf(child);
  const server: Server = { log, [Symbol.asyncDispose]: () => stop(child) };
  const deadline = Date.now() + START_MS;
  for (const sign of signs) {
    while (!(await isThere(sign))) {
      if (child.exitCode === null && Date.now() < deadline) {
        await sleep(20);
        continue;
      }
      await stop(child);
      throw new Error(`${command} ${args.join(' ')}\nis not up (exit code ${child.exitCode}):\n${log()}`);
    }
  }
  return server;
}

function logOf(child: ChildProcess): () => string {
  let text = '';
  const add = (chunk: Buffer): void => {
    text = (text + chunk.toString('utf8')).slice(-LOG_LIMIT);
  };
  child.stdout?.on('data', add);
  child.stderr?.on('data', add);
  child.on('error', (error) => add(Buffer.from(`${error}\n`)));
  return () => text;
}

async function isThere(sign: Sign): Promise<boolean> {
  if (typeof sign === 'string') return existsSync(sign);
  return await new Promise((resolve) => {
    const socket = open({ host: '127.0.0.1', port: sign }, () => resolve(true));
    socket.on('error', () => resolve(false));
    // hung up at once: a server must live with that
    socket.on('connect', () => socket.destroy());
  });
}

async function stop(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  const ended = new Promise<void>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.on('exit', () => resolve());
  });
  kill(pid, 'SIGTERM');
  await Promise.race([ended, sleep(STOP_MS)]);
  // whatever is left of its group
  kill(-pid, 'SIGKILL');
  await Promise.race([ended, sleep(STOP_MS)]);
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // gone already
  }
}

/** Waits until `look` finds something. */
export async function eventually<T>(what: string, look: () => T | undefined, ms = 40_000): Promise<T> {
  const deadline = Date.now() + ms;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${what}: not there after ${ms} ms`);
    await sleep(25);
  }
}

export function removeFolder(folder: { outside: string }): void {
  rmSync(folder.outside, { recursive: true, force: true });
}
