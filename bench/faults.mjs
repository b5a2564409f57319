// The fault bench: a mail server that closes, resets or stalls at every byte that it sends and every byte that it
// receives, or goes away with a 421 behind every byte that it receives, and a mailer that has to say the truth about each
// message.
//
//     npm run bench:faults                    every byte of the dialogue, every 5th of those that TLS makes of it
//     npm run bench:faults -- --every 7       a sample
//     npm run bench:faults -- starttls lmtp   only the ways that are named so
//
// A case is one session of five messages with one fault. Exits with 1 where an answer is wrong.

import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'tsup';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { every: { type: 'string', default: '1' }, 'at-once': { type: 'string', default: '64' } },
});

// the sources as they are: what is tested is in no build that somebody forgot to renew
const source = new URL('../test/support/faults/run.ts', import.meta.url);
const outDir = fileURLToPath(new URL('../.cache/faults/', import.meta.url));
await build({
  entry: { run: fileURLToPath(source) },
  outDir,
  format: ['esm'],
  target: 'node20',
  silent: true,
  config: false,
  clean: true,
  // files are found beside the sources
  define: { 'import.meta.url': JSON.stringify(source.href) },
});
const { runWay, waysOf } = await import(pathToFileURL(`${outDir}run.js`).href);

let unhandled = 0;
process.on('unhandledRejection', (reason) => {
  unhandled += 1;
  console.log(`unhandled: ${reason instanceof Error ? reason.stack : reason}`);
});

const WIRE_STEP = 5;
const every = Number(values.every);
const total = { run: 0, wrong: 0 };
const columns = (cells) =>
  cells.map((cell, n) => (n < 3 ? String(cell).padEnd(12) : String(cell).padStart(9))).join('');
console.log(columns(['mode', 'security', 'cut in', 'cases', 'wrong', 'again', 'seconds']));
for (const way of waysOf()) {
  if (!positionals.every((word) => [way.mode, way.security, way.layer].includes(word))) continue;
  const { run, wrong, again, seconds } = await runWay(
    way,
    way.layer === 'wire' ? every * WIRE_STEP : every,
    Number(values['at-once']),
  );
  total.run += run;
  total.wrong += wrong.length;
  console.log(columns([way.mode, way.security, way.layer, run, wrong.length, again, seconds.toFixed(1)]));
  for (const each of wrong.slice(0, 20)) console.log(`  ${each}`);
}
const openSockets = () => process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length;
// what was closed last takes a turn of the event loop to be gone
for (let turn = 0; turn < 50 && openSockets() > 0; turn += 1) await new Promise((resolve) => setTimeout(resolve, 20));
const sockets = openSockets();
console.log(
  `cases run: ${total.run}, wrong answers: ${total.wrong}, sockets left: ${sockets}, unhandled: ${unhandled}`,
);
process.exitCode = total.wrong + sockets + unhandled > 0 || total.run === 0 ? 1 : 0;
