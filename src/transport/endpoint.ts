/** Where a peer is: a host and port, or the path of a Unix domain socket. */
import { isIP } from 'node:net';
import { MessageError } from '../errors.ts';

export interface HostEndpoint {
  /** A host name or an address literal, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface PathEndpoint {
  readonly path: string;
}

export type Endpoint = HostEndpoint | PathEndpoint;

/** `'mail.example.com:25'`, `'[::1]:25'` or `'/run/lmtp'`: the endpoint for people to read. */
export function formatEndpoint(endpoint: Endpoint): string {
  if ('path' in endpoint) return endpoint.path;
  return `${isIP(endpoint.host) === 6 ? `[${endpoint.host}]` : endpoint.host}:${endpoint.port}`;
}

/**
 * Reads `'host'`, `'host:port'`, `'[::1]:port'`, a bare IPv6 literal, or a path that begins with `/` or `./`.
 * @throws MessageError that names `field`
 */
export function parseEndpoint(text: string, defaultPort: number, field = 'endpoint'): Endpoint {
  const trimmed = text.trim();
  if (/[\0-\x20\x7f]/.test(trimmed))
    throw new MessageError('FORBIDDEN_CHARACTER', field, 'no spaces or control characters, please');
  if (/^\.{0,2}\//.test(trimmed)) return { path: trimmed };
  if (isIP(trimmed) === 6) return { host: trimmed, port: defaultPort };
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(trimmed);
  const host = match?.[1] ?? match?.[2];
  if (match === null || host === undefined || (match[1] !== undefined && isIP(host) !== 6)) {
    throw new MessageError('BAD_INPUT', field, `expected host, host:port, [IPv6]:port or a path, not '${trimmed}'`);
  }
  const port = match[3] === undefined ? defaultPort : Number(match[3]);
  if (match[3] !== undefined && (port < 1 || port > 65_535))
    throw new MessageError('BAD_INPUT', field, `port ${port} is not one of 1 to 65535`);
  return { host, port };
}

/**
 * Refuses an endpoint that no socket could mean, before anything is opened.
 * @param lowest 0 where the system may choose the port
 */
export function checkEndpoint(endpoint: Endpoint, lowest: 0 | 1 = 1): void {
  if ('path' in endpoint) {
    if (endpoint.path === '' || endpoint.path.includes('\0'))
      throw new MessageError('FORBIDDEN_CHARACTER', 'path', 'empty, or with NUL');
    return;
  }
  // no host at all would be every address of this machine
  if (typeof endpoint.host !== 'string' || endpoint.host === '')
    throw new MessageError('BAD_INPUT', 'host', 'the host is empty');
  if (/[\0-\x20\x7f]/.test(endpoint.host)) {
    throw new MessageError('FORBIDDEN_CHARACTER', 'host', 'spaces and control characters have no place in a host');
  }
  if (!Number.isInteger(endpoint.port) || endpoint.port < lowest || endpoint.port > 65_535) {
    // quoted where it is text: '587' from an environment is not the number that it looks like
    throw new MessageError(
      'BAD_INPUT',
      'port',
      `${JSON.stringify(endpoint.port)} is not a number from ${lowest} to 65535`,
    );
  }
}
