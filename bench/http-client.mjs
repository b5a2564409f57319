/**
 * One client, one figure: node bench/http-client.mjs pages|file CLIENT PORT AT PAGES FOLDER prints {"rate", "memory",
 * "cpu"}: pages or megabytes a second, megabytes at the peak, and microseconds of this process's CPU for each.
 */
import { createWriteStream, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

const [work, client, portText, atText, pagesText, folder] = process.argv.slice(2);
const port = Number(portText);
const at = Number(atText);
const pages = Number(pagesText);
const SIZE = 100 * 1000 * 1000;
const url = `http://127.0.0.1:${port}/${work === 'pages' ? 'index.html' : 'big'}`;
const target = path.join(folder, 'copy');
// each client loads what it needs and no more: its memory is measured
const http = client === 'node:http' ? (await import('node:http')).default : undefined;
const spawnSync = client === 'curl' ? (await import('node:child_process')).spawnSync : undefined;
const lib = process.env.PLAINWIRE ?? '../dist/http/index.js';

let counted = 0;
const rate = work === 'pages' ? await pagesASecond() : await megabytesASecond();
const cpu = client === 'curl' ? undefined : counted;
console.log(JSON.stringify({ rate, memory: work === 'file' ? peak() : undefined, cpu }));
process.exit(0);

async function pagesASecond() {
  if (client === 'curl') return curlPages();
  const one = await fetcher();
  const expected = await one();
  if (expected < 15_000) throw new Error(`a page of ${expected} bytes`);
  // as many to get warm: a survey runs for hours
  await lap(one, pages, expected);
  const start = performance.now();
  const used = process.cpuUsage();
  await lap(one, pages, expected);
  counted = cpuSince(used) / pages;
  return (pages / (performance.now() - start)) * 1000;
}

async function lap(one, count, expected) {
  let left = count;
  const worker = async () => {
    while (left-- > 0) if ((await one()) !== expected) throw new Error('a page of another size');
  };
  await Promise.all(Array.from({ length: at }, worker));
}

async function fetcher() {
  switch (client) {
    case 'raw':
      return () =>
        new Promise((resolve, reject) => {
          const chunks = [];
          const socket = net.connect(port, '127.0.0.1');
          socket.write(
            `GET /index.html HTTP/1.0\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: plainwire\r\nAccept: */*\r\n\r\n`,
          );
          socket.on('data', (chunk) => chunks.push(chunk));
          socket.on('end', () => {
            const all = Buffer.concat(chunks);
            resolve(all.length - all.indexOf('\r\n\r\n') - 4);
          });
          socket.on('error', reject);
        });
    case 'plainwire': {
      const { fetchPage } = await import(lib);
      return async () => (await fetchPage(url)).body.length;
    }
    case 'node:http':
      return () =>
        new Promise((resolve, reject) => {
          http
            .get(url, { agent: false, headers: { connection: 'close' } }, (response) => {
              const chunks = [];
              response.on('data', (chunk) => chunks.push(chunk));
              response.on('end', () => resolve(Buffer.concat(chunks).length));
            })
            .on('error', reject);
        });
    case 'undici': {
      const { request, Agent } = await load('undici');
      const dispatcher = new Agent({ pipelining: 0 });
      return async () => {
        const { body } = await request(url, { dispatcher, reset: true });
        return (await body.arrayBuffer()).byteLength;
      };
    }
    case 'fetch':
      return async () => (await (await fetch(url, { headers: { connection: 'close' } })).arrayBuffer()).byteLength;
    default:
      throw new Error(`${client} is not there`);
  }
}

function curlPages() {
  const config = path.join(folder, 'curl.txt');
  writeFileSync(config, `url = "${url}"\noutput = "/dev/null"\n`.repeat(pages));
  const args = ['--http1.0', '-s', '-H', 'Connection: close', '-K', config];
  if (at > 1) args.unshift('--parallel', '--parallel-immediate', '--parallel-max', String(at));
  const start = performance.now();
  const ran = spawnSync('curl', args);
  if (ran.error) throw new Error('curl is not there');
  return (pages / (performance.now() - start)) * 1000;
}

async function megabytesASecond() {
  const start = performance.now();
  const used = process.cpuUsage();
  await toFile();
  counted = cpuSince(used) / (SIZE / 1e6);
  const seconds = (performance.now() - start) / 1000;
  if (statSync(target).size < SIZE) throw new Error('the file is short');
  return SIZE / 1e6 / seconds;
}

async function toFile() {
  if (client === 'raw') {
    const socket = net.connect(port, '127.0.0.1');
    socket.write(`GET /big HTTP/1.0\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    return pipeline(socket, createWriteStream(target));
  }
  if (client === 'plainwire') {
    const { savePage } = await import(lib);
    return savePage(url, target);
  }
  if (client === 'node:http') {
    const response = await new Promise((resolve, reject) =>
      http.get(url, { agent: false }, resolve).on('error', reject),
    );
    return pipeline(response, createWriteStream(target));
  }
  const ran = spawnSync('curl', ['--http1.0', '-s', '-o', target, url]);
  if (ran.error) throw new Error('curl is not there');
}

function cpuSince(used) {
  const { user, system } = process.cpuUsage(used);
  return user + system;
}

function peak() {
  return client === 'curl' ? undefined : process.resourceUsage().maxRSS / 1024;
}

async function load(name) {
  try {
    return await import(name);
  } catch {
    throw new Error(`${name} is not there`);
  }
}
