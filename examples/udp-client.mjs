/** Sends a datagram, and waits for the one that answers it; what is lost is sent again. */
import { TimeoutError } from 'plainwire';
import { bindDatagrams } from 'plainwire/transport';
import { endpointOf, usage } from './support.mjs';

const [text = usage('udp-client TEXT [ADDRESS]'), address = '7030'] = process.argv.slice(2);
const TRIES = 3;

const server = endpointOf(address);
const socket = await bindDatagrams();
const answer = await ask();
await socket.close();
if (answer === undefined) {
  console.error(`no answer to ${TRIES} datagrams`);
  process.exitCode = 1;
} else {
  console.log(Buffer.from(answer.bytes).toString());
}

/** UDP loses datagrams without a word, so that silence is all there is to go by. */
async function ask() {
  for (let tries = 0; tries < TRIES; tries += 1) {
    await socket.send(text, server);
    try {
      return await socket.receive({ timeout: 500 * 2 ** tries });
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
    }
  }
}
