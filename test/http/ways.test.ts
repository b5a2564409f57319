/** The ways to a server: TLS, proxies. */
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchPage, type PageOptions, publicOnly } from '../../src/http/index.ts';
import { socksProxy } from '../support/proxies.ts';
import { head, serve } from './server.ts';

const certificate = (name: string): string =>
  readFileSync(new URL(`../fixtures/certificates/${name}`, import.meta.url), 'utf8');
const ca = certificate('ca.pem');
let secure: tls.Server;
let base = '';

beforeAll(async () => {
  secure = tls.createServer({ key: certificate('localhost.key'), cert: certificate('localhost.pem') }, (socket) => {
    socket.on('error', () => {});
    socket.once('data', (chunk) => {
      const to = /^GET \/to-([^ ]*) /.exec(chunk.toString())?.[1];
      if (to === undefined) socket.end(`${head('200 OK', 'Content-Length: 6')}secure`);
      else socket.end(head('301 Moved', `Location: ${decodeURIComponent(to)}`, 'Content-Length: 0'));
    });
  });
  secure.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
  base = `https://localhost:${(secure.address() as net.AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => secure.close(resolve)));

const resolve: NonNullable<PageOptions['resolve']> = async () => [{ address: '127.0.0.1', family: 4 }];

describe('https', () => {
  it('verifies the certificate, and gives the facts of the session', async () => {
    const page = await fetchPage(base, { tls: { ca }, resolve });
    expect(page.text()).toBe('secure');
    expect(page.tls).toMatchObject({ authorized: true, serverName: 'localhost', protocol: 'TLSv1.3' });
    expect(page.tls?.certificate?.altNames).toContain('DNS:localhost');
    expect(page.timing.tls).toBeGreaterThan(0);
    await expect(fetchPage(base, { resolve })).rejects.toMatchObject({ code: 'CERTIFICATE_REFUSED' });
    await expect(fetchPage(base.replace('localhost', 'other.test'), { tls: { ca }, resolve })).rejects.toMatchObject({
      code: 'CERTIFICATE_REFUSED',
    });
  });

  it('is not left for http by a redirect unless allowed', async () => {
    await using plain = await serve('HTTP/1.0 200 OK\r\n\r\nin clear');
    const url = `${base}/to-${encodeURIComponent(plain.url)}`;
    const options: PageOptions = { follow: 2, tls: { ca }, resolve };
    await expect(fetchPage(url, options)).rejects.toMatchObject({ code: 'REDIRECT_REFUSED' });
    expect(plain.requests).toEqual([]);
    const page = await fetchPage(url, { ...options, downgrade: 'allow' });
    expect([page.text(), page.redirects[0]?.tls?.protocol, page.tls]).toEqual(['in clear', 'TLSv1.3', undefined]);
  });

  it('shows a client certificate, and asks by a name of the caller, at the first origin only', async () => {
    const seen: string[] = [];
    const cert = certificate('localhost.pem');
    const key = certificate('localhost.key');
    const ask = (name: string, target: () => string) =>
      tls.createServer({ cert, key, requestCert: true, rejectUnauthorized: false }, (socket) => {
        const { subject } = socket.getPeerCertificate();
        seen.push(
          `${name} ${(socket as { servername?: string }).servername} ${subject === undefined ? 'nobody' : 'me'}`,
        );
        socket.on('error', () => {});
        socket.once('data', () => socket.end(target()));
      });
    const second = ask('second', () => 'HTTP/1.0 200 OK\r\n\r\n');
    const first = ask('first', () => {
      const again = seen.length === 1 ? '/again' : `https://127.0.0.1:${portOf(second)}/`;
      return `HTTP/1.0 302 Found\r\nLocation: ${again}\r\n\r\n`;
    });
    const portOf = (server: tls.Server): number => (server.address() as net.AddressInfo).port;
    for (const server of [first, second]) {
      await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    }
    const options: PageOptions = { follow: 3, tls: { ca, cert, key, servername: 'localhost' } };
    const page = await fetchPage(`https://127.0.0.1:${portOf(first)}/`, options);
    expect(page.status).toBe(200);
    expect(seen).toEqual(['first localhost me', 'first localhost me', 'second false nobody']);
    first.close();
    second.close();
  });

  it('asks for a name without the dot of the root, which no certificate has', async () => {
    const page = await fetchPage(base.replace('localhost', 'localhost.'), { tls: { ca }, resolve });
    expect(page.tls?.serverName).toBe('localhost');
    expect(page.url).toContain('https://localhost.:');
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('over %s says that a client certificate is wanted', async (version) => {
    const files = { key: certificate('localhost.key'), cert: certificate('localhost.pem') };
    const options = { ...files, requestCert: true, ca, maxVersion: version };
    const strict = tls.createServer(options, (socket) => socket.on('error', () => {}).end());
    strict.on('tlsClientError', () => {});
    await new Promise<void>((listening) => strict.listen(0, '127.0.0.1', listening));
    const url = `https://localhost:${(strict.address() as net.AddressInfo).port}/`;
    await expect(fetchPage(url, { tls: { ca }, resolve })).rejects.toMatchObject({
      code: 'TLS_FAILED',
      retryable: false,
    });
    strict.close();
  });

  it('has a deadline for a handshake that does not come', async () => {
    await using mute = await serve(() => {});
    const url = mute.url.replace('http:', 'https:');
    await expect(fetchPage(url, { timeouts: { tls: 50 } })).rejects.toMatchObject({
      code: 'DEADLINE_PASSED',
      phase: 'tls',
    });
  });
});

