/** The mailer: what is sent over which connection, when, and what is tried again. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it } from 'vitest';
import type { PlainwireError } from '../../src/errors.ts';
import { Mailer, type MailerOptions, SmtpClient } from '../../src/smtp/index.ts';
import type { TraceEvent } from '../../src/trace/index.ts';
import { type MailServer, mailServer, type ServerSession, SILENCE } from '../support/mail-server.ts';

const letter = (subject: string, to: string | string[] = 'b@b.example') => ({
  from: 'a@a.example',
  to,
  subject,
  text: 'Hi.',
});

function mailerFor(server: MailServer, options: Partial<MailerOptions> = {}): Mailer {
  return new Mailer({ host: '127.0.0.1', port: server.port, security: 'none', timeouts: 10_000, ...options });
}

const subjects = (server: MailServer): readonly string[] =>
  server.messages.map(({ text }) => /^Subject: (.*)$/m.exec(text)?.[1] ?? '');
const sorted = (names: readonly string[]): readonly string[] => [...names].sort((a, b) => Number(a) - Number(b));
const numbers = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => `${n}`);

/** Messages that are known to be under way are answered when the test says so. */
function gate(): { readonly answer: () => Promise<undefined>; readonly open: () => void } {
  let open: () => void = () => {};
  const opened = new Promise<undefined>((resolve) => (open = () => resolve(undefined)));
  return { answer: () => opened, open };
}

describe('connections', () => {
  it('one by default, for all messages', async () => {
    await using server = await mailServer();
    await using mailer = mailerFor(server);
    await Promise.all(numbers(5).map((n) => mailer.send(letter(n))));
    await mailer.send(letter('5'));
    expect(server.sessions).toHaveLength(1);
    expect(subjects(server)).toEqual(numbers(6));
  });

  it('as many as are allowed and needed, at once', async () => {
    const { answer, open } = gate();
    await using server = await mailServer({ onMessage: answer });
    await using mailer = mailerFor(server, { connections: 3 });
    const sent = numbers(10).map((n) => mailer.send(letter(n)));
    await server.until(({ messages }) => messages.length === 3);
    expect(server.sessions).toHaveLength(3);
    open();
    await Promise.all(sent);
    expect(server.sessions).toHaveLength(3);
    expect(sorted(subjects(server))).toEqual(numbers(10));
  });

  it('no more than there is to send', async () => {
    await using server = await mailServer();
    await using mailer = mailerFor(server, { connections: 5 });
    await Promise.all([mailer.send(letter('0')), mailer.send(letter('1'))]);
    expect(server.sessions.length).toBeLessThanOrEqual(2);
  });

  it('carry messagesPerConnection messages each, and then another takes its place', async () => {
    await using server = await mailServer({ offers: ['PIPELINING'] });
    await using mailer = mailerFor(server, { messagesPerConnection: 3 });
    await Promise.all(numbers(8).map((n) => mailer.send(letter(n))));
    await mailer.close();
    expect(server.messages.map(({ session }) => session)).toEqual([0, 0, 0, 1, 1, 1, 2, 2]);
    for (const { lines } of server.sessions) expect(lines.at(-1)).toBe('QUIT');
  });

  it('carry no more than the server says (RFC 9422 MAILMAX)', async () => {
    await using server = await mailServer({ offers: ['LIMITS MAILMAX=2'] });
    await using mailer = mailerFor(server);
    await Promise.all(numbers(4).map((n) => mailer.send(letter(n))));
    expect(server.messages.map(({ session }) => session)).toEqual([0, 0, 1, 1]);
  });

  it('are shared fairly: each has its part of the work', async () => {
    await using server = await mailServer({
      onMessage: () => new Promise((resolve) => setImmediate(resolve, undefined)),
    });
    await using mailer = mailerFor(server, { connections: 4 });
    await Promise.all(numbers(80).map((n) => mailer.send(letter(n))));
    const parts = [0, 1, 2, 3].map((n) => server.messages.filter(({ session }) => session === n).length);
    expect(Math.min(...parts)).toBeGreaterThan(5);
  });

  it('are closed with QUIT when they have had nothing to do for a while', async () => {
    await using server = await mailServer();
    await using mailer = mailerFor(server, { idleTimeout: 30 });
    await mailer.send(letter('0'));
    await server.until(({ open }) => open === 0);
    expect(server.lines.at(-1)).toBe('QUIT');
    await mailer.send(letter('1'));
    expect(server.messages.map(({ session }) => session)).toEqual([0, 1]);
  });

  it('keep one that is used again within that time', async () => {
    await using server = await mailServer();
    await using mailer = mailerFor(server, { idleTimeout: 5_000 });
    for (const n of numbers(3)) await mailer.send(letter(n));
    expect(server.sessions).toHaveLength(1);
  });

  it('verify() opens one, says what the server offers, and leaves it for the messages', async () => {
    await using server = await mailServer({ offers: ['SIZE 1000', 'PIPELINING'] });
    await using mailer = mailerFor(server);
    expect(await mailer.verify()).toMatchObject({ size: 1000, pipelining: true });
    await mailer.send(letter('0'));
    await mailer.verify();
    expect(server.sessions).toHaveLength(1);
    expect(server.lines.filter((line) => line === 'NOOP')).toHaveLength(1);
  });
});

