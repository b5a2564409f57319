/** A person plays the client: what is typed is sent with CRLF, what comes is shown, until the server closes. */
import { createInterface } from 'node:readline';
import { safe } from 'plainwire/trace';
import { connect, LineSplitter } from 'plainwire/transport';
import { endpointOf, usage } from './support.mjs';

const connection = await connect(endpointOf(process.argv[2] ?? usage('generic-client ADDRESS')));
console.log(`connected to ${connection.remote}; Ctrl-D says that you have said everything`);

async function show() {
  const lines = new LineSplitter();
  for (let chunk = await connection.read(); chunk !== undefined; chunk = await connection.read()) {
    for (const { bytes } of lines.push(chunk)) console.log(`<-- ${safe(bytes.toString())}`);
  }
  const rest = lines.rest();
  if (rest !== undefined) console.log(`<-- ${safe(rest.bytes.toString())}`);
  console.log('the server has closed');
  process.stdin.destroy();
}

async function say() {
  for await (const line of createInterface({ input: process.stdin }))
    await connection.write(Buffer.from(`${line}\r\n`));
  // the server's answer may still be on its way: we stop speaking, not listening
  connection.end();
}

await Promise.all([show(), say()]);
await connection.close();
