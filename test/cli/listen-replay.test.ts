/** `plainwire listen --replay`: the server of a recorded dialogue, on a real port. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listening } from './live.ts';
import { Peer } from './peer.ts';
import { folder, plainwire } from './plainwire.ts';

describe('--replay', () => {
  const WIRE =
    'S: 220 mx\nC: EHLO me\nS: 250 mx\nC: MAIL FROM:<ada@example.com>\nS: 250 ok\nC: QUIT\nS: 221 bye\n-- close\n';

  test('plays the server of a recorded dialogue, to its end', async () => {
    await using dir = await folder();
    await writeFile(join(dir.path, 'it.wire'), WIRE);
    await using server = await listening(['--replay', 'it.wire', '--once'], { cwd: dir.path });
    const input = 'EHLO me\nMAIL FROM:<ada@example.com>\nQUIT\n';
    const ran = await plainwire(['connect', `127.0.0.1:${server.port}`], { input });
    expect(ran).toMatchObject({ code: 0, stdout: '220 mx\r\n250 mx\r\n250 ok\r\n221 bye\r\n' });
    expect(await server.ended).toBe(0);
    expect(server.said()).toContain('1 === the dialogue was played to its end\n');
  });

  test('shows side by side where the client says something else, and fails', async () => {
    await using dir = await folder();
    await writeFile(join(dir.path, 'it.wire'), WIRE);
    await using server = await listening(['--replay', 'it.wire', '--once'], { cwd: dir.path });
    const input = 'EHLO me\nMAIL FROM:<bob@example.com>\nQUIT\n';
    expect((await plainwire(['connect', `127.0.0.1:${server.port}`], { input })).code).toBe(1);
    expect(await server.ended).toBe(1);
    expect(server.said()).toContain(
      '1 <-- MAIL FROM:<bob@example.com>\n' +
        '1 *** step 4 is not what was recorded\n' +
        '1     expected                    | received\n' +
        '1     MAIL FROM:<ada@example.com> | MAIL FROM:<bob@example.com>\n' +
        '1                ^                |            ^\n',
    );
  });

  test('with TLS in the middle, over a real handshake', async () => {
    await using dir = await folder();
    const wire =
      'S: 220 mx\nC: EHLO me\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n-- tls\nC: NOOP\nS: 250 ok\n-- close\n';
    await writeFile(join(dir.path, 'it.wire'), wire);
    await using server = await listening(['--replay', 'it.wire', '--once', '--save-cert', 'ca.pem'], { cwd: dir.path });
    const ran = await plainwire(['connect', `localhost:${server.port}`, '--ca', 'ca.pem', '-v'], {
      cwd: dir.path,
      input: 'EHLO me\nSTARTTLS\nNOOP\n',
    });
    expect(ran.stdout).toMatch(/<-- 220 go\n=== TLSv1\.3.*verified\n--> NOOP\n<-- 250 ok\n$/);
    expect(await server.ended).toBe(0);
  });

  test('of several dialogues in a file each client gets one, and the last is for all that follow', async () => {
    await using dir = await folder();
    const heading = '# SMTP dialogue with mx.example:25\n';
    const dialogue = (text: string) => `${heading}S: 220 ${text}\nC: QUIT\nS: 221 bye\n# closed by the client\n`;
    await writeFile(join(dir.path, 'it.wire'), dialogue('one') + dialogue('two'));
    await using server = await listening(['--replay', 'it.wire'], { cwd: dir.path });
    for (const expected of ['one', 'two', 'two']) {
      const peer = new Peer(server.port);
      peer.say('QUIT\r\n');
      expect(await peer.all()).toBe(`220 ${expected}\r\n221 bye\r\n`);
    }
    await writeFile(join(dir.path, 'bad.wire'), `${dialogue('one')}${heading}what\n`);
    const ran = await plainwire(['listen', '0', '--replay', 'bad.wire'], { cwd: dir.path });
    expect(ran.stderr).toContain('transcript line 7');
  });

  test('a file that is no transcript', async () => {
    await using dir = await folder();
    await writeFile(join(dir.path, 'it.wire'), 'hello\n');
    const ran = await plainwire(['listen', '0', '--replay', 'it.wire'], { cwd: dir.path });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('transcript line 1');
  });
});