describe('verify()', () => {
  it('opens no more connections than may be: one that is on its way serves as well', async () => {
    await using server = await mailServer({ delay: 20, offers: ['SIZE 1000'] });
    await using mailer = mailerFor(server);
    const [first, second] = await Promise.all([mailer.verify(), mailer.verify(), mailer.send(letter('0'))]);
    expect([first.size, second.size, server.sessions.length]).toEqual([1000, 1000, 1]);
  });

  it('outlives the message whose connection it shares', async () => {
    await using server = await mailServer({ delay: 20, offers: ['SIZE 1000'] });
    await using mailer = mailerFor(server);
    const caller = new AbortController();
    const sent = mailer.send(letter('0'), { signal: caller.signal }).catch(() => {});
    await server.until(({ sessions }) => sessions.length === 1);
    const verified = mailer.verify();
    caller.abort();
    await sent;
    expect((await verified).size).toBe(1000);
  });

  it('while a message is on its way, and while a connection takes its leave', async () => {
    await using server = await mailServer({ delay: 20, offers: ['SIZE 1000'] });
    await using mailer = mailerFor(server, { messagesPerConnection: 1 });
    const sent = mailer.send(letter('0'));
    await server.until(({ lines }) => lines.some((line) => line.startsWith('MAIL')));
    expect((await mailer.verify()).size).toBe(1000);
    await sent;
    const next = mailer.send(letter('1'));
    expect((await mailer.verify()).size).toBe(1000);
    await next;
    expect(server.sessions.length).toBeLessThanOrEqual(3);
  });

  it('opens another where the one that stood is dead', async () => {
    await using server = await mailServer({ offers: ['SIZE 1000'] });
    await using mailer = mailerFor(server);
    await mailer.verify();
    server.sessions[0]?.socket.resetAndDestroy();
    expect((await mailer.verify()).size).toBe(1000);
    expect(server.sessions).toHaveLength(2);
  });

  it('opens another where the one that stood says nothing any more', async () => {
    let silent = false;
    await using server = await mailServer({
      offers: ['SIZE 1000'],
      answer: (line) => (silent && line === 'NOOP' ? SILENCE : undefined),
    });
    await using mailer = mailerFor(server, { timeouts: { noop: 50 } });
    await mailer.verify();
    silent = true;
    expect((await mailer.verify()).size).toBe(1000);
    expect(server.sessions).toHaveLength(2);
    await server.until(({ open }) => open === 1);
  });

  it('takes a refusal of NOOP for the sign of life that it is', async () => {
    await using server = await mailServer({
      offers: ['SIZE 1000'],
      answer: (line) => (line === 'NOOP' ? '502 5.5.1 unknown' : undefined),
    });
    await using mailer = mailerFor(server);
    await mailer.verify();
    expect((await mailer.verify()).size).toBe(1000);
    expect(server.sessions).toHaveLength(1);
  });

  it('leaves no message waiting for a connection that was to be made for it', async () => {
    let greetings = 0;
    await using server = await mailServer({ greeting: () => ((greetings += 1) === 1 ? '421 4.3.2 busy' : '220 hi') });
    await using mailer = mailerFor(server, { retries: 1 });
    const verified = mailer.verify().catch((error: unknown) => error);
    await mailer.send(letter('0'));
    expect(await verified).toMatchObject({ code: 'GREETING_REFUSED' });
    await using hasty = mailerFor(server);
    greetings = 0;
    const failed = hasty.verify().catch((error: unknown) => error);
    await expect(hasty.send(letter('0'))).rejects.toMatchObject({ code: 'GREETING_REFUSED' });
    await failed;
  });

  it('says why no connection can be had', async () => {
    await using server = await mailServer({ greeting: '554 not you' });
    await using mailer = mailerFor(server);
    const failures = await Promise.allSettled([mailer.verify(), mailer.verify()]);
    for (const each of failures) expect(each).toMatchObject({ reason: { code: 'GREETING_REFUSED' } });
  });
});

