/** `plainwire connect` as its own process, with lines from a pipe: rows S9 and S16 of the seed programs. */
import { readFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { live } from './live.ts';
import { folder, plainwire } from './plainwire.ts';
import { CA_FILE, certificate, mailServer, webSite } from './servers.ts';

interface Serving extends AsyncDisposable {
  readonly port: number;
  readonly at: string;
}

/** A server of the test's own, on a port, a path, or with TLS. */
async function serving(
  onClient: (socket: Socket) => void,
  where: { path?: string; tls?: boolean } = {},
): Promise<Serving> {
  const sockets = new Set<Socket>();
  const tamed = (socket: Socket): void => {
    socket.on('error', () => {});
    onClient(socket);
  };
  const server =
    where.tls === true
      ? createTlsServer({ ...certificate(), allowHalfOpen: true }, tamed)
      : createServer({ allowHalfOpen: true }, tamed);
  // below TLS, too: a client that refuses the certificate never becomes one
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) =>
    where.path === undefined ? server.listen(0, '127.0.0.1', resolve) : server.listen(where.path, resolve),
  );
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    port,
    at: where.path ?? `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const shouting = (socket: Socket): void => {
  socket.setEncoding('utf8');
  socket.on('data', (text) => socket.write(String(text).toUpperCase()));
  socket.on('end', () => socket.end());
};

describe('any protocol of lines', () => {
  test('what is piped in goes with CRLF, what comes back is printed byte for byte, up to the end', async () => {
    let heard = '';
    await using server = await serving((socket) => {
      socket.setEncoding('utf8').on('data', (text) => (heard += text));
      socket.on('end', () => socket.end(Buffer.from([0, 0xff, 10, 27])));
    });
    const ran = await plainwire(['connect', '127.0.0.1', `${server.port}`], { input: 'one\ntwo\r\nthree' });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(heard).toBe('one\r\ntwo\r\nthree\r\n');
    expect(ran.stdout).toBe('\0�\n\x1b');
  });

  test('--raw changes nothing, not even line ends', async () => {
    await using server = await serving(shouting);
    const ran = await plainwire(['connect', server.at, '--raw'], { input: 'a\nb\r\nc' });
    expect(ran).toMatchObject({ code: 0, stdout: 'A\nB\r\nC', stderr: '' });
  });

  test('over a path', async () => {
    await using dir = await folder();
    await using server = await serving(shouting, { path: join(dir.path, 'socket') });
    const ran = await plainwire(['connect', server.at], { input: 'hello\n' });
    expect(ran).toMatchObject({ code: 0, stdout: 'HELLO\r\n' });
  });

  test('--tls from the first byte on, verified', async () => {
    await using server = await serving(shouting, { tls: true });
    const args = ['connect', 'localhost', `${server.port}`, '--tls', '-v'];
    const ran = await plainwire([...args, '--ca', CA_FILE], { input: 'hello\n' });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toMatch(/^=== TLSv1\.3, .*CN=localhost.*, verified\n--> hello\n<-- HELLO\n$/);
    const refused = await plainwire(args, { input: 'hello\n' });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('(CERTIFICATE_REFUSED)');
  });

  test('-v shows both sides, and nothing that steers a terminal', async () => {
    await using server = await serving((socket) => socket.end('\x1b[2Jhi\r\nunended'));
    const ran = await plainwire(['connect', server.at, '-v']);
    expect(ran.stdout).toBe('<-- \\x1b[2Jhi\n<-- unended\n');
  });

  test('lines come one by one while the dialogue goes on', async () => {
    await using server = await serving(shouting);
    await using client = live(['connect', server.at]);
    client.type('one');
    await client.hears('ONE\r\n');
    client.type('two');
    await client.hears('TWO\r\n');
    client.end();
    expect(await client.ended).toBe(0);
  });

  test('a server that says a lot waits for whoever reads it, and does not fill our memory', async () => {
    let sent = 0;
    await using server = await serving((socket) => {
      const block = 'one of very many lines\n'.repeat(3_000);
      const talk = (): void => {
        while (sent < 100_000_000 && socket.write(block)) sent += block.length;
      };
      socket.on('drain', talk);
      talk();
    });
    for (const options of [[], ['-v']]) {
      sent = 0;
      await using client = live(['connect', server.at, ...options]);
      await client.hears('lines');
      client.reader.pause();
      let before = -1;
      while (sent > before) {
        before = sent;
        await new Promise((resolve) => setTimeout(resolve, 400));
      }
      expect(sent).toBeLessThan(30_000_000);
    }
  });

  test('a server that closes before everything was said', async () => {
    await using server = await serving((socket) => socket.end('bye\r\n').destroySoon());
    await using client = live(['connect', server.at, '--protocol', 'smtp']);
    await client.hears('bye');
    client.type('EHLO me');
    client.end();
    expect(await client.ended).toBe(1);
    expect(client.said()).toContain('(CONNECTION_CLOSED)');
  });
});

describe('SMTP', () => {
  test('each line waits for the reply to the one before, however the replies are cut', async () => {
    const heard: string[] = [];
    await using server = await serving((socket) => {
      const slowly = async (text: string) => {
        for (const piece of text.match(/.{1,5}/gs) ?? []) {
          socket.write(piece);
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
      };
      const replies = ['250-mx\r\n250-SIZE\r\n250 HELP\r\n', '250 ok\r\n', '221 bye\r\n'];
      void slowly('220-mx\r\n220 hello\r\n');
      socket.setEncoding('utf8').on('data', (text) => {
        heard.push(String(text));
        void slowly(replies.shift() ?? '').then(() => {
          if (replies.length === 0) socket.end();
        });
      });
    });
    const ran = await plainwire(['connect', server.at], { input: 'EHLO me\nNOOP\nQUIT\n' });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(heard).toEqual(['EHLO me\r\n', 'NOOP\r\n', 'QUIT\r\n']);
    expect(ran.stdout).toBe('220-mx\r\n220 hello\r\n250-mx\r\n250-SIZE\r\n250 HELP\r\n250 ok\r\n221 bye\r\n');
  });

  test('a whole mail by hand; without QUIT the last reply is waited for', async () => {
    await using server = await mailServer({ authOptional: true, disabledCommands: ['STARTTLS', 'AUTH'] });
    const input = 'EHLO me\nMAIL FROM:<a@b.example>\nRCPT TO:<c@d.example>\nDATA\nSubject: x\n\nhi\n..\n.\n';
    const ran = await plainwire(['connect', '127.0.0.1', `${server.port}`], { input });
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toMatch(/354 .*\r\n250 .*queued.*\r\n$/);
    expect(server.inbox).toMatchObject([
      { from: 'a@b.example', to: ['c@d.example'], text: 'Subject: x\r\n\r\nhi\r\n.\r\n' },
    ]);
  });

  test('--starttls smtp greets, encrypts, and then it is the turn of what is piped in', async () => {
    await using server = await mailServer({ authOptional: true, ...certificate() });
    const ran = await plainwire(
      [
        'connect',
        'localhost',
        `${server.port}`,
        '--starttls',
        'smtp',
        '--ca',
        CA_FILE,
        '--explain',
        '--name',
        'me.example',
      ],
      { input: 'EHLO again.example\nAUTH PLAIN AGFkYQBzZWNyZXQ=\nQUIT\n' },
    );
    expect(ran.code, ran.stderr).toBe(0);
    const lines = ran.stdout.split('\n').filter((line) => !line.startsWith('      '));
    expect(lines).toContain('--> EHLO me.example');
    expect(lines.indexOf('--> STARTTLS')).toBeLessThan(
      lines.findIndex((line) => /^=== TLSv1\.3.*verified$/.test(line)),
    );
    expect(lines.indexOf('--> EHLO again.example')).toBeGreaterThan(lines.indexOf('--> STARTTLS'));
    expect(ran.stdout).toContain('STARTTLS: Asks to encrypt the connection from here on. [RFC 3207 section 4]');
    expect(ran.stdout).toContain('--> AUTH PLAIN <secret, 16 bytes>');
    expect(ran.stdout).not.toContain('AGFkYQBzZWNyZXQ');
  });

  test('--starttls smtp says so where it is not offered', async () => {
    await using server = await mailServer({ disabledCommands: ['STARTTLS'] });
    const ran = await plainwire(['connect', `127.0.0.1:${server.port}`, '--starttls', 'smtp'], { input: 'NOOP\n' });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toBe('plainwire: the server does not offer STARTTLS (STARTTLS_NOT_OFFERED)\n');
  });

  test('bytes between STARTTLS and the handshake end it', async () => {
    await using server = await serving((socket) => {
      socket.write('220 mx\r\n');
      socket.on('data', (bytes) =>
        socket.write(String(bytes).startsWith('EHLO') ? '250-mx\r\n250 STARTTLS\r\n' : '220 go\r\n250 injected\r\n'),
      );
    });
    const ran = await plainwire(['connect', server.at, '-v'], { input: 'EHLO me\nSTARTTLS\nEHLO me\n' });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('(BYTES_BEFORE_TLS)');
    expect(ran.stdout).not.toContain('injected');
  });

  test('a trace in any format, and a record that can be played again', async () => {
    await using dir = await folder();
    await using server = await mailServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onAuth: (auth, _session, callback) => callback(null, { user: auth.username }),
    });
    const ran = await plainwire(
      ['connect', `127.0.0.1:${server.port}`, '--trace', 'json', '--record', 'it.wire', '--picture', 'it.svg'],
      { cwd: dir.path, input: 'EHLO me\nAUTH PLAIN AGFkYQBzZWNyZXQ=\nQUIT\n' },
    );
    expect(ran.code, ran.stderr).toBe(0);
    const events = ran.stderr
      .trimEnd()
      .split('\n')
      .map((line): Record<string, unknown> => JSON.parse(line));
    const spoken = events.filter(({ kind }) => kind === 'sent' || kind === 'received');
    expect(spoken.map(({ verb, code }) => verb ?? code)).toEqual([220, 'EHLO', 250, 'AUTH', 235, 'QUIT', 221]);
    expect(spoken.map(({ protocol }) => protocol)).toEqual(Array(7).fill('smtp'));
    expect(await readFile(join(dir.path, 'it.wire'), 'utf8')).toMatch(/^C~ \^AUTH PLAIN \.\+\$$/m);
    expect(await readFile(join(dir.path, 'it.svg'), 'utf8')).toContain('</svg>');
  });

  test('--timeout ends the wait for a reply', async () => {
    await using server = await serving((socket) => void socket.write('220 mx\r\n'));
    const ran = await plainwire(['connect', server.at, '--timeout', '0.3'], { input: 'EHLO me\nQUIT\n' });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('(DEADLINE_PASSED)');
  });
});

describe('HTTP', () => {
  test('a request by hand, the answer whole', async () => {
    await using site = await webSite((request, response) => response.end(`for ${request.headers.host}`));
    const input = 'GET / HTTP/1.0\nHost: a.example\n\n';
    const ran = await plainwire(['connect', '127.0.0.1', `${site.port}`], { input });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nfor a\.example$/);
  });

  test('explained; a server that stays on the line is left when it is silent', async () => {
    await using site = await webSite((_request, response) => response.end('hi'));
    const input = 'GET / HTTP/1.1\nHost: a.example\nAuthorization: Basic c2VjcmV0\n\n';
    const ran = await plainwire(['connect', `127.0.0.1:${site.port}`, '-x'], { input });
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toContain('--> Authorization: <secret, 14 bytes>');
    expect(ran.stdout).toContain('<-- HTTP/1.1 200 OK\n      200: OK: the body is what was asked for.');
    expect(ran.stdout).toContain('<-- hi\n');
  });
});

describe('the command line', () => {
  test.each([
    [['connect', 'localhost'], 'which port of localhost?'],
    [['connect', 'localhost', '99999'], '99999 is no port'],
    [['connect', '/a/path', '25'], 'a path has no port'],
    [['connect', 'localhost:25', '25'], 'one too many'],
    [['connect', 'localhost', '25', '--tls', '--starttls', 'smtp'], 'nothing left for --starttls'],
    [['connect', 'localhost', '25', '--raw', '-x'], '--raw has no lines'],
  ])('%j', async (args, complaint) => {
    const ran = await plainwire(args);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain(complaint);
  });

  test('nobody there', async () => {
    const ran = await plainwire(['connect', '127.0.0.1', '1'], { input: 'x\n' });
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain('(CONNECT_FAILED)');
  });

  test('Ctrl-C ends it with 130', async () => {
    await using server = await serving((socket) => void socket.write('hello\r\n'));
    await using client = live(['connect', server.at]);
    await client.hears('hello');
    client.kill('SIGINT');
    expect(await client.ended).toBe(130);
    expect(client.said()).toContain('interrupted');
  });
});
