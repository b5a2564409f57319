/** One connection, step by step. */
import { describe, expect, it } from 'vitest';
import { SmtpClient } from '../../src/smtp/index.ts';
import { type MailServer, mailServer, SILENCE } from '../support/mail-server.ts';

const LETTER = { from: 'a@a.example', to: 'b@b.example', subject: 's', text: 't' };

function connect(server: MailServer, more: object = {}): Promise<SmtpClient> {
  return SmtpClient.connect({ host: '127.0.0.1', port: server.port, security: 'none', timeouts: 5_000, ...more });
}

describe('a client', () => {
  it('goes step by step, and says goodbye', async () => {
    await using server = await mailServer({ offers: ['SIZE 5000', 'AUTH PLAIN'] });
    const client = await connect(server);
    expect(client.capabilities).toMatchObject({ size: 5_000, auth: ['PLAIN'], pipelining: false });
    expect([client.remote, client.tls]).toEqual([`127.0.0.1:${server.port}`, undefined]);
    await client.login({ user: 'u', pass: 'p' });
    expect(await client.noop()).toMatchObject({ code: 250 });
    expect(await client.command('VRFY bob')).toMatchObject({ code: 250 });
    expect((await client.send(LETTER)).accepted).toHaveLength(1);
    await client.quit();
    expect(server.lines.map((line) => line.split(' ')[0])).toEqual([
      'EHLO', 'AUTH', 'NOOP', 'VRFY', 'MAIL', 'RCPT', 'DATA', 'QUIT',
    ]); // biome-ignore format: a list
    await server.until(({ open }) => open === 0);
  });

  it('does one thing after the other, whatever is asked at once', async () => {
    await using server = await mailServer({ offers: ['PIPELINING'] });
    await using client = await connect(server);
    const [one, noop, two] = await Promise.all([client.send(LETTER), client.noop(), client.send(LETTER)]);
    expect([one.accepted.length, noop.code, two.accepted.length]).toEqual([1, 250, 1]);
    expect(server.lines.map((line) => line.split(' ')[0]).join(' ')).toBe('EHLO MAIL RCPT DATA NOOP MAIL RCPT DATA');
  });

  it.each(['DATA', 'bdat 5 LAST', ' STARTTLS', 'NOOP\r\nRSET', 'NOOP\0', undefined as unknown as string])(
    'refuses %j, and goes on',
    async (line) => {
      await using server = await mailServer();
      await using client = await connect(server);
      await expect(client.command(line)).rejects.toMatchObject({ name: expect.stringMatching(/Unsupported|Message/) });
      expect((await client.noop()).code).toBe(250);
      expect(server.lines).toHaveLength(2);
    },
  );

  it('lets go of a message that is aborted while it waits for its turn, at once', async () => {
    let answer: (reply: string) => void = () => {};
    const held = new Promise<string>((resolve) => (answer = resolve));
    await using server = await mailServer({ answer: (line) => (line.startsWith('MAIL') ? held : undefined) });
    await using client = await connect(server);
    const stop = new AbortController();
    const first = client.send(LETTER);
    const second = client.send({ ...LETTER, subject: 'two' }, { signal: stop.signal });
    const third = client.noop();
    await server.until(({ lines }) => lines.length === 2);
    stop.abort(new Error('changed my mind'));
    await expect(second).rejects.toMatchObject({
      code: 'ABORTED',
      mayHaveBeenDelivered: false,
      cause: { message: 'changed my mind' },
      recipients: { accepted: [], rejected: [{ address: 'b@b.example' }] },
    });
    await expect(client.send(LETTER, { signal: stop.signal })).rejects.toMatchObject({ code: 'ABORTED' });
    answer('250 ok');
    expect((await first).accepted).toHaveLength(1);
    expect((await third).code).toBe(250);
    expect(server.lines.filter((line) => line.startsWith('MAIL'))).toHaveLength(1);
  });

  it('begins no more messages than the server takes in a session (RFC 9422 MAILMAX)', async () => {
    await using server = await mailServer({ offers: ['LIMITS MAILMAX=2', 'PIPELINING'] });
    await using client = await connect(server);
    const all = await Promise.allSettled([client.send(LETTER), client.send(LETTER), client.send(LETTER)]);
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    // on another connection it may go
    expect(all[2]).toMatchObject({
      reason: { code: 'EXTENSION_NOT_OFFERED', phase: 'mail', retryable: true, mayHaveBeenDelivered: false },
    });
    expect((await client.noop()).code).toBe(250);
    expect(server.messages).toHaveLength(2);
    expect(server.lines.filter((line) => line.startsWith('MAIL'))).toHaveLength(2);
  });

  it('gives a refusal of a command as its reply', async () => {
    await using server = await mailServer({ answer: (line) => (line === 'HELP' ? '502 5.5.1 no' : undefined) });
    await using client = await connect(server);
    expect(await client.command('HELP')).toMatchObject({ code: 502, enhanced: '5.5.1', lines: ['no'] });
    expect((await client.send(LETTER)).accepted).toHaveLength(1);
  });

  it('says so when the server is gone, to this message and to the next', async () => {
    await using server = await mailServer({
      answer: (line, session) => {
        if (!line.startsWith('MAIL')) return undefined;
        session.socket.destroy();
        return SILENCE;
      },
    });
    const client = await connect(server);
    for (let n = 0; n < 2; n += 1) {
      await expect(client.send(LETTER)).rejects.toMatchObject({ name: 'ConnectionError', mayHaveBeenDelivered: false });
    }
    await client.quit();
  });

  it('quits though the server does not answer', async () => {
    await using server = await mailServer({ answer: (line) => (line === 'QUIT' ? SILENCE : undefined) });
    const client = await connect(server, { timeouts: { quit: 30 } });
    await client.quit();
    await server.until(({ open }) => open === 0);
  });
});
