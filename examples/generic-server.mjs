/** A person plays the server: what the client says is shown, what is typed is sent back, `bye` ends. */
import { createInterface } from 'node:readline';
import { safe } from 'plainwire/trace';
import { listen, readLines } from 'plainwire/transport';
import { announce, endpointOf } from './support.mjs';

let client;
const server = await listen(
  endpointOf(process.argv[2] ?? '7010'),
  async (connection) => {
    client = connection;
    console.log(`client ${connection.remote}`);
    try {
      for await (const line of readLines(connection)) console.log(`<-- ${safe(line)}`);
      console.log('the client has said everything');
      // it may still listen: the connection stands until somebody types bye
      await connection.closed;
    } finally {
      client = undefined;
      console.log('the client is gone');
    }
  },
  // one at a time, for one person
  { maxConnections: 1 },
);

const typed = createInterface({ input: process.stdin });
announce(server, () => typed.close());
for await (const line of typed) {
  if (line === 'bye') break;
  if (client === undefined) console.log('nobody is here');
  else await client.write(Buffer.from(`${line}\r\n`));
}
await server.close();
process.stdin.destroy();
