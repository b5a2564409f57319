import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { replayServer } from 'plainwire/transport';
import { welcome } from './welcome.mjs';

const transcript = await readFile(new URL('welcome.wire', import.meta.url), 'utf8');

test('a new member is greeted', async () => {
  const work = (address) => welcome(`smtp://${address}`, 'grace@example.org');
  const delivery = await replayServer(transcript, work);
  assert.equal(delivery.queueId, '4711');
});
