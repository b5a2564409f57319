/** A mailer behind a proxy: HTTP CONNECT and SOCKS5, in clear and with TLS to the server. */
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { Mailer } from '../../src/smtp/index.ts';
import { CA, mailServer } from '../support/mail-server.ts';
import { httpProxy, type ProxyOptions, socksProxy } from '../support/proxies.ts';

const LETTER = { from: 'a@a.example', to: 'b@b.example', subject: 's', text: 't' };
const credentials = { user: 'ann:x', pass: 'p@ss/ö' };

const KINDS = [
  ['HTTP CONNECT', httpProxy, (): string => 'HTTP/1.1 403 Forbidden'],
  ['SOCKS5', socksProxy, (): string => '2'],
] as const;

/** The proxy resolves the name: the client never asks for it. */
const resolve = (): never => {
  throw new Error('the name was asked for here');
};

describe.each(KINDS)('%s', (_, make, refusal) => {
  it.each([
    ['in clear', 'none'],
    ['with STARTTLS', 'starttls'],
    ['with TLS', 'tls'],
  ] as const)('carries mail, %s', async (_way, security) => {
    await using server = await mailServer({ security, offers: ['PIPELINING'] });
    await using proxy = await make();
    await using mailer = new Mailer({
      host: 'localhost',
      port: server.port,
      security,
      tls: { ca: CA },
      proxy: new URL(proxy.url),
      resolve,
    });
    await mailer.send(LETTER);
    await mailer.send(LETTER);
    expect(server.messages).toHaveLength(2);
    expect(proxy.targets).toEqual([`localhost:${server.port}`]);
    await mailer.close();
    await proxy.closed();
  });

  it('shows the credentials of the URL, and fails where they are wrong', async () => {
    await using server = await mailServer();
    await using proxy = await make({ credentials });
    const common = { host: 'mail.example.com', port: server.port, security: 'none', resolve } as const;
    await using mailer = new Mailer({ ...common, proxy: proxy.url });
    await mailer.send(LETTER);
    expect(server.messages).toHaveLength(1);
    const wrong = new URL(proxy.url);
    wrong.password = 'wrong';
    await using stranger = new Mailer({ ...common, proxy: wrong });
    const error = await stranger.send(LETTER).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      name: 'ConnectionError',
      code: 'PROXY_FAILED',
      phase: 'proxy',
      mayHaveBeenDelivered: false,
    });
    expect(String(error)).not.toContain('wrong');
    expect(server.sessions).toHaveLength(1);
  });

  it.each<[string, ProxyOptions]>([['that refuses', { answer: refusal }]])('a proxy %s', async (_way, options) => {
    await using proxy = await make(options);
    await using mailer = new Mailer({ host: 'mail.example.com', security: 'none', proxy: proxy.url });
    await expect(mailer.send(LETTER)).rejects.toMatchObject({ code: 'PROXY_FAILED', phase: 'proxy', retryable: true });
    await proxy.closed();
  });

  it('a proxy that is silent: the deadline of connecting holds for it', async () => {
    await using proxy = await make({ silent: () => true });
    const timeouts = { connect: 400 };
    await using mailer = new Mailer({ host: 'mail.example.com', security: 'none', proxy: proxy.url, timeouts });
    await expect(mailer.send(LETTER)).rejects.toMatchObject({ code: 'DEADLINE_PASSED', phase: 'proxy' });
    await proxy.closed();
  });

  it('a proxy that is not there', async () => {
    const proxy = await make();
    await proxy[Symbol.asyncDispose]();
    await using mailer = new Mailer({ host: 'mail.example.com', security: 'none', proxy: proxy.url });
    await expect(mailer.send(LETTER)).rejects.toMatchObject({ code: 'CONNECT_FAILED', phase: 'connect' });
  });
});

describe('an HTTP proxy', () => {
  it('whose answer and the server’s greeting come in one piece loses neither', async () => {
    await using server = await mailServer();
    await using proxy = await httpProxy({
      answer: () => 'HTTP/1.1 200 OK\r\n\r\n220 hi\r\n421 4.3.2 going down',
    });
    await using mailer = new Mailer({ host: '127.0.0.1', port: server.port, security: 'none', proxy: proxy.url });
    await expect(mailer.send(LETTER)).rejects.toMatchObject({ reply: { code: 421, enhanced: '4.3.2' } });
  });

  it.each([
    ['after an interim answer', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n421 hi'],
    ['in lines that end in LF', 'HTTP/1.1 200 OK\nVia: x\n\n421 hi'],
  ])('answers %s', async (_, answer) => {
    await using proxy = await httpProxy({ answer: () => answer });
    await using mailer = new Mailer({ host: 'mail.example.com', security: 'none', proxy: proxy.url });
    await expect(mailer.send(LETTER)).rejects.toMatchObject({ code: 'GREETING_REFUSED', reply: { code: 421 } });
  });

  it.each([
    ['is not HTTP', 'SSH-2.0-server'],
    ['is a greeting', '220 mail.example.com'],
    ['has no end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(200_000)}`],
  ])('whose answer %s', async (_, answer) => {
    await using proxy = await httpProxy({ answer: () => answer });
    await using mailer = new Mailer({ host: 'mail.example.com', security: 'none', proxy: proxy.url });
    await expect(mailer.send(LETTER)).rejects.toMatchObject({ code: 'PROXY_FAILED', phase: 'proxy' });
  });
});

describe.each(['http', 'socks5'])('a proxy that closes: %s', (scheme) => {
  it('is found out at once', async () => {
    const proxy = net.createServer((socket) => socket.end());
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as net.AddressInfo;
    await using mailer = new Mailer({
      host: 'mail.example.com',
      security: 'none',
      proxy: `${scheme}://127.0.0.1:${port}`,
      timeouts: 20_000,
    });
    const started = performance.now();
    await expect(mailer.send(LETTER)).rejects.toMatchObject({ code: 'PROXY_FAILED', phase: 'proxy' });
    expect(performance.now() - started).toBeLessThan(10_000);
    proxy.close();
  });
});

describe('the option', () => {
  it('a URL that is none is refused without showing its password', () => {
    for (const proxy of [
      'http://ann:Geheim@pro xy:1',
      'ann:Geheim@proxy',
      'https://ann:Geheim@proxy',
      'http://ann:Geheim@',
      'http://ann:Geheim%zz@proxy',
    ]) {
      let error: unknown;
      try {
        new Mailer({ host: 'mail.example.com', proxy });
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toMatchObject({ code: 'BAD_INPUT', field: 'proxy' });
      expect(`${(error as Error).stack} ${JSON.stringify(error)}`).not.toContain('Geheim');
    }
  });
});
