import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Mailer } from '../../../src/smtp/index.ts';
import { CA, count, exchange } from '../support/exchange.ts';
import { READER, sample, samples } from '../support/messages.ts';
import { LATER, NOBODY, PASSWORD, USER } from '../support/server-folder.ts';
import { type Exim, exim } from './exim-server.ts';

let server: Exim;
beforeAll(async () => {
  server = await exim();
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

const ALL = { eightBit: true, smtpUtf8: true };

describe('Exim stores what was sent', () => {
  it('lock-step', async () => {
    const options = { port: server.port, pipelining: 'off', chunking: 'off', security: 'none' } as const;
    const { dialogue } = await exchange(options, server.inbox, samples(ALL));
    expect(dialogue.encrypted).toBe(false);
  });

  it('pipelined', async () => {
    await exchange({ port: server.port, chunking: 'off', security: 'none' }, server.inbox, samples(ALL));
  });

  it.each([1, 8])('chunked, %i in flight', async (messagesInFlight) => {
    const options = { port: server.port, messagesInFlight, security: 'none' } as const;
    const { dialogue } = await exchange(options, server.inbox, samples(ALL));
    expect(count(dialogue.verbs, 'DATA')).toBe(0);
  });

  it('STARTTLS', async () => {
    const { dialogue } = await exchange({ port: server.port, security: 'starttls' }, server.inbox, samples(ALL));
    expect(dialogue.encrypted).toBe(true);
  });

  it('TLS from the first byte on', async () => {
    const options = { port: server.tlsPort, security: 'tls', connections: 2 } as const;
    const { dialogue } = await exchange(options, server.inbox, samples(ALL));
    expect(dialogue.encrypted).toBe(true);
  });
});

describe('Exim lets in', () => {
  it.each(['PLAIN', 'LOGIN', 'CRAM-MD5'])('who shows his password by %s', async (mechanism) => {
    const auth = { user: USER, pass: PASSWORD, mechanism };
    await exchange({ port: server.port, auth }, server.inbox, [sample('auth', { text: mechanism })]);
    const own = { PLAIN: 'plain', LOGIN: 'login', 'CRAM-MD5': 'cram' }[mechanism];
    expect(server.log()).toContain(`A=${own}:${USER}`);
  });

  it.each(['PLAIN', 'LOGIN', 'CRAM-MD5'])('nobody with a wrong password by %s', async (mechanism) => {
    const auth = { user: USER, pass: 'wrong', mechanism };
    await using mailer = new Mailer({ host: '127.0.0.1', port: server.port, tls: { ca: CA }, auth });
    await expect(mailer.verify()).rejects.toMatchObject({ code: 'AUTH_REFUSED', reply: { code: 535 } });
  });
});

describe('Exim and recipients', () => {
  it('a hundred of them get their copy', async () => {
    const to = Array.from({ length: 100 }, (_, n) => `reader${n}@mail.test`);
    await using mailer = new Mailer({ host: '127.0.0.1', port: server.port, tls: { ca: CA } });
    const { message } = sample('many', { to, text: 'to all of you' });
    const delivery = await mailer.send(message);
    expect(delivery.accepted).toHaveLength(100);
    expect(delivery.queueId).toMatch(/^\w+-\w+-\w+$/);
    // one maildir for all: Exim writes one file, and names every recipient in it
    const [stored] = await server.inbox.copies(message.messageId);
    expect(stored?.toString('latin1').match(/reader\d+@mail\.test/g)?.length).toBeGreaterThanOrEqual(100);
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
    expect(delivery.rejected.map(({ address, reply }) => [address, reply?.code])).toEqual([
      [NOBODY, 550],
      [LATER, 451],
    ]);
    const none = sample('none', { to: [NOBODY], text: 'hello' }).message;
    const wanted = sample('all or nothing', { to: [READER, NOBODY], text: 'hello' }).message;
    const last = sample('last', { text: 'the connection is in step' }).message;
    const [refused, incomplete, sent] = await Promise.allSettled([
      mailer.send(none),
      mailer.send(wanted, { requireAllRecipients: true }),
      mailer.send(last),
    ]);
    expect(refused).toMatchObject({ reason: { code: 'RECIPIENTS_REFUSED' } });
    expect(incomplete).toMatchObject({ reason: { code: 'RECIPIENTS_REFUSED', mayHaveBeenDelivered: false } });
    expect(sent.status).toBe('fulfilled');
    await server.inbox.copies(last.messageId);
    for (const { messageId } of [none, wanted]) expect(server.inbox.has(messageId)).toBe(false);
  });

  it('are told of their delivery, where DSN asks for it', async () => {
    await using mailer = new Mailer({ host: '127.0.0.1', port: server.port, tls: { ca: CA } });
    const { message } = sample('dsn', { text: 'hello' });
    await mailer.send(message, { dsn: { return: 'headers', envelopeId: 'Q+1', notify: ['success'] } });
    const report = await server.inbox.reportOn(message.messageId);
    // Exim repeats the xtext as it came
    expect(report).toContain('Original-Envelope-ID: Q+2B1');
    expect(report).toContain('Action: delivered');
  });
});
