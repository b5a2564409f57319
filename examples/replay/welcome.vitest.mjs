import { readFile } from 'node:fs/promises';
import { replayServer } from 'plainwire/transport';
import { expect, test } from 'vitest';
import { welcome } from './welcome.mjs';

const transcript = await readFile(new URL('welcome.wire', import.meta.url), 'utf8');

test('a new member is greeted', async () => {
  const work = (address) => welcome(`smtp://${address}`, 'grace@example.org');
  const delivery = await replayServer(transcript, work);
  expect(delivery.queueId).toBe('4711');
});
