/** The caller's AbortSignal, and close(), in every phase of a message. */
import { getEventListeners } from 'node:events';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { PlainwireError } from '../../src/errors.ts';
import { Mailer, type MailerOptions, SmtpClient } from '../../src/smtp/index.ts';
import { CA, type MailServer, type MailServerOptions, mailServer, SILENCE } from '../support/mail-server.ts';
import { httpProxy, socksProxy } from '../support/proxies.ts';

const LETTER = { from: 'a@a.example', to: 'b@b.example', subject: 's', text: 't' };
const REASON = new Error('the user has left');

/** A server that says nothing from a certain line on, until `speak` is called. */
function silentFrom(verb: string): { answer: (line: string) => string | undefined; speak: () => void } {
  let silent = true;
  let reached = false;
  return {
    answer: (line) => {
      reached ||= line.startsWith(verb);
      return silent && reached ? SILENCE : undefined;
    },
    speak: () => (silent = false),
  };
}

function mailerFor(server: MailServer, options: Partial<MailerOptions> = {}): Mailer {
  return new Mailer({ host: '127.0.0.1', port: server.port, security: 'none', timeouts: 20_000, ...options });
}

interface Phase {
  readonly server?: (silence: ReturnType<typeof silentFrom>) => MailServerOptions;
  readonly client?: Partial<MailerOptions>;
  readonly silentFrom?: string;
  /** What the server sees when the phase is reached. */
  readonly reached?: (server: MailServer) => boolean;
  readonly phase?: string;
  readonly mayHaveBeenDelivered?: true;
}

const heard = (verb: string) => (server: MailServer) => server.lines.some((line) => line.startsWith(verb));
const PIPELINING = { offers: ['PIPELINING'] };
const CHUNKING = { offers: ['PIPELINING', 'CHUNKING'] };

const PHASES: readonly [string, Phase][] = [
  ['the TLS handshake', { silentFrom: '', client: { security: 'tls' }, server: () => ({ greeting: SILENCE }), reached: ({ sessions }) => sessions[0]?.reads === 1 }],
  ['the greeting', { server: () => ({ greeting: SILENCE }), reached: ({ sessions }) => sessions.length === 1 }],
  ['EHLO', { silentFrom: 'EHLO', reached: heard('EHLO') }],
  ['STARTTLS', { silentFrom: 'STARTTLS', client: { security: 'starttls' }, server: () => ({ security: 'starttls' }), reached: heard('STARTTLS') }],
  [
    'the handshake behind STARTTLS',
    {
      client: { security: 'starttls', tls: { ca: CA } },
      server: () => ({ offers: ['STARTTLS'], answer: (line) => (line === 'STARTTLS' ? '220 go' : /^EHLO/.test(line) ? undefined : SILENCE) }),
      reached: ({ sessions }) => sessions[0]?.reads === 3,
    },
  ],
  ['AUTH', { silentFrom: 'AUTH', client: { auth: { user: 'u', pass: 'p' } }, server: () => ({ offers: ['AUTH PLAIN'] }), reached: heard('AUTH') }],
  ['MAIL', { silentFrom: 'MAIL', reached: heard('MAIL'), phase: 'mail' }],
  ['RCPT', { silentFrom: 'RCPT', reached: heard('RCPT'), phase: 'rcpt' }],
  ['DATA', { silentFrom: 'DATA', reached: heard('DATA'), phase: 'data' }],
  ['MAIL, RCPT and DATA at once', { silentFrom: 'MAIL', server: () => PIPELINING, reached: heard('MAIL'), phase: 'mail' }],
  [
    'the reply to the content',
    {
      server: () => ({ onMessage: () => SILENCE }),
      reached: ({ messages }) => messages.length === 1,
      phase: 'content',
      mayHaveBeenDelivered: true,
    },
  ],
  [
    'the reply to BDAT',
    {
      server: () => ({ ...CHUNKING, onMessage: () => SILENCE }),
      reached: ({ messages }) => messages.length === 1,
      mayHaveBeenDelivered: true,
    },
  ],
]; // biome-ignore format: a table

