import { describe, expect, it } from 'vitest';
import { PlainwireError } from '../../src/errors.ts';
import { Challenge, type SaslMechanism } from '../../src/smtp/auth/mechanism.ts';
import { cramMd5, login, plain } from '../../src/smtp/auth/passwords.ts';
import { scram } from '../../src/smtp/auth/scram.ts';
import { oauthBearer, xoauth2 } from '../../src/smtp/auth/tokens.ts';
import { type Credentials, SmtpClient, type SmtpOptions } from '../../src/smtp/index.ts';
import { arrows, jsonLines } from '../../src/trace/index.ts';
import { type MailServerOptions, mailServer, type ServerSession } from '../support/mail-server.ts';
import { scramServer } from '../support/scram-server.ts';

const b64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');

/** What a mechanism says, challenge by challenge. */
async function said(mechanism: SaslMechanism, ...challenges: readonly string[]): Promise<readonly string[]> {
  const exchange = mechanism.begin();
  const first = await exchange.initial?.();
  const answers = first === undefined ? [] : [first];
  for (const challenge of challenges) answers.push(await exchange.respond(new Challenge(b64(challenge))));
  return answers;
}

describe('vectors', () => {
  it('PLAIN (RFC 4616 section 4)', async () => {
    expect(await said(plain({ user: 'tim', pass: 'tanstaaftanstaaf' }))).toEqual(['\0tim\0tanstaaftanstaaf']);
    expect(await said(plain({ user: 'Kurt', pass: 'xipj3plmq', authorizeAs: 'Ursel' }))).toEqual([
      'Ursel\0Kurt\0xipj3plmq',
    ]);
    expect(await said(plain({ user: 'jörg', pass: 'é' }))).toEqual(['\0jÃ¶rg\0Ã©']);
    await expect(said(plain({ user: 'a\0b', pass: 'c' }))).rejects.toMatchObject({ code: 'FORBIDDEN_CHARACTER' });
  });

  it('LOGIN, whatever the prompts', async () => {
    expect(await said(login({ user: 'tim', pass: 'pass' }), 'Username:', 'Password:')).toEqual(['tim', 'pass']);
    const exchange = login({ user: 'tim', pass: 'pass' }).begin();
    expect(exchange.respond(new Challenge('not base64!'))).toBe('tim');
  });

  it('CRAM-MD5 (RFC 2195 section 2)', async () => {
    const answers = await said(
      cramMd5({ user: 'tim', pass: 'tanstaaftanstaaf' }),
      '<1896.697170952@postoffice.reston.mci.net>',
    );
    expect(answers).toEqual(['tim b913a602c7eda7a495b4e6e7334d3890']);
  });

  it('SCRAM-SHA-1 (RFC 5802 section 5)', async () => {
    const password = { user: 'user', pass: 'pencil' };
    const mechanism = scram('SHA-1', password, { kind: 'none' }, () => 'fyko+d2lbbFgONRv9qkxdawL');
    const answers = await said(
      mechanism,
      'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
      'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
    );
    expect(answers).toEqual([
      'n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL',
      'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
      '',
    ]);
  });

  it('SCRAM-SHA-256 (RFC 7677 section 3)', async () => {
    const password = { user: 'user', pass: 'pencil' };
    const mechanism = scram('SHA-256', password, { kind: 'none' }, () => 'rOprNGfwEbeRWgbNEkqO');
    const answers = await said(
      mechanism,
      'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
      'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
    );
    expect(answers).toEqual([
      'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
      '',
    ]);
  });

  it('OAUTHBEARER (RFC 7628 section 4.1)', async () => {
    const token = () => 'vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==';
    const bearer = { user: 'user@example.com', token, host: 'server.example.com', port: 143 };
    const [first = ''] = await said(oauthBearer(bearer));
    expect(b64(first)).toBe(
      'bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB',
    );
    expect(await said(oauthBearer(bearer), '{"status":"invalid_token"}')).toEqual([first, '\x01']);
  });

  it('XOAUTH2', async () => {
    const bearer = { user: 'someuser@example.com', token: () => 'ya29.token', host: 'h', port: 25 };
    expect(await said(xoauth2(bearer), '{"status":"401"}')).toEqual([
      'user=someuser@example.com\x01auth=Bearer ya29.token\x01\x01',
      '',
    ]);
  });
});

