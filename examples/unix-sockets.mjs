/** Server and client in one program, on the path of a Unix domain socket: no port, and file permissions as the guard. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, listen, readLines } from 'plainwire/transport';

const folder = await mkdtemp(join(tmpdir(), 'plainwire-'));
const path = join(folder, 'socket');

const server = await listen({ path }, async (connection) => {
  for await (const line of readLines(connection)) await connection.write(`you said '${line}'\n`);
});
await chmod(path, 0o600); // this user alone
console.log(`listening on ${server.address}`);

const client = await connect({ path });
await client.write('hello\nand goodbye\n');
client.end(); // half-close: we have said everything, and still listen
for await (const line of readLines(client)) console.log(line);

await client.close();
await server.close(); // takes the socket's file away
await rm(folder, { recursive: true });
