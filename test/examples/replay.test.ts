/** The tests that users are shown, run by the runners that they are for; and what they say when the code says something else. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MismatchError, replay, replayServer } from '../../src/transport/index.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const EXAMPLE = join(ROOT, 'examples/replay');
// within the project, so that `plainwire` is the package itself
const WRONG = join(ROOT, '.tmp/replay-wrong');

beforeAll(() => {
  if (!existsSync(join(ROOT, 'dist'))) throw new Error('the package is not built: npm run build');
  mkdirSync(WRONG, { recursive: true });
  cpSync(EXAMPLE, WRONG, { recursive: true });
  const code = readFileSync(join(WRONG, 'welcome.mjs'), 'utf8');
  writeFileSync(join(WRONG, 'welcome.mjs'), code.replace("subject: 'Welcome'", "subject: 'Welcome!'"));
});
afterAll(() => rmSync(WRONG, { recursive: true, force: true }));

const RUNNERS: Readonly<Record<string, readonly string[]>> = {
  'node:test': ['--test', 'welcome.node-test.mjs'],
  vitest: [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--config', 'vitest.config.mjs'],
};

function ran(runner: readonly string[], cwd: string): { readonly status: number | null; readonly said: string } {
  const { NODE_OPTIONS: _options, VITEST: _vitest, NODE_TEST_CONTEXT: _context, ...env } = process.env;
  const all = spawnSync(process.execPath, runner, { cwd, encoding: 'utf8', env: { ...env, NO_COLOR: '1' } });
  return { status: all.status, said: all.stdout + all.stderr };
}

describe.each(Object.entries(RUNNERS))('%s', (_name, runner) => {
  test('plays the transcript to the code', () => {
    const { status, said } = ran(runner, EXAMPLE);
    expect(status, said).toBe(0);
  }, 60_000);

  test('shows what was expected and what came, one above the other', () => {
    const { status, said } = ran(runner, WRONG);
    expect(status).not.toBe(0);
    expect(said).toMatch(
      /step 14 is not what was recorded\n\s*expected: Subject: Welcome\n\s*received: Subject: Welcome!\n/,
    );
  }, 60_000);
});

test('the guide shows these very files', () => {
  const guide = readFileSync(join(ROOT, 'docs/wire-format.md'), 'utf8');
  for (const name of ['welcome.mjs', 'welcome.vitest.mjs', 'welcome.node-test.mjs', 'welcome.wire']) {
    expect(guide, name).toContain(readFileSync(join(EXAMPLE, name), 'utf8').trim());
  }
});

describe('replayServer', () => {
  const GREETING = 'S: 220 a\nC: QUIT\nS: 221 bye\n';

  test('what the work throws is told, where the dialogue was as recorded', async () => {
    const own = new Error('of the code itself');
    await expect(
      replayServer('S: 220 a\n', async (address) => {
        const [host = '', port] = address.split(':');
        const { connect } = await import('../../src/transport/index.ts');
        await using connection = await connect({ host, port: Number(port) });
        await connection.read();
        throw own;
      }),
    ).rejects.toBe(own);
  });

  test('code that never connects is a mismatch', async () => {
    await expect(replayServer(GREETING, async () => 1)).rejects.toBeInstanceOf(MismatchError);
  });
});

test('replay: the mark stands where the lines part', async () => {
  const connection = replay('C: MAIL FROM:<ada@example.com>\n');
  await connection.write('MAIL FROM:<bob@example.com>\r\n');
  await expect(connection.played).rejects.toThrow(
    [
      'step 1 is not what was recorded',
      '  expected: MAIL FROM:<ada@example.com>',
      '  received: MAIL FROM:<bob@example.com>',
      '                       ^',
    ].join('\n'),
  );
});