const PASSWORD = { user: 'ann', pass: 'Geheim=,' };

/** Logs in to a server that offers these mechanisms; what it heard, and how it ended. */
async function logIn(
  auth: Credentials,
  offers: string,
  answer: (line: string, session: ServerSession) => string | undefined | Promise<string | undefined> = () => undefined,
  more: { server?: MailServerOptions; client?: Partial<SmtpOptions> } = {},
): Promise<{ lines: readonly string[]; error: unknown; trace: string }> {
  await using server = await mailServer({
    offers: [`AUTH ${offers}`],
    answer: (line, session) => (line.startsWith('AUTH') ? answer(line, session) : undefined),
    ...more.server,
  });
  let trace = '';
  const writers = [arrows((text) => (trace += text)), jsonLines((text) => (trace += text))];
  const options: SmtpOptions = { host: '127.0.0.1', port: server.port, security: 'none', auth, timeouts: 5_000 };
  let error: unknown;
  try {
    const client = await SmtpClient.connect({
      ...options,
      ...more.client,
      trace: (event) => {
        for (const write of writers) write(event);
      },
    });
    await client.quit();
  } catch (thrown) {
    error = thrown;
  }
  return { lines: server.lines.filter((line) => !/^(EHLO|QUIT)/.test(line)), error, trace };
}

describe('choice', () => {
  it.each<[Credentials, string, string]>([
    [PASSWORD, 'LOGIN PLAIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256', 'SCRAM-SHA-256'],
    [PASSWORD, 'SCRAM-SHA-1 PLAIN LOGIN', 'SCRAM-SHA-1'],
    [PASSWORD, 'PLAIN LOGIN CRAM-MD5', 'CRAM-MD5'],
    [PASSWORD, 'LOGIN PLAIN', 'PLAIN'],
    [PASSWORD, 'X-NEW login', 'LOGIN'],
    [PASSWORD, 'GSSAPI SCRAM-SHA-256-PLUS SCRAM-SHA-256', 'SCRAM-SHA-256'],
    [{ ...PASSWORD, mechanism: 'plain' }, 'SCRAM-SHA-256 PLAIN LOGIN', 'PLAIN'],
    [{ user: 'ann', token: 'abc' }, 'PLAIN XOAUTH2', 'XOAUTH2'],
    [{ user: 'ann', token: 'abc' }, 'XOAUTH2 OAUTHBEARER', 'OAUTHBEARER'],
    [{ user: 'ann', token: 'abc', mechanism: 'XOAUTH2' }, 'XOAUTH2 OAUTHBEARER', 'XOAUTH2'],
    [{ external: '' }, 'PLAIN EXTERNAL', 'EXTERNAL'],
    [{ anonymous: 'sirhc' }, 'ANONYMOUS PLAIN', 'ANONYMOUS'],
  ])('%j with %s: %s', async (auth, offers, chosen) => {
    const { lines } = await logIn(auth, offers, (_, session) => {
      session.socket.end('535 no\r\n');
      return '';
    });
    expect(lines[0]?.split(' ').slice(0, 2)).toEqual(['AUTH', chosen]);
  });

  it.each<[string, Credentials, string, string]>([
    ['none that it can show', PASSWORD, 'GSSAPI XOAUTH2', 'XOAUTH2'],
    ['none at all', PASSWORD, '', 'SCRAM-SHA-256'],
    ['not the one that was asked for', { ...PASSWORD, mechanism: 'LOGIN' }, 'PLAIN', 'LOGIN'],
    ['no place for a token', { user: 'ann', token: 'abc' }, 'PLAIN LOGIN', 'OAUTHBEARER'],
  ])('says what is missing: %s', async (_, auth, offers, named) => {
    const { lines, error } = await logIn(auth, offers);
    expect(lines).toEqual([]);
    expect(error).toMatchObject({ name: 'UnsupportedError', code: 'AUTH_NOT_OFFERED', phase: 'auth' });
    expect(String(error)).toContain(named);
  });

  it('passes over a mechanism that the server takes back', async () => {
    const { lines, error } = await logIn(PASSWORD, 'CRAM-MD5 PLAIN LOGIN', (line) =>
      line === 'AUTH LOGIN' ? '235 ok' : '504 not any more',
    );
    expect(lines.map((line) => line.split(' ')[1])).toEqual(['CRAM-MD5', 'PLAIN', 'LOGIN']);
    expect(error).toBeUndefined();
  });
});

