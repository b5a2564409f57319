/** Mail servers and web sites for the command line to talk to, in this process. */
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

const fixture = (name: string) => new URL(`../fixtures/certificates/${name}`, import.meta.url);

export const CA_FILE = fixture('ca.pem').pathname;

export function certificate(): { key: Buffer; cert: Buffer } {
  return { key: readFileSync(fixture('localhost.key')), cert: readFileSync(fixture('localhost.pem')) };
}

export interface Running extends AsyncDisposable {
  readonly port: number;
}

export interface Received {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
  readonly secure: boolean;
  readonly user: string | undefined;
}

/** A mail server that takes everything but recipients whose name begins with `no`. */
export async function mailServer(options: SMTPServerOptions = {}): Promise<Running & { readonly inbox: Received[] }> {
  const inbox: Received[] = [];
  const server = new SMTPServer({
    logger: false,
    disableReverseLookup: true,
    onRcptTo({ address }, _session, callback) {
      if (!address.startsWith('no')) return callback();
      callback(Object.assign(new Error('no such user'), { responseCode: 550 }));
    },
    ...options,
    onData(stream, session, callback) {
      const pieces: Buffer[] = [];
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        inbox.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          text: Buffer.concat(pieces).toString('utf8'),
          secure: session.secure,
          user: session.user,
        });
        callback(null);
      });
    },
  });
  // A client that is cut off is a test, not a fault.
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    inbox,
    port: portOf(server.server),
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** A mail server with these very replies: the n-th to the greeting, then one for each line, and one after the message. */
export async function scriptedServer(replies: readonly string[]): Promise<Running & { readonly heard: string[] }> {
  const heard: string[] = [];
  const server = createServer((socket) => {
    const queue = [...replies];
    let waiting = '';
    let inContent = false;
    const next = () => {
      const reply = queue.shift();
      if (reply === undefined) return void socket.end();
      socket.write(reply.replaceAll('\n', '\r\n'));
      inContent = reply.startsWith('354');
      if (queue.length === 0) socket.end();
    };
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      waiting += chunk.toString('latin1');
      for (;;) {
        const end = inContent ? waiting.indexOf('\r\n.\r\n') + 3 : waiting.indexOf('\r\n');
        if (end < (inContent ? 3 : 0)) return;
        heard.push(waiting.slice(0, end));
        waiting = waiting.slice(end + 2);
        next();
      }
    });
    next();
  });
  return listening(server, { heard });
}

export async function webSite(listener: RequestListener, host = '127.0.0.1'): Promise<Running> {
  return listening(createHttpServer(listener), {}, host);
}

async function listening<T extends object>(server: Server, more: T, host = '127.0.0.1'): Promise<Running & T> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      if ('closeAllConnections' in server) (server.closeAllConnections as () => void)();
    });
  return { ...more, port: portOf(server), [Symbol.asyncDispose]: close };
}

function portOf(server: { address(): AddressInfo | string | null }): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return address.port;
}
