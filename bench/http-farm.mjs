/**
 * A survey of a farm: 100,000 pages from 1,000 host names on loopback. Memory must stay flat, no descriptor may leak, and
 * the end must be as fast as the start.
 *
 *   npm run build && node bench/http-farm.mjs [--pages 100000] [--hosts 1000] [--concurrency 50]
 */
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';

const { values } = parseArgs({
  options: {
    pages: { type: 'string', default: '100000' },
    hosts: { type: 'string', default: '1000' },
    concurrency: { type: 'string', default: '50' },
  },
});
const [pages, hosts, concurrency] = [Number(values.pages), Number(values.hosts), Number(values.concurrency)];
const { fetchPages } = await import(process.env.PLAINWIRE ?? '../dist/http/index.js');

const server = new Worker(
  `const net = require('node:net');
   const page = 'HTTP/1.1 200 OK\\r\\nContent-Type: text/html\\r\\nContent-Length: 15000\\r\\n\\r\\n' + 'x'.repeat(15000);
   const server = net.createServer((socket) => socket.on('error', () => {}).once('data', () => socket.end(page)));
   server.listen(0, '127.0.0.1', 4096, () => require('node:worker_threads').parentPort.postMessage(server.address().port));`,
  { eval: true },
);
const port = await new Promise((resolve) => server.once('message', resolve));

function* list() {
  for (let i = 0; i < pages; i += 1) yield `http://host-${i % hosts}.test:${port}/${i}`;
}
const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
const descriptors = () => readdirSync('/proc/self/fd').length;

const before = descriptors();
let done = 0;
let failed = 0;
let lap = performance.now();
console.log('pages    a second   heap MB   rss MB   descriptors');
for await (const outcome of fetchPages(list(), { concurrency, resolve })) {
  if (!outcome.ok) {
    failed += 1;
    if (failed < 5) console.log(outcome.error);
  }
  done += 1;
  if (done % (pages / 10) !== 0) continue;
  const rate = (pages / 10 / (performance.now() - lap)) * 1000;
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  const row = [
    String(done).padEnd(9),
    rate.toFixed(0).padStart(8),
    mb(heapUsed),
    mb(rss),
    String(descriptors()).padStart(12),
  ];
  console.log(row.join(' '));
  lap = performance.now();
}
await new Promise((wake) => setTimeout(wake, 200));
console.log(`${failed} failed; descriptors before ${before}, after ${descriptors()}`);
await server.terminate();

function mb(bytes) {
  return (bytes / 1e6).toFixed(1).padStart(9);
}