describe('AbortSignal', () => {
  it.each(PHASES)('during %s: at once, with its reason, and no socket is left', async (_, each) => {
    const silence = silentFrom(each.silentFrom ?? 'never');
    const options = each.server?.(silence) ?? {};
    await using server = await mailServer({ answer: silence.answer, ...options });
    await using mailer = mailerFor(server, each.client);
    const caller = new AbortController();
    const sent = mailer.send(LETTER, { signal: caller.signal }).catch((error: PlainwireError) => error);
    await server.until(each.reached ?? (() => true));
    caller.abort(REASON);
    const error = await sent;
    expect(error).toMatchObject({ name: 'AbortError', code: 'ABORTED', retryable: false });
    expect(error).toMatchObject({ mayHaveBeenDelivered: each.mayHaveBeenDelivered ?? false });
    expect(rootCause(error)).toBe(REASON);
    if (each.phase !== undefined) expect(error).toMatchObject({ phase: each.phase });
    await server.until(({ open }) => open === 0);
    await mailer.close();
  });

  it('during the lookup', async () => {
    const caller = new AbortController();
    let asked: () => void = () => {};
    const lookedUp = new Promise<void>((resolve) => (asked = resolve));
    await using mailer = new Mailer({
      host: 'mail.example.com',
      resolve: () => {
        asked();
        return new Promise(() => {});
      },
    });
    const sent = mailer.send(LETTER, { signal: caller.signal });
    await lookedUp;
    caller.abort(REASON);
    await expect(sent).rejects.toMatchObject({ code: 'ABORTED', mayHaveBeenDelivered: false });
    // close() waits for nothing that was given up
    await mailer.close();
  });

  it('during the connect', async () => {
    await using server = await mailServer();
    const caller = new AbortController();
    await using mailer = mailerFor(server, {
      host: 'mail.example.com',
      resolve: async () => {
        // the socket is made in the same turn of the event loop, and can't be connected before the next
        queueMicrotask(() => queueMicrotask(() => setImmediate(() => caller.abort(REASON))));
        return [{ address: '127.0.0.1', family: 4 }];
      },
    });
    await expect(mailer.send(LETTER, { signal: caller.signal })).rejects.toMatchObject({ code: 'ABORTED' });
    await mailer.close();
    await server.until(({ open }) => open === 0);
    expect(server.messages).toEqual([]);
  });

  it.each([
    ['HTTP', httpProxy],
    ['SOCKS5', socksProxy],
  ])('while an %s proxy is silent', async (_, make) => {
    let asked: () => void = () => {};
    const reached = new Promise<void>((resolve) => (asked = resolve));
    await using proxy = await make({
      silent: () => {
        asked();
        return true;
      },
    });
    const caller = new AbortController();
    await using mailer = new Mailer({ host: 'mail.example.com', security: 'none', proxy: proxy.url });
    const sent = mailer.send(LETTER, { signal: caller.signal });
    await reached;
    caller.abort(REASON);
    await expect(sent).rejects.toMatchObject({ code: 'ABORTED' });
    await mailer.close();
    await proxy.closed();
  });

  it.each([
    ['DATA', []],
    ['BDAT', ['PIPELINING', 'CHUNKING']],
  ])('in the middle of the content, with %s: it surely was not delivered', async (_, offers) => {
    await using server = await mailServer({
      offers,
      answer: (line, session) => {
        if (/^(DATA|BDAT)/.test(line)) setImmediate(() => session.socket.pause());
        return undefined;
      },
    });
    await using mailer = mailerFor(server);
    const caller = new AbortController();
    let read = 0;
    const content = Readable.from(
      (function* () {
        for (; read < 1_000; read += 1) {
          yield Buffer.alloc(64 * 1024, 'x');
          // the server has long stopped reading
          if (read === 40) setImmediate(() => caller.abort(REASON));
        }
      })(),
    );
    const attachments = [{ filename: 'x', content }];
    const error = await mailer.send({ ...LETTER, attachments }, { signal: caller.signal }).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'ABORTED', mayHaveBeenDelivered: false });
    expect(read).toBeLessThan(1_000);
    for (const { socket } of server.sessions) socket.resume();
    await server.until(({ open }) => open === 0);
    expect(server.messages).toEqual([]);
  });

  it('while it waits behind others, it leaves the queue, and the others go on', async () => {
    let answer: () => void = () => {};
    const answered = new Promise<undefined>((resolve) => (answer = () => resolve(undefined)));
    await using server = await mailServer({ onMessage: () => answered });
    await using mailer = mailerFor(server);
    const caller = new AbortController();
    const first = mailer.send(LETTER);
    const second = mailer.send(LETTER, { signal: caller.signal });
    const third = mailer.send(LETTER);
    await server.until(({ messages }) => messages.length === 1);
    caller.abort(REASON);
    await expect(second).rejects.toMatchObject({ code: 'ABORTED', mayHaveBeenDelivered: false });
    answer();
    await Promise.all([first, third]);
    expect(server.messages).toHaveLength(2);
    expect(server.sessions).toHaveLength(1);
  });

  it('before a message is given: nothing is begun', async () => {
    await using server = await mailServer();
    await using mailer = mailerFor(server);
    await expect(mailer.send(LETTER, { signal: AbortSignal.abort(REASON) })).rejects.toMatchObject({ code: 'ABORTED' });
    expect(server.sessions).toHaveLength(0);
  });

  it('after a message that is done: nothing happens', async () => {
    await using server = await mailServer();
    await using mailer = mailerFor(server);
    const caller = new AbortController();
    await mailer.send(LETTER, { signal: caller.signal });
    caller.abort(REASON);
    await mailer.send(LETTER);
    expect(server.sessions).toHaveLength(1);
  });

  it('the next message goes on, over a connection of its own', async () => {
    const silence = silentFrom('RCPT');
    await using server = await mailServer({ answer: silence.answer });
    await using mailer = mailerFor(server);
    const caller = new AbortController();
    const sent = mailer.send(LETTER, { signal: caller.signal });
    await server.until(heard('RCPT'));
    caller.abort(REASON);
    await expect(sent).rejects.toMatchObject({ code: 'ABORTED' });
    silence.speak();
    await mailer.send(LETTER);
    expect(server.messages.map(({ session }) => session)).toEqual([1]);
  });

  it('of the mailer itself ends everything', async () => {
    const caller = new AbortController();
    await using server = await mailServer({ onMessage: () => SILENCE });
    const mailer = mailerFor(server, { signal: caller.signal, connections: 2, retries: 3 });
    const sent = [1, 2, 3, 4].map(() => mailer.send(LETTER).catch((error: unknown) => error));
    await server.until(({ messages }) => messages.length === 2);
    caller.abort(REASON);
    const errors = await Promise.all(sent);
    for (const error of errors) expect(error).toMatchObject({ code: 'ABORTED' });
    expect(errors.map((error) => (error as PlainwireError).mayHaveBeenDelivered).sort()).toEqual([
      false,
      false,
      true,
      true,
    ]);
    await server.until(({ open }) => open === 0);
    await mailer.close();
  });

  it('of the mailer itself ends the wait for the next try, and leaves no listener', async () => {
    const caller = new AbortController();
    await using server = await mailServer({ greeting: '421 4.3.2 busy' });
    const mailer = mailerFor(server, { signal: caller.signal, retries: 9 });
    const sent = mailer.send(LETTER).catch((error: unknown) => error);
    // the second pause is one second, the first half of that
    await server.until(({ sessions, open }) => sessions.length === 2 && open === 0);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const aborted = performance.now();
    caller.abort(REASON);
    expect(await sent).toMatchObject({ code: 'ABORTED', mayHaveBeenDelivered: false });
    expect(performance.now() - aborted).toBeLessThan(400);
    expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
    await mailer.close();
  });

  it('of a client', async () => {
    const caller = new AbortController();
    await using server = await mailServer({ onMessage: () => SILENCE });
    const options = { host: '127.0.0.1', port: server.port, security: 'none' } as const;
    const client = await SmtpClient.connect(options);
    const sent = client.send(LETTER, { signal: caller.signal });
    await server.until(({ messages }) => messages.length === 1);
    caller.abort(REASON);
    await expect(sent).rejects.toMatchObject({ code: 'ABORTED', mayHaveBeenDelivered: true });
    await client.quit();
    await server.until(({ open }) => open === 0);
  });
});

