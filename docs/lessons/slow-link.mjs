/**
 * A slow way to a server: `node slow-link.mjs 2526 2525 25` listens on port 2526 and passes everything on to port 2525 and
 * back, each way 25 ms later. So a dialogue on one machine feels like one with a server 50 ms away.
 */
import { connect, createServer } from 'node:net';

const [port, target, delay] = process.argv.slice(2).map(Number);

function passOn(from, to) {
  const later = (task) => setTimeout(() => to.destroyed || task(), delay);
  from.on('data', (chunk) => later(() => to.write(chunk)));
  from.on('end', () => later(() => to.end()));
  from.on('error', () => to.destroy());
}

createServer({ allowHalfOpen: true }, (client) => {
  const server = connect({ port: target, allowHalfOpen: true });
  client.setNoDelay();
  server.setNoDelay();
  passOn(client, server);
  passOn(server, client);
}).listen(port, '127.0.0.1', () => console.log(`listening on 127.0.0.1:${port}, ${2 * delay} ms from port ${target}`));
