/**
 * Sending mail, side by side: plainwire, a raw node:net script that composes and checks nothing (the limit), its peers in
 * Node, Python's smtplib, and Postfix's smtp-source, in C.
 *
 *   npm run build && npm run bench:smtp -- [--rounds 5] [--only text,recipients] [--clients raw,plainwire]
 *
 * Small messages go to Postfix's smtp-sink (Debian: postfix; or as `npm run test:interop` unpacks it), large ones to a
 * sink in Node that finds their end fast. Each figure is a process of its own; rounds go through all clients in turn, so
 * that whatever else the machine does meets all of them. With one connection, client and sink share one CPU: a wake-up
 * across two costs more than a message. What counts is the ratios: other machines have other figures.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: 'text,text10,attachment,recipients,far,file,linear' },
    clients: { type: 'string', default: 'raw,plainwire,smtp-source,smtplib,upyo,nodemailer' },
  },
});
const rounds = Number(values.rounds);
const wanted = values.only.split(',');
const clients = values.clients.split(',');
const here = import.meta.dirname;
const root = path.join(here, '../.cache/interop/root');
const postfix = ['/usr/sbin', path.join(root, 'usr/sbin')].find((folder) => existsSync(path.join(folder, 'smtp-sink')));
const libraries = ['usr/lib/postfix', 'usr/lib/x86_64-linux-gnu'].map((folder) => path.join(root, folder)).join(':');
const folder = mkdtempSync(path.join(tmpdir(), 'plainwire-bench-'));

try {
  if (postfix === undefined) console.log('smtp-sink is not here (Debian: postfix): the sink in Node takes its place');
  if (wanted.includes('text')) {
    await compare('1 KB text, 1 connection', sinkInC, { pin: 'together' }, [
      ['raw', 60_000],
      ['plainwire', 60_000],
      ['smtp-source', 30_000],
      ['smtplib', 15_000],
      ['upyo', 10_000],
      ['nodemailer', 4_000],
    ]);
  }
  if (wanted.includes('text10')) {
    await compare('1 KB text, 10 connections', sinkInC, { connections: 10, pin: 'apart' }, [
      ['raw', 60_000],
      ['plainwire', 60_000],
      ['smtp-source', 30_000],
      ['upyo', 10_000],
      ['nodemailer', 4_000],
    ]);
  }
  if (wanted.includes('attachment')) {
    await compare('1 MiB attachment from memory', sinkInNode, { work: 'attachment', pin: 'apart' }, [
      ['raw', 400],
      ['plainwire', 400],
      ['upyo', 60],
      ['nodemailer', 100],
    ]);
  }
  if (wanted.includes('recipients')) {
    await compare('100 recipients a message', sinkInC, { recipients: 100, pin: 'together' }, [
      ['raw', 40_000],
      ['plainwire', 40_000],
      ['smtplib', 400],
      ['nodemailer', 600],
    ]);
  }
  if (wanted.includes('far')) await far();
  if (wanted.includes('file')) await bigFile();
  if (wanted.includes('linear')) await linear();
} finally {
  rmSync(folder, { recursive: true });
}

async function compare(title, start, options, plan) {
  const { connections = 1, recipients = 1, work = 'text', pin, file } = options;
  const runs = new Map();
  await withSink(start(pin === 'together' ? '1' : '0'), (port) => {
    for (let round = 0; round < rounds; round += 1) {
      for (const [client, count] of plan) {
        if (!clients.includes(client)) continue;
        const figure = measure(client, { port, count, connections, recipients, work, file });
        if (figure !== undefined) runs.set(client, [...(runs.get(client) ?? []), figure]);
      }
    }
  });
  const rates = [...runs].map(([client, figures]) => [
    client,
    median(figures.map(({ count, seconds }) => count / seconds)),
    median(figures.map(({ peak }) => peak)),
  ]);
  const [, own = Number.NaN] = rates.find(([client]) => client === 'plainwire') ?? [];
  console.log(`\n${title}: messages a second, median of ${rounds}`);
  for (const [client, rate, peak] of rates) {
    const ratio = client === 'plainwire' ? '' : `plainwire ${(own / rate).toFixed(2)} x`;
    console.log(
      `  ${client.padEnd(12)} ${rate.toFixed(rate < 10 ? 2 : 0).padStart(7)}   ${ratio.padEnd(18)} ${peak > 0 ? `${peak.toFixed(0)} MB` : ''}`,
    );
  }
}

/** A server 20 ms away: what a message costs there is its round trips. */
async function far() {
  const delay = 20;
  console.log(
    `\n100 messages to a server ${delay} ms away: seconds, round trips by the clock (seconds / ${delay} ms), and as the dialogue counts them`,
  );
  const cases = [
    ['PIPELINING', 'plainwire', {}, '1 a message and at most 4'],
    ['PIPELINING,CHUNKING', 'plainwire', { messagesInFlight: 16 }, 'at most 12'],
    ['', 'plainwire', {}, ''],
    ['PIPELINING,CHUNKING', 'nodemailer', {}, ''],
    ['PIPELINING,CHUNKING', 'upyo', {}, ''],
  ];
  for (const [offer, client, mailer, wish] of cases) {
    if (!clients.includes(client)) continue;
    const figures = [];
    for (let round = 0; round < Math.min(rounds, 3); round += 1) {
      await withSink(sinkInNode('0', ['--delay', String(delay), '--offer', offer]), (port) => {
        figures.push(
          measure(client, { port, count: 100, connections: 1, recipients: 1, work: 'text', mailer, trips: true }),
        );
      });
    }
    const seconds = median(figures.map((figure) => figure.seconds));
    const byClock = ((seconds * 1000) / delay).toFixed(1);
    const trips = median(figures.map((figure) => figure.trips));
    console.log(
      `  ${`${client}, ${offer === '' ? 'lock-step' : offer.replace(',', ' and ')}`.padEnd(36)} ${seconds.toFixed(2)} s  ${byClock.padStart(6)}  ${trips > 0 ? String(trips).padStart(4) : '    '}  ${wish}`,
    );
  }
}

