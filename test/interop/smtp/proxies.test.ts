/** Mail through proxies, to Exim. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Mailer } from '../../../src/smtp/index.ts';
import { CA, exchange } from '../support/exchange.ts';
import { samples } from '../support/messages.ts';
import { PROXIES } from '../support/proxies.ts';
import { type Exim, exim } from './exim-server.ts';

let server: Exim;
beforeAll(async () => {
  server = await exim();
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

describe.each(Object.entries(PROXIES))('through %s', (_, { start, url }) => {
  it('mail comes in clear, after STARTTLS and over TLS', async () => {
    await using running = await start();
    const proxy = url(running.port);
    const sent = () => samples({ eightBit: true, smtpUtf8: true });
    await exchange({ proxy, port: server.port, security: 'none' }, server.inbox, sent());
    await exchange({ proxy, port: server.port, security: 'starttls' }, server.inbox, sent());
    await exchange({ proxy, port: server.tlsPort, security: 'tls' }, server.inbox, sent());
  });
});

const WITH_PASSWORD = Object.entries(PROXIES).filter(([, { url }]) => url(0).includes('secret'));

it.each(WITH_PASSWORD)('through %s nothing goes with a wrong password', async (_, { start, url }) => {
  await using running = await start();
  const proxy = url(running.port).replace('secret', 'wrong');
  await using mailer = new Mailer({ host: '127.0.0.1', port: server.port, tls: { ca: CA }, proxy });
  await expect(mailer.verify()).rejects.toMatchObject({ code: 'PROXY_FAILED' });
});
