/** The transport's contract, chapter 2: how connecting fails, and how TLS says who is there. */
import { describe, expect, test } from 'vitest';
import {
  connect,
  type Endpoint,
  type HostEndpoint,
  listen,
  memoryPair,
  type TlsOptions,
} from '../../src/transport/index.ts';
import { LOCAL, readAll, readExactly } from './reading.ts';
import { ca, serverTls } from './ways.ts';

describe('connecting fails in ways that can be told apart', () => {
  async function nobodyAt(): Promise<Endpoint> {
    const listener = await listen(LOCAL, async () => {});
    await listener.close();
    return listener.endpoint;
  }

  test('nobody listens there', async () => {
    await expect(connect(await nobodyAt())).rejects.toMatchObject({
      name: 'ConnectionError',
      code: 'CONNECT_FAILED',
      phase: 'connect',
      retryable: true,
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test('there is no such path', async () => {
    await expect(connect({ path: '/nowhere/at/all' })).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
      message: expect.stringContaining('ENOENT'),
    });
  });

  test('there is no such name', async () => {
    await expect(connect({ host: 'nobody.invalid', port: 25 })).rejects.toMatchObject({
      code: 'NAME_NOT_FOUND',
      phase: 'lookup',
    });
  });

  test('it is no place at all: refused before anything is opened', async () => {
    await expect(connect({ host: 'a b', port: 25 })).rejects.toMatchObject({ name: 'MessageError', field: 'host' });
    await expect(connect({ host: 'localhost', port: 0 })).rejects.toMatchObject({
      name: 'MessageError',
      field: 'port',
    });
    await expect(connect({ path: 'a\0b' })).rejects.toMatchObject({ name: 'MessageError', field: 'path' });
  });

  test('of several addresses one is enough', async () => {
    await using listener = await listen(LOCAL, async (connection) => void (await connection.write('here')));
    const { port } = listener.endpoint as HostEndpoint;
    const resolve = async () => [
      { address: '::1', family: 6 as const },
      { address: '127.0.0.1', family: 4 as const },
    ];
    await using connection = await connect({ host: 'two.test', port }, { resolve });
    expect(await readAll(connection)).toBe('here');
  });

  test('a name server that does not answer has a deadline', async () => {
    const resolve = () => new Promise<never>(() => {});
    await expect(connect({ host: 'slow.test', port: 25 }, { resolve, timeouts: { lookup: 20 } })).rejects.toMatchObject(
      { code: 'DEADLINE_PASSED', phase: 'lookup' },
    );
  });

  test('a server that does not shake hands has a deadline', async () => {
    await using listener = await listen(LOCAL, async (connection) => await connection.closed);
    await expect(connect(listener.endpoint, { tls: {}, timeouts: { tls: 30 } })).rejects.toMatchObject({
      code: 'DEADLINE_PASSED',
      phase: 'tls',
    });
  });

  test('the caller may change their mind, before, during and after', async () => {
    await using listener = await listen(LOCAL, async (connection) => await connection.closed);
    const reason = new Error('enough');
    await expect(connect(listener.endpoint, { signal: AbortSignal.abort(reason) })).rejects.toMatchObject({
      name: 'AbortError',
      cause: reason,
    });
    const during = new AbortController();
    const resolve = () => new Promise<never>(() => {});
    const connecting = connect({ host: 'slow.test', port: 25 }, { resolve, signal: during.signal });
    during.abort();
    await expect(connecting).rejects.toMatchObject({ name: 'AbortError' });
    const after = new AbortController();
    const connection = await connect(listener.endpoint, { signal: after.signal });
    const waiting = connection.read();
    after.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    await connection.closed;
  });

  test('an address can be refused before it is connected to', async () => {
    let clients = 0;
    await using listener = await listen(LOCAL, async () => {
      clients += 1;
    });
    const guard = (): void => {
      throw new Error('not there');
    };
    await expect(connect(listener.endpoint, { guard })).rejects.toThrow('not there');
    expect(clients).toBe(0);
  });
});

describe('TLS says who the peer is', () => {
  const secure = () => listen(LOCAL, async (connection) => void (await connection.write('secret')), { tls: serverTls });

  test('who is signed by somebody trusted, for the name that was asked for', async () => {
    await using listener = await secure();
    await using connection = await connect(listener.endpoint, { tls: { ca, servername: 'localhost' } });
    expect(connection.tls).toMatchObject({ authorized: true, serverName: 'localhost' });
    expect(await readAll(connection)).toBe('secret');
  });

  test('and nobody else', async () => {
    await using listener = await secure();
    for (const tls of [{}, { ca, servername: 'mail.example.com' }, { fingerprint256: 'ab'.repeat(32) }]) {
      await expect(connect(listener.endpoint, { tls })).rejects.toMatchObject({
        name: 'TlsError',
        code: 'CERTIFICATE_REFUSED',
      });
    }
  });

  test('options that can not be: nothing is opened', async () => {
    let clients = 0;
    await using listener = await listen(LOCAL, async () => void (clients += 1));
    for (const [tls, field] of [
      [{ minVersion: 'TLSv9' }, 'tls.minVersion'],
      [{ alpn: [''] }, 'tls.alpn'],
      [{ verify: false }, 'tls.verify'],
    ] as [TlsOptions, string][]) {
      await expect(connect(listener.endpoint, { tls })).rejects.toMatchObject({ name: 'MessageError', field });
    }
    expect(clients).toBe(0);
    await using connection = await connect(listener.endpoint);
    await expect(connection.upgrade({ cert: 'x', key: 'x' })).rejects.toMatchObject({ field: 'tls.cert' });
    expect(connection.isClosed).toBe(false);
  });

  test('a peer that speaks something else is a fault, and no hang', async () => {
    await using listener = await listen(LOCAL, async (connection) => {
      await connection.write('220 mail.example.com ESMTP\r\n');
      await connection.closed;
    });
    await expect(connect(listener.endpoint, { tls: { ca } })).rejects.toMatchObject({ code: 'TLS_FAILED' });
  });

  test('bytes in clear where the handshake is due are refused, on both sides', async () => {
    const [client, server] = memoryPair();
    server.write('220 go ahead\r\n250 and this as well\r\n');
    client.write('STARTTLS\r\nMAIL FROM:<mallory@example.com>\r\n');
    await readExactly(client, 14);
    await readExactly(server, 10);
    await expect(client.upgrade({ ca })).rejects.toMatchObject({ name: 'ProtocolError', code: 'BYTES_BEFORE_TLS' });
    await expect(server.accept(serverTls)).rejects.toMatchObject({
      code: expect.stringMatching(/BYTES_BEFORE_TLS|CONNECTION_LOST/),
    });
  });
});
