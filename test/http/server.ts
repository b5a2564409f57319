/** A server that plays bytes: it reads a request's head, answers as told, and remembers what it was asked. */
import net from 'node:net';

export interface Played {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly port: number;
  /** Each request as it came, one a connection. */
  readonly requests: string[];
  /** How many connections were open at once, at most. */
  most(): number;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Answers a request; the socket may be written to at leisure, and is closed by nobody else. */
export type Answer = (socket: net.Socket, request: string) => void;

export async function serve(answer: Answer | string | Uint8Array, host = '127.0.0.1'): Promise<Played> {
  const requests: string[] = [];
  const sockets = new Set<net.Socket>();
  let most = 0;
  const server = net.createServer({ allowHalfOpen: false }, (socket) => {
    sockets.add(socket);
    most = Math.max(most, sockets.size);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    let request = '';
    let answered = false;
    socket.on('data', (chunk) => {
      request += chunk.toString('latin1');
      if (answered || !/\r\n\r\n|^GET [^ ]*\r\n/.test(request)) return;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(request)?.[1] ?? 0);
      if (request.includes('\r\n\r\n') && request.length < request.indexOf('\r\n\r\n') + 4 + length) return;
      answered = true;
      requests.push(request);
      if (typeof answer === 'function') answer(socket, request);
      else socket.end(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as net.AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    requests,
    most: () => most,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const head = (status: string, ...fields: string[]): string =>
  `HTTP/1.1 ${status}\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;
