import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Mailer } from '../../../src/smtp/index.ts';
import { CA, count, exchange } from '../support/exchange.ts';
import { READER, sample, samples } from '../support/messages.ts';
import { PASSWORD, USER } from '../support/server-folder.ts';
import { type Dovecot, dovecot, MECHANISMS, tokenFor } from './dovecot-server.ts';
import { type Postfix, postfix } from './postfix-server.ts';

// submission takes mail in and hands it on: to Postfix, as it is done in the world
let relay: Postfix;
let server: Dovecot;
beforeAll(async () => {
  relay = await postfix();
  server = await dovecot(relay.port);
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await relay?.[Symbol.asyncDispose]();
});

const EIGHT_BIT = { eightBit: true };

describe('Dovecot stores what was sent by LMTP', () => {
  it.each([
    ['lock-step', { pipelining: 'off', chunking: 'off' }],
    ['pipelined', { chunking: 'off' }],
    ['chunked, 1 in flight', { messagesInFlight: 1 }],
    ['chunked, 8 in flight', {}],
  ] as const)('%s', async (name, options) => {
    const { dialogue } = await exchange(
      { port: server.lmtpPort, lmtp: true, ...options },
      server.inbox,
      samples(EIGHT_BIT),
    );
    expect(dialogue.verbs[0]).toBe('LHLO');
    expect(count(dialogue.verbs, 'DATA') === 0).toBe(name.startsWith('chunked'));
  });

  it('over a Unix domain socket', async () => {
    const to = { path: server.lmtpPath, lmtp: true };
    await exchange(to, server.inbox, samples(EIGHT_BIT));
  });

  it.each([
    ['pipelined', { chunking: 'off' }],
    ['chunked', {}],
  ] as const)('to each of a hundred, %s', async (_, options) => {
    const to = Array.from({ length: 100 }, (_, n) => `reader${n}@mail.test`);
    const { deliveries } = await exchange({ port: server.lmtpPort, lmtp: true, ...options }, server.inbox, [
      sample('many', { to, text: 'to all of you' }),
    ]);
    expect(deliveries[0]?.accepted).toHaveLength(100);
    expect(deliveries[0]?.accepted.map(({ reply }) => reply?.code)).toEqual(to.map(() => 250));
  });
});

describe('Dovecot takes in for delivery what was sent', () => {
  const auth = { user: USER, pass: PASSWORD };

  it.each([
    ['lock-step', { pipelining: 'off', chunking: 'off' }],
    ['chunked', {}],
  ] as const)('after STARTTLS, %s', async (_, options) => {
    const { dialogue } = await exchange({ port: server.port, auth, ...options }, relay.inbox, samples(EIGHT_BIT));
    expect(dialogue.verbs.slice(0, 4)).toEqual(['EHLO', 'STARTTLS', 'EHLO', 'AUTH']);
  });

  // not one behind the other: where the next MAIL comes before the reply to the content of the message before, as
  // RFC 2920 allows, submission in Dovecot 2.3.19 ends on an assertion (pending_rcpt_cmds == 0), the message taken
  it('after STARTTLS, pipelined, a connection for each message', async () => {
    for (const each of samples(EIGHT_BIT)) {
      await exchange({ port: server.port, auth, chunking: 'off' }, relay.inbox, [each]);
    }
  });

  it('over TLS from the first byte on', async () => {
    const { dialogue } = await exchange(
      { port: server.tlsPort, security: 'tls', auth },
      relay.inbox,
      samples(EIGHT_BIT),
    );
    expect(dialogue.verbs.slice(0, 2)).toEqual(['EHLO', 'AUTH']);
    expect(dialogue.encrypted).toBe(true);
  });

  it('but from nobody who has not said who he is', async () => {
    await using mailer = new Mailer({ host: '127.0.0.1', port: server.port, tls: { ca: CA } });
    await expect(mailer.send({ from: 'a@client.test', to: READER, text: 'hello' })).rejects.toMatchObject({
      code: 'SENDER_REFUSED',
      mayHaveBeenDelivered: false,
    });
  });
});

describe('Dovecot lets in', () => {
  it.each(MECHANISMS)('who shows his password by %s', async (mechanism) => {
    const auth = { user: USER, pass: PASSWORD, mechanism };
    await exchange({ port: server.port, auth }, relay.inbox, [sample('auth', { text: mechanism })]);
    expect(server.log()).toContain(`method=${mechanism}`);
  });

  it.each(MECHANISMS)('nobody with a wrong password by %s', async (mechanism) => {
    const auth = { user: USER, pass: 'wrong', mechanism };
    await using mailer = new Mailer({ host: '127.0.0.1', port: server.port, tls: { ca: CA }, auth });
    await expect(mailer.verify()).rejects.toMatchObject({ code: 'AUTH_REFUSED', reply: { code: 535 } });
  });

  it.each(['XOAUTH2', 'OAUTHBEARER'])(
    'who shows a token by %s, a new one where the first is stale',
    async (mechanism) => {
      const asked: string[] = [];
      const token = (reason: string): string => {
        asked.push(reason);
        return tokenFor(USER, reason === 'first' ? 'the key of yesterday' : undefined);
      };
      await exchange({ port: server.port, auth: { user: USER, token, mechanism } }, relay.inbox, [
        sample('auth', { text: mechanism }),
      ]);
      expect(asked).toEqual(['first', 'refused']);
      expect(server.log()).toContain(`method=${mechanism}`);
    },
  );
});
