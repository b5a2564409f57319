/** `plainwire get`, `lookup`, `explain` and `--help`, as their own process: rows S1 and S2 of the seed programs. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fileNameFor } from '../../src/http/index.ts';
import { folder, plainwire } from './plainwire.ts';
import { webSite } from './servers.ts';

describe('S2: get', () => {
  test('the raw response of each site in a file of its own, a line a site; one that fails does not stop the rest', async () => {
    await using dir = await folder();
    await using one = await webSite((_request, response) => response.end('<h1>one</h1>'));
    await using two = await webSite((request, response) =>
      response.writeHead(404, { 'X-Host': request.headers.host }).end('none'),
    );
    const sites = [
      `http://127.0.0.1:${one.port}`,
      'nowhere.invalid',
      `localhost:${two.port}/a/b?c`,
      'http://127.0.0.1:1/',
    ];
    const ran = await plainwire(['get', ...sites], { cwd: dir.path });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(
      /^2 pages in [\d.]+ s, \d+ bytes: 1 x 200, 1 x 404\n2 failed: 1 x CONNECT_FAILED, 1 x NAME_NOT_FOUND\n$/,
    );
    const lines = ran.stdout.trimEnd().split('\n').sort();
    expect(lines).toHaveLength(4);
    expect(ran.stdout).toMatch(
      new RegExp(
        `^ok +http://127\\.0\\.0\\.1:${one.port} +200 OK +\\d+ bytes .*127\\.0\\.0\\.1_${one.port}\\.html$`,
        'm',
      ),
    );
    expect(ran.stdout).toMatch(/^failed +nowhere\.invalid +.*\(NAME_NOT_FOUND\)$/m);
    expect(ran.stdout).toMatch(/^failed +http:\/\/127\.0\.0\.1:1\/ +.*\(CONNECT_FAILED\)$/m);
    expect(ran.stdout).toMatch(/^ok +localhost:\d+\/a\/b\?c +404 Not Found +/m);
    expect((await readdir(dir.path)).sort()).toEqual([
      `127.0.0.1_${one.port}.html`,
      fileNameFor(`localhost:${two.port}/a/b?c`),
    ]);
    const page = await readFile(join(dir.path, `127.0.0.1_${one.port}.html`), 'utf8');
    expect(page).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n<h1>one<\/h1>$/);
    expect(await readFile(join(dir.path, fileNameFor(`localhost:${two.port}/a/b?c`)), 'utf8')).toContain(
      `X-Host: localhost:${two.port}\r\n`,
    );
  });

  test('--body writes the body alone, --out into another folder', async () => {
    await using dir = await folder();
    const bytes = Buffer.from([0, 13, 10, 255, 46]);
    await using site = await webSite((_request, response) => response.end(bytes));
    const ran = await plainwire(['get', `127.0.0.1:${site.port}`, '--body', '--out', 'pages/new'], { cwd: dir.path });
    expect(ran.code, ran.stderr).toBe(0);
    expect(await readFile(join(dir.path, 'pages/new', `127.0.0.1_${site.port}.html`))).toEqual(bytes);
  });

  test('sites from stdin, side by side up to a limit', async () => {
    await using dir = await folder();
    let now = 0;
    let most = 0;
    await using site = await webSite((_request, response) => {
      most = Math.max(most, ++now);
      setTimeout(() => {
        now--;
        response.end('x');
      }, 30);
    });
    const input = Array.from({ length: 12 }, (_each, index) => `127.0.0.1:${site.port}/${index}\n`).join(
      '\n# a comment\n',
    );
    const ran = await plainwire(['get', '--from', '-', '--concurrency', '3', '--per-host', '3'], {
      cwd: dir.path,
      input,
    });
    expect(ran.code, ran.stderr).toBe(0);
    expect(await readdir(dir.path)).toHaveLength(12);
    expect(most).toBe(3);
  });

  test('the dialogue, in each format, explained', async () => {
    await using dir = await folder();
    await using site = await webSite((_request, response) => response.end('body'));
    const ran = await plainwire(['get', `127.0.0.1:${site.port}`, '--verbose', '--explain'], { cwd: dir.path });
    expect(ran.stderr).toContain(`--> [GET / HTTP/1.0\nHost: 127.0.0.1:${site.port}\n`);
    expect(ran.stderr).toContain('[RFC 9110 section 7.2]');
    expect(ran.stderr).toContain('<-- [HTTP/1.1 200 OK\n');
    expect(ran.stderr).toContain('<-- [body]');
  });

  test('credentials in a URL go to the server and show nowhere', async () => {
    await using dir = await folder();
    const seen: (string | undefined)[] = [];
    await using site = await webSite((request, response) => {
      seen.push(request.headers.authorization);
      response.end('x');
    });
    const secrets = ['open sesame', 'open%20sesame', Buffer.from('ada:open sesame').toString('base64')];
    const sites = [`http://ada:open%20sesame@127.0.0.1:${site.port}/`, 'http://ada:open%20sesame@a b/'];
    for (const format of ['arrows', 'smtplib', 'swaks', 'json', 'hex', 'markdown']) {
      const args = ['get', ...sites, '--trace', format, '--explain', '--record', 'saved.wire'];
      const ran = await plainwire(args, { cwd: dir.path });
      const saved = await readFile(join(dir.path, 'saved.wire'), 'utf8');
      for (const secret of secrets) expect(ran.stdout + ran.stderr + saved, format).not.toContain(secret);
      expect(ran.stderr).toContain('<secret, ');
    }
    expect(seen[0]).toBe(`Basic ${secrets[2]}`);
    expect((await readdir(dir.path)).sort()).toEqual([`127.0.0.1_${site.port}.html`, 'saved.wire']);
  });

  test('--record keeps it as a transcript', async () => {
    await using dir = await folder();
    await using site = await webSite((_request, response) => response.end('body'));
    const ran = await plainwire(['get', `127.0.0.1:${site.port}`, '--record', 'get.wire'], { cwd: dir.path });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const saved = await readFile(join(dir.path, 'get.wire'), 'utf8');
    expect(saved).toMatch(
      /^# HTTP dialogue with 127\.0\.0\.1:\d+\n# .* ms\n# connected to .*\n# .* ms\nC: GET \/ HTTP\/1\.0\n/,
    );
    expect(saved).toMatch(/^S: HTTP\/1\.1 200 OK\n[\s\S]*\nS: \n(?:# .* ms\n)?S- body\n/m);
  });

  test('a response cut short is a failure, and is not written as if it were whole', async () => {
    await using dir = await folder();
    const server = createServer((socket) => {
      socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\nshort'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const ran = await plainwire(['get', `127.0.0.1:${port}`], { cwd: dir.path });
    await new Promise((resolve) => server.close(resolve));
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain('(SHORT_BODY)');
    expect(await readdir(dir.path)).toEqual([]);
  });

  test.each([
    [['get'], 'no site'],
    [['get', 'a.example', '--concurrency', 'many'], 'many'],
    [['get', 'a.example', '--concurrency', '0'], '0'],
  ])('%j is no command line', async (args, complaint) => {
    const ran = await plainwire(args);
    expect(ran.stderr).toContain(complaint);
    expect(ran.code).toBe(2);
  });

  test('a URL that is none fails on its own line', async () => {
    await using dir = await folder();
    const ran = await plainwire(['get', 'http://a b/', 'ftp://a.example/'], { cwd: dir.path });
    expect(ran.code).toBe(1);
    expect(ran.stdout.match(/^failed /gm)).toHaveLength(2);
  });
});

describe('S1: lookup', () => {
  test('each host with what is known of it, failures on lines of their own', async () => {
    const ran = await plainwire(['lookup', 'localhost', 'nowhere.invalid', '127.0.0.1']);
    expect(ran.stdout).toMatch(/^localhost {2}IPv[46] {2}(127\.0\.0\.1|::1)$/m);
    expect(ran.stdout).toMatch(/^nowhere\.invalid {2}failed {2}/m);
    expect(ran.stdout).toMatch(/^127\.0\.0\.1 {2}IPv4 {2}127\.0\.0\.1$/m);
    expect(ran.code).toBe(1);
  });

  test('all found is exit code 0', async () => {
    expect(await plainwire(['lookup', '127.0.0.1', '::1'])).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('explain', () => {
  test('a line', async () => {
    const ran = await plainwire(['explain', '550', '5.7.26']);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('[RFC 5321 section 4.2.3]');
    expect(ran.stdout).toContain('[RFC 7372 section 3.4]');
  });

  test('a transcript from a file and from stdin', async () => {
    await using dir = await folder();
    const text = 'S: 220 mail.example.com\nC: EHLO a\nS: 250 mail.example.com\nC: QUIT\nS: 221 bye\n';
    await writeFile(join(dir.path, 't.txt'), text);
    const ran = await plainwire(['explain', join(dir.path, 't.txt')]);
    expect(ran.code).toBe(0);
    expect(ran.stdout.split('\n').filter((line) => /^[CS]: /.test(line))).toHaveLength(5);
    expect(await plainwire(['explain', '-'], { input: text })).toEqual(ran);
  });

  test.each([
    ['-> EHLO me', 'EHLO: '],
    ['--> [EHLO me]', 'EHLO: '],
    ['host mx.example.com said: 550 5.1.1 no such user', '5.1.1: No.'],
    ['550-5.1.1 no\n550 5.1.1 such user', '550 5.1.1 such user\n      550: '],
  ])('a pasted line: %j', async (line, shown) => {
    const ran = await plainwire(['explain', line]);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toContain(shown);
  });

  test('an option with a slip of the pen is no line', async () => {
    const ran = await plainwire(['explain', '--pictures', 'a.svg', 'dialogue.txt']);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain("unknown option '--pictures'");
  });

  test('nothing to say is exit code 1', async () => {
    expect(await plainwire(['explain', 'hello there'])).toMatchObject({ code: 1, stdout: '' });
  });
});

describe('help', () => {
  test.each([[[]], [['send']], [['get']], [['lookup']], [['explain']]])(
    '%j --help: on stdout, with examples',
    async (args) => {
      const ran = await plainwire([...args, '--help']);
      expect(ran).toMatchObject({ code: 0, stderr: '' });
      expect(ran.stdout).toContain('Examples:\n  $ plainwire ');
      for (const line of ran.stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
    },
  );

  test('no command is no command line', async () => {
    expect(await plainwire([])).toMatchObject({ code: 2, stdout: '' });
  });

  test('--version', async () => {
    expect(await plainwire(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });
});

test('a reader that goes away stops nothing', async () => {
  await using dir = await folder();
  await using site = await webSite((_request, response) => response.end('x'));
  const { spawn } = await import('node:child_process');
  const bin = new URL('../../dist/cli/main.js', import.meta.url).pathname;
  const sites = Array.from({ length: 20 }, (_each, index) => `127.0.0.1:${site.port}/${index}`);
  const child = spawn(process.execPath, [bin, 'get', ...sites, '--concurrency', '1'], { cwd: dir.path });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (text) => (stderr += text));
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^20 pages in .*: 20 x 200\n$/) });
  expect(await readdir(dir.path)).toHaveLength(20);
});
