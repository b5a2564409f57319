/** Fetches a file from a file-server, exact to the byte or not at all. */
import { open, rename } from 'node:fs/promises';
import { connect } from 'plainwire/transport';
import { cost, endpointOf, progress, thousands, usage } from './support.mjs';

// the name is ours to choose: one that came from the server could be ../../anything
const [target = usage('file-client TARGET [ADDRESS]'), address = '7020'] = process.argv.slice(2);
const IDLE = 30_000;

const started = performance.now();
const connection = await connect(endpointOf(address));
const size = await readSize();
const show = progress(size);
const file = await open(`${target}.part`, 'w');
let got = 0;
for (;;) {
  connection.setDeadline('waiting for the next piece', IDLE);
  const chunk = await connection.read();
  if (chunk === undefined) break;
  await file.writeFile(chunk);
  got += chunk.length;
  show(got);
}
await file.close();
await connection.close();

if (got === size) {
  await rename(`${target}.part`, target);
  console.log(`${target}: ${thousands(got)} bytes, ${cost(started)}`);
} else {
  console.error(`${target}.part: ${thousands(got)} of ${thousands(size)} bytes: the server closed too early`);
  process.exitCode = 1;
}

/** The first line may come in pieces, and the last of them may have the beginning of the file behind it. */
async function readSize() {
  connection.setDeadline('waiting for the size', IDLE);
  let head = Buffer.alloc(0);
  while (!head.includes('\n') && head.length < 20) {
    const chunk = await connection.read();
    if (chunk === undefined) break;
    head = Buffer.concat([head, chunk]);
  }
  const line = /^(\d{1,16})\n/.exec(head.toString('latin1'));
  if (line === null) {
    console.error('this is no file-server');
    process.exit(1);
  }
  connection.unread(head.subarray(line[0].length));
  return Number(line[1]);
}
