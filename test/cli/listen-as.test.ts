/** `plainwire listen --as smtp` and `--as http`: a server of mail, and one of pages. */
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listening } from './live.ts';
import { Peer } from './peer.ts';
import { folder, plainwire } from './plainwire.ts';

describe('--as smtp', () => {
  test('takes mail from plainwire send, however it is sent, and saves it to the byte', async () => {
    await using dir = await folder();
    await using server = await listening(['--as', 'smtp', '--out', 'mail', '--record', 'it.wire'], { cwd: dir.path });
    const raw = 'From: a@b.example\r\nTo: c@d.example\r\n\r\n.dot\r\n..\r\ngrün\r\n';
    await writeFile(join(dir.path, 'raw.eml'), raw);
    for (const more of [[], ['--pipelining']]) {
      const ran = await plainwire(['send', 'raw.eml', '--server', `127.0.0.1:${server.port}`, ...more], {
        cwd: dir.path,
      });
      expect(ran.code, ran.stderr).toBe(0);
      expect(ran.stdout).toContain('queued as');
    }
    expect((await readdir(join(dir.path, 'mail'))).sort()).toEqual(['1.eml', '2.eml']);
    for (const name of ['1.eml', '2.eml']) {
      const saved = await readFile(join(dir.path, 'mail', name), 'utf8');
      expect(saved.endsWith('\r\n\r\n.dot\r\n..\r\ngrün\r\n')).toBe(true);
    }
    expect(server.said()).toMatch(/^1 === mail.1\.eml: \d+ bytes from a@b\.example to c@d\.example$/m);
    expect(server.said()).toContain('1 <-- ..dot\n1 <-- ...\n');
    expect(server.said()).toMatch(/^2 <-- BDAT \d+ LAST\n2 <-- From: /m);
    server.kill('SIGINT');
    expect(await server.ended).toBe(0);
    // what was recorded here, another one plays
    const text = await readFile(join(dir.path, 'it.wire'), 'utf8');
    expect(text).toContain('S: 220 localhost ESMTP plainwire\n');
    expect(text).toContain('C: ..dot\n');
  });

  test('STARTTLS and AUTH behind it; the password is in nothing that is shown or kept', async () => {
    await using dir = await folder();
    const options = [
      '--as',
      'smtp',
      '--starttls',
      '--save-cert',
      'ca.pem',
      '--login',
      'ada:pass:word',
      '--record',
      'it.wire',
    ];
    await using server = await listening(options, { cwd: dir.path });
    const send = (password: string) =>
      plainwire(
        [
          ...[
            'send',
            '--server',
            `localhost:${server.port}`,
            '--security',
            'starttls',
            '--ca',
            'ca.pem',
            '--user',
            'ada',
          ],
          ...['--from', 'a@b.example', '--to', 'c@d.example', '--text', 'x'],
        ],
        { cwd: dir.path, env: { PLAINWIRE_PASSWORD: password } },
      );
    const wrong = await send('password');
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('(AUTH_REFUSED)');
    const right = await send('pass:word');
    expect(right.code, right.stderr).toBe(0);
    const secrets = ['pass:word', 'password'].map((password) => Buffer.from(`\0ada\0${password}`).toString('base64'));
    server.kill('SIGINT');
    await server.ended;
    const shown = server.said() + (await readFile(join(dir.path, 'it.wire'), 'utf8'));
    for (const secret of secrets) expect(shown).not.toContain(secret);
    expect(shown).toMatch(/<-- AUTH PLAIN <secret, \d+ bytes>/);
    expect(shown).toMatch(/^-- tls$/m);
  });

  test('bytes between STARTTLS and the handshake end it', async () => {
    await using dir = await folder();
    await using server = await listening(['--as', 'smtp', '--starttls'], { cwd: dir.path });
    const peer = new Peer(server.port);
    peer.say('EHLO me\r\nSTARTTLS\r\nEHLO injected\r\n');
    expect(await peer.all()).toMatch(/220 2\.0\.0 Begin the TLS handshake\r\n$/);
    await server.hears('(BYTES_BEFORE_TLS)');
  });

  test('a long message is shown folded, --whole whole; --refuse and --max-size', async () => {
    await using dir = await folder();
    const args = ['--as', 'smtp', '--max-size', '20000', '--refuse', 'nobody@d.example'];
    await using server = await listening(args, { cwd: dir.path });
    const peer = new Peer(server.port);
    const content = `${'x'.repeat(98)}\r\n`.repeat(100);
    peer.say('EHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<nobody@d.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n');
    peer.say(`${content}.\r\nMAIL FROM:<> SIZE=20001\r\nQUIT\r\n`);
    const replies = await peer.all();
    expect(replies).toContain('250 SIZE 20000\r\n');
    expect(replies).toMatch(/550 5\.1\.1 .*\r\n250 2\.1\.5 .*\r\n354 .*\r\n250 2\.0\.0 .*\r\n552 5\.3\.4 .*\r\n221 /);
    await server.hears('1 === closed');
    expect(server.said()).toContain('1     … 5,900 more bytes\n');
    expect(await readFile(join(dir.path, '1.eml'), 'utf8')).toBe(content);
  });

  test('files that are there are left alone', async () => {
    await using dir = await folder();
    await writeFile(join(dir.path, '1.eml'), 'mine');
    await using server = await listening(['--as', 'smtp', '--once'], { cwd: dir.path });
    const peer = new Peer(server.port);
    peer.say('HELO me\r\nMAIL FROM:<>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n');
    expect(await peer.all()).toContain('queued as 2\r\n');
    expect(await readFile(join(dir.path, '1.eml'), 'utf8')).toBe('mine');
    expect(await server.ended).toBe(0);
  });
});

