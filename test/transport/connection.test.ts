import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { connect, memoryPair } from '../../src/transport/index.ts';

const servers: net.Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function serve(
  onSocket: (socket: net.Socket) => void,
  options: net.ServerOpts = {},
): Promise<{ host: string; port: number }> {
  const server = net.createServer(options, (socket) => {
    socket.on('error', () => {});
    onSocket(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { host: '127.0.0.1', port: (server.address() as net.AddressInfo).port };
}

async function readAll(connection: { read(): Promise<Uint8Array | undefined> }): Promise<string> {
  let text = '';
  for (let chunk = await connection.read(); chunk !== undefined; chunk = await connection.read())
    text += Buffer.from(chunk).toString('latin1');
  return text;
}

describe('connection', () => {
  it('reads what came, up to the end of data, and writes back', async () => {
    const at = await serve((socket) => socket.pipe(socket), { allowHalfOpen: true });
    await using connection = await connect(at);
    connection.write('one ');
    connection.write(Buffer.from('two'));
    connection.end();
    expect(await readAll(connection)).toBe('one two');
    expect(connection.remote).toBe(`127.0.0.1:${at.port}`);
  });

  it('rejects with CONNECT_FAILED where nobody listens', async () => {
    const at = await serve(() => {});
    await new Promise((resolve) => servers.pop()?.close(resolve));
    await expect(connect(at)).rejects.toMatchObject({ code: 'CONNECT_FAILED', phase: 'connect', retryable: true });
  });

  it('rejects with NAME_NOT_FOUND for a name that does not exist', async () => {
    await expect(connect({ host: 'nobody.invalid', port: 25 })).rejects.toMatchObject({
      code: 'NAME_NOT_FOUND',
      phase: 'lookup',
    });
  });

  it('ends a wait at its deadline, and leaves no socket', async () => {
    let closed: Promise<unknown> = Promise.resolve();
    const at = await serve((socket) => {
      closed = new Promise((resolve) => socket.on('close', resolve));
    });
    const connection = await connect(at);
    connection.setDeadline('greeting', 5);
    await expect(connection.read()).rejects.toMatchObject({ code: 'DEADLINE_PASSED', phase: 'greeting' });
    await expect(connection.read()).rejects.toMatchObject({ code: 'DEADLINE_PASSED' });
    await closed;
  });

  it('moves the deadline, later and earlier', async () => {
    const [near] = memoryPair();
    near.setDeadline('long', 60_000);
    near.setDeadline('short', 5);
    await expect(near.read()).rejects.toMatchObject({ phase: 'short' });
  });

  it('ends a wait when the signal fires', async () => {
    const at = await serve(() => {});
    const controller = new AbortController();
    const connection = await connect(at, { signal: controller.signal });
    const reading = connection.read();
    controller.abort(new Error('enough'));
    await expect(reading).rejects.toMatchObject({ code: 'ABORTED', cause: new Error('enough') });
    await connection.closed;
  });

  it('gives out bytes that came before a reset, then the fault', async () => {
    const at = await serve((socket) => {
      socket.write('421 bye\r\n');
      socket.once('data', () => socket.resetAndDestroy());
    });
    const connection = await connect(at);
    expect(Buffer.from((await connection.read()) ?? []).toString()).toBe('421 bye\r\n');
    connection.write('QUIT\r\n');
    await expect(connection.read()).rejects.toMatchObject({ code: 'CONNECTION_LOST', retryable: true });
  });

  it('makes a fast writer wait for a slow reader', async () => {
    const [near, far] = memoryPair();
    const block = Buffer.alloc(1 << 20);
    const waits = [1, 2, 3].map(() => near.write(block));
    expect(waits.some((wait) => wait !== undefined)).toBe(true);
    let got = 0;
    while (got < 3 << 20) got += (await far.read())?.length ?? 0;
    await Promise.all(waits);
    await Promise.all([near.close(), far.close()]);
  });

  it('refuses to upgrade over bytes that were not read', async () => {
    const [near, far] = memoryPair();
    far.write('220 go\r\n250 injected\r\n');
    const first = await near.read();
    near.unread((first ?? new Uint8Array()).subarray(8));
    await expect(near.upgrade()).rejects.toMatchObject({ code: 'BYTES_BEFORE_TLS' });
    expect(near.fault?.code).toBe('BYTES_BEFORE_TLS');
    await far.close();
  });
});
