/**
 * What everything above the transport relies on, to be read from top to bottom as a lesson on what a connection is.
 *
 * The first part is true of every connection, whatever carries it: memory, TCP, a Unix socket, TLS. Then come the ways in
 * which connecting can fail, what there is to know about listening, and datagrams, which are no connection at all.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  bindDatagrams,
  type Connection,
  connect,
  type Endpoint,
  type HostEndpoint,
  LineSplitter,
  listen,
  MAX_DATAGRAM,
  memoryPair,
  readLines,
} from '../../src/transport/index.ts';
import { ca, serverTls, WAYS } from './ways.ts';

const LOCAL: HostEndpoint = { host: '127.0.0.1', port: 0 };
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** Everything up to the end of the peer's data. */
async function readAll(connection: Connection): Promise<string> {
  let got = '';
  for (let chunk = await connection.read(); chunk !== undefined; chunk = await connection.read()) got += text(chunk);
  return got;
}

/** Exactly so many bytes, in however many reads; what is too much goes back. */
async function readExactly(connection: Connection, length: number): Promise<Buffer> {
  let got = Buffer.alloc(0);
  while (got.length < length) {
    const chunk = await connection.read();
    if (chunk === undefined) throw new Error(`the end after ${got.length} of ${length} bytes`);
    got = Buffer.concat([got, chunk]);
  }
  connection.unread(got.subarray(length));
  return got.subarray(0, length);
}