describe('every failure', () => {
  it('holds the account of the recipients', async () => {
    await using server = await mailServer({ offers: ['SIZE 10'] });
    await using mailer = mailerFor(server);
    const closed = mailerFor(server);
    await closed.close();
    const recipients = { accepted: [], rejected: [{ address: 'b@b.example', reply: undefined }] };
    const big = { from: 'a@a.example', to: 'b@b.example', text: 't' };
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await expect(mailer.send(big)).rejects.toMatchObject({ code: 'MESSAGE_TOO_BIG', recipients });
    await expect(closed.send(big)).rejects.toMatchObject({ code: 'CONNECTION_CLOSED', recipients });
    await expect(mailer.send(big, { signal })).rejects.toMatchObject({ code: 'ABORTED', recipients, cause: reason });
    await using client = await SmtpClient.connect({ host: '127.0.0.1', port: server.port });
    await expect(client.send(big)).rejects.toMatchObject({ code: 'MESSAGE_TOO_BIG', recipients });
  });

  it('by an abort on the way has its reason', async () => {
    const caller = new AbortController();
    const reason = new Error('enough');
    await using server = await mailServer({
      answer: (line) => {
        if (!line.startsWith('RCPT')) return undefined;
        caller.abort(reason);
        return SILENCE;
      },
    });
    await using mailer = mailerFor(server);
    const failed = mailer.send(letter('0'), { signal: caller.signal });
    await expect(failed).rejects.toMatchObject({ name: 'AbortError', phase: 'rcpt', cause: reason });
  });
});