describe('--as http', () => {
  test('a page that shows the request, explained', async () => {
    await using server = await listening(['--as', 'http', '--explain']);
    const input = 'GET /a?b=<c> HTTP/1.0\nHost: x\n\n';
    const ran = await plainwire(['connect', `127.0.0.1:${server.port}`], { input });
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toMatch(/^HTTP\/1\.0 200 OK\r\nDate: .* GMT\r\nServer: plainwire\r\nContent-Type: text\/html/);
    expect(ran.stdout).toContain('<pre>GET /a?b=&lt;c&gt; HTTP/1.0\r\nHost: x</pre>');
    expect(server.said()).toContain('1 <-- GET /a?b=<c> HTTP/1.0\n      GET: Asks for the resource itself.');
  });

  test('the files of a folder, and nothing outside of it', async () => {
    await using dir = await folder();
    const site = join(dir.path, 'site');
    await mkdir(join(site, 'sub'), { recursive: true });
    const bytes = Buffer.from(Array.from({ length: 256 }, (_each, index) => index));
    await writeFile(join(site, 'all bytes.bin'), bytes);
    await writeFile(join(site, 'index.html'), '<h1>home</h1>');
    await writeFile(join(site, 'sub', 'a&b.txt'), 'text');
    await writeFile(join(site, '.hidden'), 'hidden');
    await writeFile(join(dir.path, 'outside'), 'outside');
    await symlink(join(dir.path, 'outside'), join(site, 'link'));
    await using server = await listening(['--as', 'http', 'site'], { cwd: dir.path });
    const ask = async (request: string) => {
      const peer = new Peer(server.port);
      peer.say(request);
      return peer.all();
    };
    const get = (path: string) => ask(`GET ${path} HTTP/1.0\r\n\r\n`);
    expect(await get('/all%20bytes.bin')).toMatch(/Content-Length: 256\r\n/);
    expect((await get('/all%20bytes.bin')).endsWith(bytes.toString('latin1'))).toBe(true);
    expect(await get('/')).toMatch(/^HTTP\/1\.0 200 OK\r\n[\s\S]*\r\n\r\n<h1>home<\/h1>$/);
    expect(await get('http://a.example/index.html')).toContain('<h1>home</h1>');
    expect(await get('/sub')).toMatch(/^HTTP\/1\.0 301 Moved Permanently\r\n[\s\S]*\r\nLocation: \/sub\/\r\n/);
    expect(await get('/sub/')).toContain('<li><a href="./a%26b.txt">a&amp;b.txt</a></li>');
    expect(await ask('GET /\r\n')).toBe('<h1>home</h1>');
    expect(await ask('HEAD / HTTP/1.0\r\n\r\n')).toMatch(/Content-Length: 13\r\nConnection: close\r\n\r\n$/);
    for (const path of [
      '/none',
      '/.hidden',
      '/link',
      '/../outside',
      '/%2e%2e/outside',
      '/sub/..%2f..%2foutside',
      '/..',
    ]) {
      expect(await get(path), path).toMatch(/^HTTP\/1\.0 404 Not Found\r\n/);
    }
    expect(await get('/%00')).toMatch(/^HTTP\/1\.0 400 /);
    expect(await get('/%zz')).toMatch(/^HTTP\/1\.0 400 /);
    expect(await ask('POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc')).toMatch(
      /^HTTP\/1\.0 405 [\s\S]*Allow: GET, HEAD\r\n/,
    );
    expect(await ask('what is this\r\n\r\n')).toMatch(/^HTTP\/1\.0 400 Bad Request\r\n/);
    expect(await ask(`GET / HTTP/1.0\r\nX: ${'x'.repeat(70_000)}`)).toMatch(/^HTTP\/1\.0 400 /);
    const ran = await plainwire(['get', `127.0.0.1:${server.port}`, '--body'], { cwd: dir.path });
    expect(ran.code, ran.stderr).toBe(0);
  });
});
