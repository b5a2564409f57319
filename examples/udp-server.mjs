/** One datagram in, one out, in upper case. */
import { bindDatagrams } from 'plainwire/transport';
import { announce, endpointOf } from './support.mjs';

const socket = await bindDatagrams(endpointOf(process.argv[2] ?? '7030'));
announce(socket);

for await (const { bytes, from } of socket) {
  console.log(`${bytes.length} bytes from ${from.host}:${from.port}`);
  // there is no connection: each datagram says where the answer goes. Whether it arrives, nobody tells
  await socket.send(Buffer.from(Buffer.from(bytes).toString().toUpperCase()), from).catch(() => {});
}