describe('a connection that the server has closed', () => {
  const ways: readonly [string, (session: ServerSession) => void][] = [
    ['without a word', (session) => session.socket.end()],
    ['with 421', (session) => session.stream.end('421 4.3.2 going down\r\n')],
    ['by a reset', (session) => session.socket.resetAndDestroy()],
  ];

  it.each(ways)('while idle, %s, is replaced', async (_, close) => {
    await using server = await mailServer();
    await using mailer = mailerFor(server);
    for (const n of numbers(4)) {
      await mailer.send(letter(n));
      const session = server.sessions.at(-1);
      if (session !== undefined) close(session);
    }
    expect(subjects(server)).toEqual(numbers(4));
  });

  it.each(ways)('just when the next message begins, %s, loses none and doubles none', async (_, close) => {
    await using server = await mailServer({
      // each connection gives up at its third MAIL
      answer: (line, session) => {
        if (!line.startsWith('MAIL') || session.lines.filter((each) => each.startsWith('MAIL')).length < 3)
          return undefined;
        close(session);
        return SILENCE;
      },
    });
    await using mailer = mailerFor(server);
    await Promise.all(numbers(10).map((n) => mailer.send(letter(n))));
    expect(sorted(subjects(server))).toEqual(numbers(10));
    expect(server.sessions).toHaveLength(5);
  });

  it.each([1, 2, 5])(
    'with 421 after %i messages each, and more on their way with CHUNKING: none is lost or doubled',
    async (most) => {
      await using server = await mailServer({
        offers: ['PIPELINING', 'CHUNKING'],
        answer: (line, session) => {
          if (!line.startsWith('MAIL') || session.lines.filter((each) => each.startsWith('MAIL')).length <= most)
            return undefined;
          session.deaf = true;
          session.stream.end('421 4.3.2 enough\r\n');
          return SILENCE;
        },
      });
      await using mailer = mailerFor(server);
      await Promise.all(numbers(30).map((n) => mailer.send(letter(n))));
      // and in their order
      expect(subjects(server)).toEqual(numbers(30));
    },
  );

  it('with 421 in answer to a recipient, the message whole behind it: it was not taken', async () => {
    await using server = await mailServer({
      offers: ['PIPELINING', 'CHUNKING'],
      answer: (line, session) => {
        if (!line.startsWith('RCPT TO:<no')) return undefined;
        session.deaf = true;
        session.stream.end('421 4.3.2 going down\r\n');
        return SILENCE;
      },
    });
    await using mailer = mailerFor(server);
    const message = { ...letter('1'), to: ['yes@b.example', 'no@b.example', 'late@b.example'] };
    await expect(mailer.send(message)).rejects.toMatchObject({ mayHaveBeenDelivered: false, retryable: true });
  });

  it('between messages that are on their way with CHUNKING: those in doubt are named, no other is lost or doubled', async () => {
    let taken = 0;
    await using server = await mailServer({
      offers: ['PIPELINING', 'CHUNKING'],
      onMessage: (_, session) => {
        taken += 1;
        if (taken !== 5) return undefined;
        session.socket.resetAndDestroy();
        return SILENCE;
      },
    });
    await using mailer = mailerFor(server, { messagesInFlight: 4 });
    const outcomes = await Promise.allSettled(numbers(20).map((n) => mailer.send(letter(n))));
    const seen = subjects(server);
    expect(new Set(seen).size).toBe(seen.length);
    for (const [n, outcome] of outcomes.entries()) {
      if (outcome.status === 'fulfilled') expect(seen).toContain(`${n}`);
      else expect(outcome.reason).toMatchObject({ mayHaveBeenDelivered: true, retryable: false });
    }
    const doubtful = outcomes.filter(({ status }) => status === 'rejected').length;
    expect(doubtful).toBeGreaterThan(0);
    expect(doubtful).toBeLessThanOrEqual(4);
  });

  it.each([
    ['says 421', '250 hi\r\n421 4.3.2 going down', 'CONNECTION_CLOSED'],
    ['breaks the rules', '250 hi\r\n250 stray', 'UNEXPECTED_REPLY'],
  ])('right behind its EHLO reply, where it %s: no message waits for it', async (_, answer, code) => {
    await using server = await mailServer({ answer: (line) => (line.startsWith('EHLO') ? answer : undefined) });
    const failure = { code, phase: 'ehlo', recipients: { rejected: [{ address: 'b@b.example' }] } };
    await using mailer = mailerFor(server);
    await expect(mailer.send(letter('0'))).rejects.toMatchObject(failure);
    await expect(mailer.verify()).rejects.toMatchObject({ code });
    await using persistent = mailerFor(server, { retries: 1 });
    await expect(persistent.send(letter('0'))).rejects.toMatchObject(failure);
    expect(server.sessions).toHaveLength(code === 'CONNECTION_CLOSED' ? 4 : 3);
  });

  it('again and again, is a failure in the end', async () => {
    await using server = await mailServer({
      answer: (line, session) => {
        if (!line.startsWith('MAIL')) return undefined;
        session.socket.destroy();
        return SILENCE;
      },
    });
    await using mailer = mailerFor(server);
    await expect(mailer.send(letter('0'))).rejects.toMatchObject({ name: 'ConnectionError', phase: 'mail' });
    expect(server.sessions).toHaveLength(1);
  });
});

