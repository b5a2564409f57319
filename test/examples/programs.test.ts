/** Files, datagrams, Unix sockets, a person as server and client, names and pages: each program as its own process. */
import { createWriteStream } from 'node:fs';
import { open, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { bindDatagrams, connect, type HostEndpoint, listen, parseEndpoint } from '../../src/transport/index.ts';
import { folder } from '../cli/plainwire.ts';
import { Example, run, serverExample } from './example.ts';

describe('file transfer', () => {
  test('300 MB, equal to the byte, with flat memory on both sides', async () => {
    await using dir = await folder();
    const size = 300_000_000;
    const original = `${dir.path}/original`;
    await writePattern(original, size);
    await using server = await serverExample('file-server', original, '0');
    const client = await run(['file-client', `${dir.path}/copy`, server.address]);
    expect([client.code, client.stderr]).toEqual([0, '']);
    expect(await firstDifference(original, `${dir.path}/copy`)).toBe(-1);
    for (const { stdout } of [client, server]) {
      const [, bytes, memory] = /([\d,]+) bytes, [\d.]+ s, peak memory (\d+) MB/.exec(stdout) ?? [];
      expect(bytes).toBe('300,000,000');
      // a Node process that does nothing has 45 to 60
      expect(Number(memory)).toBeLessThan(140);
    }
    expect((await readdir(dir.path)).sort()).toEqual(['copy', 'original']);
  });

  test('an empty file, and one of a single byte', async () => {
    await using dir = await folder();
    for (const content of ['', 'x']) {
      await writeFile(`${dir.path}/original`, content);
      await using server = await serverExample('file-server', `${dir.path}/original`, `${dir.path}/socket${content}`);
      expect((await run(['file-client', `${dir.path}/copy`, server.address])).code).toBe(0);
      expect(await readFile(`${dir.path}/copy`, 'utf8')).toBe(content);
    }
  });

  test('a head and a file in whatever pieces; what ends too early is not taken for the file', async () => {
    await using dir = await folder();
    const pieces: string[][] = [['1', '0\n0', '123', '456789'], ['10\n0123456789'], ['10\n', '01234']];
    await using server = await listen({ host: '127.0.0.1', port: 0 }, async (connection) => {
      for (const piece of pieces.shift() ?? []) {
        await connection.write(piece);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    });
    for (const name of ['split', 'merged']) {
      expect((await run(['file-client', `${dir.path}/${name}`, server.address])).code).toBe(0);
      expect(await readFile(`${dir.path}/${name}`, 'utf8')).toBe('0123456789');
    }
    const short = await run(['file-client', `${dir.path}/short`, server.address]);
    expect([short.code, short.stderr]).toEqual([1, expect.stringContaining('5 of 10 bytes')]);
    expect((await readdir(dir.path)).sort()).toEqual(['merged', 'short.part', 'split']);
    const other = await run(['file-client', `${dir.path}/none`, server.address]);
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('no file-server')]);
  });

  test('a client that breaks off changes nothing for the next', async () => {
    await using dir = await folder();
    await writePattern(`${dir.path}/original`, 20_000_000);
    await using server = await serverExample('file-server', `${dir.path}/original`, '0');
    const breaks = await connect(parseEndpoint(server.address, 0));
    await breaks.read();
    breaks.destroy();
    // nor does a file that is away for a while
    await rename(`${dir.path}/original`, `${dir.path}/away`);
    expect((await run(['file-client', `${dir.path}/copy`, server.address])).code).toBe(1);
    await rename(`${dir.path}/away`, `${dir.path}/original`);
    const client = await run(['file-client', `${dir.path}/copy`, server.address]);
    expect(client.code).toBe(0);
    expect((await stat(`${dir.path}/copy`)).size).toBe(20_000_000);
  });
});

test('file-server: a name that is wrong is said at once', async () => {
  const { code, stderr } = await run(['file-server', '/nowhere', '0']);
  expect([code, stderr]).toEqual([2, expect.stringContaining('ENOENT')]);
});

describe('datagrams', () => {
  test('one in, one out', async () => {
    await using server = await serverExample('udp-server', '0');
    const client = await run(['udp-client', 'grüße', server.address]);
    expect([client.code, client.stdout]).toEqual([0, 'GRÜSSE\n']);
    await server.says(/^7 bytes from 127\.0\.0\.1:\d+$/m);
  });

  test('a path is none of their addresses, which is said at once', async () => {
    for (const args of [
      ['udp-client', 'hi', './socket'],
      ['udp-server', './socket'],
    ]) {
      const { code, stderr } = await run(args);
      expect([code, stderr]).toEqual([1, 'path: datagrams go to a host and port, and to no path (BAD_INPUT)\n']);
    }
  });

  test('one that is lost is sent again', async () => {
    await using server = await bindDatagrams({ host: '127.0.0.1', port: 0 });
    const client = new Example(['udp-client', 'hello', server.address]);
    await server.receive({ timeout: 10_000 }); // and no word
    const again = await server.receive({ timeout: 10_000 });
    await server.send('got it', again?.from as HostEndpoint);
    expect(await client.exit).toBe(0);
    expect(client.stdout).toBe('got it\n');
  });
});

