/** The password prompt, on a terminal that python3 plays: asked for, not shown, corrected, cancelled. */
import { spawn, spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { BIN } from './plainwire.ts';
import { mailServer } from './servers.ts';

const hasPython = spawnSync('python3', ['--version']).status === 0;

/** Runs the command on a terminal of its own, and types when it is asked. */
const TERMINAL = `
import os, pty, sys
typed, *command = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
shown = b''
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:
        break
    if not piece:
        break
    shown += piece
    if typed and b'Password for ada: ' in shown:
        os.write(terminal, typed.encode().decode('unicode_escape').encode('latin1'))
        typed = ''
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

async function onTerminal(typed: string, args: readonly string[]): Promise<{ shown: string; code: number | null }> {
  const { PLAINWIRE_PASSWORD: _password, ...env } = process.env;
  const python = spawn('python3', ['-c', TERMINAL, typed, process.execPath, BIN, ...args], { env });
  let shown = '';
  python.stdout.on('data', (text) => (shown += text));
  const code = await new Promise<number | null>((resolve) => python.on('close', resolve));
  return { shown, code };
}

describe.skipIf(!hasPython)('the prompt', () => {
  async function login(typed: string): Promise<{ shown: string; code: number | null; passwords: unknown[] }> {
    const passwords: unknown[] = [];
    await using server = await mailServer({
      hideSTARTTLS: true,
      allowInsecureAuth: true,
      onAuth: ({ password, username }, _session, callback) => {
        passwords.push(password);
        callback(null, { user: username });
      },
    });
    const mail = ['--from', 'a@b.example', '--to', 'c@d.example', '--text', 'x'];
    const how = ['--server', `127.0.0.1:${server.port}`, '--security', 'none', '--user', 'ada'];
    return { ...(await onTerminal(typed, ['send', ...how, ...mail])), passwords };
  }

  test('takes what is typed, and shows nothing of it', async () => {
    const { shown, code, passwords } = await login('open sesame\\r');
    expect(passwords).toEqual(['open sesame']);
    expect(shown).toMatch(/^Password for ada: \r\nMessage sent: /);
    expect(code).toBe(0);
  });

  test('can be corrected', async () => {
    const { passwords } = await login('wrong\\x15opem\\x7fn sesame\\r');
    expect(passwords).toEqual(['open sesame']);
  });

  test('Ctrl-C ends it', async () => {
    const { shown, code, passwords } = await login('open\\x03');
    expect(passwords).toEqual([]);
    expect(shown).not.toContain('open');
    expect(code).toBe(130);
  });
});
