/** `plainwire listen` as its own process: rows S8 to S14 of the seed programs, and a server of mail and of pages. */
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listening, live } from './live.ts';
import { folder, plainwire } from './plainwire.ts';
import { CA_FILE } from './servers.ts';

/** A client of the test's own. */
class Peer {
  readonly #socket: Socket;
  #text = '';
  #ended = false;
  #wake: (() => void)[] = [];

  constructor(to: number | string) {
    this.#socket = typeof to === 'number' ? connect({ port: to, host: '127.0.0.1' }) : connect({ path: to });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (text) => this.#heard(String(text)));
    this.#socket.on('close', () => {
      this.#ended = true;
      this.#heard('');
    });
    this.#socket.on('error', () => {});
  }

  #heard(text: string): void {
    this.#text += text;
    for (const each of this.#wake.splice(0)) each();
  }

  say(text: string): void {
    this.#socket.write(text, 'latin1');
  }

  end(): void {
    this.#socket.end();
  }

  breakOff(): void {
    this.#socket.resetAndDestroy();
  }

  /** Everything heard so far, when it holds this. */
  async hears(expected: string): Promise<string> {
    while (!this.#text.includes(expected)) {
      if (this.#ended) throw new Error(`it ended without ${expected}, having said ${this.#text}`);
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
    return this.#text;
  }

  async all(): Promise<string> {
    while (!this.#ended) await new Promise<void>((resolve) => this.#wake.push(resolve));
    return this.#text;
  }
}

describe('S10: be the server', () => {
  test('client lines appear, typed lines go back, bye ends; several clients, one in focus', async () => {
    await using server = await listening([]);
    const one = new Peer(server.port);
    await server.hears('1 === connected from 127.0.0.1:');
    one.say('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await server.hears('1 <-- Host: x\n1 <-- \n');
    const two = new Peer(server.port);
    await server.hears('2 === connected');
    two.say('half ');
    two.say('a line\r\n');
    await server.hears('2 <-- half a line\n');
    server.type('HTTP/1.1 200 OK', '', '<h1>Generic</h1>', '/list', '/2', 'for two', '//list', '/3', '/1', 'bye');
    expect(await one.all()).toBe('HTTP/1.1 200 OK\r\n\r\n<h1>Generic</h1>\r\n');
    await two.hears('for two\r\n/list\r\n');
    await server.hears('there is no client 3');
    expect(server.said()).toMatch(/^\* 1 {2}127.*\n {2}2 {2}127/m);
    server.type('still two');
    await two.hears('still two\r\n');
    two.breakOff();
    await server.hears(/^2 === .*\(CONNECTION_LOST\)$/m);
    server.type('anybody?');
    const three = new Peer(server.port);
    await three.hears('anybody?\r\n');
    server.kill('SIGINT');
    expect(await server.ended).toBe(0);
    expect(await three.all()).toBe('anybody?\r\n');
  });

  test('lines from a pipe: the first client gets them; when it has gone it is over', async () => {
    const server = live(['listen', '0', '--explain']);
    const [, port] = /listening on \S+:(\d+)/.exec(await server.hears(/listening on \S+:\d+/)) ?? [];
    server.type('220 mx.example', '250-me', '250 SIZE', '221 bye');
    server.end();
    const client = await plainwire(['connect', `127.0.0.1:${port}`], { input: 'EHLO me\nNOOP\n' });
    expect(client).toMatchObject({ code: 0, stdout: '220 mx.example\r\n250-me\r\n250 SIZE\r\n221 bye\r\n' });
    expect(await server.ended).toBe(0);
    expect(server.said()).toContain(
      '1 --> 220 mx.example\n      220: The server is there and ready. [RFC 5321 section 3.1]',
    );
  });

  test('S14: on a path', async () => {
    await using dir = await folder();
    const path = join(dir.path, 'socket');
    await using server = live(['listen', path, '--as', 'echo', '--once']);
    await server.hears(`listening on ${path}\n`);
    const ran = await plainwire(['connect', path], { input: 'hello\n' });
    expect(ran).toMatchObject({ code: 0, stdout: 'hello\r\n' });
    expect(await server.ended).toBe(0);
  });

  test('--tls, with a certificate made on the spot, which a client may trust', async () => {
    await using dir = await folder();
    await using server = await listening(['--as', 'echo', '--tls', '--save-cert', 'ca.pem'], { cwd: dir.path });
    const args = ['connect', 'localhost', `${server.port}`, '--tls'];
    const ran = await plainwire([...args, '--ca', 'ca.pem', '-v'], { cwd: dir.path, input: 'hello\n' });
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toMatch(/^=== TLSv1\.3, .*certificate of CN=localhost, verified\n--> hello\n<-- hello\n$/);
    expect((await plainwire([...args, '--ca', CA_FILE], { input: 'hello\n' })).stderr).toContain(
      '(CERTIFICATE_REFUSED)',
    );
    const [, fingerprint] = /SHA-256 (\S+)/.exec(server.said()) ?? [];
    expect(fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    await server.hears(/^2 === .*\(/m);
  });

  test('--cert and --key', async () => {
    const key = CA_FILE.replace(/ca\.pem$/, 'localhost.key');
    await using server = await listening([
      '--as',
      'time',
      '--tls',
      '--cert',
      CA_FILE.replace(/ca\.pem$/, 'localhost.pem'),
      '--key',
      key,
    ]);
    const ran = await plainwire(['connect', `localhost:${server.port}`, '--tls', '--ca', CA_FILE]);
    expect(ran.code, ran.stderr).toBe(0);
    expect(Date.parse(ran.stdout)).toBeGreaterThan(Date.now() - 60_000);
  });
});

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

describe('the servers of the first programs', () => {
  test('S9: echo, for ten clients at once', async () => {
    await using server = await listening(['--as', 'echo']);
    const peers = Array.from({ length: 10 }, () => new Peer(server.port));
    for (const [index, peer] of peers.entries()) peer.say(`I am ${index}\r\n`);
    for (const peer of peers) peer.end();
    expect(await Promise.all(peers.map((peer) => peer.all()))).toEqual(
      peers.map((_peer, index) => `I am ${index}\r\n`),
    );
  });

  test('S8: time, also for a client that speaks first', async () => {
    await using server = await listening(['--as', 'time']);
    const peer = new Peer(server.port);
    peer.say('what time is it?\r\n');
    expect(Math.abs(Date.parse(await peer.all()) - Date.now())).toBeLessThan(60_000);
  });

  test('S12: chat, with a client that breaks off', async () => {
    await using server = await listening(['--as', 'chat']);
    const one = new Peer(server.port);
    await one.hears('alone\r\n');
    const two = new Peer(server.port);
    await two.hears('with 1 more\r\n');
    const name = /\* (\S+) has come/.exec(await one.hears('has come\r\n'))?.[1];
    two.say('hel');
    two.say('lo\r\nall\r\n');
    await one.hears(`${name}: hello\r\n${name}: all\r\n`);
    two.breakOff();
    expect(await one.hears('has gone')).not.toContain('undefined');
  });

  test('S11: a file, to the byte', async () => {
    await using dir = await folder();
    const bytes = Buffer.alloc(3_000_001, 'some bytes\n');
    await writeFile(join(dir.path, 'big'), bytes);
    await using server = await listening(['--as', 'file', 'big', '--once'], { cwd: dir.path });
    const peer = new Peer(server.port);
    expect(Buffer.from(await peer.all(), 'latin1').equals(bytes)).toBe(true);
    expect(await server.ended).toBe(0);
    expect(server.said()).toContain('1 === sent big, 3,000,001 bytes\n');
  });

  test('SIGTERM ends it as Ctrl-C does: what was asked for is written', async () => {
    await using dir = await folder();
    const path = join(dir.path, 'socket');
    await using server = live(['listen', path, '--as', 'time', '--picture', 'it.svg'], { cwd: dir.path });
    await server.hears('listening on');
    await plainwire(['connect', path]);
    server.kill('SIGTERM');
    expect(await server.ended).toBe(0);
    expect(await readdir(dir.path)).toEqual(['it.svg']);
    expect(await readFile(join(dir.path, 'it.svg'), 'utf8')).toContain('</svg>');
  });
});

describe('what is shown', () => {
  test('a client that says a lot waits for whoever reads it, and does not fill our memory', async () => {
    await using server = await listening(['--as', 'chat']);
    server.reader.pause();
    const socket = connect({ port: server.port, host: '127.0.0.1' }).on('error', () => {});
    const block = 'one of very many lines\n'.repeat(3_000);
    let sent = 0;
    const goesOn = () =>
      new Promise<boolean>((resolve) => {
        socket.once('drain', () => resolve(true));
        setTimeout(resolve, 1_000, false);
      });
    while (sent < 100_000_000 && (socket.write(block) || (await goesOn()))) sent += block.length;
    // what the system holds on the way, and no more
    expect(sent).toBeLessThan(30_000_000);
    socket.resetAndDestroy();
    server.reader.resume();
    await server.hears(/^1 === .*(CONNECTION_LOST|closed)/m);
  });

  test('a page in one line is folded, too', async () => {
    await using dir = await folder();
    await writeFile(join(dir.path, 'page.html'), 'x'.repeat(10_000));
    await using server = await listening(['--as', 'http', '.'], { cwd: dir.path });
    await plainwire(['get', `127.0.0.1:${server.port}/page.html`], { cwd: dir.path });
    await server.hears('1 === closed');
    expect(server.said()).toContain(`1 --> ${'x'.repeat(4096)}\n1     … 5,906 more bytes\n1 === closed`);
  });

  test('a token too long for a line is hidden to its end', async () => {
    await using server = await listening(['--as', 'http']);
    const peer = new Peer(server.port);
    peer.say(`GET / HTTP/1.0\r\nAuthorization: Negotiate ${'c2VjcmV0'.repeat(20_000)}\r\n\r\n`);
    expect(await peer.all()).toContain('HTTP/1.0 400');
    await server.hears('1 === closed');
    expect(server.said()).toContain('1 <-- Authorization: <secret, ');
    expect(server.said()).not.toContain('c2VjcmV0');
  });
});

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

describe('the command line', () => {
  test.each([
    [['listen', '99999'], '99999 is no port'],
    [['listen', 'localhost'], 'localhost is no port and no path'],
    [['listen', '0', '--as', 'file'], 'which file?'],
    [['listen', '0', 'x', '--as', 'echo'], 'what is x for?'],
    [['listen', '0', '--as', 'echo', '--replay', 'x'], 'two servers'],
    [['listen', '0', '--starttls'], '--starttls goes with --as smtp'],
    [['listen', '0', '--tls', '--cert', 'x'], '--cert and --key go together'],
    [['listen', '0', '--as', 'smtp', '--login', 'ada'], 'user:password'],
    [['listen', '0', '--as', 'http', '/nowhere/at/all'], 'is no folder'],
    [['listen', '0', '--as', 'gopher'], 'Allowed choices'],
  ])('%j', async (args, complaint) => {
    const ran = await plainwire(args);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain(complaint);
  });

  test('a port that is taken', async () => {
    await using server = await listening(['--as', 'echo']);
    const ran = await plainwire(['listen', `${server.port}`, '--as', 'echo']);
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain('it is taken (EADDRINUSE) (LISTEN_FAILED)');
  });
});