async function bigFile() {
  const megabytes = 500;
  const file = path.join(folder, 'big.bin');
  const out = await open(file, 'w');
  const block = Buffer.alloc(
    1_000_000,
    Uint8Array.from({ length: 251 }, (_, n) => n),
  );
  for (let n = 0; n < megabytes; n += 1) await out.write(block);
  await out.close();
  await compare(`a file of ${megabytes} MB as attachment`, sinkInNode, { work: 'file', file, pin: 'apart' }, [
    ['raw', 1],
    ['plainwire', 1],
    ['nodemailer', 1],
  ]);
}

/** 100,000 messages at the same rate and memory as 1,000. */
async function linear() {
  let stderr = '';
  await withSink(sinkInC('1'), (port) => {
    const options = { port, count: 100_000, connections: 1, recipients: 1, work: 'text', progress: 10_000 };
    stderr = clientProcess('plainwire', options).stderr;
  });
  console.log('\n100,000 messages through sendAll: each 10,000 of them');
  let before = 0;
  for (const line of stderr.trim().split('\n')) {
    const [, sent, memory, ms] = /^(\d+) (\d+) MB (\d+) ms$/.exec(line) ?? [];
    if (sent === undefined) continue;
    console.log(`  ${sent.padStart(6)}  ${Math.round(10_000_000 / (Number(ms) - before))} a second  ${memory} MB`);
    before = Number(ms);
  }
}

function measure(client, options) {
  if (client === 'smtp-source') return smtpSource(options);
  if (client === 'smtplib') return smtplib(options);
  const { status, stdout, stderr } = clientProcess(client, options);
  if (status !== 0) throw new Error(`${client}: ${stderr}`);
  return JSON.parse(stdout);
}

function clientProcess(client, options) {
  const args = ['-c', '1', process.execPath, path.join(here, 'smtp/client.mjs'), client, JSON.stringify(options)];
  return spawnSync('taskset', args, { encoding: 'utf8', cwd: path.join(here, '..') });
}

function smtpSource({ port, count, connections, recipients }) {
  if (postfix === undefined) return undefined;
  const args = ['-c', '1', path.join(postfix, 'smtp-source'), '-d', '-m', String(count), '-s', String(connections)];
  const start = performance.now();
  const { status } = spawnSync('taskset', [...args, '-l', '1024', '-r', String(recipients), `127.0.0.1:${port}`], {
    env: inPostfix(),
  });
  return status === 0 ? { count, seconds: (performance.now() - start) / 1000, peak: 0 } : undefined;
}

function smtplib({ port, count, recipients }) {
  const args = [
    '-c',
    '1',
    'python3',
    path.join(here, 'smtp/peers.py'),
    String(port),
    String(count),
    String(recipients),
  ];
  const { status, stdout } = spawnSync('taskset', args, { encoding: 'utf8' });
  return status === 0 ? { count, seconds: Number(stdout), peak: 0 } : undefined;
}

function inPostfix() {
  return postfix.startsWith(root) ? { ...process.env, LD_LIBRARY_PATH: libraries } : process.env;
}

async function sinkInC(cpu) {
  if (postfix === undefined) return await sinkInNode(cpu);
  const port = await freePort();
  // as root it wants to be told who to be
  const user = process.getuid() === 0 ? ['-u', 'nobody'] : [];
  const sink = spawn('taskset', ['-c', cpu, path.join(postfix, 'smtp-sink'), ...user, `127.0.0.1:${port}`, '1000'], {
    env: inPostfix(),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await answering(port);
  return { child: sink, port };
}

async function sinkInNode(cpu, more = []) {
  const sink = spawn('taskset', ['-c', cpu, process.execPath, path.join(here, 'smtp/sink.mjs'), ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(sink.stdout, 'data');
  return { child: sink, port: Number(String(line)) };
}

async function withSink(starting, task) {
  const { child, port } = await starting;
  try {
    task(port);
  } finally {
    child.kill();
    await once(child, 'exit');
  }
}

async function answering(port) {
  for (let tries = 0; tries < 100; tries += 1) {
    const socket = net.connect(port, '127.0.0.1');
    const ok = await Promise.race([
      once(socket, 'data').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (ok) return;
    await sleep(50);
  }
  throw new Error('the sink does not answer');
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}
