/** The transport's contract, chapter 3: listening, on ports and on paths. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { connect, type HostEndpoint, listen, readLines } from '../../src/transport/index.ts';
import { LOCAL, readAll, text } from './reading.ts';

describe('listening', () => {
  test('a port that is taken is said to be', async () => {
    await using listener = await listen(LOCAL, async () => {});
    await expect(listen(listener.endpoint, async () => {})).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
      message: expect.stringContaining('EADDRINUSE'),
    });
  });

  test('it is no place at all: refused, and not taken for everybody', async () => {
    for (const endpoint of [
      { host: '', port: 0 },
      { host: 'a b', port: 0 },
      { host: '127.0.0.1', port: -1 },
      { path: '' },
    ]) {
      await expect(listen(endpoint, async () => {})).rejects.toMatchObject({ name: 'MessageError' });
    }
    await expect(listen({ port: 0 } as HostEndpoint, async () => {})).rejects.toMatchObject({ field: 'host' });
  });

  test('a path that a dead process left behind is taken over; one that is in use, or no socket, is not', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'plainwire-'));
    try {
      const path = join(folder, 'socket');
      await leaveBehind(path);
      await using listener = await listen({ path }, async (connection) => void (await connection.write('here')));
      await using connection = await connect({ path });
      expect(await readAll(connection)).toBe('here');
      await expect(listen({ path }, async () => {})).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
      const file = join(folder, 'file');
      await writeFile(file, 'precious');
      await expect(listen({ path: file }, async () => {})).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
      expect(listener.address).toBe(path);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('each client has its own conversation, and is closed when that is done', async () => {
    await using listener = await listen(LOCAL, async (connection) => {
      for await (const line of readLines(connection)) await connection.write(`${line}!\n`);
    });
    const answers = await Promise.all(
      ['a', 'b', 'c'].map(async (word) => {
        await using connection = await connect(listener.endpoint);
        connection.write(`${word}\n`);
        connection.end();
        return await readAll(connection);
      }),
    );
    expect(answers).toEqual(['a!\n', 'b!\n', 'c!\n']);
  });

  test('a conversation that fails ends alone, and somebody is told', async () => {
    const told: unknown[] = [];
    await using listener = await listen(
      LOCAL,
      async (connection) => {
        const said = text((await connection.read()) ?? new Uint8Array());
        if (said === 'fail') throw new Error('a bug');
        await connection.write('fine');
      },
      { onError: (error) => told.push(error) },
    );
    await using bad = await connect(listener.endpoint);
    await using good = await connect(listener.endpoint);
    bad.write('fail');
    expect(await readAll(bad)).toBe('');
    good.write('hello');
    expect(await readAll(good)).toBe('fine');
    expect(told).toEqual([new Error('a bug')]);
  });

  test('stop() lets those who are here finish; close() does not', async () => {
    const listener = await listen(LOCAL, async (connection) => await connection.closed);
    await using connection = await connect(listener.endpoint);
    const stopped = listener.stop();
    await expect(connect(listener.endpoint)).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
    expect(connection.isClosed).toBe(false);
    await listener.close();
    await stopped;
    expect(await readAll(connection)).toBe('');
  });
});

/** A socket's file with nobody behind it, as a process leaves it that was killed. */
async function leaveBehind(path: string): Promise<void> {
  const child = spawn(process.execPath, [
    '-e',
    `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`,
  ]);
  await new Promise((resolve) => child.on('close', resolve));
  await expect(
    new Promise((resolve, reject) => net.connect({ path }).on('connect', resolve).on('error', reject)),
  ).rejects.toMatchObject({ code: 'ECONNREFUSED' });
}
