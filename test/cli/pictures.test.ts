/** Pictures, recordings and dialogues that stop early, from the command line. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folder, plainwire } from './plainwire.ts';
import { CA_FILE, certificate, mailServer, webSite } from './servers.ts';

const MAIL = [
  '--from',
  'ada@example.com',
  '--to',
  'grace@example.org',
  '--to',
  'nobody@example.org',
  '--text',
  'Hello',
];

describe('send', () => {
  test('draws the dialogue as a page and as SVG, records it, and shows no password', async () => {
    await using dir = await folder();
    await using server = await mailServer({
      ...certificate(),
      onAuth: (auth, _session, done) => done(null, { user: auth.username ?? '' }),
    });
    const files = ['--picture', 'd.html', '--picture', 'd.svg', '--record', 'd.wire'];
    const login = ['--security', 'starttls', '--ca', CA_FILE, '--user', 'ada'];
    const ran = await plainwire(
      ['send', '--server', `localhost:${server.port}`, ...login, ...MAIL, ...files, '--trace', 'wire'],
      {
        cwd: dir.path,
        env: { PLAINWIRE_PASSWORD: 'open sesame' },
      },
    );
    expect(ran.code).toBe(1);
    const [html = '', svg = '', recorded = ''] = await Promise.all(
      ['d.html', 'd.svg', 'd.wire'].map((name) => readFile(join(dir.path, name), 'utf8')),
    );
    expect(html).toContain(`<title>SMTP dialogue with localhost:${server.port}</title>`);
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(recorded).toBe(ran.stderr);
    for (const text of [html, svg, recorded]) {
      expect(text).toMatch(/(?:<|&lt;)secret, 24 bytes(?:>|&gt;)/);
      expect(text).not.toContain(Buffer.from('\0ada\0open sesame').toString('base64'));
      expect(text).toContain('550 no such user');
    }
  });

  test.each([
    ['greeting', 0, /^Stopped after greeting, nothing sent: 220 /],
    ['ehlo', 0, /^Stopped after ehlo, nothing sent: 250 /],
    ['mail', 0, /^Stopped after mail, nothing sent: 250 /],
    ['rcpt', 1, /^Stopped after rcpt, nothing sent: 550 no such user\n$/],
    ['data', 1, /^Stopped after data, nothing sent/],
  ])('--quit-after %s', async (phase, code, said) => {
    await using server = await mailServer({ authOptional: true });
    const ran = await plainwire([
      'send',
      '--server',
      `127.0.0.1:${server.port}`,
      ...MAIL,
      '--quit-after',
      phase,
      '--verbose',
    ]);
    expect(ran.stdout).toMatch(said);
    expect(ran.code).toBe(code);
    expect(ran.stderr).not.toContain('Subject');
    if (phase !== 'data') expect(ran.stderr).toMatch(/--> \[QUIT\]\n<-- \[221 .*\]\n$/);
    expect(server.inbox).toEqual([]);
  });

  test("where the picture can't be written, nothing is tried", async () => {
    const ran = await plainwire(['send', '--server', '127.0.0.1:1', ...MAIL, '--picture', '/nowhere/at/all.html']);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain("can't be written");
  });

  test('a picture is a page or SVG', async () => {
    const ran = await plainwire(['send', '--server', '127.0.0.1:1', ...MAIL, '--picture', 'dialogue.png']);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('.html or .svg');
  });
});

test('get draws each connection', async () => {
  await using dir = await folder();
  await using site = await webSite((request, response) => {
    response.statusCode = request.url === '/b' ? 404 : 200;
    response.end('<script>alert(1)</script>');
  });
  const sites = ['a', 'b'].map((path) => `127.0.0.1:${site.port}/${path}`);
  const ran = await plainwire(['get', ...sites, '--picture', 'd.html'], { cwd: dir.path });
  expect(ran.code).toBe(0);
  const html = await readFile(join(dir.path, 'd.html'), 'utf8');
  expect(html.match(/<section class="picture /g)).toHaveLength(2);
  const headings = Array.from(html.matchAll(/<h2>(.*?)<\/h2>/g), ([, heading]) => heading).sort();
  expect(headings[0]).toMatch(/^1\. HTTP dialogue with 127\.0\.0\.1:\d+: GET \/[ab]$/);
  expect(headings[1]).toMatch(/^2\. HTTP dialogue with 127\.0\.0\.1:\d+: GET \/[ab]$/);
  expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(html.match(/<script/g)).toHaveLength(1);
});

test('--html FILE is the page, whatever the name of the file: for get, connect and listen', async () => {
  await using dir = await folder();
  await using site = await webSite((_request, response) => response.end('ok'));
  const got = await plainwire(['get', `127.0.0.1:${site.port}`, '--html', 'got'], { cwd: dir.path });
  expect(got).toMatchObject({ code: 0 });
  const input = 'GET / HTTP/1.0\n\n';
  const talked = await plainwire(['connect', '127.0.0.1', String(site.port), '--html', 'talked.page'], {
    cwd: dir.path,
    input,
  });
  expect(talked).toMatchObject({ code: 0 });
  let port = '';
  const heard = await plainwire(['listen', '0', '--once', '--as', 'http', '--html', 'heard.htm'], {
    cwd: dir.path,
    onOutput: (text) => {
      const found = /:(\d+)/.exec(text)?.[1];
      if (found === undefined || port !== '') return;
      port = found;
      void fetch(`http://127.0.0.1:${port}/`);
    },
  });
  expect(heard).toMatchObject({ code: 0 });
  for (const name of ['got', 'talked.page', 'heard.htm']) {
    const html = await readFile(join(dir.path, name), 'utf8');
    expect(html, name).toMatch(/^<!doctype html>/);
    expect(html, name).toContain('<b>GET</b>');
  }
});

test.each([
  ['with a file', ['send', 'infos.txt', '--html', 'd.html']],
  ['without', ['send', '--server', '127.0.0.1:1', ...MAIL, '--html', 'd.html']],
])('send --html is the HTML of a message: the name of a page there is a mistake, %s', async (_name, args) => {
  await using dir = await folder();
  await writeFile(join(dir.path, 'infos.txt'), 'a.example, ada@example.com, grace@example.org\n\nHi\n');
  const ran = await plainwire(args, { cwd: dir.path });
  expect(ran.code).toBe(2);
  expect(ran.stderr).toContain('--picture d.html');
  expect(ran.stderr).toContain('--html-file');
});

describe('explain', () => {
  const TRANSCRIPT =
    'C: EHLO a.example\nS: 250-b.example\nS: 250 AUTH PLAIN\nC: AUTH PLAIN AGFkYQBzZXNhbWU=\nS: 235 ok\n';

  test('draws a transcript, or two side by side, and sums them up', async () => {
    await using dir = await folder();
    await writeFile(join(dir.path, 'one.txt'), TRANSCRIPT);
    await writeFile(join(dir.path, 'two.txt'), TRANSCRIPT.replaceAll('C: ', ' -> ').replaceAll('S: ', '<-  '));
    const ran = await plainwire(['explain', 'one.txt', 'two.txt', '--picture', 'both.svg', '--html', 'both.html'], {
      cwd: dir.path,
    });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toBe(
      'one.txt: 2 round trips; 45 bytes sent, 39 bytes received\ntwo.txt: 2 round trips; 45 bytes sent, 39 bytes received\n',
    );
    for (const name of ['both.svg', 'both.html']) {
      const text = await readFile(join(dir.path, name), 'utf8');
      expect(text).toContain('one.txt');
      expect(text).toContain('two.txt');
      expect(text).toContain('secret, 16 bytes');
      expect(text).not.toContain('AGFkYQBzZXNhbWU=');
    }
  });

  test('shows no password of a transcript', async () => {
    await using dir = await folder();
    await writeFile(join(dir.path, 'one.txt'), TRANSCRIPT);
    const ran = await plainwire(['explain', 'one.txt'], { cwd: dir.path });
    expect(ran.stdout).toContain('C: AUTH PLAIN <secret, 16 bytes>\n');
    expect(ran.stdout).toContain('user name: ada');
    expect(ran.stdout).not.toContain('sesame');
  });

  test.each([
    [['explain', 'nothing.txt', '--picture', 'd.svg'], 'there is no such file'],
    [['explain', 'one.txt', 'one.txt', 'one.txt', '--picture', 'd.svg'], 'one transcript is drawn, or two'],
  ])('%j', async (args, complaint) => {
    await using dir = await folder();
    await writeFile(join(dir.path, 'one.txt'), TRANSCRIPT);
    const ran = await plainwire(args, { cwd: dir.path });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(complaint);
  });
});