test('unix-sockets: server and client on a path', async () => {
  const { code, stdout } = await run(['unix-sockets']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^listening on \/.*\nyou said 'hello'\nyou said 'and goodbye'\n$/);
});

test('a person plays the server, a person plays the client', async () => {
  await using server = await serverExample('generic-server', '0');
  await using client = new Example(['generic-client', server.address]);
  await server.says(/^client 127\.0\.0\.1:\d+$/m);
  client.type('GET / HTTP/1.0\nHost: me\n\n');
  await server.says(/<-- GET \/ HTTP\/1\.0\n<-- Host: me\n<-- \n/);
  server.type('HTTP/1.0 200 OK\n\nhello\n');
  await client.says(/<-- HTTP\/1\.0 200 OK\n<-- \n<-- hello\n/);
  // what moves the cursor is shown as text
  client.type('\x1b[2J\n');
  await server.says(/<-- \\x1b\[2J\n/);
  // half-close: the client has said everything, and still hears
  void client.finish();
  await server.says(/has said everything/);
  server.type('one more\n');
  await client.says(/<-- one more/);
  expect(await server.finish('bye\n')).toBe(0);
  expect(await client.exit).toBe(0);
  expect(client.stdout).toContain('the server has closed');
});

test('Ctrl-C ends the generic server, although somebody could still type', async () => {
  await using server = await serverExample('generic-server', '0');
  server.kill('SIGINT');
  expect(await server.exit).toBe(0);
});

test('the generic client, from a pipe: what is asked is answered whole, in whatever pieces', async () => {
  await using server = await listen({ host: '127.0.0.1', port: 0 }, async (connection) => {
    let asked = '';
    for (let chunk = await connection.read(); chunk !== undefined; chunk = await connection.read()) {
      asked += Buffer.from(chunk).toString('latin1');
    }
    for (const piece of ['you ', 'said ', `${asked.length} bytes\r`, '\nno line end']) {
      await connection.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
  const client = await run(['generic-client', server.address], 'GET / HTTP/1.0\n\n');
  expect(client.code).toBe(0);
  expect(client.stdout).toContain('<-- you said 18 bytes\n<-- no line end\nthe server has closed\n');
});

test('lookup: a failure has its line, and the others go on', async () => {
  const { code, stdout } = await run(['lookup', 'nowhere.invalid', '127.0.0.1']);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^nowhere\.invalid: NAME_NOT_FOUND\n127\.0\.0\.1: 127\.0\.0\.1/);
});

test('index pages: the response as it came, a line for each site', async () => {
  await using dir = await folder();
  const response = 'HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<h1>hello</h1>\n';
  let request = '';
  await using site = await listen({ host: '127.0.0.1', port: 0 }, async (connection) => {
    request = Buffer.from((await connection.read()) ?? []).toString('latin1');
    await connection.write(response.slice(0, 20));
    await new Promise((resolve) => setTimeout(resolve, 5));
    await connection.write(response.slice(20));
  });
  await using silent = await listen({ host: '127.0.0.1', port: 0 }, async () => {});
  const { code, stdout } = await run(['index-pages', site.address, silent.address, '127.0.0.1:1'], '', dir.path);
  expect(code).toBe(1);
  const file = `${site.address.replace(':', '_')}.html`;
  expect(stdout).toContain(`${site.address}: HTTP/1.0 200 OK, ${response.length} bytes in ${file}`);
  expect(stdout).toContain(`${silent.address}: not a byte came`);
  expect(stdout).toContain('127.0.0.1:1: no connection to 127.0.0.1:1: nobody listens there (ECONNREFUSED)');
  expect(await readFile(`${dir.path}/${file}`, 'latin1')).toBe(response);
  expect(request).toBe(`GET / HTTP/1.0\r\nHost: ${site.address}\r\nConnection: close\r\n\r\n`);
});

/** Bytes that differ from block to block, so that a block lost, doubled or moved shows. */
async function writePattern(path: string, size: number): Promise<void> {
  const file = createWriteStream(path);
  const block = Buffer.alloc(1_000_000);
  for (let n = 0; n < block.length; n += 1) block[n] = (n * 31 + (n >> 8)) & 0xff;
  for (let at = 0; at < size; at += block.length) {
    const copy = Buffer.from(block);
    copy.writeUInt32BE(at);
    if (!file.write(copy.subarray(0, Math.min(block.length, size - at)))) {
      await new Promise<void>((resolve) => file.once('drain', () => resolve()));
    }
  }
  file.end();
  await finished(file);
}

/** Where two files differ; -1 where they are equal. */
async function firstDifference(one: string, other: string): Promise<number> {
  const files = [await open(one), await open(other)] as const;
  try {
    const [left, right] = [Buffer.alloc(4 << 20), Buffer.alloc(4 << 20)];
    for (let at = 0; ; ) {
      const [a, b] = await Promise.all([
        files[0].read(left, 0, left.length, at),
        files[1].read(right, 0, right.length, at),
      ]);
      if (!left.subarray(0, a.bytesRead).equals(right.subarray(0, b.bytesRead))) return at;
      if (a.bytesRead === 0) return -1;
      at += a.bytesRead;
    }
  } finally {
    await Promise.all(files.map((file) => file.close()));
  }
}
