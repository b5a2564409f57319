/** Asks a server what time it is: reads up to the end of its data. */
import { connect } from 'plainwire/transport';
import { endpointOf } from './support.mjs';

const connection = await connect(endpointOf(process.argv[2] ?? '7013'));
// a server that says nothing does not hold us for ever
connection.setDeadline('reading the time', 5_000);

// one read() is one piece, not one answer: the answer is complete at the end of the data
let answer = '';
for (let chunk = await connection.read(); chunk !== undefined; chunk = await connection.read()) {
  answer += Buffer.from(chunk).toString('latin1');
}
await connection.close();
console.log(answer.trimEnd());