describe('an HTTP proxy', () => {
  it('gets the absolute form for http, with its own credentials, which nobody sees in a trace', async () => {
    await using proxy = await serve('HTTP/1.0 200 OK\r\n\r\nproxied');
    let shown = '';
    const page = await fetchPage('http://example.test:81/a?b', {
      proxy: proxy.url.replace('//', '//user:secret@'),
      trace: (event) => void (shown += 'bytes' in event ? Buffer.from(event.bytes).toString() : ''),
    });
    expect(page.text()).toBe('proxied');
    expect(proxy.requests[0]).toContain('GET http://example.test:81/a?b HTTP/1.0\r\nHost: example.test:81\r\n');
    expect(proxy.requests[0]).toContain(`\r\nProxy-Authorization: Basic ${btoa('user:secret')}\r\n`);
    expect(shown).toContain('Proxy-Authorization: Basic ****');
  });

  it('makes a tunnel for https, through which the certificate is verified', async () => {
    const asked: string[] = [];
    const proxy = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (chunk) => {
        asked.push(chunk.toString().split('\r\n')[0] ?? '');
        const target = net.connect(Number(new URL(base).port), '127.0.0.1', () => {
          socket.write('HTTP/1.1 200 Connected\r\n\r\n');
          socket.pipe(target).pipe(socket);
        });
        target.on('error', () => socket.destroy());
      });
    });
    await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
    const { port } = proxy.address() as net.AddressInfo;
    const page = await fetchPage(base, { proxy: `http://127.0.0.1:${port}`, tls: { ca } });
    expect([page.text(), page.tls?.authorized]).toEqual(['secure', true]);
    expect(asked).toEqual([`CONNECT localhost:${new URL(base).port} HTTP/1.1`]);
    proxy.close();
  });

  it('that never answers meets the deadline of connecting, and one that refuses is told from the server', async () => {
    await using mute = await serve(() => {});
    const options: PageOptions = { proxy: mute.url, tls: { ca } };
    await expect(fetchPage(base, { ...options, timeouts: { connect: 50 } })).rejects.toMatchObject({
      code: 'DEADLINE_PASSED',
      phase: 'proxy',
    });
    await using refusing = await serve('HTTP/1.1 403 Forbidden\r\n\r\n');
    await expect(fetchPage(base, { ...options, proxy: refusing.url })).rejects.toMatchObject({
      code: 'PROXY_FAILED',
      message: expect.stringContaining('403 Forbidden'),
    });
  });

  it('and a guard together are refused: nobody here sees where a proxy connects to', async () => {
    await expect(fetchPage('http://a.test/', { proxy: 'http://127.0.0.1:1', guard: publicOnly })).rejects.toMatchObject(
      {
        field: 'guard',
      },
    );
  });
});

it('a proxy and a Unix domain socket together are refused', async () => {
  const both = { proxy: 'http://127.0.0.1:1', socketPath: '/run/a' };
  await expect(fetchPage('http://a.test/', both)).rejects.toMatchObject({ field: 'socketPath' });
});

describe('a SOCKS5 proxy', () => {
  it('carries http in origin form and https end to end, asked for by name, with its own credentials', async () => {
    await using proxy = await socksProxy({ credentials: { user: 'ada', pass: 'secret' } });
    await using site = await serve('HTTP/1.0 200 OK\r\n\r\nby socks');
    const options: PageOptions = { proxy: proxy.url, tls: { ca } };
    expect((await fetchPage(`http://a.test:${site.port}/x`, options)).text()).toBe('by socks');
    expect(site.requests[0]).toMatch(/^GET \/x HTTP\/1\.0\r\nHost: a\.test:\d+\r\n/);
    expect(site.requests[0]).not.toContain('Authorization');
    const page = await fetchPage(base, options);
    expect([page.text(), page.tls?.authorized]).toEqual(['secure', true]);
    // names go to the proxy, so that none leaks to the local resolver
    expect(proxy.targets).toEqual([`a.test:${site.port}`, `localhost:${new URL(base).port}`]);
    await expect(fetchPage(base, { ...options, proxy: proxy.url.replace('secret', 'wrong') })).rejects.toMatchObject({
      code: 'PROXY_FAILED',
    });
  });
});

describe('every phase has its deadline', () => {
  it.each([
    ['lookup', { lookup: 40 }],
    ['whole', { whole: 40 }],
  ] as const)('of %s while a name is looked up', async (_, timeouts) => {
    const started = performance.now();
    await expect(
      fetchPage('http://slow.test/', { resolve: () => new Promise(() => {}), timeouts }),
    ).rejects.toMatchObject({ code: 'DEADLINE_PASSED', phase: 'lookup', retryable: true });
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it('and each wait ends with the signal', async () => {
    await using mute = await serve(() => {});
    const waits: [string, PageOptions][] = [
      ['http://slow.test/', { resolve: () => new Promise(() => {}) }],
      [mute.url.replace('http:', 'https:'), {}],
      [mute.url, {}],
      [base, { proxy: mute.url }],
    ];
    for (const [url, options] of waits) {
      const signal = AbortSignal.timeout(30);
      await expect(fetchPage(url, { ...options, signal })).rejects.toMatchObject({ code: 'ABORTED' });
    }
  });
});
