import { createHash } from 'node:crypto';
import type net from 'node:net';
import { expect, test } from 'vitest';
import { connect } from '../../src/transport/index.ts';
import { serving } from './serving.ts';

const digest = (pieces: readonly Uint8Array[]): string => {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
};

test('what came over one connection stays as it came, whatever comes over others meanwhile', async () => {
  let served = 0;
  const bodies = Array.from({ length: 8 }, (_, n) => Buffer.alloc(300_000 + n, `${n} of the connections `));
  const port = await serving((socket) => socket.end(bodies[served++] as Buffer));
  const readers = await Promise.all(bodies.map(() => connect({ host: '127.0.0.1', port })));
  const kept = await Promise.all(
    readers.map(async (reader) => {
      const pieces: Uint8Array[] = [];
      for (let piece = await reader.read(); piece !== undefined; piece = await reader.read()) pieces.push(piece);
      await reader.close();
      return pieces;
    }),
  );
  expect(new Set(kept.map(digest))).toEqual(new Set(bodies.map((body) => digest([body]))));
});

test('a small piece holds no more memory than it needs, and a big one no less than is its own', async () => {
  const port = await serving((socket) =>
    socket.write('220 mail.example.com\r\n', () => socket.write(Buffer.alloc(5_000))),
  );
  const reader = await connect({ host: '127.0.0.1', port });
  const pieces: Uint8Array[] = [];
  for (let length = 0; length < 5_022; length += pieces.at(-1)?.length ?? 0) {
    const piece = await reader.read();
    if (piece === undefined) break;
    pieces.push(piece);
  }
  for (const piece of pieces) {
    if (piece.length >= 512) expect(piece.buffer.byteLength).toBe(piece.length);
    else expect(piece.buffer.byteLength).toBeLessThanOrEqual(64 * 1024);
  }
  await reader.close();
});

test('a peer whose bytes nobody reads has to wait, and nothing is lost', async () => {
  const body = Buffer.alloc(20_000_000, 'more than the system holds ');
  let socket: net.Socket | undefined;
  const port = await serving((accepted) => {
    socket = accepted;
    accepted.end(body);
  });
  const reader = await connect({ host: '127.0.0.1', port });
  const first = await reader.read();
  // the peer has all of it in its own hands until somebody reads
  let before = -1;
  while (socket !== undefined && socket.writableLength !== before) {
    before = socket.writableLength;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(before).toBeGreaterThan(0);
  const pieces = [first ?? new Uint8Array(0)];
  for (let piece = await reader.read(); piece !== undefined; piece = await reader.read()) pieces.push(piece);
  expect(digest(pieces)).toBe(digest([body]));
  await reader.close();
});
