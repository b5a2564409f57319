/** The other side of the demo: two mail servers and two web sites, in this process, on ports that are free. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { SMTPServer } from 'smtp-server';

const certificates = new URL('../../test/fixtures/certificates/', import.meta.url);

/** @returns {Promise<{ ca: string, tls: object }>} a certificate for localhost, and the CA that signed it */
export async function readCertificates() {
  const [ca, key, cert] = await Promise.all(
    ['ca.pem', 'localhost.key', 'localhost.pem'].map((name) => readFile(new URL(name, certificates), 'utf8')),
  );
  return { ca, tls: { key, cert } };
}

/** Starts a mail server that puts what it receives into `inbox`. */
export async function startMailServer(inbox, options) {
  const server = new SMTPServer({
    name: 'mail.example.org',
    banner: 'the demo of plainwire',
    logger: false,
    disableReverseLookup: true,
    ...options,
    async onData(stream, session, callback) {
      const pieces = [];
      for await (const piece of stream) pieces.push(piece);
      inbox.push({ bytes: Buffer.concat(pieces), session: { ...session, envelope: { ...session.envelope } } });
      callback(null, `queued as DEMO${inbox.length}`);
    },
  });
  await new Promise((resolve) => server.listen(0, 'localhost', resolve));
  return { port: server.server.address().port, close: () => new Promise((resolve) => server.close(resolve)) };
}

/** Starts a web site of one page. */
export async function startSite(host, title) {
  const server = createServer((request, response) => {
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(`<!doctype html>\n<title>${title}</title>\n<h1>${title}</h1>\n<p>You asked for ${request.url}.</p>\n`);
  });
  await new Promise((resolve) => server.listen(0, host, resolve));
  return { port: server.address().port, close: () => new Promise((resolve) => server.close(resolve)) };
}
