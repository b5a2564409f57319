import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Mailer } from '../../../src/smtp/index.ts';
import { CA, count, exchange } from '../support/exchange.ts';
import { READER, rawSample, sample, samples } from '../support/messages.ts';
import { NOBODY } from '../support/server-folder.ts';
import { type OpenSmtpd, openSmtpd } from './opensmtpd-server.ts';

let server: OpenSmtpd;
beforeAll(async () => {
  server = await openSmtpd();
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

const EIGHT_BIT = { eightBit: true };

describe('OpenSMTPD stores what was sent', () => {
  // lock-step: it offers neither PIPELINING nor CHUNKING
  it.each([1, 4])('over %i connections', async (connections) => {
    const sent = [...samples(EIGHT_BIT), ...samples(EIGHT_BIT)];
    const { dialogue } = await exchange({ port: server.port, connections }, server.inbox, sent);
    expect(count(dialogue.verbs, 'DATA')).toBe(sent.length);
    if (connections === 1) expect(dialogue.roundTrips).toBe(sent.length * 4 + 2);
  });

  it('and says no to STARTTLS by a failed handshake: nothing is sent', async () => {
    await using mailer = new Mailer({
      host: '127.0.0.1',
      port: server.brokenTlsPort,
      security: 'starttls',
      tls: { ca: CA },
    });
    const { message } = sample('tls', { text: 'hello' });
    await expect(mailer.send(message)).rejects.toMatchObject({ code: 'TLS_FAILED', mayHaveBeenDelivered: false });
  });
});

describe('OpenSMTPD and recipients', () => {
  it('a hundred of them get their copies', async () => {
    const to = Array.from({ length: 100 }, (_, n) => `reader${n}@mail.test`);
    const { deliveries } = await exchange({ port: server.port }, server.inbox, [
      sample('many', { to, text: 'to all of you' }),
    ]);
    expect(deliveries[0]?.accepted).toHaveLength(100);
  });

  it('those refused are named, the others served', async () => {
    await using mailer = new Mailer({ host: '127.0.0.1', port: server.port });
    const { message } = sample('some', { to: [NOBODY, READER], text: 'hello' });
    const delivery = await mailer.send(message);
    expect(delivery.accepted.map(({ address }) => address)).toEqual([READER]);
    expect(delivery.rejected.map(({ address, reply }) => [address, reply?.code])).toEqual([[NOBODY, 550]]);
    expect(delivery.queueId).toMatch(/^[0-9a-f]{8}$/);
    await server.inbox.copies(message.messageId);
  });

  it('are told of their delivery, where DSN asks for it', async () => {
    await using mailer = new Mailer({ host: '127.0.0.1', port: server.port });
    const { message } = sample('dsn', { text: 'hello' });
    await mailer.send(message, { dsn: { return: 'headers', envelopeId: 'Q+1', notify: ['success'] } });
    const report = await server.inbox.reportOn(message.messageId);
    expect(report).toContain('Action: delivered');
  });
});

describe('OpenSMTPD refuses', () => {
  it('addresses beyond ASCII, by not offering SMTPUTF8: nothing is sent', async () => {
    await using mailer = new Mailer({ host: '127.0.0.1', port: server.port });
    const { message } = sample('utf8', { from: 'schön@client.test', text: 'hello' });
    await expect(mailer.send(message)).rejects.toMatchObject({
      code: 'SMTPUTF8_NOT_OFFERED',
      mayHaveBeenDelivered: false,
    });
  });

  it('a message above its limit before it is sent', async () => {
    await using mailer = new Mailer({ host: '127.0.0.1', port: server.port });
    const { message } = rawSample('huge', 'x'.repeat(31_457_281));
    await expect(mailer.send(message)).rejects.toMatchObject({ code: 'MESSAGE_TOO_BIG' });
  });
});
