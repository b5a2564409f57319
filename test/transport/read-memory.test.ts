import { createHash } from 'node:crypto';
import type net from 'node:net';
import { expect, test } from 'vitest';
import { type Connection, connect, listen, ReadMemory } from '../../src/transport/index.ts';
import { serving } from './serving.ts';
import { ca, serverTls } from './ways.ts';

const body = Buffer.alloc(
  5_000_001,
  Uint8Array.from({ length: 251 }, (_, n) => n),
);
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Reads to the end; what is read is taken in before the next read. */
async function sumOf(connection: Connection, between: () => Promise<unknown> | undefined): Promise<string> {
  const hash = createHash('sha256');
  for (let chunk = await connection.read(); chunk !== undefined; chunk = await connection.read()) {
    const before = digest(chunk);
    await between();
    // nothing that came meanwhile was read into it
    expect(digest(chunk)).toBe(before);
    hash.update(chunk);
  }
  return hash.digest('hex');
}

test.each<[string, () => Promise<unknown> | undefined]>([
  ['a reader that reads at once', () => undefined],
  ['a reader that lets a turn of the event loop pass', () => new Promise(setImmediate)],
])('everything comes in its order, to %s', async (_, between) => {
  const port = await serving((socket) => socket.end(body));
  const memory = ReadMemory.take();
  const connection = await connect({ host: '127.0.0.1', port }, { memory });
  expect(await sumOf(connection, between)).toBe(digest(body));
  await connection.close();
  memory.release();
});

test('a peer whose bytes nobody reads has to wait, and nothing is lost', async () => {
  let socket: net.Socket | undefined;
  const port = await serving((accepted) => {
    socket = accepted;
    for (let n = 0; n < 20; n += 1) accepted.write(body);
    accepted.end();
  });
  const memory = ReadMemory.take();
  const connection = await connect({ host: '127.0.0.1', port }, { memory });
  while (!memory.isUsedUp) await new Promise(setImmediate);
  const length = socket?.writableLength;
  for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
  expect(length).toBeGreaterThan(0);
  const hash = createHash('sha256');
  for (let n = 0; n < 20; n += 1) hash.update(body);
  expect(await sumOf(connection, () => undefined)).toBe(hash.digest('hex'));
  await connection.close();
  memory.release();
});

test('memory that was released serves the next connection', async () => {
  const port = await serving((socket) => socket.end('hello'));
  const memory = ReadMemory.take();
  for (let n = 0; n < 3; n += 1) {
    const connection = await connect({ host: '127.0.0.1', port }, { memory });
    const chunk = await connection.read();
    expect(String(chunk)).toBe('hello');
    expect(memory.owns(chunk as Uint8Array)).toBe(true);
    await connection.close();
    memory.release();
  }
  expect(ReadMemory.take()).toBe(memory);
});

test('bytes that were put back are read first, and are nobody else’s memory', async () => {
  const port = await serving((socket) => socket.end(body));
  const memory = ReadMemory.take();
  const connection = await connect({ host: '127.0.0.1', port }, { memory });
  const first = Uint8Array.from((await connection.read()) as Uint8Array);
  connection.unread(first);
  expect(await sumOf(connection, () => new Promise(setImmediate))).toBe(digest(body));
  await connection.close();
});

test('a connection that is closed in the middle of its bytes ends, and its memory can be used again', async () => {
  const port = await serving((socket) => socket.on('error', () => {}).end(body));
  const memory = ReadMemory.take();
  const cut = await connect({ host: '127.0.0.1', port }, { memory });
  await cut.read();
  await cut.close();
  memory.release();
  const connection = await connect({ host: '127.0.0.1', port }, { memory });
  expect(await sumOf(connection, () => undefined)).toBe(digest(body));
  await connection.close();
});

test('STARTTLS leaves it: a handshake reads with memory of its own', async () => {
  const port = await serving((socket) => socket.end('220 hello\r\n'));
  const memory = ReadMemory.take();
  await expect(connect({ host: '127.0.0.1', port }, { memory, tls: {} })).rejects.toMatchObject({ phase: 'tls' });
  expect(memory.isUsedUp).toBe(false);
});

test('after an upgrade, too, a peer whose bytes nobody reads has to wait', async () => {
  const piece = Buffer.alloc(64 * 1024, 'piece ');
  const all = 64 * 1024 * 1024;
  let written = 0;
  await using listener = await listen({ host: '127.0.0.1', port: 0 }, async (far) => {
    await far.read();
    void far.write('go ahead\n');
    await far.accept(serverTls);
    for (; written < all; written += piece.length) await far.write(piece);
  });
  const memory = ReadMemory.take();
  const connection = await connect(listener.endpoint, { memory });
  void connection.write('STARTTLS\n');
  await connection.read();
  await connection.upgrade({ ca, servername: 'localhost' });
  await new Promise((resolve) => setTimeout(resolve, 300));
  const writtenUnread = written;
  for (let left = all; left > 0; ) left -= (await connection.read())?.length ?? left;
  // what the system holds for both sides is a few megabytes
  expect(writtenUnread).toBeLessThan(all / 2);
  connection.destroy();
});
