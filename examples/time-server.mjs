/** Says what time it is to whoever connects, and closes. */
import { listen } from 'plainwire/transport';
import { announce, endpointOf } from './support.mjs';

const server = await listen(endpointOf(process.argv[2] ?? '7013'), async (connection) => {
  // the connection is closed when this function is done; what was written still leaves
  await connection.write(`${new Date().toISOString()}\r\n`);
});
announce(server);
