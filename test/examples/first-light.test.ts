/** The demo behind `npm start`, as its own process: it ends by itself, and says what it did. */
import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { folder } from '../cli/plainwire.ts';

const DEMO = fileURLToPath(new URL('../../examples/first-light/main.mjs', import.meta.url));

test('two mails cross, two pages come, one site does not exist', async () => {
  await using dir = await folder();
  const child = spawn(process.execPath, [DEMO], { cwd: dir.path });
  let shown = '';
  child.stdout.on('data', (text) => (shown += text));
  child.stderr.on('data', (text) => (shown += text));
  expect(await new Promise((resolve) => child.on('close', resolve)), shown).toBe(0);
  expect(shown).toContain('--> [MAIL FROM:<ada@example.com>');
  expect(shown).toContain('\n.. and this line begins with dots'.replace('..', '...'));
  expect(shown).toContain('--> [AUTH PLAIN <secret, 20 bytes>]');
  expect(shown).not.toContain('a secret');
  expect(shown).toMatch(/^failed {2}nowhere\.invalid /m);
  expect(shown).toContain('encrypted, logged in as ada, for grace@example.org');
  expect(shown).toContain('plainwire.png, image/png, 217 bytes, inside the HTML');
  const saved = await readdir(join(dir.path, 'plainwire-demo'));
  expect(saved).toHaveLength(4);
});
