/** The ways in which a session ends before its time, as errors. */
import { ConnectionError, ProtocolError, type Reply } from '../errors.ts';
import { formatReply } from './reply.ts';

export function dropped(why: string): ConnectionError {
  return new ConnectionError('CONNECTION_CLOSED', `the connection was dropped: ${why}`, { retryable: true });
}

export function closing(reply: Reply): ConnectionError {
  return new ConnectionError('CONNECTION_CLOSED', `the server ended the session: ${formatReply(reply)}`, {
    reply,
    retryable: true,
  });
}

export function wentOn(): ProtocolError {
  return new ProtocolError('UNEXPECTED_REPLY', 'the server said 421, by which it ends the session, and went on');
}

export function beforeTls(): ProtocolError {
  return new ProtocolError('BYTES_BEFORE_TLS', 'the server sent bytes in clear where the TLS handshake was due', {
    phase: 'starttls',
  });
}

export function uncalledFor(reply: Reply, raw: string): ProtocolError {
  const message = `the server said ${JSON.stringify(raw.trimEnd())} where no reply was due`;
  return new ProtocolError('UNEXPECTED_REPLY', message, { reply });
}

export function refusedEarly(reply: Reply): ProtocolError {
  const message = 'the server refused a message before its end was sent';
  return new ProtocolError('UNEXPECTED_REPLY', message, { reply, retryable: true });
}