describe('retries', () => {
  it('come where the server said 4yz before the content, as often as asked', async () => {
    let refusals = 2;
    await using server = await mailServer({
      answer: (line) => (line.startsWith('RCPT') && refusals-- > 0 ? '451 4.3.0 later' : undefined),
    });
    await using mailer = mailerFor(server, { retries: 2 });
    const delivery = await mailer.send(letter('0'));
    expect(delivery.accepted).toHaveLength(1);
    expect(subjects(server)).toEqual(['0']);
  });

  it('do not come unasked, nor where the server said 5yz', async () => {
    for (const [retries, reply] of [
      [0, '451 later'],
      [3, '551 never'],
    ] as const) {
      await using server = await mailServer({ answer: (line) => (line.startsWith('MAIL') ? reply : undefined) });
      await using mailer = mailerFor(server, { retries });
      const error = await mailer.send(letter('0')).catch((thrown: PlainwireError) => thrown);
      expect(error).toMatchObject({ code: 'SENDER_REFUSED', retryable: reply.startsWith('4') });
      expect(server.lines.filter((line) => line.startsWith('MAIL'))).toHaveLength(1);
    }
  });

  it('do not come where 4yz is the answer to the message itself: when it is to be sent again is for the caller to say', async () => {
    await using server = await mailServer({ onMessage: () => '451 4.3.0 later' });
    await using mailer = mailerFor(server, { retries: 3 });
    const error = await mailer.send(letter('0')).catch((thrown: PlainwireError) => thrown);
    expect(error).toMatchObject({ code: 'MESSAGE_REFUSED', retryable: true, mayHaveBeenDelivered: false });
    expect(server.messages).toHaveLength(1);
  });

  it('do not come where the message may have been delivered', async () => {
    await using server = await mailServer({
      onMessage: (_, session) => {
        session.socket.destroy();
        return SILENCE;
      },
    });
    await using mailer = mailerFor(server, { retries: 5 });
    await expect(mailer.send(letter('0'))).rejects.toMatchObject({ mayHaveBeenDelivered: true, retryable: false });
    expect(server.messages).toHaveLength(1);
    expect(server.sessions).toHaveLength(1);
  });

  it('come where no connection could be had', async () => {
    let tries = 0;
    await using server = await mailServer({
      onConnection: (session) => {
        tries += 1;
        if (tries === 1) session.socket.destroy();
      },
    });
    await using mailer = mailerFor(server, { retries: 1 });
    await mailer.send(letter('0'));
    expect([tries, subjects(server)]).toEqual([2, ['0']]);
  });

  it('without them, every message of a server that is not there fails with its whole account', async () => {
    const server = await mailServer();
    await using mailer = mailerFor(server);
    await server[Symbol.asyncDispose]();
    const outcomes = await Promise.allSettled([
      mailer.send(letter('0')),
      mailer.send(letter('1', ['x@b.example', 'y@b.example'])),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    for (const outcome of outcomes) {
      const { reason } = outcome as PromiseRejectedResult;
      expect(reason).toMatchObject({
        code: 'CONNECT_FAILED',
        phase: 'connect',
        retryable: true,
        mayHaveBeenDelivered: false,
      });
      expect(reason.recipients.accepted).toEqual([]);
    }
    const second = (outcomes[1] as PromiseRejectedResult).reason as PlainwireError;
    expect(second.recipients?.rejected.map(({ address }) => address)).toEqual(['x@b.example', 'y@b.example']);
  });
});

describe('the answer', () => {
  it('is a delivery where one recipient or more was accepted, and names the others', async () => {
    await using server = await mailServer({ offers: ['PIPELINING'] });
    await using mailer = mailerFor(server);
    const delivery = await mailer.send(letter('0', ['b@b.example', 'no@b.example', 'c@b.example']));
    expect(delivery.accepted.map(({ address }) => address)).toEqual(['b@b.example', 'c@b.example']);
    expect(delivery.rejected).toMatchObject([{ address: 'no@b.example', reply: { code: 550 } }]);
    expect(delivery.reply.code).toBe(250);
  });

  describe('of several refusals', () => {
    const answer = (line: string): string | undefined =>
      /TO:<late/.test(line) ? '450 4.2.1 later' : /TO:<no/.test(line) ? '550 5.1.1 no' : undefined;

    it.each([[['late@b.example', 'no@b.example']], [['no@b.example', 'late@b.example']]])(
      'one may pass, and with it the message: %s',
      async (to) => {
        await using server = await mailServer({ answer });
        await using mailer = mailerFor(server);
        await expect(mailer.send(letter('0', to))).rejects.toMatchObject({
          code: 'RECIPIENTS_REFUSED',
          retryable: true,
          reply: { code: 450 },
          command: 'RCPT TO:<late@b.example>',
        });
      },
    );

    it.each([[['late@b.example', 'no@b.example', 'b@b.example']], [['b@b.example', 'no@b.example', 'late@b.example']]])(
      'one stays, and where all have to be accepted it is the end of the message: %s',
      async (to) => {
        await using server = await mailServer({ answer });
        await using mailer = mailerFor(server, { retries: 3 });
        await expect(mailer.send(letter('0', to), { requireAllRecipients: true })).rejects.toMatchObject({
          code: 'RECIPIENTS_REFUSED',
          retryable: false,
          reply: { code: 550 },
          command: 'RCPT TO:<no@b.example>',
        });
        expect(server.lines.filter((line) => line.startsWith('MAIL'))).toHaveLength(1);
      },
    );
  });

  it.each(['', 'PIPELINING', 'PIPELINING CHUNKING'])(
    'requireAllRecipients: nothing is sent unless all are accepted, and the next message goes on (%s)',
    async (offers) => {
      await using server = await mailServer({ offers: offers.split(' ').filter(Boolean) });
      await using mailer = mailerFor(server);
      const options = { requireAllRecipients: true };
      const error = await mailer.send(letter('0', ['b@b.example', 'no@b.example']), options).catch((thrown) => thrown);
      expect(error).toMatchObject({ code: 'RECIPIENTS_REFUSED', phase: 'rcpt', reply: { code: 550 } });
      expect(error.recipients.accepted).toEqual([]);
      await mailer.send(letter('1', ['b@b.example', 'c@b.example']), options);
      expect(subjects(server)).toEqual(['1']);
      const verbs = server.lines.map((line) => line.split(' ')[0]);
      expect(verbs.indexOf('RSET')).toBe(verbs.lastIndexOf('RSET'));
      expect(verbs).toContain('RSET');
      expect(server.sessions).toHaveLength(1);
    },
  );
});

describe('diagnostics', () => {
  it('publishes every line of the dialogue, without its secrets, beside the caller’s own trace', async () => {
    const heard: TraceEvent[] = [];
    const traced: TraceEvent[] = [];
    const listener = (message: unknown): void => void heard.push((message as { event: TraceEvent }).event);
    subscribe('plainwire:smtp:dialogue', listener);
    await using server = await mailServer({ offers: ['AUTH PLAIN'] });
    const auth = { user: 'ann', pass: 'Geheim' };
    await using mailer = mailerFor(server, { auth, trace: (event) => void traced.push(event) });
    await mailer.send(letter('0'));
    await mailer.close();
    unsubscribe('plainwire:smtp:dialogue', listener);
    expect(heard).toEqual(traced);
    const lines = heard.flatMap((event) => ('bytes' in event ? [Buffer.from(event.bytes).toString()] : []));
    expect(lines.filter((line) => line.startsWith('AUTH'))).toEqual([expect.stringMatching(/^AUTH PLAIN \*+\r\n$/)]);
    expect(lines.at(-1)).toBe('221 bye\r\n');
  });

  it('publishes connections, deliveries and errors to whoever listens', async () => {
    const heard: [string, unknown][] = [];
    const names = ['connect', 'delivery', 'error'].map((name) => `plainwire:smtp:${name}`);
    const listener = (message: unknown, name: string | symbol): void => void heard.push([String(name), message]);
    for (const name of names) subscribe(name, listener);
    await using server = await mailServer();
    await using mailer = mailerFor(server);
    const delivery = await mailer.send(letter('0'));
    const error = await mailer.send(letter('1', 'no@b.example')).catch((thrown: unknown) => thrown);
    for (const name of names) unsubscribe(name, listener);
    await mailer.send(letter('2'));
    expect(heard).toEqual([
      [
        names[0],
        { remote: `127.0.0.1:${server.port}`, capabilities: expect.objectContaining({ name: 'mail.example.com' }) },
      ],
      [names[1], { delivery }],
      [names[2], { error, messageId: expect.stringMatching(/^<.+>$/) }],
    ]);
  });
});
