/** Sends back what it gets, in upper case; any number of clients at once. */
import { listen } from 'plainwire/transport';
import { announce, endpointOf } from './support.mjs';

const server = await listen(endpointOf(process.argv[2] ?? '7007'), async (connection) => {
  console.log(`${connection.remote} is here`);
  // a piece may end in the middle of a letter: the decoder keeps the first half of it for the next piece
  const decoder = new TextDecoder();
  let bytes = 0;
  try {
    for (let chunk = await connection.read(); chunk !== undefined; chunk = await connection.read()) {
      bytes += chunk.length;
      // waiting here makes a client that does not read its echo wait too, rather than fill our memory
      await connection.write(Buffer.from(decoder.decode(chunk, { stream: true }).toUpperCase()));
    }
  } finally {
    // a client that breaks off ends its own loop, and nobody else's
    console.log(`${connection.remote} is gone, ${bytes} bytes`);
  }
});
announce(server);
