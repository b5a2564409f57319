/**
 * Pages a second and a big body, side by side: plainwire, a raw node:net script, node:http, undici, fetch, curl, against
 * nginx on loopback, the connection closed each time.
 *
 *   npm run build && node bench/http.mjs [--rounds 5] [--pages 10000] [--only plainwire,raw]
 *
 * Needs nginx; undici and curl are measured where they are there. nginx is pinned to CPU 0, each client, a process of
 * its own for every figure, to CPU 1.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    pages: { type: 'string', default: '10000' },
    only: { type: 'string' },
    skip: { type: 'string', default: '' },
  },
});
const rounds = Number(values.rounds);
const pages = Number(values.pages);
const clients = ['raw', 'plainwire', 'node:http', 'undici', 'fetch', 'curl'].filter(
  (client) => values.only === undefined || values.only.split(',').includes(client),
);
const folder = mkdtempSync(path.join(tmpdir(), 'plainwire-bench-'));
const port = await freePort();
const nginx = startNginx();
try {
  await answering();
  for (const at of [1, 50]) {
    if (values.skip.includes('pages')) break;
    console.log(
      `\n${pages} pages of 15 KB, ${at} at a time: pages a second, median of ${rounds}; microseconds of CPU a page`,
    );
    table(clients, (client) => measure('pages', client, at), 'raw', { raw: 0.9, 'node:http': 1.4, undici: 3 });
  }
  if (!values.skip.includes('file')) {
    console.log(`\n100 MB to a file: MB a second, median of ${rounds}; microseconds of CPU a MB (peak memory in MB)`);
    table(
      clients.filter((client) => client !== 'fetch' && client !== 'undici'),
      (client) => measure('file', client, 1),
      'raw',
      { raw: 0.9 },
    );
  }
} finally {
  nginx.kill();
  rmSync(folder, { recursive: true });
}

/** How plainwire stands to each of the others, and how it is to stand at least. */
function verdict(medians, least) {
  const ours = medians.get('plainwire');
  if (ours === undefined) return;
  const ratios = Object.entries(least).flatMap(([name, at]) => {
    const theirs = medians.get(name);
    return theirs === undefined ? [] : [`${(ours / theirs).toFixed(2)} x ${name} (at least ${at})`];
  });
  console.log(`plainwire is ${ratios.join(', ')}`);
}

function table(names, run, base, least) {
  const figures = new Map(names.map((name) => [name, []]));
  // round by round, not client by client: whatever else the machine does meets all of them
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) {
      const figure = run(name);
      if (figure !== undefined) figures.get(name).push(figure);
    }
  }
  const medians = new Map(
    [...figures]
      .filter(([, each]) => each.length > 0)
      .map(([name, each]) => [name, median(each.map(({ rate }) => rate))]),
  );
  for (const [name, rate] of medians) {
    const ratio = (rate / (medians.get(base) ?? rate)).toFixed(2);
    const memory = figures.get(name).map(({ memory }) => memory);
    const peak = memory.every((each) => each === undefined) ? '' : `  (${median(memory).toFixed(0)})`;
    const cpu = figures.get(name).map(({ cpu }) => cpu);
    const used = cpu.every((each) => each === undefined) ? '' : `${median(cpu).toFixed(0)} us`;
    console.log(
      `${name.padEnd(12)}${String(Math.round(rate)).padStart(8)}  ${ratio} x ${base}  ${used.padStart(8)}${peak}`,
    );
  }
  verdict(medians, least);
}

function measure(work, client, at) {
  const args = [
    new URL('http-client.mjs', import.meta.url).pathname,
    work,
    client,
    String(port),
    String(at),
    String(pages),
    folder,
  ];
  const ran = spawnSync('taskset', ['-c', '1', process.execPath, ...args], { encoding: 'utf8' });
  if (ran.status !== 0) {
    if (!/is not there/.test(ran.stderr)) console.error(ran.stderr);
    return undefined;
  }
  return JSON.parse(ran.stdout);
}

function median(figures) {
  const sorted = figures.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)];
}

function startNginx() {
  writeFileSync(
    path.join(folder, 'index.html'),
    `<!doctype html><title>Bench</title>\n${'<p>Fifteen kilobytes of page.\n'.repeat(530)}`,
  );
  writeFileSync(path.join(folder, 'big'), Buffer.alloc(100 * 1000 * 1000, 'plainwire '));
  const conf = path.join(folder, 'nginx.conf');
  writeFileSync(
    conf,
    `daemon off; ${process.getuid?.() === 0 ? 'user root;' : ''} pid ${folder}/pid; error_log ${folder}/error.log; worker_processes 1;
events { worker_connections 4096; }
http { access_log off; sendfile on; keepalive_timeout 0; root ${folder}; client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b;
fastcgi_temp_path ${folder}/c; uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
server { listen 127.0.0.1:${port} backlog=4096; } }`,
  );
  return spawn('taskset', ['-c', '0', 'nginx', '-c', conf, '-p', folder], { stdio: 'ignore' });
}

async function answering() {
  for (let i = 0; i < 100; i += 1) {
    const up = await new Promise((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
      socket.unref();
      setTimeout(() => socket.destroy(), 100);
    });
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('nginx does not start');
}

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
