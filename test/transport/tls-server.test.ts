/** TLS as the server: a client that gives the handshake up is not waited for. */
import { readFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { expect, test } from 'vitest';
import { ConnectionError, TlsError } from '../../src/errors.ts';
import { connect, listen } from '../../src/transport/index.ts';

const certificate = (name: string) => readFileSync(new URL(`../fixtures/certificates/${name}`, import.meta.url));
const TLS = { cert: certificate('localhost.pem'), key: certificate('localhost.key') };

async function faultOf(client: (port: number) => void): Promise<unknown> {
  let told: (error: unknown) => void = () => {};
  const fault = new Promise<unknown>((resolve) => {
    told = resolve;
  });
  await using listener = await listen({ host: '127.0.0.1', port: 0 }, async () => told('a handshake'), {
    tls: TLS,
    onError: told,
  });
  if ('port' in listener.endpoint) client(listener.endpoint.port);
  return await fault;
}

function breakOff(port: number): void {
  const socket = connectTcp(port, '127.0.0.1', () => socket.resetAndDestroy());
}

test.each([
  ['ends', (port: number) => void connectTcp(port, '127.0.0.1').end()],
  ['breaks off', breakOff],
])(
  'a client that %s in the middle of the handshake',
  async (_how, client) => {
    expect(await faultOf(client)).toBeInstanceOf(ConnectionError);
  },
  5_000,
);

test('a client that says something else', async () => {
  expect(
    await faultOf(
      (port) =>
        void connectTcp(port, '127.0.0.1')
          .on('error', () => {})
          .write('EHLO me\r\n'.repeat(9)),
    ),
  ).toBeInstanceOf(TlsError);
}, 5_000);

test('half-close works under TLS, from either side', async () => {
  await using listener = await listen(
    { host: '127.0.0.1', port: 0 },
    async (connection) => {
      let text = '';
      for (let chunk = await connection.read(); chunk !== undefined; chunk = await connection.read()) {
        text += Buffer.from(chunk).toString();
      }
      await connection.write(text.toUpperCase());
    },
    { tls: TLS },
  );
  await using client = await connect(listener.endpoint, {
    tls: { ca: certificate('ca.pem'), servername: 'localhost' },
  });
  client.write('hello');
  client.end();
  expect(Buffer.from((await client.read()) ?? []).toString()).toBe('HELLO');
  expect(await client.read()).toBeUndefined();
});
