/** Through a proxy: HTTP CONNECT (RFC 9110 section 9.3.6) by hand, SOCKS5 (RFC 1928, RFC 1929) by the socks library. */
import { isIP, type Socket } from 'node:net';
import type { SocksClient } from 'socks';
import { ConnectionError, MessageError, type PlainwireError } from '../errors.ts';
import { addAbortListener, removeAbortListener } from './abort-listeners.ts';
import type { Connection } from './connection.ts';
import { formatEndpoint, type HostEndpoint } from './endpoint.ts';
import { aborted, late } from './faults.ts';
import { timerMs } from './timer.ts';

/** `'http://user:pass@proxy:3128'` or `'socks5://user:pass@proxy:1080'`; credentials percent-encoded as in any URL. */
export type ProxyUrl = string | URL;

/** A proxy's URL, read and checked. The proxy looks up the target's name, so that no name leaks to the local resolver. */
export interface ProxyServer {
  readonly kind: 'http' | 'socks5';
  readonly endpoint: HostEndpoint;
  readonly credentials: { readonly user: string; readonly password: string } | undefined;
}

const DEFAULT_PORTS = { http: 8080, socks5: 1080 } as const;

/** @throws MessageError that names `proxy` */
export function parseProxy(proxy: ProxyUrl): ProxyServer {
  let url: URL;
  try {
    url = new URL(proxy);
  } catch {
    throw notAUrl();
  }
  const kind = url.protocol === 'http:' ? 'http' : /^socks5?h?:$/.test(url.protocol) ? 'socks5' : undefined;
  if (kind === undefined) {
    throw new MessageError(
      'BAD_INPUT',
      'proxy',
      `expected http://host:port or socks5://host:port, not ${url.protocol}//`,
    );
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (host === '') throw new MessageError('BAD_INPUT', 'proxy', 'the URL names no host');
  // URL drops a port that is its scheme's default: http://proxy:80 has port ''
  const port =
    url.port === '' ? (kind === 'http' && /:80\/?$/.test(String(proxy)) ? 80 : DEFAULT_PORTS[kind]) : Number(url.port);
  const credentials =
    url.username === '' && url.password === ''
      ? undefined
      : { user: decoded(url.username), password: decoded(url.password) };
  return { kind, endpoint: { host, port }, credentials };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw notAUrl();
  }
}

/** What was given is not quoted: it may hold a password. */
function notAUrl(): MessageError {
  return new MessageError(
    'BAD_INPUT',
    'proxy',
    'not a URL: write http://user:password@host:port or socks5://, with user and password percent-encoded',
  );
}

/** A head longer than this is no answer to CONNECT. */
const CONNECT_HEAD_LIMIT = 16 * 1024;

/**
 * Asks an HTTP proxy for a tunnel. Bytes behind the answer belong to the target (an SMTP server greets first) and are
 * put back for the next reader.
 * @throws ConnectionError PROXY_FAILED, and what read() throws
 */
export async function tunnelByConnect(
  connection: Connection,
  server: ProxyServer,
  target: HostEndpoint,
): Promise<void> {
  const authority = formatEndpoint(target);
  const head = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`];
  if (server.credentials !== undefined) {
    const { user, password } = server.credentials;
    head.push(`Proxy-Authorization: Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`);
  }
  connection.write(`${head.join('\r\n')}\r\n\r\n`);
  let answer = '';
  for (;;) {
    const chunk = await connection.read();
    if (chunk === undefined) throw failed(server, 'it closed the connection');
    answer += Buffer.from(chunk).toString('latin1');
    for (let head = HEAD.exec(answer); head !== null; head = HEAD.exec(answer)) {
      const [, status = '', reason = ''] = STATUS_LINE.exec(head[0]) ?? [];
      answer = answer.slice(head[0].length);
      if (status === '') throw failed(server, 'its answer is not HTTP');
      // an interim answer: the final one is still to come (RFC 9110 section 15.2)
      if (status.startsWith('1')) continue;
      if (!status.startsWith('2')) throw failed(server, `${status} ${reason}`.trim());
      return connection.unread(Buffer.from(answer, 'latin1'));
    }
    if (!'HTTP/1.'.startsWith(answer.slice(0, 7))) throw failed(server, 'its answer is not HTTP');
    if (answer.length > CONNECT_HEAD_LIMIT) throw failed(server, 'its answer has no end');
  }
}

/** A whole head; line ends as RFC 9112 section 2.2 lets a recipient take them. */
const HEAD = /^.*?\r?\n\r?\n/s;
const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})(?: ([^\r\n]*))?\r?\n/;

/** Loads the library before there is a socket: while it is being loaded nobody would hear the socket's faults and end. */
export async function loadSocks(): Promise<typeof SocksClient> {
  return (await import('socks')).SocksClient;
}

/**
 * Asks a SOCKS5 proxy for a connection; the socket carries the target's bytes from then on.
 * @throws ConnectionError PROXY_FAILED, TimeoutError, AbortError
 */
export async function tunnelBySocks(
  socket: Socket,
  server: ProxyServer,
  target: HostEndpoint,
  ms: number,
  signal: AbortSignal | undefined,
  client: typeof SocksClient,
): Promise<Socket> {
  let ended: PlainwireError | undefined;
  const end = (fault: PlainwireError): void => {
    ended ??= fault;
    socket.destroy();
  };
  const onAbort = (): void => end(aborted(signal, 'proxy'));
  // the socket stays open on our side when the proxy closes: the library would not hear of it
  const onEnd = (): void => end(failed(server, 'it closed the connection'));
  socket.once('end', onEnd);
  const timer = setTimeout(() => end(late('proxy', ms)), timerMs(ms));
  addAbortListener(signal, onAbort);
  if (signal?.aborted) onAbort();
  try {
    const tunnel = await client.createConnection({
      command: 'connect',
      proxy: {
        // the socket is there already; the library wants the address all the same, and as a literal
        host: isIP(server.endpoint.host) === 0 ? '127.0.0.1' : server.endpoint.host,
        port: server.endpoint.port,
        type: 5,
        ...(server.credentials === undefined
          ? {}
          : { userId: server.credentials.user, password: server.credentials.password }),
      },
      destination: { host: target.host, port: target.port },
      // the library's own clock is not to be faster than ours
      timeout: timerMs(ms + 1_000),
      existing_socket: socket,
    });
    return tunnel.socket;
  } catch (error) {
    socket.destroy();
    if (ended !== undefined) throw ended;
    throw failed(server, error instanceof Error ? error.message : String(error), error);
  } finally {
    clearTimeout(timer);
    removeAbortListener(signal, onAbort);
    socket.off('end', onEnd);
  }
}

function failed(server: ProxyServer, why: string, cause?: unknown): ConnectionError {
  return new ConnectionError('PROXY_FAILED', `proxy ${formatEndpoint(server.endpoint)}: ${why}`, {
    cause,
    phase: 'proxy',
    retryable: true,
  });
}