describe.each(Object.entries(WAYS))('a connection %s', (way, open) => {
  describe('1. is a stream of bytes: their order is kept, and nothing else', () => {
    test('what was written in pieces may be read as one: a read is not a message', async () => {
      await using pair = await open();
      for (const piece of ['220 mail', '.example.com\r', '\n250-first\r\n', '250 last\r\n']) pair.server.write(piece);
      pair.server.end();
      // how many reads it took is nobody's business
      expect(await readAll(pair.client)).toBe('220 mail.example.com\r\n250-first\r\n250 last\r\n');
    });

    test('what was written as one is read in pieces: a message is not a read', async () => {
      await using pair = await open();
      const whole = Buffer.alloc(3_000_000);
      for (let n = 0; n < whole.length; n += 1) whole[n] = (n * 7 + (n >> 8)) & 0xff;
      // one call, although no system takes so much at once: the rest follows by itself
      pair.client.write(whole);
      pair.client.end();
      let reads = 0;
      const pieces: Uint8Array[] = [];
      for (let chunk = await pair.server.read(); chunk !== undefined; chunk = await pair.server.read()) {
        pieces.push(chunk);
        reads += 1;
      }
      expect(Buffer.concat(pieces).equals(whole)).toBe(true);
      // in memory alone nothing comes between writer and reader
      if (way !== 'in memory') expect(reads).toBeGreaterThan(1);
    });

    test('so lines must be put together by whoever reads them, wherever they were cut', async () => {
      const words = 'one\r\ntwo\nthree\r\n\r\nlast';
      for (const size of [1, 2, 3, 5, words.length]) {
        await using pair = await open();
        const speak = async (): Promise<void> => {
          for (let at = 0; at < words.length; at += size) {
            await pair.server.write(words.slice(at, at + size));
            if (size < words.length) await pause(0);
          }
          pair.server.end();
        };
        const spoken = speak();
        const lines: string[] = [];
        for await (const line of readLines(pair.client)) lines.push(line);
        await spoken;
        expect(lines).toEqual(['one', 'two', 'three', '', 'last']);
      }
    });

    test('and so must anything of a known length; what was read too far is put back', async () => {
      await using pair = await open();
      pair.client.write('5\nhello3\nyou');
      const found: string[] = [];
      for (const _ of [1, 2]) {
        const digits = await readExactly(pair.server, 2);
        found.push(text(await readExactly(pair.server, Number.parseInt(text(digits), 10))));
      }
      expect(found).toEqual(['hello', 'you']);
    });

    test('every byte arrives as it was sent', async () => {
      await using pair = await open();
      const all = Uint8Array.from({ length: 256 }, (_, n) => n);
      pair.client.write(all);
      // a string is one byte a character
      pair.client.write(String.fromCharCode(...all));
      pair.client.end();
      expect(Buffer.from(await readAll(pair.server), 'latin1')).toEqual(Buffer.concat([all, all]));
    });
  });

  describe('2. has an end on each side', () => {
    test('the end of data is undefined, after everything that came before it, and stays', async () => {
      await using pair = await open();
      pair.server.write('the last words');
      pair.server.end();
      expect(await readAll(pair.client)).toBe('the last words');
      expect(await pair.client.read()).toBeUndefined();
      expect(await pair.client.read()).toBeUndefined();
    });

    test('who has said everything can still listen (half-close)', async () => {
      await using pair = await open();
      pair.client.write('how many bytes is this?');
      pair.client.end();
      // the server knows the question is complete, because it ended; the answer goes the other way
      const question = await readAll(pair.server);
      pair.server.write(`${question.length}`);
      pair.server.end();
      expect(await readAll(pair.client)).toBe('23');
    });

    test('close() lets what was written leave first', async () => {
      await using pair = await open();
      pair.server.write('x'.repeat(100_000));
      const closed = pair.server.close();
      expect(await readAll(pair.client)).toHaveLength(100_000);
      await closed;
    });

    test('who has closed can neither read nor write', async () => {
      await using pair = await open();
      await pair.client.close();
      await pair.client.close(); // twice is once
      expect(pair.client.isClosed).toBe(true);
      await expect(pair.client.read()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
      await expect(pair.client.write('x')).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    });

    test('a wait that is under way when this side closes does not hang', async () => {
      await using pair = await open();
      const waiting = pair.client.read();
      const told = expect(waiting).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
      await pair.client.close();
      await told;
    });

    test('a peer that breaks off is an end or a fault, after the bytes that came before; no wait hangs', async () => {
      await using pair = await open();
      pair.server.write('half a sen');
      expect(text(await readExactly(pair.client, 10))).toBe('half a sen');
      pair.server.destroy();
      // a process that dies looks like one that has said everything: that is why protocols say how long things are
      const end = await pair.client.read().catch((error) => error.code);
      expect([undefined, 'CONNECTION_LOST']).toContain(end);
      // who goes on talking to nobody hears of it
      const talk = async (): Promise<void> => {
        for (let n = 0; n < 1_000; n += 1) {
          await pair.client.write('hello?');
          await pause(1);
        }
      };
      await expect(talk()).rejects.toMatchObject({ code: 'CONNECTION_LOST', retryable: true });
    });
  });

  describe('3. makes the fast wait for the slow (backpressure)', () => {
    test('write() says when to wait, and the wait ends when somebody reads', async () => {
      await using pair = await open();
      const block = Buffer.alloc(256 * 1024);
      let written = 0;
      let wait: Promise<void> | undefined;
      for (;;) {
        wait = pair.client.write(block);
        written += block.length;
        // nobody reads: what the system and both ends hold is full at some time, and stays so
        if (
          wait !== undefined &&
          (await Promise.race([wait.then(() => 'on'), pause(150).then(() => 'stuck')])) === 'stuck'
        )
          break;
      }
      expect(written).toBeLessThan(64 * 1024 * 1024);
      let got = 0;
      while (got < written) got += (await pair.server.read())?.length ?? 0;
      await wait;
      expect(got).toBe(written);
    });

    test('what was read ahead is bounded, and lost to nobody', async () => {
      await using pair = await open();
      const total = 8 * 1024 * 1024;
      const send = async (): Promise<void> => {
        for (let sent = 0; sent < total; sent += 65_536) await pair.client.write(Buffer.alloc(65_536, sent >> 16));
        pair.client.end();
      };
      const sending = send();
      await pause(30); // a reader that comes late
      let at = 0;
      for (let chunk = await pair.server.read(); chunk !== undefined; chunk = await pair.server.read()) {
        if (chunk[0] !== ((at >> 16) & 0xff)) throw new Error(`byte ${at} is another`);
        at += chunk.length;
      }
      await sending;
      expect(at).toBe(total);
    });
  });

  describe('4. never waits for ever', () => {
    test('a deadline is absolute: a byte now and then does not put it off', async () => {
      await using pair = await open();
      pair.client.setDeadline('the greeting', 60);
      const drip = setInterval(() => void pair.server.write('.'), 5);
      pair.server.closed.then(() => clearInterval(drip));
      const started = performance.now();
      const fault = await readAll(pair.client).catch((error) => error);
      clearInterval(drip);
      expect(fault).toMatchObject({
        name: 'TimeoutError',
        code: 'DEADLINE_PASSED',
        phase: 'the greeting',
        retryable: true,
      });
      expect(performance.now() - started).toBeLessThan(2_000);
      // late is over: an answer that came now would be taken for the answer to something else
      await expect(pair.client.read()).rejects.toBe(fault);
      await expect(pair.client.write('x')).rejects.toBe(fault);
    });

    test('it ends a write that nobody takes, too', async () => {
      await using pair = await open();
      pair.client.setDeadline('the content', 80);
      const fill = async (): Promise<void> => {
        for (;;) await pair.client.write(Buffer.alloc(1 << 20));
      };
      await expect(fill()).rejects.toMatchObject({ code: 'DEADLINE_PASSED', phase: 'the content' });
    });

    test('what came in time is in time, and a deadline that is cleared or replaced does not come back', async () => {
      await using pair = await open();
      pair.client.setDeadline('first', 20);
      pair.client.setDeadline('second', 5_000);
      await pause(40);
      pair.server.write('in time');
      expect(text(await readExactly(pair.client, 7))).toBe('in time');
      pair.client.setDeadline('third', 10);
      pair.client.clearDeadline();
      await pause(30);
      expect(pair.client.fault).toBeUndefined();
    });
  });

  test('5. has one reader: two at once would each get a part', async () => {
    await using pair = await open();
    const first = pair.client.read();
    expect(() => pair.client.read()).toThrow(TypeError);
    pair.server.write('x');
    expect(text((await first) ?? new Uint8Array())).toBe('x');
  });
});

describe('lines', () => {
  test('have a limit: a line without end is not kept for ever', () => {
    const splitter = new LineSplitter(10);
    expect([...splitter.push(Buffer.from('123456789\n'))]).toHaveLength(1);
    expect(() => [...splitter.push(Buffer.from('12345678901'))]).toThrow(/over 10 bytes/);
  });

  test('know how they ended, and what has not ended yet', () => {
    const splitter = new LineSplitter();
    expect([...splitter.push(Buffer.from('a\r\nb\nc\r'))].map(({ end }) => end)).toEqual(['\r\n', '\n']);
    expect(splitter.partial.toString()).toBe('c\r');
    expect([...splitter.push(Buffer.from('\n'))][0]?.bytes.toString()).toBe('c');
    expect(splitter.rest()).toBeUndefined();
  });
});

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

describe('listening', () => {
  test('a port that is taken is said to be', async () => {
    await using listener = await listen(LOCAL, async () => {});
    await expect(listen(listener.endpoint, async () => {})).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
      message: expect.stringContaining('EADDRINUSE'),
    });
  });

  test('a path that a dead process left behind is taken over; one that is in use, or no socket, is not', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'plainwire-'));
    try {
      const path = join(folder, 'socket');
      await leaveBehind(path);
      await using listener = await listen({ path }, async (connection) => void (await connection.write('here')));
      await using connection = await connect({ path });
      expect(await readAll(connection)).toBe('here');
      await expect(listen({ path }, async () => {})).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
      const file = join(folder, 'file');
      await writeFile(file, 'precious');
      await expect(listen({ path: file }, async () => {})).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
      expect(listener.address).toBe(path);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('each client has its own conversation, and is closed when that is done', async () => {
    await using listener = await listen(LOCAL, async (connection) => {
      for await (const line of readLines(connection)) await connection.write(`${line}!\n`);
    });
    const answers = await Promise.all(
      ['a', 'b', 'c'].map(async (word) => {
        await using connection = await connect(listener.endpoint);
        connection.write(`${word}\n`);
        connection.end();
        return await readAll(connection);
      }),
    );
    expect(answers).toEqual(['a!\n', 'b!\n', 'c!\n']);
  });

  test('a conversation that fails ends alone, and somebody is told', async () => {
    const told: unknown[] = [];
    await using listener = await listen(
      LOCAL,
      async (connection) => {
        const said = text((await connection.read()) ?? new Uint8Array());
        if (said === 'fail') throw new Error('a bug');
        await connection.write('fine');
      },
      { onError: (error) => told.push(error) },
    );
    await using bad = await connect(listener.endpoint);
    await using good = await connect(listener.endpoint);
    bad.write('fail');
    expect(await readAll(bad)).toBe('');
    good.write('hello');
    expect(await readAll(good)).toBe('fine');
    expect(told).toEqual([new Error('a bug')]);
  });

  test('stop() lets those who are here finish; close() does not', async () => {
    const listener = await listen(LOCAL, async (connection) => await connection.closed);
    await using connection = await connect(listener.endpoint);
    const stopped = listener.stop();
    await expect(connect(listener.endpoint)).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
    expect(connection.isClosed).toBe(false);
    await listener.close();
    await stopped;
    expect(await readAll(connection)).toBe('');
  });
});

