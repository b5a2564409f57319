/** Passes each line on to all the others, with the address of who said it; tells who joins and who leaves. */
import { listen, readLines } from 'plainwire/transport';
import { announce, endpointOf } from './support.mjs';

/** Longer than anybody types; who sends more is filling our memory. */
const LINE_LIMIT = 4_096;

const members = new Map();
let joined = 0;

const endpoint = endpointOf(process.argv[2] ?? '7021');
const server = await listen(endpoint, async (connection) => {
  joined += 1;
  // on a Unix socket all clients come from the same path
  const name = 'path' in endpoint ? `guest ${joined}` : connection.remote;
  members.set(connection, { isBehind: false });
  tellOthers(connection, `* ${name} joins, ${members.size} here`);
  try {
    for await (const line of readLines(connection, LINE_LIMIT)) tellOthers(connection, `${name}: ${line}`);
  } finally {
    // it said goodbye, or it broke off: the others go on
    members.delete(connection);
    tellOthers(connection, `* ${name} leaves, ${members.size} here`);
  }
});
announce(server);

function tellOthers(speaker, text) {
  console.log(text);
  const line = Buffer.from(`${text}\n`);
  for (const [connection, member] of members) {
    // who does not read misses lines: that is better than to hold up all the others, or to keep everything for it
    if (connection === speaker || member.isBehind) continue;
    const drained = connection.write(line);
    if (drained === undefined) continue;
    member.isBehind = true;
    drained.then(
      () => {
        member.isBehind = false;
      },
      () => {}, // its own loop hears of it
    );
  }
}
