/** Proxies for tests: HTTP CONNECT (RFC 9110 section 9.3.6) and SOCKS5 (RFC 1928, RFC 1929). */
import net from 'node:net';

export interface ProxyOptions {
  readonly credentials?: { readonly user: string; readonly pass: string };
  /** Another answer than a tunnel to the port asked for, on this host: an HTTP head, or the number of a SOCKS error. */
  readonly answer?: (target: string) => string | undefined;
  /** Asked for each request: whether it is never answered. */
  readonly silent?: () => boolean;
}

export interface Proxy extends AsyncDisposable {
  /** With the credentials in it. */
  readonly url: string;
  /** What tunnels were asked for, `'host:port'`. */
  readonly targets: readonly string[];
  readonly heads: readonly string[];
  /** Settles when every client is gone. */
  closed(): Promise<void>;
}

export async function httpProxy(options: ProxyOptions = {}): Promise<Proxy> {
  const { credentials } = options;
  const token =
    credentials === undefined ? '' : Buffer.from(`${credentials.user}:${credentials.pass}`).toString('base64');
  return await proxy('http', options, async (socket, asked, heads) => {
    let head = '';
    while (!head.includes('\r\n\r\n')) head += (await some(socket)).toString('latin1');
    heads.push(head);
    const target = /^CONNECT (\S+) HTTP\/1\.1\r\n/.exec(head)?.[1] ?? '';
    asked.push(target);
    if (options.silent?.() === true) return void socket.resume();
    const authorized = token === '' || head.includes(`\r\nProxy-Authorization: Basic ${token}\r\n`);
    const refusal = authorized ? options.answer?.(target) : 'HTTP/1.1 407 Proxy Authentication Required';
    if (refusal !== undefined) return void socket.end(`${refusal}\r\n\r\n`);
    const far = tunnel(socket, target);
    far.once('connect', () => socket.write('HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n'));
  });
}

export async function socksProxy(options: ProxyOptions = {}): Promise<Proxy> {
  const { credentials } = options;
  return await proxy('socks5', options, async (socket, asked) => {
    const [, count = 0] = await some(socket);
    if (count === 0) return;
    if (credentials === undefined) {
      socket.write(Buffer.of(5, 0));
    } else {
      socket.write(Buffer.of(5, 2));
      const login = await some(socket);
      const user = login.subarray(2, 2 + (login[1] ?? 0)).toString();
      const pass = login.subarray(3 + user.length).toString();
      const right = user === credentials.user && pass === credentials.pass;
      socket.write(Buffer.of(1, right ? 0 : 1));
      if (!right) return;
    }
    const request = await some(socket);
    const length = request[4] ?? 0;
    const host = request[3] === 3 ? request.subarray(5, 5 + length).toString() : request.subarray(4, 8).join('.');
    const target = `${host}:${request.readUInt16BE(request.length - 2)}`;
    asked.push(target);
    if (options.silent?.() === true) return void socket.resume();
    const refusal = options.answer?.(target);
    const answer = (status: number): Buffer => Buffer.of(5, status, 0, 1, 0, 0, 0, 0, 0, 0);
    if (refusal !== undefined) return void socket.end(answer(Number(refusal)));
    const far = tunnel(socket, target);
    far.once('connect', () => socket.write(answer(0)));
  });
}

function tunnel(near: net.Socket, target: string): net.Socket {
  const far = net.connect({ host: '127.0.0.1', port: Number(target.split(':').at(-1)) });
  far.on('error', () => near.destroy());
  near.on('close', () => far.destroy());
  far.on('close', () => near.destroy());
  far.once('connect', () => {
    near.pipe(far);
    far.pipe(near);
  });
  return far;
}

function some(socket: net.Socket): Promise<Buffer> {
  return new Promise((resolve) => {
    socket.resume();
    socket.once('data', (chunk: Buffer) => {
      socket.pause();
      resolve(chunk);
    });
  });
}

async function proxy(
  scheme: string,
  { credentials }: ProxyOptions,
  serve: (socket: net.Socket, targets: string[], heads: string[]) => Promise<void>,
): Promise<Proxy> {
  const targets: string[] = [];
  const heads: string[] = [];
  const sockets = new Set<net.Socket>();
  let left = (): void => {};
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      left();
    });
    void serve(socket, targets, heads);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const login =
    credentials === undefined ? '' : `${encodeURIComponent(credentials.user)}:${encodeURIComponent(credentials.pass)}@`;
  return {
    url: `${scheme}://${login}127.0.0.1:${port}`,
    targets,
    heads,
    closed: async () => {
      while (sockets.size > 0) await new Promise<void>((resolve) => (left = resolve));
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
