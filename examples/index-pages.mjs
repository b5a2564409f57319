/** Fetches the index page of each site by hand, on a bare connection, into SITE.html: head, body and all. */
import { writeFile } from 'node:fs/promises';
import { connect, parseEndpoint } from 'plainwire/transport';
import { usage } from './support.mjs';

const sites = process.argv.slice(2);
if (sites.length === 0) usage('index-pages SITE...');

/** A page that is bigger than this is not what we came for. */
const LIMIT = 50 * 1024 * 1024;
const DEADLINE = 30_000;

// side by side; a site that fails stops no other
await Promise.all(
  sites.map(async (site) => {
    try {
      const page = await fetchIndex(site);
      const file = `${site.replace(/[^\w.-]/g, '_')}.html`;
      await writeFile(file, page);
      const [status] = page.toString('latin1').split('\r\n');
      console.log(`${site}: ${status}, ${page.length} bytes in ${file}`);
    } catch (error) {
      console.log(`${site}: ${error.message}`);
      process.exitCode = 1;
    }
  }),
);

async function fetchIndex(site) {
  const endpoint = parseEndpoint(site, 80, 'site');
  const connection = await connect(endpoint);
  try {
    connection.setDeadline('fetching the page', DEADLINE);
    // without Host, a server of many sites cannot know which is meant
    await connection.write(`GET / HTTP/1.0\r\nHost: ${site}\r\nConnection: close\r\n\r\n`);
    const pieces = [];
    let length = 0;
    // HTTP/1.0: the page is complete when the server closes
    for (let chunk = await connection.read(); chunk !== undefined; chunk = await connection.read()) {
      length += chunk.length;
      if (length > LIMIT) throw new Error(`more than ${LIMIT} bytes`);
      pieces.push(chunk);
    }
    if (length === 0) throw new Error('not a byte came');
    return Buffer.concat(pieces);
  } finally {
    await connection.close();
  }
}
