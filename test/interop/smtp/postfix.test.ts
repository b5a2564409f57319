import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Mailer, type MailerOptions } from '../../../src/smtp/index.ts';
import { CA, count, exchange } from '../support/exchange.ts';
import { READER, rawSample, sample, samples } from '../support/messages.ts';
import { LATER, NOBODY, PASSWORD, USER } from '../support/server-folder.ts';
import { MECHANISMS, type Postfix, postfix } from './postfix-server.ts';

let server: Postfix;
beforeAll(async () => {
  server = await postfix();
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

const ALL = { eightBit: true, smtpUtf8: true };

describe('Postfix stores what was sent', () => {
  it('lock-step', async () => {
    const sent = samples(ALL);
    const { dialogue } = await exchange(
      { port: server.port, pipelining: 'off', chunking: 'off', security: 'none' },
      server.inbox,
      sent,
    );
    expect(count(dialogue.verbs, 'DATA')).toBe(sent.length);
    // greeting, EHLO, and MAIL, RCPT, DATA and content of each
    expect(dialogue.roundTrips).toBe(sent.length * 4 + 2);
  });

  it('pipelined', async () => {
    const sent = samples(ALL);
    const { dialogue } = await exchange({ port: server.port, chunking: 'off', security: 'none' }, server.inbox, sent);
    expect(count(dialogue.verbs, 'DATA')).toBe(sent.length);
  });

  it.each([1, 8, 64])('chunked, %i in flight', async (messagesInFlight) => {
    const sent = samples(ALL);
    const { dialogue } = await exchange({ port: server.port, messagesInFlight, security: 'none' }, server.inbox, sent);
    expect(count(dialogue.verbs, 'DATA')).toBe(0);
    expect(count(dialogue.verbs, 'BDAT')).toBeGreaterThan(sent.length);
  });

  it('STARTTLS', async () => {
    const { dialogue } = await exchange({ port: server.port, security: 'starttls' }, server.inbox, samples(ALL));
    expect(dialogue.encrypted).toBe(true);
    expect(dialogue.verbs.slice(0, 3)).toEqual(['EHLO', 'STARTTLS', 'EHLO']);
  });

  it('TLS from the first byte on, over four connections', async () => {
    const { dialogue } = await exchange({ port: server.tlsPort, security: 'tls', connections: 4 }, server.inbox, [
      ...samples(ALL),
      ...samples(ALL),
    ]);
    expect(dialogue.encrypted).toBe(true);
    expect(dialogue.verbs).not.toContain('STARTTLS');
  });

  it('over a TLS session begun before', async () => {
    const resumed: boolean[] = [];
    await using mailer = new Mailer({
      host: '127.0.0.1',
      port: server.tlsPort,
      security: 'tls',
      tls: { ca: CA },
      messagesPerConnection: 1,
      trace: (event) => event.kind === 'tls' && resumed.push(event.facts.resumed),
    });
    for (const { message } of samples().slice(0, 3)) {
      await mailer.send(message);
      await server.inbox.copies(message.messageId);
    }
    expect(resumed).toEqual([false, true, true]);
  });

  it('to a server without extensions', async () => {
    const { dialogue } = await exchange(
      { port: server.plainPort, name: 'client.test' },
      server.inbox,
      samples({ eightBit: true }),
    );
    expect(dialogue.encrypted).toBe(false);
  });

  it.each(['pipelined', 'lock-step', 'chunked'])('strict about line ends and turns: %s', async (mode) => {
    const options: MailerOptions = {
      pipelining: mode === 'lock-step' ? 'off' : 'auto',
      chunking: mode === 'chunked' ? 'auto' : 'off',
    };
    await exchange({ port: server.strictPort, ...options }, server.inbox, samples(ALL));
  });
});

describe('Postfix lets in', () => {
  it.each(MECHANISMS)('who shows his password by %s', async (mechanism) => {
    const port = server.authPorts.get(mechanism) ?? 0;
    const auth = { user: USER, pass: PASSWORD };
    const { dialogue } = await exchange({ port, auth }, server.inbox, [sample('auth', { text: mechanism })]);
    expect(dialogue.verbs.filter((verb) => verb === 'AUTH')).toHaveLength(1);
    expect(server.log()).toContain(`sasl_method=${mechanism}, sasl_username=${USER}`);
  });

  it.each(MECHANISMS)('nobody with a wrong password by %s', async (mechanism) => {
    const port = server.authPorts.get(mechanism) ?? 0;
    await using mailer = new Mailer({ host: '127.0.0.1', port, tls: { ca: CA }, auth: { user: USER, pass: 'wrong' } });
    await expect(mailer.verify()).rejects.toMatchObject({ code: 'AUTH_REFUSED', reply: { code: 535 } });
  });
});

describe('Postfix and recipients', () => {
  const many = Array.from({ length: 100 }, (_, n) => `reader${n}@mail.test`);

  it.each(['off', 'auto'] as const)('a hundred of them get their copies, pipelining %s', async (pipelining) => {
    const { deliveries } = await exchange({ port: server.port, pipelining }, server.inbox, [
      sample('many', { to: many, text: 'to all of you' }),
    ]);
    expect(deliveries[0]?.accepted).toHaveLength(100);
  });

  it.each([
    ['lock-step', { pipelining: 'off' }],
    ['pipelined', { chunking: 'off' }],
    ['chunked', {}],
  ] as const)('those refused are named, the others served: %s', async (_, options) => {
    await using mailer = new Mailer({ host: '127.0.0.1', port: server.port, tls: { ca: CA }, ...options });
    const { message } = sample('some', { to: [NOBODY, READER, LATER], text: 'hello' });
    const delivery = await mailer.send(message);
    expect(delivery.accepted.map(({ address }) => address)).toEqual([READER]);
    expect(delivery.rejected.map(({ address, reply }) => [address, reply?.code, reply?.enhanced])).toEqual([
      [NOBODY, 550, '5.1.1'],
      [LATER, 450, '4.2.1'],
    ]);
    expect(delivery.queueId).toMatch(/^[0-9A-F]+$/i);
    await server.inbox.copies(message.messageId);

    const none = sample('none', { to: [NOBODY], text: 'hello' }).message;
    const wanted = sample('all or nothing', { to: [READER, NOBODY], text: 'hello' }).message;
    const last = sample('last', { text: 'the connection is in step' }).message;
    const [refused, incomplete, sent] = await Promise.allSettled([
      mailer.send(none),
      mailer.send(wanted, { requireAllRecipients: true }),
      mailer.send(last),
    ]);
    expect(refused).toMatchObject({ reason: { code: 'RECIPIENTS_REFUSED', retryable: false } });
    expect(incomplete).toMatchObject({ reason: { code: 'RECIPIENTS_REFUSED', mayHaveBeenDelivered: false } });
    expect(sent.status).toBe('fulfilled');
    await server.inbox.copies(last.messageId);
    for (const { messageId } of [none, wanted]) expect(server.inbox.has(messageId)).toBe(false);
  });

  it('tells the sender of a delivery, where DSN asks for it', async () => {
    await using mailer = new Mailer({ host: '127.0.0.1', port: server.port, tls: { ca: CA } });
    const { message } = sample('dsn', { text: 'hello' });
    await mailer.send(message, {
      dsn: {
        return: 'headers',
        envelopeId: 'Q+1 = 2',
        notify: ['success', 'failure'],
        recipients: { [READER]: { notify: ['success'], originalRecipient: 'reader+x@elsewhere.test' } },
      },
    });
    const report = await server.inbox.reportOn(message.messageId);
    expect(report).toContain('Original-Envelope-Id: Q+1 = 2');
    expect(report).toContain('Original-Recipient: rfc822;reader+x@elsewhere.test');
    expect(report).toContain('Action: delivered');
  });
});

describe('Postfix refuses', () => {
  it('a message above its limit before it is sent', async () => {
    await using mailer = new Mailer({ host: '127.0.0.1', port: server.port, tls: { ca: CA } });
    const { message } = rawSample('huge', 'x'.repeat(30_000_001));
    await expect(mailer.send(message)).rejects.toMatchObject({ code: 'MESSAGE_TOO_BIG' });
  });

  it('to hide what it offers', async () => {
    await using mailer = new Mailer({ host: '127.0.0.1', port: server.port, tls: { ca: CA } });
    expect(await mailer.verify()).toMatchObject({
      pipelining: true, chunking: true, eightBitMime: true, smtpUtf8: true, dsn: true, enhancedStatusCodes: true,
      size: 30_000_000,
    }); // biome-ignore format: a list
  });
});
