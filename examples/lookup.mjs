/** Addresses, names and mail exchangers of each host; one that fails has its own line, and the others go on. */
import { lookup } from 'plainwire/transport';
import { usage } from './support.mjs';

const hosts = process.argv.slice(2);
if (hosts.length === 0) usage('lookup HOST...');

// asked side by side, shown in the order given
const answers = await Promise.allSettled(hosts.map((host) => lookup(host)));
for (const [index, answer] of answers.entries()) {
  if (answer.status === 'rejected') {
    console.log(`${hosts[index]}: ${answer.reason.code}`);
    process.exitCode = 1;
    continue;
  }
  const { host, addresses, reverseNames, mailExchangers } = answer.value;
  for (const { address } of addresses) {
    const names = reverseNames.get(address) ?? [];
    console.log(`${host}: ${address}${names.length === 0 ? '' : `, which is ${names.join(', ')}`}`);
  }
  for (const { exchange, preference } of mailExchangers) console.log(`${host}: mail to ${exchange} (${preference})`);
}
