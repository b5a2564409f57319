import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchPage } from '../../../src/http/index.ts';
import { serve } from '../../http/server.ts';
import { PROXIES } from '../support/proxies.ts';

const certificate = (name: string): string =>
  readFileSync(new URL(`../../fixtures/certificates/${name}`, import.meta.url), 'utf8');
const ca = certificate('ca.pem');
let secure: tls.Server;

beforeAll(async () => {
  secure = tls.createServer({ key: certificate('localhost.key'), cert: certificate('localhost.pem') }, (socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\nsecure'));
  });
  await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => secure.close(resolve)));

describe.each(Object.entries(PROXIES))('through %s', (_, { start, url }) => {
  it('pages come in clear and over TLS', async () => {
    await using running = await start();
    await using origin = await serve('HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nclear');
    const proxy = url(running.port);
    const page = await fetchPage(`${origin.url}/a?b`, { proxy });
    expect([page.status, page.text()]).toEqual([200, 'clear']);
    expect(origin.requests[0]).toMatch(/^GET \/a\?b HTTP\/1\.[01]\r\n/);
    expect(origin.requests[0]).not.toMatch(/proxy-authorization/i);
    const over = `https://localhost:${(secure.address() as AddressInfo).port}/`;
    const encrypted = await fetchPage(over, { proxy, tls: { ca } });
    expect([encrypted.text(), encrypted.tls?.authorized]).toEqual(['secure', true]);
    if (proxy.includes('secret')) {
      const wrong = fetchPage(over, { proxy: proxy.replace('secret', 'wrong'), tls: { ca } });
      await expect(wrong).rejects.toMatchObject({ code: 'PROXY_FAILED' });
    }
  });
});
