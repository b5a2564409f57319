/** Says what is typed, and shows what the others say, both at once; Ctrl-D, or an empty line, ends. */
import { createInterface } from 'node:readline';
import { safe } from 'plainwire/trace';
import { connect, readLines } from 'plainwire/transport';
import { endpointOf } from './support.mjs';

const connection = await connect(endpointOf(process.argv[2] ?? '7021'));

async function listenToOthers() {
  // others type what they like: no line of theirs moves the cursor
  for await (const line of readLines(connection)) console.log(safe(line));
  process.stdin.destroy();
}

async function speak() {
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === '') break;
    await connection.write(Buffer.from(`${line}\n`));
  }
  // we have said everything; the server hears it, and closes
  connection.end();
  process.stdin.destroy();
}

await Promise.all([listenToOthers(), speak()]);
await connection.close();
