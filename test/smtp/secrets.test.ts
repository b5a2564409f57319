/** What a server repeats of a credential is in no error, neither in its words nor in the replies that it holds. */
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type Credentials, Mailer, SmtpClient, type SmtpOptions } from '../../src/smtp/index.ts';
import { mailServer } from '../support/mail-server.ts';

const PASSWORD = { user: 'ann', pass: 'tanstaaftanstaaf' };
const PLAIN = Buffer.from('\0ann\0tanstaaftanstaaf').toString('base64');
const LETTER = { from: 'a@a.example', to: ['b@b.example', 'c@b.example'], subject: 'Hi', text: 'Hi.' };

/** The error of a message to a server that answers so. */
async function failure(
  answer: (line: string) => string | undefined,
  auth: Credentials = { ...PASSWORD, mechanism: 'PLAIN' },
  options: Partial<SmtpOptions> = {},
): Promise<unknown> {
  await using server = await mailServer({ offers: ['PIPELINING', 'AUTH PLAIN LOGIN XOAUTH2'], answer });
  const mailer = new Mailer({
    host: '127.0.0.1',
    port: server.port,
    security: 'none',
    auth,
    timeouts: 5_000,
    ...options,
  });
  const error: unknown = await mailer.send(LETTER).catch((each: unknown) => each);
  await mailer.close({ abort: true });
  return error;
}

/** Everything that a log may show of it. */
const shown = (error: unknown): string =>
  `${inspect(error, { depth: 10, showHidden: true })}\n${JSON.stringify(error)}\n${(error as Error).stack}`;

describe('an error', () => {
  it.each<[string, string, string]>([
    ['a refusal', `535 5.7.8 not you: ${PLAIN}`, 'AUTH_REFUSED'],
    ['a refusal, decoded', '535 5.7.8 not with tanstaaftanstaaf', 'AUTH_REFUSED'],
    ['several lines', `535-no\r\n535 AUTH PLAIN ${PLAIN.slice(0, 20)}...`, 'AUTH_REFUSED'],
    ['a 421', `421 4.7.0 go away with ${PLAIN}`, 'AUTH_REFUSED'],
    ['what is no reply', `535:${PLAIN}`, 'BAD_REPLY'],
    ['a reply of the wrong kind', `250 ${PLAIN}`, 'UNEXPECTED_REPLY'],
    ['a reply too many', `235 ok\r\n250 ${PLAIN}`, 'UNEXPECTED_REPLY'],
  ])('of %s', async (_, answer, code) => {
    const error = await failure((line) => (line.startsWith('AUTH') ? answer : undefined));
    expect(error).toMatchObject({ code });
    expect(error).toBeInstanceOf(Error);
    expect(shown(error)).toContain('****');
    expect(shown(error)).not.toMatch(/AGFub|tanstaaf/);
  });

  it('keeps its class, its code and what it knows', async () => {
    const error = await failure((line) => (line.startsWith('AUTH') ? `454 4.7.0 later, ${PLAIN}` : undefined));
    expect(error).toMatchObject({
      name: 'ReplyError',
      code: 'AUTH_REFUSED',
      phase: 'auth',
      retryable: true,
      mayHaveBeenDelivered: false,
      message: `the server refused the credentials: 454 4.7.0 later, ${'*'.repeat(PLAIN.length)}`,
      reply: { code: 454, enhanced: '4.7.0', lines: [`later, ${'*'.repeat(PLAIN.length)}`] },
      recipients: { accepted: [], rejected: [{ address: 'b@b.example' }, { address: 'c@b.example' }] },
    });
  });

  it('of a message, later', async () => {
    const error = await failure((line) => {
      if (line.startsWith('AUTH')) return '235 ok';
      if (line.startsWith('RCPT')) return `550 no relay for tanstaaftanstaaf`;
      return line === 'DATA' ? '554 no valid recipients' : undefined;
    });
    expect(error).toMatchObject({ code: 'RECIPIENTS_REFUSED' });
    expect(shown(error)).not.toMatch(/tanstaaf/);
  });

  it('of a token', async () => {
    const auth = { user: 'ann', token: 'ya29.geheimgeheim' };
    const error = await failure((line) => (line.startsWith('AUTH') ? '535 bad ya29.geheimgeheim' : undefined), auth);
    expect(shown(error)).not.toMatch(/geheim/);
    expect(shown(error)).toMatch(/bad \*{17}/);
  });

  it('of LOGIN tells the user, and not the password', async () => {
    const answers: Record<string, string> = {
      [Buffer.from('ann').toString('base64')]: '334 UGFzc3dvcmQ6',
      [Buffer.from('tanstaaftanstaaf').toString('base64')]: '535 ann has no such password as tanstaaftanstaaf',
    };
    const error = await failure((line) => (line.startsWith('AUTH') ? '334 VXNlcm5hbWU6' : answers[line]), {
      ...PASSWORD,
      mechanism: 'LOGIN',
    });
    expect((error as Error).message).toMatch(/: 535 ann has no such password as \*{16}$/);
  });

  it('of a client that logs in step by step', async () => {
    await using server = await mailServer({
      offers: ['AUTH PLAIN'],
      answer: (line) => (line.startsWith('AUTH') ? `535 ${line}` : undefined),
    });
    await using client = await SmtpClient.connect({ host: '127.0.0.1', port: server.port, security: 'none' });
    const error: unknown = await client.login(PASSWORD).catch((each: unknown) => each);
    expect(error).toMatchObject({ code: 'AUTH_REFUSED', reply: { lines: [`AUTH PLAIN ${'*'.repeat(PLAIN.length)}`] } });
  });
});