describe('a mechanism that will not do', () => {
  it('is passed over where the server calls it too weak (RFC 4954 section 6), and the last such reply is told', async () => {
    const { lines, error } = await logIn(PASSWORD, 'PLAIN LOGIN', (line) =>
      line === 'AUTH LOGIN' ? '235 ok' : '534 5.7.9 too weak',
    );
    expect(lines.map((line) => line.split(' ')[1])).toEqual(['PLAIN', 'LOGIN']);
    expect(error).toBeUndefined();
    const weak = await logIn(PASSWORD, 'PLAIN LOGIN', () => '534 5.7.9 too weak');
    expect(weak.error).toMatchObject({ code: 'AUTH_REFUSED', reply: { code: 534 } });
    expect(weak.lines).toHaveLength(2);
  });

  it('is passed over where the challenge of CRAM-MD5 is none', async () => {
    const { lines, error } = await logIn(PASSWORD, 'CRAM-MD5 PLAIN', async (line, session) => {
      if (!line.startsWith('AUTH CRAM-MD5')) return '235 ok';
      return (await session.ask('334 Rubbish')) === '*' ? '501 5.7.0 cancelled' : '535 no';
    });
    expect(lines.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(['AUTH CRAM-MD5', '*', 'AUTH PLAIN']);
    expect(error).toBeUndefined();
  });

  it('CRAM-MD5 with such a challenge, where the server calls the taking back a success: nothing more is said', async () => {
    const { lines, error } = await logIn(PASSWORD, 'CRAM-MD5 PLAIN', async (_, session) =>
      (await session.ask('334 Rubbish')) === '*' ? '235 strange' : '535 no',
    );
    expect(lines).toEqual(['AUTH CRAM-MD5', '*']);
    expect(error).toMatchObject({ name: 'ProtocolError', code: 'BAD_REPLY', phase: 'auth' });
  });

  it('CRAM-MD5 alone with such a challenge says what was wrong', async () => {
    const { lines, error } = await logIn(PASSWORD, 'CRAM-MD5', async (_, session) =>
      (await session.ask('334 Rubbish')) === '*' ? '501 cancelled' : '535 no',
    );
    expect(lines).toEqual(['AUTH CRAM-MD5', '*']);
    expect(error).toMatchObject({ name: 'ProtocolError', code: 'BAD_REPLY', phase: 'auth' });
  });

  it('SCRAM with one ends the login: who can not do its part is not shown the password', async () => {
    const { lines, error } = await logIn(PASSWORD, 'SCRAM-SHA-256 PLAIN', async (_, session) =>
      (await session.ask('334 Rubbish')) === '*' ? '501 cancelled' : '535 no',
    );
    expect(lines.map((line) => line.split(' ')[1] ?? line)).toEqual(['SCRAM-SHA-256', '*']);
    expect(error).toMatchObject({ name: 'ProtocolError', code: 'BAD_REPLY', phase: 'auth' });
  });

  it('a password that is refused is shown once, and not by the next mechanism', async () => {
    const { lines, error } = await logIn(PASSWORD, 'CRAM-MD5 PLAIN LOGIN', async (_, session) =>
      (await session.ask(`334 ${b64('<1@a>')}`)) === '*' ? '501 cancelled' : '535 5.7.8 no',
    );
    expect(lines).toHaveLength(2);
    expect(error).toMatchObject({ code: 'AUTH_REFUSED', reply: { code: 535 } });
  });
});

describe('another user', () => {
  it('is acted for by a mechanism that has a place for it, and by no other', async () => {
    const auth = { ...PASSWORD, authorizeAs: 'boss' };
    const { lines } = await logIn(auth, 'CRAM-MD5 LOGIN PLAIN');
    expect(lines).toEqual([`AUTH PLAIN ${b64('boss\0ann\0Geheim=,')}`]);
    const without = await logIn(auth, 'CRAM-MD5 LOGIN');
    expect(without).toMatchObject({ lines: [], error: { code: 'AUTH_NOT_OFFERED' } });
  });
});

describe('a mechanism of the caller’s own', () => {
  it('is found in any case', async () => {
    const { lines } = await logIn({ sasl: { name: 'x-knock', begin: () => ({ respond: () => '' }) } }, 'X-KNOCK');
    expect(lines).toEqual(['AUTH X-KNOCK']);
  });

  it('says bytes, or the exchange is taken back', async () => {
    for (const said of ['\u20ac', 5 as unknown as string]) {
      const { error, lines } = await logIn(
        { sasl: { name: 'X-KNOCK', begin: () => ({ respond: () => said }) } },
        'X-KNOCK',
        async (_, session) => ((await session.ask('334 ')) === '*' ? '250 a strange reply' : '535 no'),
      );
      expect(error).toMatchObject({ name: 'MessageError', field: 'auth.sasl' });
      expect(lines.at(-1)).toBe('*');
    }
  });

  it.each<[unknown, string]>([
    [{ name: 'X A\r\nNOOP', begin: () => ({}) }, 'auth.sasl.name'],
    [{ name: 5, begin: () => ({}) }, 'auth.sasl.name'],
    [{ name: 'X-KNOCK' }, 'auth.sasl.begin'],
  ])('%j is none', async (sasl, field) => {
    expect(await logIn({ sasl: sasl as SaslMechanism }, 'X-KNOCK')).toMatchObject({ lines: [], error: { field } });
  });
});

describe('the exchange', () => {
  it.each<[Credentials, string, string]>([
    [{ user: 'tim', pass: 'tanstaaftanstaaf' }, 'PLAIN', 'AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm'],
    [{ external: '' }, 'EXTERNAL', 'AUTH EXTERNAL ='],
    [
      { external: 'jörg@example.com' },
      'EXTERNAL',
      `AUTH EXTERNAL ${Buffer.from('jörg@example.com').toString('base64')}`,
    ],
    [{ anonymous: 'sirhc' }, 'ANONYMOUS', 'AUTH ANONYMOUS c2lyaGM='],
  ])('begins with an initial response: %j', async (auth, mechanism, line) => {
    expect(await logIn(auth, mechanism)).toMatchObject({ lines: [line], error: undefined });
  });

  it('LOGIN', async () => {
    const { lines, error } = await logIn(PASSWORD, 'LOGIN', async (_, session) => {
      await session.ask('334 VXNlcm5hbWU6');
      await session.ask('334 UGFzc3dvcmQ6');
      return '235 ok';
    });
    expect(error).toBeUndefined();
    expect(lines).toEqual(['AUTH LOGIN', b64('ann'), b64('Geheim=,')]);
  });

  it('says what is too long for a line in answer to a challenge', async () => {
    const token = 't'.repeat(20_000);
    let told = '';
    const { lines, error } = await logIn({ user: 'ann', token }, 'XOAUTH2', async (_, session) => {
      told = await session.ask('334 ');
      return '235 ok';
    });
    expect([lines[0], error]).toEqual(['AUTH XOAUTH2', undefined]);
    expect(Buffer.from(told, 'base64').toString()).toContain(`Bearer ${token}\x01`);
  });

  it('takes a mechanism of the caller’s own', async () => {
    const knock: SaslMechanism = {
      name: 'X-KNOCK',
      begin: () => ({ initial: () => 'knock', respond: (challenge) => challenge.decode().toUpperCase() }),
    };
    const { lines, error } = await logIn({ sasl: knock }, 'PLAIN X-KNOCK', async (_, session) => {
      await session.ask(`334 ${b64('who is there')}`);
      return '235 come in';
    });
    expect(error).toBeUndefined();
    expect(lines).toEqual([`AUTH X-KNOCK ${b64('knock')}`, b64('WHO IS THERE')]);
  });

  it('has an end', async () => {
    let rounds = 0;
    const { lines, error } = await logIn({ ...PASSWORD, mechanism: 'LOGIN' }, 'LOGIN', async (_, session) => {
      while ((await session.ask('334 bW9yZQ==')) !== '*') rounds += 1;
      return '501 cancelled';
    });
    expect(error).toMatchObject({ code: 'LIMIT_EXCEEDED', phase: 'auth' });
    expect(rounds).toBe(16);
    expect(lines.at(-1)).toBe('*');
  });
});

describe('SCRAM', () => {
  const server = { user: 'ann', pass: 'Geheim=,' };

  it.each(['SCRAM-SHA-1', 'SCRAM-SHA-256'])('%s', async (name) => {
    const { error } = await logIn(PASSWORD, name, (line, session) => scramServer(line, session, server));
    expect(error).toBeUndefined();
  });

  it('a user with a comma and an equals sign, and a password that SASLprep maps', async () => {
    const { error } = await logIn({ user: 'a,b=c', pass: 'I\u00adX\u2168' }, 'SCRAM-SHA-256', (line, session) =>
      scramServer(line, session, { user: 'a,b=c', pass: 'IXIX' }),
    );
    expect(error).toBeUndefined();
  });

  it('a wrong password is a refusal', async () => {
    const { error } = await logIn({ user: 'ann', pass: 'other' }, 'SCRAM-SHA-256', (line, session) =>
      scramServer(line, session, server),
    );
    expect(error).toMatchObject({ code: 'AUTH_REFUSED', phase: 'auth', reply: { code: 535 }, retryable: false });
  });

  it('an error in place of the signature is a refusal, too', async () => {
    const { error, lines } = await logIn(PASSWORD, 'SCRAM-SHA-256', async (line, session) => {
      const said = await scramServer(line, session, { ...server, final: () => 'e=invalid-proof' });
      return said === '235 ok' ? '535 5.7.8 no' : said;
    });
    expect(error).toMatchObject({ code: 'AUTH_REFUSED', reply: { code: 535 } });
    expect(lines.at(-1)).toBe('');
  });

  it.each<[string, Partial<Parameters<typeof scramServer>[2]>, string]>([
    ['a signature that is wrong', { final: () => `v=${b64('x'.repeat(32))}` }, 'signature'],
    ['a signature that is short', { final: (message) => message.slice(0, 10) }, 'signature'],
    ['no signature before the 235', { final: () => '' }, 'proof'],
    ['an error, and a yes', { final: () => 'e=other-error' }, 'its own'],
    ['a nonce of its own', { first: (message) => message.replace(/^r=[^,]*/, 'r=mine') }, 'nonce'],
    ['our nonce and no more', { first: (message, nonce) => message.replace(/^r=[^,]*/, `r=${nonce}`) }, 'nonce'],
    ['too few iterations', { iterations: 4095 }, '4095'],
    ['iterations without end', { first: (message) => message.replace(/i=\d+/, 'i=2000000000') }, '2000000000'],
    ['iterations that are no number', { first: (message) => message.replace(/i=\d+/, 'i=0x1000') }, '0x1000'],
    ['no salt', { first: (message) => message.replace(/s=[^,]*/, 's=') }, 'salt'],
    ['an extension that must be understood', { first: (message) => `m=x,${message}` }, 'extension'],
  ])('refuses a server with %s', async (_, cheat, named) => {
    const { error, lines } = await logIn(PASSWORD, 'SCRAM-SHA-256', (line, session) =>
      scramServer(line, session, { ...server, ...cheat }),
    );
    expect(error).toMatchObject({ name: 'ProtocolError', code: 'BAD_REPLY', phase: 'auth' });
    expect(String(error)).toContain(named);
    // where the server waits for an answer, the exchange is taken back
    if (!/^(e=.*)?$/.test(cheat.final?.('v=') ?? 'v=')) expect(lines.at(-1)).toBe('*');
  });

  it('leaves the event loop free while it derives', async () => {
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    const { error } = await logIn(PASSWORD, 'SCRAM-SHA-256', (line, session) =>
      scramServer(line, session, { ...server, first: (message) => message.replace(/i=\d+/, 'i=300000') }),
    );
    clearInterval(timer);
    // the server derives with 4096 and refuses; the client has derived with 300,000
    expect(error).toMatchObject({ code: 'AUTH_REFUSED' });
    expect(turns).toBeGreaterThan(10);
  });
});

describe('tokens', () => {
  it.each(['XOAUTH2', 'OAUTHBEARER'])('%s: a token is asked for once more when the server refuses it', async (name) => {
    const asked: string[] = [];
    const token = (reason: string): string => {
      asked.push(reason);
      return `token-${asked.length}`;
    };
    const answer = async (line: string, session: ServerSession): Promise<string> => {
      if (
        Buffer.from(line.split(' ')[2] ?? '', 'base64')
          .toString()
          .includes('token-2')
      )
        return '235 ok';
      const acknowledged = await session.ask(`334 ${b64('{"status":"401"}')}`);
      return acknowledged === (name === 'XOAUTH2' ? '' : b64('\x01')) ? '535 expired' : '500 what?';
    };
    const { error } = await logIn({ user: 'ann', token }, name, answer);
    expect([error, asked]).toEqual([undefined, ['first', 'refused']]);
  });

  it('and only once', async () => {
    const asked: string[] = [];
    const token = async (reason: string): Promise<string> => {
      asked.push(reason);
      return 'Geheim';
    };
    const { error } = await logIn({ user: 'ann', token }, 'XOAUTH2', () => '535 5.7.8 no');
    expect(error).toMatchObject({ code: 'AUTH_REFUSED', reply: { code: 535, enhanced: '5.7.8' } });
    expect(asked).toEqual(['first', 'refused']);
  });

  it.each(['454 4.7.0 not now', '500 what?', '421 4.3.2 going down'])(
    'nothing is said against one by %s',
    async (reply) => {
      const asked: string[] = [];
      const token = (reason: string): string => {
        asked.push(reason);
        return 'Geheim';
      };
      const { error } = await logIn({ user: 'ann', token }, 'XOAUTH2', () => reply);
      expect(error).toMatchObject({ code: 'AUTH_REFUSED', phase: 'auth', retryable: reply.startsWith('4') });
      expect(asked).toEqual(['first']);
    },
  );

  it('one that is given as it is, is not tried again', async () => {
    const { error, lines } = await logIn({ user: 'ann', token: 'abc' }, 'XOAUTH2', () => '535 no');
    expect(error).toMatchObject({ code: 'AUTH_REFUSED' });
    expect(lines).toHaveLength(1);
  });

  it.each([undefined, 5, { access_token: 'abc' }, null])('a callback that gives %j shows no token', async (given) => {
    const token = (): string => given as unknown as string;
    const { error, lines } = await logIn({ user: 'ann', token }, 'XOAUTH2');
    expect(error).toMatchObject({ name: 'MessageError', code: 'BAD_INPUT', field: 'auth.token' });
    expect(lines).toEqual([]);
  });

  it('a callback that fails, and a token with a line end', async () => {
    const fault = new Error('the token server is down');
    const failed = await logIn({ user: 'ann', token: () => Promise.reject(fault) }, 'XOAUTH2');
    expect(failed.lines).toEqual([]);
    expect(failed.error).toBe(fault);
    const forged = await logIn({ user: 'ann', token: 'a\r\nRSET' }, 'XOAUTH2');
    expect(forged.error).toMatchObject({ code: 'FORBIDDEN_CHARACTER', field: 'auth.token' });
  });
});

describe('secrets', () => {
  it.each<[string, Credentials]>([
    ['PLAIN', PASSWORD],
    ['LOGIN', PASSWORD],
    ['CRAM-MD5', PASSWORD],
    ['SCRAM-SHA-1', PASSWORD],
    ['SCRAM-SHA-256', PASSWORD],
    ['XOAUTH2', { user: 'ann', token: 'Geheim' }],
    ['OAUTHBEARER', { user: 'ann', token: 'Geheim' }],
  ])('%s: neither errors nor traces hold one, nor what it can be guessed from', async (name, auth) => {
    const { error, trace, lines } = await logIn(auth, name, async (_, session) => {
      if (name === 'LOGIN') await session.ask('334 VXNlcm5hbWU6');
      if (name !== 'PLAIN') await session.ask(`334 ${b64('<1@x>')}`);
      return '535 no';
    });
    expect(error).toBeInstanceOf(PlainwireError);
    expect(lines.length).toBeGreaterThan(0);
    const secrets = [...lines.map((line) => line.split(' ').at(-1) ?? ''), 'Geheim', b64('<1@x>'), b64('Geheim=,')];
    const shown = `${trace}\n${(error as Error).stack}\n${JSON.stringify(error)}\n${(error as PlainwireError).command}`;
    for (const secret of secrets) if (secret.length > 4 && secret !== name) expect(shown).not.toContain(secret);
    expect(trace).toContain(`AUTH ${name}`);
  });
});
