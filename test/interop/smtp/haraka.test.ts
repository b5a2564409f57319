import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Mailer } from '../../../src/smtp/index.ts';
import { CA, count, exchange } from '../support/exchange.ts';
import { READER, sample, samples } from '../support/messages.ts';
import { LATER, NOBODY, PASSWORD, USER } from '../support/server-folder.ts';
import { type Haraka, haraka, MECHANISMS } from './haraka-server.ts';

let server: Haraka;
beforeAll(async () => {
  server = await haraka();
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

const ALL = { eightBit: true, smtpUtf8: true };

describe('Haraka stores what was sent', () => {
  it('lock-step', async () => {
    const sent = samples(ALL);
    const options = { port: server.port, pipelining: 'off', security: 'none' } as const;
    const { dialogue } = await exchange(options, server.inbox, sent);
    expect(dialogue.roundTrips).toBe(sent.length * 4 + 2);
  });

  it('pipelined', async () => {
    const sent = samples(ALL);
    const { dialogue } = await exchange({ port: server.port, security: 'none' }, server.inbox, sent);
    expect(count(dialogue.verbs, 'DATA')).toBe(sent.length);
    expect(dialogue.roundTrips).toBeLessThan(sent.length * 4);
  });

  it('STARTTLS', async () => {
    const { dialogue } = await exchange({ port: server.port, security: 'starttls' }, server.inbox, samples(ALL));
    expect(dialogue.verbs.slice(0, 3)).toEqual(['EHLO', 'STARTTLS', 'EHLO']);
    expect(dialogue.encrypted).toBe(true);
  });

  it('TLS from the first byte on, over two connections', async () => {
    const options = { port: server.tlsPort, security: 'tls', connections: 2 } as const;
    const { dialogue } = await exchange(options, server.inbox, samples(ALL));
    expect(dialogue.encrypted).toBe(true);
  });
});

describe('Haraka lets in', () => {
  it.each(MECHANISMS)('who shows his password by %s', async (mechanism) => {
    const auth = { user: USER, pass: PASSWORD, mechanism };
    const { dialogue } = await exchange({ port: server.port, auth }, server.inbox, [
      sample('auth', { text: mechanism }),
    ]);
    expect(dialogue.verbs).toContain('AUTH');
  });

  it.each(MECHANISMS)('nobody with a wrong password by %s', async (mechanism) => {
    const auth = { user: USER, pass: 'wrong', mechanism };
    await using mailer = new Mailer({ host: '127.0.0.1', port: server.port, tls: { ca: CA }, auth });
    await expect(mailer.verify()).rejects.toMatchObject({ code: 'AUTH_REFUSED', reply: { code: 535 } });
  });
});

describe('Haraka and recipients', () => {
  it.each(['off', 'auto'] as const)('a hundred of them get their copies, pipelining %s', async (pipelining) => {
    const to = Array.from({ length: 100 }, (_, n) => `reader${n}@mail.test`);
    const { deliveries } = await exchange({ port: server.port, pipelining }, server.inbox, [
      sample('many', { to, text: 'to all of you' }),
    ]);
    expect(deliveries[0]?.accepted).toHaveLength(100);
  });

  it.each(['off', 'auto'] as const)('those refused are named, pipelining %s', async (pipelining) => {
    await using mailer = new Mailer({ host: '127.0.0.1', port: server.port, tls: { ca: CA }, pipelining });
    const { message } = sample('some', { to: [NOBODY, READER, LATER], text: 'hello' });
    const delivery = await mailer.send(message);
    expect(delivery.accepted.map(({ address }) => address)).toEqual([READER]);
    expect(delivery.rejected.map(({ address, reply }) => [address, reply?.code])).toEqual([
      [NOBODY, 550],
      [LATER, 450],
    ]);
    await server.inbox.copies(message.messageId);
  });
});
