/** Waits that are longer than a timer of Node: some 25 days is the most that it knows, and more fires at once. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Mailer, type MailerOptions } from '../../src/smtp/index.ts';
import { mailServer } from '../support/mail-server.ts';
import { httpProxy, socksProxy } from '../support/proxies.ts';

const LETTER = { from: 'a@a.example', to: 'b@b.example', subject: 's', text: 't' };
const warnings: string[] = [];
const onWarning = ({ name }: Error): void => void warnings.push(name);

beforeAll(() => void process.on('warning', onWarning));
afterAll(() => void process.off('warning', onWarning));

it.each<[string, Partial<MailerOptions>]>([
  ['a deadline', { timeouts: 2 ** 31 }],
  ['no deadline at all', { timeouts: Number.POSITIVE_INFINITY }],
  ['a connection that is kept', { idleTimeout: 2 ** 31 }],
])('%s: nothing ends before its time', async (_, options) => {
  await using server = await mailServer({ delay: 20 });
  await using mailer = new Mailer({ host: 'localhost', port: server.port, ...options });
  for (let n = 0; n < 2; n += 1) {
    await mailer.send(LETTER);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(server.sessions).toHaveLength(1);
  expect(warnings).toEqual([]);
});

it.each([
  ['HTTP', httpProxy],
  ['SOCKS5', socksProxy],
])('through a proxy: %s', async (_, proxyServer) => {
  await using proxy = await proxyServer();
  await using server = await mailServer({ delay: 20 });
  await using mailer = new Mailer({ host: '127.0.0.1', port: server.port, proxy: proxy.url, timeouts: 2 ** 31 });
  await mailer.send(LETTER);
  expect(warnings).toEqual([]);
});

it('a rate of less than one message a month', async () => {
  await using server = await mailServer();
  const mailer = new Mailer({ host: '127.0.0.1', port: server.port, rate: 1e-9 });
  await mailer.send(LETTER);
  const second = mailer.send(LETTER).catch((error: unknown) => error);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await mailer.close({ abort: true });
  expect(await second).toMatchObject({ code: 'ABORTED' });
  expect([server.messages.length, warnings]).toEqual([1, []]);
});