describe('a datagram is no stream', () => {
  test('each is whole: two sends are two receives, and an empty one is one too', async () => {
    await using a = await bindDatagrams(LOCAL);
    await using b = await bindDatagrams(LOCAL);
    for (const words of ['one', '', 'two']) await a.send(words, b.endpoint);
    const got = [await b.receive({ timeout: 5_000 }), await b.receive(), await b.receive()];
    expect(got.map((each) => text(each?.bytes ?? new Uint8Array(1)))).toEqual(['one', '', 'two']);
    // there is no connection: each says where it came from, and that is where an answer goes
    expect(got[0]?.from).toEqual(a.endpoint);
  });

  test('what does not fit into the buffer is cut off and gone; here it is at least said', async () => {
    await using a = await bindDatagrams(LOCAL);
    await using b = await bindDatagrams(LOCAL, { limit: 10 });
    await a.send('0123456789', b.endpoint);
    await a.send('0123456789 and more', b.endpoint);
    await a.send('next', b.endpoint);
    expect(await b.receive({ timeout: 5_000 })).toMatchObject({ truncated: false, size: 10 });
    const cut = await b.receive({ timeout: 5_000 });
    expect(cut).toMatchObject({ truncated: true, size: 19 });
    expect(text(cut?.bytes ?? new Uint8Array())).toBe('0123456789');
    // the rest is not what comes next, as it would be with a stream
    expect(text((await b.receive({ timeout: 5_000 }))?.bytes ?? new Uint8Array())).toBe('next');
  });

  test('there is a biggest one', async () => {
    await using a = await bindDatagrams(LOCAL);
    await using b = await bindDatagrams(LOCAL);
    await a.send(Buffer.alloc(MAX_DATAGRAM, 'x'), b.endpoint);
    expect((await b.receive({ timeout: 5_000 }))?.size).toBe(MAX_DATAGRAM);
    await expect(a.send(Buffer.alloc(MAX_DATAGRAM + 1), b.endpoint)).rejects.toMatchObject({ name: 'MessageError' });
  });

  test('nobody tells that nothing will come: only a timeout does, and the socket is as good as before', async () => {
    await using a = await bindDatagrams(LOCAL);
    await using b = await bindDatagrams(LOCAL);
    await expect(b.receive({ timeout: 10 })).rejects.toMatchObject({ code: 'DEADLINE_PASSED', phase: 'receive' });
    await a.send('late', b.endpoint);
    expect(text((await b.receive({ timeout: 5_000 }))?.bytes ?? new Uint8Array())).toBe('late');
  });

  test('who does not read loses the newest, and is told how many', async () => {
    await using a = await bindDatagrams(LOCAL);
    await using b = await bindDatagrams(LOCAL);
    // some at a time, so that it is not the system's own buffer that overflows
    for (let n = 0; n < 1_100; n += 1) {
      await a.send(`${n}`, b.endpoint);
      if (n % 50 === 49) await pause(2);
    }
    await expect.poll(() => b.dropped, { timeout: 5_000 }).toBeGreaterThan(0);
    expect(text((await b.receive())?.bytes ?? new Uint8Array())).toBe('0');
  });

  test('a socket that is closed ends the wait, and so does a signal', async () => {
    await using first = await bindDatagrams(LOCAL);
    const waiting = first.receive();
    await first.close();
    expect(await waiting).toBeUndefined();
    await expect(first.send('x', { host: '127.0.0.1', port: 9 })).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    const abort = new AbortController();
    await using second = await bindDatagrams(LOCAL, { signal: abort.signal });
    const aborted = expect(second.receive()).rejects.toMatchObject({ name: 'AbortError' });
    abort.abort();
    await aborted;
  });
});

/** A socket's file with nobody behind it, as a process leaves it that was killed. */
async function leaveBehind(path: string): Promise<void> {
  const child = spawn(process.execPath, [
    '-e',
    `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`,
  ]);
  await new Promise((resolve) => child.on('close', resolve));
  await expect(
    new Promise((resolve, reject) => net.connect({ path }).on('connect', resolve).on('error', reject)),
  ).rejects.toMatchObject({ code: 'ECONNREFUSED' });
}
