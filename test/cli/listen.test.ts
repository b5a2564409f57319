/** `plainwire listen` as its own process: rows S8 to S14 of the seed programs, and what is shown of them. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listening, live } from './live.ts';
import { Peer } from './peer.ts';
import { folder, plainwire } from './plainwire.ts';
import { CA_FILE } from './servers.ts';

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
        setTimeout(resolve, 500, false);
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
