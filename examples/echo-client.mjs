/** Sends lines that are typed, and shows the server's answer to each; an empty line ends. */
import { createInterface } from 'node:readline';
import { safe } from 'plainwire/trace';
import { connect, readLines } from 'plainwire/transport';
import { endpointOf } from './support.mjs';

const connection = await connect(endpointOf(process.argv[2] ?? '7007'));
const answers = readLines(connection);

for await (const line of createInterface({ input: process.stdin })) {
  if (line === '') break;
  await connection.write(Buffer.from(`${line}\n`));
  // however many pieces it comes in: the answer to a line is a line
  const { value: answer, done } = await answers.next();
  if (done) {
    console.error('the server closed');
    process.exitCode = 1;
    break;
  }
  console.log(safe(answer));
}
await connection.close();
process.stdin.destroy();
