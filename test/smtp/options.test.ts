import { describe, expect, it } from 'vitest';
import { MessageError, type PlainwireError } from '../../src/errors.ts';
import { DEFAULT_DEADLINES, deadlinesOf } from '../../src/smtp/deadlines.ts';
import { Mailer, type MailerOptions } from '../../src/smtp/index.ts';
import { parseServer, type SmtpOptions, settingsOf } from '../../src/smtp/options.ts';
import { checkSendOptions, type SendOptions } from '../../src/smtp/send-options.ts';
import { CERTIFICATE } from '../support/mail-server.ts';

function thrown(task: () => unknown): PlainwireError {
  try {
    task();
  } catch (error) {
    expect(error).toBeInstanceOf(MessageError);
    return error as MessageError;
  }
  throw new Error('nothing was thrown');
}

describe('a server as text', () => {
  it.each<[string, SmtpOptions]>([
    ['mail.example.com', { host: 'mail.example.com' }],
    ['mail.example.com:2525', { host: 'mail.example.com', port: 2525 }],
    ['127.0.0.1', { host: '127.0.0.1' }],
    ['::1', { host: '::1' }],
    ['[::1]:25', { host: '::1', port: 25 }],
    ['/run/lmtp', { path: '/run/lmtp' }],
    ['smtp://mail.example.com', { host: 'mail.example.com' }],
    ['smtp://mail.example.com/', { host: 'mail.example.com' }],
    ['smtp://[2001:db8::1]:25', { host: '2001:db8::1', port: 25 }],
    ['SMTPS://mail.example.com', { host: 'mail.example.com', security: 'tls' }],
    ['smtp://mail.example.com:25?security=none', { host: 'mail.example.com', port: 25, security: 'none' }],
    ['smtp://u%40x:p%3A%2F%23@h:587', { host: 'h', port: 587, auth: { user: 'u@x', pass: 'p:/#' } }],
    ['smtp://user@h', { host: 'h', auth: { user: 'user', pass: '' } }],
    ['smtp://user:p%C3%A4ss@h', { host: 'h', auth: { user: 'user', pass: 'päss' } }],
    ['lmtp://127.0.0.1:24', { lmtp: true, host: '127.0.0.1', port: 24 }],
    ['lmtps://127.0.0.1', { lmtp: true, security: 'tls', host: '127.0.0.1' }],
    ['lmtp+unix:/run/dovecot/lmtp', { lmtp: true, path: '/run/dovecot/lmtp' }],
    ['lmtp+unix:///run/a%20b', { lmtp: true, path: '/run/a b' }],
    ['smtp+unix:/run/smtp', { path: '/run/smtp' }],
  ])('%s', (text, expected) => {
    expect(parseServer(text)).toEqual(expected);
    expect(() => settingsOf(text)).not.toThrow();
  });

  it.each([
    '', ' ', 'http://mail.example.com', 'ftp:mail', 'smtp://', 'smtp:///path', 'smtp://host:99999', 'smtp://host:abc',
    'smtp://host:0', 'smtp://host/inbox', 'smtp://host?tls=yes', 'smtp://host#frag', 'smtp://host?security=maybe',
    'smtp://us%er@host', 'host:', 'host:0', 'host:1:2', 'ho st', 'host\r\nEHLO x', 'smtp://ho%0D%0Ast', 'smtp://a b',
    'lmtp+unix:', 'smtp+unix:a%00b', '[::1', '[localhost]:25', 'smtp://[::g]:25', 'smtps://u:p@:465',
  ])('refuses %j', (text) => {
    thrown(() => settingsOf(text));
  }); // biome-ignore format: a list

  it.each([
    'user:Geheim@mail.example.com:25', 'smtp:user:Geheim@mail.example.com', 'smtp://user:Geh/eim@mail.example.com',
    'smtp://user:1/Geheim@mail.example.com', 'smtp://user:1?Geheim@mail.example.com',
    'smtp://user:1#Geheim@mail.example.com', 'smtp://user:Geheim@mail.example.com:x', 'smtp://user:Geheim%@host',
    'smtp://user:Geheim@ho st', 'smtp://user:Geheim@', 'smtps//user:Geheim@host', 'smpt://user:Geheim@host',
    'smtp://user:1?security=Geheim@host', 'user:Geheim@[::1', 'http://user:Geheim@host', 'smtp://user:Geheim@h?x=1',
  ])('never quotes a password: %s', (text) => {
    const error = thrown(() => settingsOf(text));
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause ?? '')}`).not.toContain('Geheim');
  }); // biome-ignore format: a list
});

describe('options', () => {
  it.each<[string, SmtpOptions, Partial<ReturnType<typeof settingsOf>>]>([
    ['tls on 465', { host: 'h', port: 465 }, { security: 'tls' }],
    ['starttls on 587', { host: 'h', port: 587 }, { security: 'starttls' }],
    ['starttls with credentials', { host: 'h', port: 25, auth: { user: 'u', pass: 'p' } }, { security: 'starttls' }],
    ['opportunistic', { host: 'h', port: 25 }, { security: 'opportunistic', anyPeer: true }],
    [
      'verified where asked',
      { host: 'h', tls: { rejectUnauthorized: true } },
      { tls: { rejectUnauthorized: true }, anyPeer: false },
    ],
    [
      'verified with credentials',
      { host: 'h', security: 'opportunistic', auth: { user: 'u', pass: 'p' } },
      { tls: {}, anyPeer: false },
    ],
    ['none on a path', { path: '/run/smtp' }, { security: 'none' }],
    [
      'port 465 for tls',
      { host: 'h', security: 'tls' },
      { target: { kind: 'endpoint', endpoint: { host: 'h', port: 465 } } },
    ],
    [
      'port 24 for LMTP',
      { host: 'h', lmtp: true },
      { target: { kind: 'endpoint', endpoint: { host: 'h', port: 24 } } },
    ],
    ['direct delivery', { domain: 'example.com' }, { target: { kind: 'domain', domain: 'example.com', port: 25 } }],
    ['starttls is verified', { host: 'h', security: 'starttls' }, { tls: {}, anyPeer: false }],
  ])('%s', (_, options, expected) => {
    expect(settingsOf(options)).toMatchObject(expected);
  });

  it.each<[string, unknown, string]>([
    ['no place', {}, 'host'],
    ['two places', { host: 'h', path: '/p' }, 'host'],
    ['an unknown option', { host: 'h', prot: 25 }, 'prot'],
    ['an option of nodemailer', { host: 'h', secure: true }, 'secure'],
    ['a login that is none', { host: 'h', auth: { user: 'u' } }, 'auth'],
    [
      'an unknown field of a login',
      { host: 'h', auth: { user: 'u', pass: 'p', mechanisms: 'PLAIN' } },
      'auth.mechanisms',
    ],
    ['a login of nodemailer', { host: 'h', auth: { user: 'u', accessToken: 't' } }, 'auth.accessToken'],
    ['an unknown security', { host: 'h', security: 'ssl' }, 'security'],
    ['a port out of range', { host: 'h', port: 70_000 }, 'port'],
    ['a port that is none', { host: 'h', port: 2.5 }, 'port'],
    ['a port that is text', { host: 'h', port: '587' }, 'port'],
    ['a host with a line end', { host: 'h\r\nQUIT' }, 'host'],
    ['an empty host', { host: '' }, 'host'],
    ['a domain with NUL', { domain: 'a\0b' }, 'host'],
    ['a name with a line end', { host: 'h', name: 'me\r\nMAIL FROM:<a@b>' }, 'name'],
    ['a name with NUL', { host: 'h', name: 'me\0' }, 'name'],
    ['a name of two words', { host: 'h', name: 'me you' }, 'name'],
    ['an empty name', { host: 'h', name: '' }, 'name'],
    ['no message in flight', { host: 'h', messagesInFlight: 0 }, 'messagesInFlight'],
    ['half a connection', { host: 'h', connections: 0.5 }, 'connections'],
    ['no connections', { host: 'h', connections: 0 }, 'connections'],
    ['a rate of nothing', { host: 'h', rate: 0 }, 'rate'],
    ['a rate that is none', { host: 'h', rate: Number.NaN }, 'rate'],
    ['retries below 0', { host: 'h', retries: -1 }, 'retries'],
    ['no messages', { host: 'h', messagesPerConnection: 0 }, 'messagesPerConnection'],
    ['no idle time', { host: 'h', idleTimeout: 0 }, 'idleTimeout'],
    ['an unknown phase', { host: 'h', timeouts: { reading: 1 } }, 'timeouts.reading'],
    ['a deadline of 0', { host: 'h', timeouts: { mail: 0 } }, 'timeouts.mail'],
    ['a deadline that is text', { host: 'h', timeouts: { mail: '5' } }, 'timeouts.mail'],
    ['deadlines of 0', { host: 'h', timeouts: 0 }, 'timeouts.lookup'],
    ['deadlines that are none', { host: 'h', timeouts: null }, 'timeouts'],
    ['no options', undefined, 'server'],
    ['null', null, 'server'],
    ['a number', 25, 'server'],
    ['a host that is a number', { host: 5 }, 'host'],
    ['a name that is a number', { host: 'h', name: 5 }, 'name'],
    ['a word for a switch', { host: 'h', allowPlaintextAuth: 'no' }, 'allowPlaintextAuth'],
    ['a word for LMTP', { host: 'h', lmtp: 'no' }, 'lmtp'],
    ['a switch for a word', { host: 'h', chunking: false }, 'chunking'],
    ['an unknown word', { host: 'h', pipelining: 'none' }, 'pipelining'],
    ['a signal that is none', { host: 'h', signal: 5 }, 'signal'],
    ['a trace that is none', { host: 'h', trace: 'all' }, 'trace'],
    ['a resolver that is none', { host: 'h', resolve: '1.1.1.1' }, 'resolve'],
    ['two ways to log in', { host: 'h', auth: { user: 'u', pass: 'p', token: 't' } }, 'auth'],
    ['a mechanism that is no name', { host: 'h', auth: { user: 'u', pass: 'p', mechanism: 5 } }, 'auth.mechanism'],
    ['an unknown TLS option', { host: 'h', tls: { rejectUnauthorised: false } }, 'tls.rejectUnauthorised'],
    ['a TLS option of Node', { host: 'h', tls: { checkServerIdentity: () => undefined } }, 'tls.checkServerIdentity'],
    ['TLS that is none', { host: 'h', tls: null }, 'tls'],
    ['TLS in a word', { host: 'h', tls: true }, 'tls'],
    ['a word for verification', { host: 'h', tls: { rejectUnauthorized: 'false' } }, 'tls.rejectUnauthorized'],
    ['the name of a CA file', { host: 'h', tls: { ca: '/etc/ssl/our-ca.pem' } }, 'tls.ca'],
    ['a certificate that is none', { host: 'h', tls: { cert: 'x', key: 'x' } }, 'tls.cert'],
    ['a certificate without key', { host: 'h', tls: { cert: CERTIFICATE.cert } }, 'tls.key'],
    ['a key that is none', { host: 'h', tls: { cert: CERTIFICATE.cert, key: 'x' } }, 'tls.key'],
    ['a file of both that is none', { host: 'h', tls: { pfx: Buffer.from('x') } }, 'tls.pfx'],
    ['a TLS version that there is not', { host: 'h', tls: { minVersion: 'TLSv9' } }, 'tls.minVersion'],
    ['ciphers that there are not', { host: 'h', tls: { ciphers: 'NOPE' } }, 'tls.ciphers'],
    ['a protocol without a name', { host: 'h', tls: { alpn: [''] } }, 'tls.alpn'],
    ['a server name with a line end', { host: 'h', tls: { servername: 'a\r\nb' } }, 'tls.servername'],
  ])('refuses %s, and names it', (_, options, field) => {
    const error = thrown(() => new Mailer(options as MailerOptions)) as MessageError;
    expect(error.field).toBe(field);
  });

  it('has a deadline for every phase, by default those of RFC 5321', () => {
    expect(deadlinesOf()).toEqual(DEFAULT_DEADLINES);
    expect(DEFAULT_DEADLINES).toMatchObject({ greeting: 300_000, mail: 300_000, rcpt: 300_000, data: 120_000 });
    expect(DEFAULT_DEADLINES).toMatchObject({ block: 180_000, content: 600_000 });
    expect(new Set(Object.values(deadlinesOf(7)))).toEqual(new Set([7]));
    expect(deadlinesOf({ mail: 9 })).toEqual({ ...DEFAULT_DEADLINES, mail: 9 });
  });
});

describe('what nodemailer has', () => {
  it.each([
    ['direct', 'domain'],
    ['getSocket', 'proxy'],
    ['connection', 'proxy'],
    ['jsonTransport', 'compose(message)'],
    ['SES', 'compose(message)'],
    ['provisionCallback', 'token'],
    ['maxResponseSize', 'each reply has a limit'],
  ])('%s: the error says what it is called here', (name, meant) => {
    const error = thrown(() => new Mailer({ host: 'h', [name]: true } as MailerOptions));
    expect(error).toMatchObject({ code: 'UNKNOWN_FIELD', field: name });
    expect(error.message).toContain(meant);
  });
});

describe('the options of one message', () => {
  it('are those that there are', () => {
    expect(() => checkSendOptions({ requireTls: true, requireAllRecipients: true })).not.toThrow();
  });

  it.each([
    ['requireTLS', 'requireTls'],
    ['requireTLSExtensionEnabled', 'requireTls'],
    ['dns', 'dsn'],
  ])('%s is refused: it is not skipped in silence', (name, meant) => {
    const error = thrown(() => checkSendOptions({ [name]: true } as SendOptions)) as MessageError;
    expect(error).toMatchObject({ code: 'UNKNOWN_FIELD', field: name });
    expect(error.message).toContain(meant);
  });

  it.each<[unknown, string]>([
    [null, 'options'],
    ['requireTls', 'options'],
    [{ requireTls: 'false' }, 'requireTls'],
    [{ requireAllRecipients: 1 }, 'requireAllRecipients'],
    [{ signal: 5 }, 'signal'],
    [{ dsn: null }, 'dsn'],
    [{ dsn: { notfy: 'never' } }, 'dsn.notfy'],
    [{ dsn: { id: 'x' } }, 'dsn.id'],
    [{ dsn: { return: 'Full' } }, 'dsn.return'],
    [{ dsn: { notify: 'success' } }, 'dsn.notify'],
    [{ dsn: { notify: [] } }, 'dsn.notify'],
    [{ dsn: { notify: ['never'] } }, 'dsn.notify'],
    [{ dsn: { envelopeId: 5 } }, 'dsn.envelopeId'],
    [{ dsn: { recipients: { 'b@b.ex': { notfy: 'never' } } } }, 'dsn.recipients["b@b.ex"].notfy'],
    [{ dsn: { recipients: { 'b@b.ex': { notify: 'success' } } } }, 'dsn.recipients["b@b.ex"].notify'],
    [{ dsn: { recipients: { 'no address': {} } } }, 'dsn.recipients["no address"]'],
    [{ deliverBy: { seconds: 300, mode: 'R' } }, 'deliverBy.mode'],
    [{ deliverBy: { seconds: 300, mode: 'notify', trace: false } }, 'deliverBy.trace'],
    [{ deliverBy: { seconds: 0, mode: 'return' } }, 'deliverBy.seconds'],
    [{ hold: {} }, 'hold'],
    [{ hold: { seconds: 5, until: new Date() } }, 'hold'],
    [{ hold: { until: '2030-01-01' } }, 'hold.until'],
    [{ mtPriority: '4' }, 'mtPriority'],
  ])('%j is refused, and what is wrong is named', async (options, field) => {
    const mailer = new Mailer({ host: '127.0.0.1', port: 1 });
    const message = { from: 'a@a.example', to: 'b@b.example', text: 't' };
    await expect(mailer.send(message, options as SendOptions)).rejects.toMatchObject({ name: 'MessageError', field });
    // nothing of it is left that close() would wait for
    await mailer.close();
  });
});

describe('what is said of closing and of many messages', () => {
  it.each<[unknown, string, string]>([
    [{ force: true }, 'close.force', 'abort'],
    [{ abbort: true }, 'close.abbort', 'abort'],
    [{ abort: 'no' }, 'close.abort', 'true or false'],
    [true, 'close', 'an object'],
  ])('close(%j) is refused, and the mailer stays open', async (how, field, meant) => {
    const mailer = new Mailer({ host: '127.0.0.1', port: 1 });
    const error = await mailer.close(how as object).catch((each: unknown) => each);
    expect(error).toMatchObject({ name: 'MessageError', field });
    expect((error as MessageError).message).toContain(meant);
    await mailer.close();
  });

  it.each([[{ from: 'a@a.example' }], ['a text'], [undefined], [null], [Buffer.from('x')], [() => []]])(
    'sendAll(%s) is refused',
    async (messages) => {
      await using mailer = new Mailer({ host: '127.0.0.1', port: 1 });
      const outcomes = mailer.sendAll(messages as unknown as []);
      await expect(outcomes.next()).rejects.toMatchObject({ name: 'MessageError', field: 'messages' });
    },
  );
});
