/** TLS as the server: the handshake that a listener answers, from the first byte or after STARTTLS. */
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { ConnectionError, TlsError } from '../errors.ts';
import type { TlsFacts } from '../trace/event.ts';
import type { Handshake } from './tls.ts';

/** Node's own names. */
export interface ServerTlsOptions {
  /** The certificate chain (PEM), the server's own first. */
  readonly cert: string | Uint8Array;
  readonly key: string | Uint8Array;
  readonly passphrase?: string;
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** The protocols to agree on by ALPN, best first. */
  readonly alpn?: readonly string[];
}

/**
 * Waits for the client's handshake over a stream that carries nothing else.
 * @throws TlsError where certificate and key are none, or do not fit each other
 */
export function serverHandshake(clear: Duplex, options: ServerTlsOptions): Handshake {
  // A server of one connection that never listens: Node's documented way to be handed a stream.
  const server = serverFor(options);
  let secured: tls.TLSSocket | undefined;
  const done = new Promise<void>((resolve, reject) => {
    server.once('tlsClientError', reject);
    server.once('secureConnection', (socket) => {
      // TLSSocket answers the peer's end by ending itself; half-close is the caller's to decide
      socket.allowHalfOpen = true;
      secured = socket;
      resolve();
    });
    clear.once('close', () =>
      reject(
        new ConnectionError('CONNECTION_CLOSED', 'the client closed during the TLS handshake', {
          phase: 'tls',
          retryable: true,
        }),
      ),
    );
  });
  // a fault of the stream can end the handshake first; then nobody waits for this one
  done.catch(() => {});
  // a client that ends in the middle of a handshake has given it up: nothing is left to wait for
  clear.allowHalfOpen = false;
  server.emit('connection', clear);
  return {
    get stream() {
      return secured ?? clear;
    },
    done,
    facts: () => facts(secured),
    failure,
  };
}

function serverFor(options: ServerTlsOptions): tls.Server {
  try {
    return tls.createServer({
      cert: Buffer.from(options.cert),
      key: Buffer.from(options.key),
      ...(options.passphrase === undefined ? {} : { passphrase: options.passphrase }),
      ...(options.minVersion === undefined ? {} : { minVersion: options.minVersion }),
      ...(options.alpn === undefined ? {} : { ALPNProtocols: [...options.alpn] }),
    });
  } catch (error) {
    throw failure(error);
  }
}

/** Refuses certificate and key before anybody connects. @throws TlsError */
export function checkServerTls(options: ServerTlsOptions): void {
  serverFor(options).close();
}

function facts(socket: tls.TLSSocket | undefined): TlsFacts {
  // Node keeps the name the client asked for on the socket; its types do not know
  const asked = (socket as { servername?: string | false } | undefined)?.servername;
  return {
    protocol: socket?.getProtocol() ?? 'unknown',
    cipher: socket?.getCipher().standardName ?? 'unknown',
    serverName: typeof asked === 'string' ? asked : undefined,
    // no client is asked for a certificate
    authorized: false,
    authorizationError: undefined,
    resumed: socket?.isSessionReused() ?? false,
    alpn: typeof socket?.alpnProtocol === 'string' ? socket.alpnProtocol : undefined,
    certificate: undefined,
  };
}

function failure(error: unknown): TlsError | ConnectionError {
  if (error instanceof ConnectionError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    return new ConnectionError('CONNECTION_LOST', `the connection broke during the TLS handshake: ${code}`, {
      cause: error,
      phase: 'tls',
      retryable: true,
    });
  }
  const text = error instanceof Error ? error.message : String(error);
  return new TlsError('TLS_FAILED', `the TLS handshake failed: ${text}`, { cause: error, phase: 'tls' });
}
