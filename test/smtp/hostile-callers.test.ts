/** Callers whose input would say more than it may: MessageError names the field, and the server hears nothing of it. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MessageError } from '../../src/errors.ts';
import { Message, type MessageInit } from '../../src/mime/index.ts';
import { Mailer, type MailerOptions, type SendOptions, SmtpClient } from '../../src/smtp/index.ts';
import type { TraceEvent } from '../../src/trace/event.ts';
import { type Listener, listen, readLines } from '../../src/transport/index.ts';

const PAYLOAD = 'RCPT TO:<eve@example.com>';
const FORBIDDEN: readonly [name: string, text: string][] = [
  ['CR', `\r${PAYLOAD}`],
  ['LF', `\n${PAYLOAD}`],
  ['CRLF', `\r\n${PAYLOAD}`],
  ['NUL', `\0${PAYLOAD}`],
  ['CRLF at the end', '\r\n'],
  ['LF at the end', '\n'],
];

let listener: Listener;
let heard: string[] = [];
let connections = 0;

/** A server that takes everything, and offers what the cases need. */
beforeAll(async () => {
  listener = await listen({ host: '127.0.0.1', port: 0 }, async (connection) => {
    connections += 1;
    await connection.write('220 mx\r\n');
    let inData = false;
    for await (const line of readLines(connection)) {
      heard.push(line);
      if (inData) {
        inData = line !== '.';
        if (!inData) await connection.write('250 ok\r\n');
      } else if (line.startsWith('EHLO')) {
        await connection.write(
          '250-mx\r\n250-DSN\r\n250-SMTPUTF8\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN CRAM-MD5\r\n',
        );
      } else if (line === 'DATA') {
        inData = true;
        await connection.write('354 go on\r\n');
      } else if (line === 'AUTH LOGIN') {
        await connection.write('334 VXNlcm5hbWU6\r\n');
      } else if (line.startsWith('AUTH')) {
        await connection.write('235 ok\r\n');
      } else await connection.write(line === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n');
    }
  });
});
afterAll(() => listener.close());
beforeEach(() => {
  heard = [];
  connections = 0;
});

function options(more: Partial<MailerOptions> = {}): MailerOptions {
  const port = 'port' in listener.endpoint ? listener.endpoint.port : 0;
  return { host: '127.0.0.1', port, security: 'none', timeouts: 10_000, ...more };
}

async function failure(task: () => Promise<unknown>): Promise<unknown> {
  try {
    await task();
  } catch (error) {
    return error;
  }
  return undefined;
}

async function sending(init: Partial<MessageInit>, send: SendOptions = {}, more: Partial<MailerOptions> = {}) {
  return await failure(async () => {
    await using mailer = new Mailer(options(more));
    await mailer.send({ from: 'ann@example.com', to: 'bob@example.com', text: 'x', ...init }, send);
  });
}

function expectRefused(error: unknown, field: string | RegExp): void {
  expect(error).toBeInstanceOf(MessageError);
  const named = (error as MessageError).field;
  if (typeof field === 'string') expect(named).toBe(field);
  else expect(named).toMatch(field);
  expect(heard.join('\n')).not.toContain('eve@example.com');
}

describe.each(FORBIDDEN)('%s', (_, bad) => {
  type Case = readonly [field: string, init: Partial<MessageInit>];
  const fields: readonly Case[] = [
    ['from', { from: `ann@example.com${bad}` }],
    ['from', { from: `"Ann${bad}" <ann@example.com>` }],
    ['from', { from: { name: `Ann${bad}`, address: 'ann@example.com' } }],
    ['from', { from: { name: 'Ann', address: `ann@example.com${bad}` } }],
    ['sender', { sender: `ann@example.com${bad}` }],
    ['to', { to: `bob@example.com${bad}` }],
    ['to', { to: ['cid@example.com', `bob${bad}@example.com`] }],
    ['to', { to: `"bob${bad}"@example.com` }],
    ['to', { to: `bob@[127.0.0.1${bad}]` }],
    ['cc', { cc: `bob@example.com${bad}` }],
    ['bcc', { bcc: `bob@example.com${bad}` }],
    ['replyTo', { replyTo: `bob@example.com${bad}` }],
    ['envelope.from', { envelope: { from: `ann@example.com${bad}`, to: ['bob@example.com'] } }],
    ['envelope.to', { envelope: { from: 'ann@example.com', to: [`bob@example.com${bad}`] } }],
    ['subject', { subject: `Hello${bad}` }],
    ['messageId', { messageId: `<a@example.com${bad}>` }],
    ['inReplyTo', { inReplyTo: `<a@example.com${bad}>` }],
    ['references', { references: [`<a@example.com${bad}>`] }],
    ['headers', { headers: { [`X-A${bad}`]: 'b' } }],
    ['headers', { headers: { 'X-A': `b${bad}` } }],
    ['headers', { headers: [{ key: 'X-A', value: `b${bad}` }] }],
    ['attachments', { attachments: [{ filename: `a${bad}.txt`, content: 'x' }] }],
    ['attachments', { attachments: [{ filename: 'a.txt', content: 'x', contentType: `text/plain${bad}` }] }],
    ['attachments', { attachments: [{ filename: 'a.txt', content: 'x', cid: `c${bad}` }] }],
  ];
  it.each(fields)('in %s (%#)', async (field, init) => {
    expectRefused(await sending(init), new RegExp(`^${field.replace('.', '\\.')}`));
    expect(connections).toBe(0);
  });

  it.each<readonly [string, Partial<MailerOptions>]>([
    ['name', { name: `client.example${bad}` }],
    ['host', { host: `127.0.0.1${bad}` }],
    ['auth.user', { auth: { user: `ann${bad}`, pass: 'pencil' } }],
    ['auth.pass', { auth: { user: 'ann', pass: `pencil${bad}` } }],
    ['auth.authorizeAs', { auth: { user: 'ann', pass: 'pencil', authorizeAs: `eve${bad}` } }],
    ['auth.token', { auth: { user: 'ann', token: `t${bad}` } }],
    ['auth.external', { auth: { external: `ann${bad}` } }],
    ['auth.anonymous', { auth: { anonymous: `ann${bad}` } }],
  ])('in the option %s', async (field, more) => {
    const error = await sending({}, {}, more);
    expectRefused(error, field);
    expect(error).toMatchObject({ code: 'FORBIDDEN_CHARACTER' });
    expect(connections).toBe(0);
    expect((error as Error).message).not.toContain('pencil');
  });

  it.each<readonly [string, SendOptions]>([
    ['dsn.envelopeId', { dsn: { envelopeId: `QQ1${bad}` } }],
    [
      'dsn.recipients["bob@example.com"].originalRecipient',
      { dsn: { recipients: { 'bob@example.com': { originalRecipient: `b@c${bad}` } } } },
    ],
    ['dsn.notify', { dsn: { notify: [`success${bad}` as 'success'] } }],
  ])('in %s: no command is sent', async (field, send) => {
    expectRefused(await sending({}, send), field);
    expect(heard.filter((line) => !/^(EHLO|QUIT)/.test(line))).toEqual([]);
  });

  it('in a line of the caller: nothing is said, and the session goes on', async () => {
    await using client = await SmtpClient.connect(options());
    expectRefused(await failure(() => client.command(`NOOP${bad}`)), 'command');
    expect((await client.command('NOOP')).code).toBe(250);
    expect(heard.map((line) => line.split(' ')[0])).toEqual(['EHLO', 'NOOP']);
  });

  it('in the answer to a challenge', async () => {
    await using client = await SmtpClient.connect(options());
    expect((await client.command('AUTH LOGIN')).code).toBe(334);
    expectRefused(await failure(() => client.command(`YW5u${bad}`)), 'command');
  });

  it('in an envelope that was made by hand', async () => {
    const domain = 'example.com';
    const mailbox = (address: string) => ({ address, local: 'x', domain, ascii: true });
    const facts = { messageId: '', encoding: '7bit', smtpUtf8: false, canonical: true } as const;
    const from = mailbox('ann@example.com');
    for (const [field, envelope] of [
      ['envelope.from', { from: mailbox(`ann@example.com${bad}`), to: [mailbox('bob@example.com')] }],
      ['envelope.to', { from, to: [mailbox('bob@example.com'), mailbox(`cid@example.com${bad}`)] }],
    ] as const) {
      await using mailer = new Mailer(options());
      expectRefused(
        await failure(() => mailer.send(new Message({ ...facts, envelope }, ['a: b\r\n\r\nc\r\n']))),
        field,
      );
    }
  });
});

describe('an address that says more than an address', () => {
  it.each([
    'bob@example.com> SIZE=1',
    'bob@example.com SIZE=1',
    'bob@example.com> NOTIFY=NEVER <eve@example.com',
    'bob@example.com>,<eve@example.com',
    '<bob@example.com> ORCPT=rfc822;eve@example.com',
    '"bob"@example.com> BODY=8BITMIME',
    '"bob@example.com',
    '"bob\\"@example.com',
    '"bob"x"@example.com',
    'bob"@example.com',
    'bob@exa>mple.com',
    '@relay.example.com:bob@example.com',
    'bob@[127.0.0.1]> SIZE=1',
    'bob@[tag:a]b]',
    'bob@',
    '@example.com',
    '',
    ' ',
    '<>',
    'bob@example.com\u2028',
    'bob@example.com\u0085',
    `${'b'.repeat(1000)}@example.com`,
  ])('%j in the envelope', async (address) => {
    expectRefused(await sending({ envelope: { from: 'ann@example.com', to: [address] } }), /^(envelope\.)?to/);
    expect(connections).toBe(0);
  });

  it.each([
    ['"bob>"@example.com', '<"bob>"@example.com>'],
    ['"bob> SIZE=1"@example.com', '<"bob> SIZE=1"@example.com>'],
    ['"bob@example.com> NOTIFY=NEVER <x"@example.com', '<"bob@example.com> NOTIFY=NEVER <x"@example.com>'],
    ['"b\\"ob\\\\"@example.com', '<"b\\"ob\\\\"@example.com>'],
    ['"bob"@example.com', '<bob@example.com>'],
    ['ĊbobčĀ@example.com', '<ĊbobčĀ@example.com>'],
  ])('%s is one path, and a strict reader reads one path', async (address, path) => {
    const error = await sending({ envelope: { from: 'ann@example.com', to: [address] } });
    expect(error).toBeUndefined();
    expect(heard.filter((line) => line.startsWith('RCPT'))).toEqual([`RCPT TO:${path}`]);
    // RFC 5321 section 4.1.2: Path = "<" Mailbox ">", Quoted-string = DQUOTE *QcontentSMTP DQUOTE
    expect(path).toMatch(/^<(?:"(?:[ !#-[\]-~]|\\[ -~])*"|[^\s"<>@]+)@[a-z.]+>$/);
  });

  it('characters whose low byte is CR or LF stay what they are', async () => {
    const text = 'ĊRCPT TO:<eve@example.com>\u010d\u010aĀ.\u010d\u010a';
    const init = {
      envelope: { from: 'Ċann@example.com', to: ['bob@example.com'] },
      subject: text,
      text,
      headers: { 'X-A': text },
    };
    expect(await sending(init)).toBeUndefined();
    expect(heard.filter((line) => line.startsWith('MAIL FROM:<Ċann@example.com> '))).toHaveLength(1);
    expect(heard.filter((line) => line.startsWith('RCPT'))).toEqual(['RCPT TO:<bob@example.com>']);
    expect(heard.filter((line) => line === '.')).toHaveLength(1);
  });
});

describe('the EHLO name', () => {
  it.each(['a b', 'a\tb', 'a\x01b', 'a\x7f', '', 'a\u2028b', 'ü..ü'])('%j is none', async (name) => {
    expectRefused(await sending({}, {}, { name }), 'name');
    expect(connections).toBe(0);
  });

  it('crosses the wire in ASCII', async () => {
    expect(await sending({}, {}, { name: 'bücher.example' })).toBeUndefined();
    expect(heard[0]).toBe('EHLO xn--bcher-kva.example');
  });
});

describe('what a caller says by hand', () => {
  it.each(['DATA', 'data', ' DATA', 'BDAT 5 LAST', 'bdat 0', 'STARTTLS', 'StartTLS'])(
    '%j does not stand alone',
    async (line) => {
      await using client = await SmtpClient.connect(options());
      expect(await failure(() => client.command(line))).toMatchObject({ name: 'UnsupportedError' });
      expect(heard).toHaveLength(1);
    },
  );

  it('the answer to a challenge is no command, and no trace shows it', async () => {
    const events: TraceEvent[] = [];
    await using client = await SmtpClient.connect(options({ trace: (event) => events.push(event) }));
    expect((await client.command('AUTH LOGIN')).code).toBe(334);
    // base64 of three octets that spell a command
    const secret = 'DATA';
    expect(await failure(() => client.command(secret))).toMatchObject({ name: 'ProtocolError' });
    expect(heard.at(-1)).toBe(secret);
    const last = events.filter((event) => event.kind === 'sent').at(-1);
    expect(Buffer.from(last?.bytes ?? []).toString()).toBe('****\r\n');
  });
});
