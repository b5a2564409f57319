/** Time, echo and chat, each server as its own process: ten clients at once, clients that break off, pieces split and merged. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type Connection, connect, parseEndpoint, readLines } from '../../src/transport/index.ts';
import { folder } from '../cli/plainwire.ts';
import { Example, run, serverExample } from './example.ts';

const to = (address: string): Promise<Connection> => connect(parseEndpoint(address, 0));

async function take(connection: Connection, length: number): Promise<string> {
  connection.setDeadline('the answer', 10_000);
  let got = Buffer.alloc(0);
  while (got.length < length) {
    const chunk = await connection.read();
    if (chunk === undefined) break;
    got = Buffer.concat([got, chunk]);
  }
  return got.toString('utf8');
}

test('each example has a line in the README, and says who it is', async () => {
  const dir = fileURLToPath(new URL('../../examples/', import.meta.url));
  const readme = readFileSync(`${dir}README.md`, 'utf8');
  const names = readdirSync(dir)
    .filter((name) => name.endsWith('.mjs') && name !== 'run.mjs' && name !== 'support.mjs')
    .map((name) => name.replace('.mjs', ''));
  expect(names.length).toBeGreaterThan(12);
  for (const name of names) expect(readme).toContain(`| \`${name}`);
  const list = await run([]);
  expect(list.code).toBe(0);
  for (const name of names) expect(list.stdout).toMatch(new RegExp(`^ {2}${name} +[A-Z].*\\.$`, 'm'));
});

test('an example that is not there, a server that is not there', async () => {
  const unknown = await run(['tme-server']);
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining("there is no example 'tme-server'")]);
  const refused = await run(['time-client', '1']);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('CONNECT_FAILED')]);
});

describe('time', () => {
  test('says what time it is, until it is stopped', async () => {
    await using server = await serverExample('time-server', '0');
    const client = await run(['time-client', server.address]);
    expect(client.code).toBe(0);
    expect(Math.abs(Date.parse(client.stdout.trim()) - Date.now())).toBeLessThan(10_000);
    server.kill();
    expect(await server.exit).toBe(0);
  });
});

describe('echo', () => {
  test('ten people at once, each with its own answers', async () => {
    await using server = await serverExample('echo-server', '0');
    const clients = await Promise.all(
      Array.from({ length: 10 }, (_, n) => run(['echo-client', server.address], `i am ${n}\ngrüße\n\nnot sent\n`)),
    );
    for (const [n, { stdout, code }] of clients.entries()) {
      expect([stdout, code]).toEqual([`I AM ${n}\nGRÜSSE\n`, 0]);
    }
  });

  test('bytes one by one, and many lines in one write: TCP keeps the order, and nothing else', async () => {
    await using server = await serverExample('echo-server', '0');
    await using connection = await to(server.address);
    for (const byte of Buffer.from('käse\n')) {
      connection.write(Uint8Array.of(byte));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(await take(connection, 6)).toBe('KÄSE\n');
    const lines = Array.from({ length: 1_000 }, (_, n) => `line ${n}\n`).join('');
    connection.write(lines);
    expect(await take(connection, lines.length)).toBe(lines.toUpperCase());
  });

  test('a client that breaks off ends its own conversation alone', async () => {
    await using server = await serverExample('echo-server', '0');
    await using stays = await to(server.address);
    const breaks = await to(server.address);
    breaks.write('half a li');
    await take(breaks, 9);
    breaks.destroy();
    await server.says(/is gone, 9 bytes/);
    stays.write('still here\n');
    expect(await take(stays, 11)).toBe('STILL HERE\n');
  });

  test('a client that sends a lot and reads nothing waits, and does not fill the server', async () => {
    await using server = await serverExample('echo-server', '0');
    await using connection = await to(server.address);
    const block = Buffer.alloc(1 << 20, 'a');
    let sent = 0;
    let wait: Promise<void> | undefined;
    const patience = (): Promise<string> => new Promise((resolve) => setTimeout(resolve, 300, 'stuck'));
    while (sent < 200) {
      wait = connection.write(block);
      sent += 1;
      if (wait !== undefined && (await Promise.race([wait, patience()])) === 'stuck') break;
    }
    // what the system and our own side hold for a reader; far from what was to be sent
    expect(sent).toBeLessThan(60);
  });

  test('on a path, and taken away with the server', async () => {
    await using dir = await folder();
    const path = `${dir.path}/socket`;
    await using server = await serverExample('echo-server', path);
    expect(readdirSync(dir.path)).toEqual(['socket']);
    expect((await run(['echo-client', path], 'by path\n')).stdout).toBe('BY PATH\n');
    server.kill();
    await server.exit;
    expect(readdirSync(dir.path)).toEqual([]);
  });

  test('a server that closes is said', async () => {
    await using server = await serverExample('echo-server', '0');
    await using client = new Example(['echo-client', server.address]);
    client.type('one\n');
    await client.says(/ONE/);
    server.kill();
    await server.exit;
    client.type('two\n');
    expect(await client.exit).toBe(1);
  });
});

describe('chat', () => {
  async function member(address: string) {
    const connection = await to(address);
    connection.setDeadline('the chat', 10_000);
    const lines = readLines(connection);
    return {
      connection,
      say: (text: string) => connection.write(Buffer.from(text)),
      hear: async () => (await lines.next()).value as string,
    };
  }

  test('ten at once: each line reaches the nine others, with who said it', async () => {
    await using server = await serverExample('chat-server', '0');
    const members = [];
    for (let n = 1; n <= 10; n += 1) {
      const joining = await member(server.address);
      for (const other of members) expect(await other.hear()).toMatch(/^\* 127\.0\.0\.1:\d+ joins, \d+ here$/);
      await server.says(new RegExp(`joins, ${n} here`));
      members.push(joining);
    }
    const [speaker, ...others] = members;
    // two lines in one piece, and one in two
    speaker?.say('one\ntwo\nthr');
    for (const text of ['one', 'two']) {
      for (const other of others) expect(await other.hear()).toMatch(new RegExp(`^127\\.0\\.0\\.1:\\d+: ${text}$`));
    }
    speaker?.say('ee\n');
    for (const other of others) expect(await other.hear()).toMatch(/: three$/);
    // the speaker hears the others, and not itself
    others[0]?.say('hello\n');
    expect(await speaker?.hear()).toMatch(/: hello$/);
    for (const { connection } of members) connection.destroy();
  });

  test('one that breaks off leaves; one that does not read holds up nobody', async () => {
    await using server = await serverExample('chat-server', '0');
    const talker = await member(server.address);
    await server.says(/joins, 1 here/);
    const sleeper = await connect(parseEndpoint(server.address, 0));
    expect(await talker.hear()).toMatch(/joins, 2 here/);
    const listener = await member(server.address);
    expect(await talker.hear()).toMatch(/joins, 3 here/);
    // more than system and server would hold for the sleeper, and the listener hears all of it
    const line = `${'x'.repeat(4_000)}\n`;
    for (let n = 0; n < 3_000; n += 1) {
      talker.say(line);
      expect((await listener.hear()).length).toBeGreaterThan(4_000);
    }
    sleeper.destroy();
    expect(await talker.hear()).toMatch(/leaves, 2 here/);
    expect(await listener.hear()).toMatch(/leaves, 2 here/);
    // a line without end is not kept for ever: who sends it is out
    talker.say('x'.repeat(5_000));
    expect(await listener.hear()).toMatch(/leaves, 1 here/);
    listener.connection.destroy();
    talker.connection.destroy();
  });

  test('two people with the client, on a path', async () => {
    await using dir = await folder();
    await using server = await serverExample('chat-server', `${dir.path}/chat`);
    await using ada = new Example(['chat-client', `${dir.path}/chat`]);
    await server.says(/guest 1 joins/);
    await using grace = new Example(['chat-client', `${dir.path}/chat`]);
    await ada.says(/guest 2 joins, 2 here/);
    grace.type('hello \x1b[2J\n');
    // what moves the cursor is shown, and does not move it
    await ada.says(/guest 2: hello \\x1b\[2J/);
    ada.type('bye\n\n');
    expect(await ada.exit).toBe(0);
    await grace.says(/guest 1: bye\n\* guest 1 leaves, 1 here/);
    expect(await grace.finish()).toBe(0);
  });
});
