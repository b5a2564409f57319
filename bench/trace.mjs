// What a trace costs: the same mails over one connection in this process, with no trace, with none and the places where
// one would be asked for compiled away, with one that does nothing, and with each format, its output thrown away.
//
//     npm run bench:trace
//
// The least of nine rounds, so that a busy machine counts little; each runs every contender in turn. The time is that of the processor (process.cpuUsage), for the client,
// the server and all.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const ROUNDS = 9;
const MESSAGES = 1500;
const folder = mkdtempSync(join(tmpdir(), 'plainwire-bench-'));
const entry = fileURLToPath(new URL('../src/index.ts', import.meta.url));

/** The library as a bundle; `without` takes out every place that asks whether there is a trace. */
async function library(name, without) {
  const outfile = join(folder, `${name}.mjs`);
  const plugin = {
    name: 'no-trace',
    setup: (setup) =>
      setup.onLoad({ filter: /src[\\/](?:smtp|transport)[\\/].*\.ts$/ }, ({ path }) => ({
        contents: readFileSync(path, 'utf8')
          .replace(/this\.#tracer !== undefined/g, 'false')
          .replace(/if \(this\.#tracer === undefined\) return;/g, 'return;')
          .replace(/(?:this\.#?|connection\.)?tracer\?\.\w+\([^;]*?\);/g, ';'),
        loader: 'ts',
      })),
  };
  const options = {
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'error',
  };
  await build({ ...options, entryPoints: [entry], outfile, plugins: without ? [plugin] : [] });
  return import(pathToFileURL(outfile));
}

/** Takes every mail, as fast as it can. */
const server = createServer((socket) => {
  let inMessage = false;
  let rest = '';
  socket.write('220 bench\r\n');
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    const lines = (rest + chunk.toString('latin1')).split('\r\n');
    rest = lines.pop();
    let out = '';
    for (const line of lines) {
      if (inMessage) {
        if (line !== '.') continue;
        inMessage = false;
        out += '250 ok\r\n';
      } else if (line.startsWith('EHLO')) out += '250-bench\r\n250 PIPELINING\r\n';
      else if (line === 'DATA') {
        inMessage = true;
        out += '354 go\r\n';
      } else out += line === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n';
    }
    if (out !== '') socket.write(out);
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address();

const plain = await library('plainwire', false);
const bare = await library('without', true);
const nowhere = () => {};
const contenders = {
  'no trace': [plain, undefined],
  'no trace, and no place for one': [bare, undefined],
  'a trace that does nothing': [plain, () => nowhere],
  ...Object.fromEntries(Object.entries(plain.formats).map(([name, format]) => [name, [plain, () => format(nowhere)]])),
  picture: [plain, () => new plain.Picture().trace],
};

async function round([library, make]) {
  const trace = make?.();
  const mailer = new library.Mailer({
    host: '127.0.0.1',
    port,
    security: 'none',
    ...(trace === undefined ? {} : { trace }),
  });
  const mail = { from: 'ada@example.com', to: 'grace@example.org', subject: 'Bench', text: 'Hello.\n'.repeat(20) };
  const begun = process.cpuUsage();
  await Promise.all(Array.from({ length: MESSAGES }, () => mailer.send(mail)));
  const { user, system } = process.cpuUsage(begun);
  await mailer.close();
  return (user + system) / MESSAGES;
}

const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
for (let at = -1; at < ROUNDS; at += 1) {
  for (const [name, contender] of Object.entries(contenders)) {
    const time = await round(contender);
    // the first round warms up
    if (at >= 0) times[name].push(time);
  }
}
server.close();
rmSync(folder, { recursive: true });

const least = (list) => Math.min(...list);
const base = least(times['no trace, and no place for one']);
console.log(`${'µs a message'.padEnd(34)}     than with no place for a trace`);
for (const [name, list] of Object.entries(times)) {
  const time = least(list);
  console.log(`${name.padEnd(34)}${time.toFixed(1).padStart(6)}  ${(time / base).toFixed(2)} times`);
}
process.exit();
