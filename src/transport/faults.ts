/** What the system's faults are called here. */
import { AbortError, ConnectionError, PlainwireError, TimeoutError, TlsError } from '../errors.ts';

/** What an AbortSignal's reason becomes. */
export function aborted(signal: AbortSignal | undefined, phase: string | undefined): AbortError {
  return new AbortError('ABORTED', 'the caller aborted', { cause: signal?.reason, phase });
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the peer broke it off',
  EPIPE: 'the peer is gone',
  ETIMEDOUT: 'nobody answers',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  EADDRINUSE: 'it is taken',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'this user may not',
  ENOENT: 'there is no such path',
};

/** The system's code with what it means: `'nobody listens there (ECONNREFUSED)'`. */
export function inWords(code: string): string {
  const words = WORDS[code];
  return words === undefined ? code : `${words} (${code})`;
}

/** In TLS 1.3 a server looks at the client's certificate when for the client the handshake is over. */
const OF_OUR_CERTIFICATE = /^ERR_SSL_.*_ALERT_(?:.*CERTIFICATE.*|UNKNOWN_CA|ACCESS_DENIED)$/;

/** What a fault of the socket becomes. */
export function lost(error: Error, phase: string | undefined): PlainwireError {
  if (error instanceof PlainwireError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? error.message;
  if (OF_OUR_CERTIFICATE.test(code)) {
    const message = `the server refuses the client certificate, or the lack of one: ${code}`;
    return new TlsError('TLS_FAILED', message, { cause: error, phase });
  }
  return new ConnectionError('CONNECTION_LOST', `the connection broke: ${inWords(code)}`, {
    cause: error,
    retryable: true,
    phase,
  });
}

/** What a phase becomes that took too long. */
export function late(phase: string, ms: number): TimeoutError {
  return new TimeoutError('DEADLINE_PASSED', `the deadline of phase ${phase} (${ms} ms) passed`, {
    phase,
    retryable: true,
  });
}
