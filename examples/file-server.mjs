/** Sends a file to whoever connects: a line with its size, and then its bytes. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { listen } from 'plainwire/transport';
import { announce, cost, endpointOf, thousands, usage } from './support.mjs';

const [file = usage('file-server FILE [ADDRESS]'), address = '7020'] = process.argv.slice(2);

// a name that is wrong is said to us at once, and not to the first client
await stat(file).catch((error) => usage(`file-server FILE [ADDRESS]\n${error.message}`));

async function send(connection) {
  const started = performance.now();
  const { size } = await stat(file);
  // without it, a client could not tell the end of the file from the end of the server
  await connection.write(`${size}\n`);
  // the file may grow meanwhile: what was announced is what is sent
  const blocks = size === 0 ? [] : createReadStream(file, { end: size - 1, highWaterMark: 256 * 1024 });
  for await (const block of blocks) {
    // the file is read no faster than the client takes it
    await connection.write(block);
  }
  connection.end();
  console.log(`${connection.remote} has ${thousands(size)} bytes, ${cost(started)}`);
}

const server = await listen(endpointOf(address), send, {
  // a file that is gone, a client that breaks off: that conversation ends, and the server does not
  onError: (error, { remote }) => console.error(`${remote}: ${error.message}`),
});
announce(server);
