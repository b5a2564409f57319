// What a trace costs: the same mails over one connection in this process, with no trace, with none and the places where
// one would be asked for compiled away, with one that does nothing, and with each format, its output thrown away.
//
//     npm run bench:trace
//
// Each contender has a process of its own, or what runs more often would be compiled better. The least of nine rounds counts, so
// that a busy machine counts little. The time is that of the processor (process.cpuUsage), for client and server together.
import { spawnSync } from 'node:child_process';
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

const BARE = 'no trace, and no place for one';
const [contender] = process.argv.slice(2);
const plainwire = await library('plainwire', contender === BARE);
const nowhere = () => {};
const contenders = {
  [BARE]: undefined,
  'no trace': undefined,
  'a trace that does nothing': () => nowhere,
  ...Object.fromEntries(Object.entries(plainwire.formats).map(([name, format]) => [name, () => format(nowhere)])),
  picture: () => new plainwire.Picture().trace,
};

async function round(make) {
  const trace = make?.();
  const options = { host: '127.0.0.1', port, security: 'none', ...(trace === undefined ? {} : { trace }) };
  const mailer = new plainwire.Mailer(options);
  const mail = { from: 'ada@example.com', to: 'grace@example.org', subject: 'Bench', text: 'Hello.\n'.repeat(20) };
  const begun = process.cpuUsage();
  await Promise.all(Array.from({ length: MESSAGES }, () => mailer.send(mail)));
  const { user, system } = process.cpuUsage(begun);
  await mailer.close();
  return (user + system) / MESSAGES;
}

if (contender !== undefined) {
  const times = [];
  for (let at = 0; at < ROUNDS; at += 1) times.push(await round(contenders[contender]));
  console.log(Math.min(...times));
} else {
  console.log(`${'µs a message'.padEnd(34)}     than with no place for a trace`);
  let base;
  for (const name of Object.keys(contenders)) {
    const { stdout } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), name], { encoding: 'utf8' });
    const time = Number(stdout);
    base ??= time;
    console.log(`${name.padEnd(34)}${time.toFixed(1).padStart(6)}  ${(time / base).toFixed(2)} times`);
  }
}
server.close();
rmSync(folder, { recursive: true });
process.exit();
