/** Real servers, each in the foreground, on loopback, with a configuration of its own in a folder of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface Started extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Where its files are. */
  readonly folder: string;
}

export const PAGE = '<!doctype html><title>Interop</title>\n'.repeat(100);

/** Whether a program is installed. */
export function has(program: string): boolean {
  return spawnSync('which', [program]).status === 0;
}

/** Starts what `command` says, and waits until its port answers. */
export async function start(
  command: (port: number, folder: string) => readonly [string, ...string[]],
): Promise<Started> {
  const folder = mkdtempSync(path.join(tmpdir(), 'plainwire-interop-'));
  mkdirSync(path.join(folder, 'www'), { mode: 0o755 });
  spawnSync('chmod', ['755', folder]);
  writeFileSync(path.join(folder, 'www/index.html'), PAGE);
  const port = await freePort();
  const [program, ...args] = command(port, folder);
  let said = '';
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder });
  child.stdout.on('data', (piece: Buffer) => (said += piece.toString()));
  child.stderr.on('data', (piece: Buffer) => (said += piece.toString()));
  try {
    await answering(port, child);
  } catch (cause) {
    await stop(child);
    throw new Error(`${program} does not answer: ${said}`, { cause });
  }
  return {
    port,
    folder,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      await stop(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answering(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 150 && child.exitCode === null; tries += 1) {
    const up = await new Promise<boolean>((resolve) => {
      const socket = net.connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(child.exitCode === null ? 'no answer' : `exit code ${child.exitCode}`);
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    const hard = setTimeout(() => child.kill('SIGKILL'), 3_000);
    child.once('exit', () => {
      clearTimeout(hard);
      resolve();
    });
    child.kill('SIGTERM');
  });
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
