/** Connections that hand on together what came in one turn of the event loop: nothing is lost, nothing changes its order. */
import type net from 'node:net';
import { expect, test } from 'vitest';
import { Connection, connect, streamPair } from '../../src/transport/index.ts';
import { serving } from './serving.ts';

const open = (port: number, delivery: 'at-once' | 'together'): Promise<Connection> =>
  connect({ host: '127.0.0.1', port }, { delivery });

async function readAll(connection: Connection): Promise<string> {
  let text = '';
  for (let chunk = await connection.read(); chunk !== undefined; chunk = await connection.read()) {
    text += Buffer.from(chunk).toString('latin1');
  }
  return text;
}

test('bytes and the end that come at once are read in this order', async () => {
  const port = await serving((socket) => socket.end('all there is'));
  const connections = await Promise.all(Array.from({ length: 20 }, () => open(port, 'together')));
  expect(await Promise.all(connections.map(readAll))).toEqual(Array.from({ length: 20 }, () => 'all there is'));
  for (const connection of connections) connection.destroy();
});

test('bytes that came in the turn in which the connection is closed are read before the fault', async () => {
  const [near, far] = streamPair();
  // this side goes without a word, which is a reset for the other
  far.on('error', () => {});
  const connection = new Connection({ stream: near, remote: 'a', host: 'a', delivery: 'together' });
  const reading = connection.read();
  // this listener comes after the connection's own
  near.once('data', () => connection.destroy());
  far.write('first');
  expect(Buffer.from((await reading) ?? []).toString()).toBe('first');
  await expect(connection.read()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
});

test('a reader that waits makes room again for a peer that was stopped', async () => {
  const [near, far] = streamPair();
  // this side goes without a word, which is a reset for the other
  far.on('error', () => {});
  const connection = new Connection({ stream: near, remote: 'a', host: 'a', delivery: 'together' });
  const reading = connection.read();
  // more than is held for a reader that is not there
  const piece = Buffer.alloc(300 * 1024, 'much ');
  far.write(piece);
  far.end(piece);
  const first = await reading;
  expect(first?.length).toBe(piece.length);
  expect((await readAll(connection)).length).toBe(piece.length);
  connection.destroy();
});

test.each([
  ['together', ['first', 'first', 'second', 'second']],
  ['at-once', ['first', 'second', 'first', 'second']],
] as const)('%s, readers take their steps in this order', async (delivery, order) => {
  const sockets: net.Socket[] = [];
  const port = await serving((socket) => sockets.push(socket.setNoDelay()));
  const a = await open(port, delivery);
  const b = await open(port, delivery);
  while (sockets.length < 2) await new Promise(setImmediate);
  const steps: string[] = [];
  const reader = async (connection: Connection): Promise<void> => {
    await connection.read();
    steps.push('first');
    await null;
    steps.push('second');
  };
  const readers = [reader(a), reader(b)];
  for (const socket of sockets) socket.write('x');
  await Promise.all(readers);
  expect(steps).toEqual(order);
  a.destroy();
  b.destroy();
});

test('an abort and a deadline end the wait for a connection that is handed on at the end of the turn', async () => {
  const port = await serving(() => {});
  const controller = new AbortController();
  const connection = await connect({ host: '127.0.0.1', port }, { delivery: 'together', signal: controller.signal });
  const reading = connection.read();
  controller.abort();
  await expect(reading).rejects.toMatchObject({ code: 'ABORTED' });
  const other = await open(port, 'together');
  other.setDeadline('idle', 1);
  await expect(other.read()).rejects.toMatchObject({ code: 'DEADLINE_PASSED' });
});

test('a signal that aborts while a guard answers ends it before there is a connection', async () => {
  let connections = 0;
  const port = await serving(() => (connections += 1));
  const controller = new AbortController();
  const guard = (): void => controller.abort();
  const opening = connect({ host: '127.0.0.1', port }, { guard, signal: controller.signal });
  await expect(opening).rejects.toMatchObject({ code: 'ABORTED', phase: 'connect' });
  const other = await open(port, 'at-once');
  expect(connections).toBe(1);
  other.destroy();
});
