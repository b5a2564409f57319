/** `plainwire send`, as its own process: rows S3 to S7 of the seed programs, exit codes, and what never shows. */
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import type { SMTPServerOptions } from 'smtp-server';
import { describe, expect, test } from 'vitest';
import { folder, plainwire } from './plainwire.ts';
import { CA_FILE, certificate, mailServer, scriptedServer } from './servers.ts';

const POSTFIX = [
  '220 smtp.univ-angers.fr ESMTP Postfix\n',
  '250-smtp.univ-angers.fr\n250-PIPELINING\n250-SIZE 20480000\n250-VRFY\n250-ETRN\n250-ENHANCEDSTATUSCODES\n250-8BITMIME\n250 DSN\n',
  '250 2.1.0 Ok\n',
  '250 2.1.5 Ok\n',
  '354 End data with <CR><LF>.<CR><LF>\n',
  '250 2.0.0 Ok: queued as 63412114203\n',
  '221 2.0.0 Bye\n',
];

const MAIL = `Subject: test
Date: Sat, 21 Nov 2026 12:00:00 +0000
Message-ID: <m@univ-angers.fr>

ligne1
ligne2

.ligne3
`;

async function infos(path: string, server: string, rest = MAIL): Promise<string> {
  const file = join(path, 'infos.txt');
  await writeFile(file, `${server}, serge.tahe@univ-angers.fr , serge.tahe@univ-angers.fr\n${rest}`);
  return file;
}

