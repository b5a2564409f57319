/** What a person can do about a mail that did not go: the option that helps, where there is one. */
import { type ErrorCode, PlainwireError } from '../errors.ts';

const HINTS: Partial<Readonly<Record<ErrorCode, string>>> = {
  CONNECT_FAILED: 'is host:port right? Many networks let nobody out to port 25; 587 and 465 are for people',
  TLS_FAILED: '--security tls is for port 465; ports 587 and 25 want --security starttls',
  CERTIFICATE_REFUSED: '--ca FILE trusts a certificate, or who signed it; --insecure trusts anybody',
  STARTTLS_NOT_OFFERED: '--security none goes on in clear; --security tls is for port 465',
  PLAINTEXT_AUTH_REFUSED:
    '--security starttls (or tls) encrypts; --allow-plaintext-auth shows the password all the same',
  AUTH_REFUSED: 'many providers want a password made for the application, and not the one of the web site',
  AUTH_NOT_OFFERED: 'many servers offer a login on ports 587 and 465 only',
};

/** The reply of a server that wants a login first (RFC 4954 section 6). */
const LOGIN_REQUIRED = 530;

export function hintFor(error: unknown): string | undefined {
  if (!(error instanceof PlainwireError)) return undefined;
  if (error.reply?.code === LOGIN_REQUIRED) return '--user NAME logs in, with PLAINWIRE_PASSWORD';
  return HINTS[error.code];
}