function rootCause(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? rootCause(error.cause) : error;
}

describe('close', () => {
  it('waits for what is under way and in the queue, says QUIT, and takes nothing more', async () => {
    let answer: () => void = () => {};
    const answered = new Promise<undefined>((resolve) => (answer = () => resolve(undefined)));
    await using server = await mailServer({ onMessage: () => answered });
    const mailer = mailerFor(server);
    const sent = [1, 2, 3].map(() => mailer.send(LETTER));
    await server.until(({ messages }) => messages.length === 1);
    let closed = false;
    const closing = mailer.close().then(() => (closed = true));
    await expect(mailer.send(LETTER)).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    await expect(mailer.verify()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(closed).toBe(false);
    answer();
    await closing;
    expect((await Promise.all(sent)).map(({ accepted }) => accepted.length)).toEqual([1, 1, 1]);
    expect(server.lines.at(-1)).toBe('QUIT');
    await server.until(({ open }) => open === 0);
    await mailer.close();
  });

  it('with abort waits for nothing', async () => {
    await using server = await mailServer({ onMessage: () => SILENCE });
    const mailer = mailerFor(server);
    const sent = [1, 2].map(() => mailer.send(LETTER).catch((error: unknown) => error));
    await server.until(({ messages }) => messages.length === 1);
    await mailer.close({ abort: true });
    expect(await Promise.all(sent)).toMatchObject([
      { code: 'ABORTED', mayHaveBeenDelivered: true },
      { code: 'ABORTED', mayHaveBeenDelivered: false },
    ]);
    await server.until(({ open }) => open === 0);
  });

  it('with abort ends a connection that is still on its way, and a message that waits for its next try', async () => {
    await using mute = await mailServer({ greeting: SILENCE });
    const opening = mailerFor(mute);
    const sent = opening.send(LETTER).catch((error: unknown) => error);
    await mute.until(({ sessions }) => sessions.length === 1);
    await opening.close({ abort: true });
    expect(await sent).toMatchObject({ code: 'ABORTED' });
    await mute.until(({ open }) => open === 0);

    await using busy = await mailServer({ answer: (line) => (line.startsWith('MAIL') ? '451 later' : undefined) });
    const pausing = mailerFor(busy, { retries: 9 });
    const tried = pausing.send(LETTER).catch((error: unknown) => error);
    await busy.until(heard('MAIL'));
    await pausing.close({ abort: true });
    expect(await tried).toMatchObject({ code: 'ABORTED', mayHaveBeenDelivered: false });
  });

  it('does not wait long for a server that does not answer QUIT', async () => {
    await using server = await mailServer({ answer: (line) => (line === 'QUIT' ? SILENCE : undefined) });
    const mailer = mailerFor(server, { timeouts: { quit: 50 } });
    await mailer.send(LETTER);
    await mailer.close();
    await server.until(({ open }) => open === 0);
  });

  it('of a mailer that never sent anything', async () => {
    await new Mailer('127.0.0.1:1').close();
    await new Mailer('127.0.0.1:1').close({ abort: true });
  });
});