describe('S3: infos.txt --verbose', () => {
  test('the dialogue in the format of the first program, in lock-step, on stderr; the result on stdout', async () => {
    await using dir = await folder();
    await using server = await scriptedServer(POSTFIX);
    const file = await infos(dir.path, `127.0.0.1:${server.port}`);
    const ran = await plainwire(['send', file, '--verbose', '--name', 'client.example']);
    expect(ran.stderr).toBe(`<-- [220 smtp.univ-angers.fr ESMTP Postfix]
--> [EHLO client.example]
<-- [250-smtp.univ-angers.fr
250-PIPELINING
250-SIZE 20480000
250-VRFY
250-ETRN
250-ENHANCEDSTATUSCODES
250-8BITMIME
250 DSN]
--> [MAIL FROM:<serge.tahe@univ-angers.fr> SIZE=${ran.stderr.match(/SIZE=(\d+)/)?.[1]}]
<-- [250 2.1.0 Ok]
--> [RCPT TO:<serge.tahe@univ-angers.fr>]
<-- [250 2.1.5 Ok]
--> [DATA]
<-- [354 End data with <CR><LF>.<CR><LF>]
--> [From: serge.tahe@univ-angers.fr
To: serge.tahe@univ-angers.fr
Subject: test
Date: Sat, 21 Nov 2026 12:00:00 +0000
Message-ID: <m@univ-angers.fr>

ligne1
ligne2

..ligne3
.
]
<-- [250 2.0.0 Ok: queued as 63412114203]
--> [QUIT]
<-- [221 2.0.0 Bye]
`);
    expect(ran.stdout).toBe(`Message sent: 250 2.0.0 Ok: queued as 63412114203
  accepted serge.tahe@univ-angers.fr: 250 2.1.5 Ok
  Message-ID <m@univ-angers.fr>
`);
    expect(ran.code).toBe(0);
  });

  test('--server goes before the one of the file', async () => {
    await using dir = await folder();
    await using server = await mailServer({ authOptional: true });
    const file = await infos(dir.path, 'nowhere.invalid');
    const ran = await plainwire(['send', file, '--server', `smtp://127.0.0.1:${server.port}`, '--security', 'none']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(server.inbox[0]?.text).toContain('\r\n.ligne3\r\n');
  });

  test.each([4, 5])('a %dyz reply is an error with the reply, and exit code 1', async (first) => {
    await using dir = await folder();
    await using server = await scriptedServer([...POSTFIX.slice(0, 2), `${first}50 ${first}.1.8 no\n`, '221 bye\n']);
    const ran = await plainwire(['send', await infos(dir.path, `127.0.0.1:${server.port}`)]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('SENDER_REFUSED');
    expect(ran.stderr).toContain(`${first}50`);
    expect(ran.stdout).toContain('Message not sent');
    expect(ran.stdout).not.toContain('Message sent');
  });

  test('a server that is not there', async () => {
    await using dir = await folder();
    const gone = await scriptedServer([]);
    const file = await infos(dir.path, `127.0.0.1:${gone.port}`);
    await gone[Symbol.asyncDispose]();
    const ran = await plainwire(['send', file]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/^plainwire: .*\(CONNECT_FAILED\)\n\(is host:port right/);
  });
});

describe('infos.txt that is not right: file, line, and what was expected; nothing is sent; exit code 2', () => {
  const cases: [name: string, prepare: (file: string) => Promise<unknown>, complaint: string][] = [
    ['missing', async () => {}, 'infos.txt: there is no such file'],
    ['a directory', (file) => mkdir(file), 'infos.txt: is a directory; a file is expected'],
    ['empty', (file) => writeFile(file, ''), 'infos.txt: is empty'],
    ['binary', (file) => writeFile(file, 'a\0b'), 'infos.txt: holds NUL bytes; text is expected'],
    ['two fields', (file) => writeFile(file, 'h, a@b.example\n'), 'infos.txt:1: expected "server, sender, recipient"'],
    [
      'an empty field',
      (file) => writeFile(file, 'h,,c@d.example\n'),
      'infos.txt:1: expected "server, sender, recipient", and the sender is empty',
    ],
    ['a sender that is none', (file) => writeFile(file, 'h, nobody, c@d.example\n'), 'infos.txt:1: the sender: '],
    ['a recipient that is none', (file) => writeFile(file, 'h, a@b.example, c@d@e\n'), 'infos.txt:1: the recipient: '],
    [
      'a server that is none',
      (file) => writeFile(file, 'h:port, a@b.example, c@d.example\n'),
      'infos.txt:1: the server: ',
    ],
    ['no header', (file) => writeFile(file, 'h, a@b.example, c@d.example\nHello\n'), 'infos.txt:2: expected a header'],
  ];

  test.each(cases)('%s', async (_name, prepare, complaint) => {
    await using dir = await folder();
    await prepare(join(dir.path, 'infos.txt'));
    const ran = await plainwire(['send', 'infos.txt'], { cwd: dir.path });
    expect(ran.stderr).toContain(`plainwire: ${complaint}`);
    expect(ran.stderr).not.toContain('    at ');
    expect(ran).toMatchObject({ code: 2, stdout: '' });
  });

  test.skipIf(process.getuid?.() === 0)('unreadable', async () => {
    await using dir = await folder();
    await writeFile(join(dir.path, 'infos.txt'), 'x');
    await chmod(join(dir.path, 'infos.txt'), 0);
    const ran = await plainwire(['send', 'infos.txt'], { cwd: dir.path });
    expect(ran).toMatchObject({ code: 2, stderr: 'plainwire: infos.txt: it may not be read (permission denied)\n' });
  });
});

test('S4: --trace smtplib', async () => {
  await using dir = await folder();
  await using server = await scriptedServer(POSTFIX);
  const file = await infos(dir.path, `127.0.0.1:${server.port}`);
  const { stderr, code } = await plainwire(['send', file, '--trace', 'smtplib', '--name', 'client.example']);
  expect(code).toBe(0);
  expect(stderr).toContain(String.raw`send: 'ehlo client.example\r\n'
reply: '250-smtp.univ-angers.fr\r\n'`);
  expect(stderr).toMatch(/^send: 'mail FROM:<serge\.tahe@univ-angers\.fr> size=\d+\\r\\n'$/m);
  expect(stderr).toContain(String.raw`send: 'data\r\n'
reply: '354 End data with <CR><LF>.<CR><LF>\r\n'
reply: retcode (354); Msg: End data with <CR><LF>.<CR><LF>
data: (354, 'End data with <CR><LF>.<CR><LF>')
send: 'From: serge.tahe@univ-angers.fr\r\nTo: serge.tahe@univ-angers.fr\r\nSubject: test\r\n`);
  expect(stderr).toContain(String.raw`\r\n..ligne3\r\n.\r\n'
reply: '250 2.0.0 Ok: queued as 63412114203\r\n'
reply: retcode (250); Msg: 2.0.0 Ok: queued as 63412114203
data: (250, '2.0.0 Ok: queued as 63412114203')
send: 'quit\r\n'
reply: '221 2.0.0 Bye\r\n'
reply: retcode (221); Msg: 2.0.0 Bye
`);
});

describe('S5: login over STARTTLS', () => {
  const PASSWORD = 'correct horse "battery" ✓';
  const options: SMTPServerOptions = {
    ...certificate(),
    onAuth: ({ username, password }, _session, callback) =>
      password === PASSWORD ? callback(null, { user: username }) : callback(new Error('wrong')),
  };
  const args = (port: number, ...more: string[]) => [
    ...['send', '--server', `localhost:${port}`, '--security', 'starttls', '--ca', CA_FILE, '--user', 'ada'],
    ...['--from', 'ada@example.com', '--to', 'grace@example.org', '--subject', 'Hi', '--text', 'Hello', ...more],
  ];

  test('the password comes from the environment, and no format shows it', async () => {
    await using server = await mailServer(options);
    for (const format of ['arrows', 'smtplib', 'swaks', 'json', 'hex', 'markdown']) {
      const ran = await plainwire(args(server.port, '--trace', format, '--explain'), {
        env: { PLAINWIRE_PASSWORD: PASSWORD },
      });
      expect(ran.code, ran.stderr).toBe(0);
      expect(ran.stderr).toMatch(/<secret, \d+ bytes>/);
      const shown = ran.stdout + ran.stderr;
      for (const secret of [PASSWORD, `\0ada\0${PASSWORD}`]) {
        expect(shown).not.toContain(secret);
        expect(shown).not.toContain(Buffer.from(secret).toString('base64'));
      }
    }
    expect(server.inbox).toHaveLength(6);
    expect(server.inbox[0]).toMatchObject({ secure: true, user: 'ada', from: 'ada@example.com' });
  });

  test.each(['PLAIN', 'LOGIN', 'CRAM-MD5', 'XOAUTH2'])('by %s', async (mechanism) => {
    let asked = '';
    await using server = await mailServer({
      ...options,
      authMethods: ['PLAIN', 'LOGIN', 'CRAM-MD5', 'XOAUTH2'],
      onAuth: ({ method, username, password, validatePassword }, _session, callback) => {
        asked = method;
        const right = password === PASSWORD || (method === 'CRAM-MD5' && validatePassword(PASSWORD));
        return right ? callback(null, { user: username }) : callback(new Error('wrong'));
      },
    });
    const ran = await plainwire(args(server.port, '--verbose', '--mechanism', mechanism), {
      env: { PLAINWIRE_PASSWORD: PASSWORD },
    });
    expect(ran.stderr).not.toContain(PASSWORD);
    expect(ran.stderr).not.toContain(Buffer.from(PASSWORD).toString('base64'));
    if (mechanism === 'XOAUTH2') return expect(ran.code).not.toBe(0);
    expect(ran.code, ran.stderr).toBe(0);
    expect(asked).toBe(mechanism);
  });

  test('a wrong one is refused, and not shown either', async () => {
    await using server = await mailServer(options);
    const ran = await plainwire(args(server.port, '--verbose'), { env: { PLAINWIRE_PASSWORD: 'wrong-password' } });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('AUTH_REFUSED');
    expect(ran.stderr).not.toContain('wrong-password');
  });

  test('without one, and nobody to ask, says where it could come from', async () => {
    await using server = await mailServer(options);
    const ran = await plainwire(args(server.port));
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('PLAINWIRE_PASSWORD');
  });

  test('a certificate that nobody trusts is refused', async () => {
    await using server = await mailServer({ ...options, authOptional: true });
    const send = ['send', '--server', `localhost:${server.port}`, '--security', 'starttls'];
    const ran = await plainwire([...send, '--from', 'a@b.example', '--to', 'c@d.example', '--text', 'x']);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('CERTIFICATE_REFUSED');
    const trusting = await plainwire([
      ...send,
      '--insecure',
      '--from',
      'a@b.example',
      '--to',
      'c@d.example',
      '--text',
      'x',
    ]);
    expect(trusting.code, trusting.stderr).toBe(0);
  });
});

test('S6 and S7: HTML, an inline image, attachments, and each recipient with its own answer', async () => {
  await using dir = await folder();
  await using server = await mailServer({ authOptional: true, hideSTARTTLS: true });
  await writeFile(join(dir.path, 'page.html'), '<p>Grüße <img src="cid:dot.png"></p>');
  await writeFile(join(dir.path, 'dot.png'), Buffer.from([0x89, 0x50, 0x4e, 0x47]));
  await writeFile(join(dir.path, 'data – 1.bin'), Buffer.from([0, 1, 2, 255]));
  const ran = await plainwire(
    [
      ...[
        'send',
        '--server',
        `127.0.0.1:${server.port}`,
        '--from',
        'Ada <ada@example.com>',
        '--to',
        'grace@example.org',
      ],
      ...['--cc', 'nobody@example.org', '--bcc', 'alan@example.org', '--subject', 'Grüße', '--text', 'Grüße'],
      ...['--html-file', 'page.html', '--inline', 'dot.png', '--attach', 'data – 1.bin', '--header', 'X-Mine: yes'],
    ],
    { cwd: dir.path },
  );
  expect(ran.code).toBe(1);
  expect(ran.stdout).toMatch(/^Message sent to 2 of 3 recipients: 250/);
  expect(ran.stdout).toMatch(/ {2}refused {2}nobody@example\.org: 550 .*no such user\n/);
  expect(ran.stderr).toBe('');
  const [received] = server.inbox;
  expect(received?.to).toEqual(['grace@example.org', 'alan@example.org']);
  expect(received?.text).not.toMatch(/alan/);
  const mail = await PostalMime.parse(received?.text ?? '');
  expect(mail).toMatchObject({ subject: 'Grüße', text: 'Grüße', html: expect.stringContaining('cid:dot.png') });
  expect(mail.headers).toContainEqual(expect.objectContaining({ key: 'x-mine', value: 'yes' }));
  expect(mail.attachments.map(({ filename, contentId }) => [filename, contentId])).toEqual([
    ['dot.png', '<dot.png>'],
    ['data – 1.bin', undefined],
  ]);
});

describe('a message as it is', () => {
  const EML = 'From: ada@example.com\r\nTo: grace@example.org\r\nBcc: alan@example.org\r\nSubject: x\r\n\r\nHello\r\n';

  test('from a file, its headers say to whom', async () => {
    await using dir = await folder();
    await using server = await mailServer({ authOptional: true, hideSTARTTLS: true });
    await writeFile(join(dir.path, 'm.eml'), EML);
    const ran = await plainwire(['send', 'm.eml', '--server', `127.0.0.1:${server.port}`], { cwd: dir.path });
    expect(ran.code, ran.stderr).toBe(0);
    expect(server.inbox[0]).toMatchObject({ from: 'ada@example.com', to: ['grace@example.org', 'alan@example.org'] });
    expect(server.inbox[0]?.text).not.toContain('alan');
  });

  test('from stdin, with another envelope, the server from the environment', async () => {
    await using server = await mailServer({ authOptional: true, hideSTARTTLS: true });
    const ran = await plainwire(['send', '-', '--from', 'x@y.example', '--to', 'z@y.example'], {
      input: EML,
      env: { PLAINWIRE_SERVER: `127.0.0.1:${server.port}` },
    });
    expect(ran.code, ran.stderr).toBe(0);
    expect(server.inbox[0]).toMatchObject({ from: 'x@y.example', to: ['z@y.example'] });
  });
});

describe('the command line that is not right: exit code 2', () => {
  test.each([
    [['send'], 'which mail? Name a file, or give --server'],
    [['send', '--to', 'a@b.example'], '--from is missing'],
    [
      ['send', '--from', 'a@b.example', '--to', 'c@d.example', '--server', 'h', '--attach', 'nowhere.png'],
      'nowhere.png: there is no such file',
    ],
    [['send', '--from', 'a@b.example', '--to', 'c@d.example', '--server', 'h', '--inline', '.'], '.: is a directory'],
    [['send', '-', '--server', 'h'], 'stdin: its headers name no recipient'],
    [['send', '--from', 'a@b.example'], '--to (or --cc, --bcc) is missing'],
    [['send', '--from', 'a@b.example', '--to', 'c@d.example'], '--server is missing'],
    [['send', '--from', 'a\r\nRCPT TO:<x@y>@b.example', '--to', 'c@d.example', '--server', 'h'], 'from'],
    [['send', '--security', 'maybe'], 'maybe'],
    [['send', '--trace', 'pretty'], 'arrows, smtplib'],
    [['send', 'a', 'b'], 'too many arguments'],
    [['sned'], "unknown command 'sned'"],
    [['send', '--form', 'x'], "unknown option '--form'"],
    [['send', '--from', 'a@b.example', '--to', 'c@d.example', '--server', 'h:99999'], '99999'],
  ])('%j', async (args, complaint) => {
    const ran = await plainwire(args, { input: 'From: a@b.example\n\nhello\n' });
    expect(ran.stderr).toContain(complaint);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('what a person can do about it is said where there is something', () => {
  const MAIL = ['send', '--from', 'a@b.example', '--to', 'c@d.example', '--text', 'x'];

  test('nobody there: nobody refused anything', async () => {
    const ran = await plainwire([...MAIL, '--server', '127.0.0.1:1']);
    expect(ran.stdout).toBe('Message not sent\n  not sent c@d.example\n');
    expect(ran.stderr).toMatch(/\(CONNECT_FAILED\)\n\(is host:port right\?.*\)\n$/);
    expect(ran.code).toBe(1);
  });

  test('no TLS on this port, in words and not in those of OpenSSL', async () => {
    await using server = await mailServer({ authOptional: true, hideSTARTTLS: true });
    const ran = await plainwire([...MAIL, '--server', `127.0.0.1:${server.port}`, '--security', 'tls']);
    expect(ran.stderr).toMatch(
      /^plainwire: the peer does not speak TLS here: [a-z ]+ \(TLS_FAILED\)\n\(--security tls is/,
    );
  });

  test('a login is wanted', async () => {
    await using server = await mailServer({ hideSTARTTLS: true, allowInsecureAuth: true });
    const ran = await plainwire([...MAIL, '--server', `127.0.0.1:${server.port}`]);
    expect(ran.stderr).toMatch(/\(SENDER_REFUSED\)\n\(--user NAME logs in, with PLAINWIRE_PASSWORD\)\n$/);
  });
});

test('Ctrl-C ends it cleanly, with exit code 130', async () => {
  await using dir = await folder();
  await using server = await scriptedServer(['220 a\n', '', '']);
  const file = await infos(dir.path, `127.0.0.1:${server.port}`);
  let killed = false;
  const ran = await plainwire(['send', file, '--verbose'], {
    // once: a second Ctrl-C would end it at once
    onOutput: (text, kill) => {
      if (text.includes('EHLO') && !killed) kill('SIGINT');
      killed ||= text.includes('EHLO');
    },
  });
  expect(ran.code).toBe(130);
  expect(ran.stderr).toMatch(/plainwire: interrupted\n$/);
});

test('--pipelining sends in batches', async () => {
  await using server = await mailServer({ authOptional: true, hideSTARTTLS: true });
  const args = [
    'send',
    '--server',
    `127.0.0.1:${server.port}`,
    '--from',
    'a@b.example',
    '--to',
    'c@d.example',
    '--text',
    'x',
  ];
  const order = (stderr: string) =>
    stderr.split('\n').flatMap((line) => /^(?:-->|<--) \[(MAIL|RCPT|250 Acc)/.exec(line)?.[1] ?? []);
  expect(order((await plainwire([...args, '--verbose'])).stderr).slice(0, 2)).toEqual(['MAIL', '250 Acc']);
  expect(order((await plainwire([...args, '--verbose', '--pipelining'])).stderr).slice(0, 2)).toEqual(['MAIL', 'RCPT']);
});

test('--html is the HTML of the mail, and no page to draw', async () => {
  await using dir = await folder();
  await using server = await mailServer({ authOptional: true, hideSTARTTLS: true });
  const mail = ['--from', 'a@b.example', '--to', 'c@d.example', '--html', '<p>by hand</p>'];
  const ran = await plainwire(['send', '--server', `127.0.0.1:${server.port}`, ...mail], { cwd: dir.path });
  expect(ran.code, ran.stderr).toBe(0);
  expect(server.inbox[0]?.text).toContain('<p>by hand</p>');
  expect(await readdir(dir.path)).toEqual([]);
});
