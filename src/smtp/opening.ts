/** How a session begins: greeting, EHLO (or HELO, or LHLO), STARTTLS, EHLO again, AUTH (RFC 5321 section 3.1, RFC 3207). */
import { type ErrorCode, type Reply, ReplyError, UnsupportedError } from '../errors.ts';
import type { AuthContext } from './auth/choose.ts';
import type { Credentials } from './auth/credentials.ts';
import { authenticate } from './authenticate.ts';
import { type Capabilities, parseCapabilities, withoutExtensions } from './capabilities.ts';
import { ask, type Dialogue, say, UPGRADE } from './dialogue.ts';
import { formatReply, isPositive, isTransient } from './reply.ts';
import { ServerState } from './server-state.ts';

export interface OpeningOptions {
  /** What we call ourselves in EHLO. */
  readonly name: string;
  readonly lmtp: boolean;
  /** `'standing'`: TLS from the first byte on; `'never'`: not even where it is offered. */
  readonly tls: 'standing' | 'required' | 'opportunistic' | 'never';
  readonly auth: Credentials | undefined;
  /** Whether credentials may be shown as things stand, asked when they are due. @throws UnsupportedError */
  readonly mayAuthenticate: () => void;
  readonly authContext: () => AuthContext;
  /** Whether the server was shown to be the one that was meant, asked once the opening is over. */
  readonly isVerified: () => boolean;
}

/** @throws ReplyError GREETING_REFUSED, EHLO_REFUSED, STARTTLS_REFUSED, AUTH_REFUSED; UnsupportedError STARTTLS_NOT_OFFERED */
export function* openSession(options: OpeningOptions): Dialogue<ServerState> {
  const [greeting] = yield say([{ verb: 'greeting' }]);
  if (greeting === undefined || !isPositive(greeting))
    throw refused('GREETING_REFUSED', 'greeting', 'the connection', greeting);
  let capabilities = yield* introduce(options);
  if (yield* secure(options, capabilities)) {
    // what was said before TLS may have been said by anybody: it is forgotten (RFC 3207 section 4.2)
    capabilities = yield* introduce(options);
  }
  if (options.auth !== undefined) {
    options.mayAuthenticate();
    yield* authenticate(options.auth, capabilities, options.authContext());
  }
  return new ServerState(capabilities, { lmtp: options.lmtp, isVerified: options.isVerified() });
}

/** EHLO, and HELO for a server that does not know it; LHLO has no elder (RFC 2033 section 4.1). */
export function* introduce(options: Pick<OpeningOptions, 'name' | 'lmtp'>): Dialogue<Capabilities> {
  const verb = options.lmtp ? 'LHLO' : 'EHLO';
  const reply = yield* ask({ verb, name: options.name });
  if (isPositive(reply)) return parseCapabilities(reply);
  if (options.lmtp || isTransient(reply)) throw refused('EHLO_REFUSED', verb.toLowerCase(), verb, reply);
  const older = yield* ask({ verb: 'HELO', name: options.name });
  if (!isPositive(older)) throw refused('EHLO_REFUSED', 'helo', 'HELO', older);
  return withoutExtensions(older);
}

/** STARTTLS, as far as it is wanted and offered; whether it was done. */
function* secure(options: OpeningOptions, server: Capabilities): Dialogue<boolean> {
  const { tls } = options;
  if (tls === 'standing' || tls === 'never') return false;
  if (!server.startTls) {
    if (tls === 'opportunistic') return false;
    throw new UnsupportedError(
      'STARTTLS_NOT_OFFERED',
      "TLS is required and the server does not offer STARTTLS (security 'opportunistic' or 'none' goes on in clear)",
      { phase: 'starttls' },
    );
  }
  const reply = yield* ask({ verb: 'STARTTLS' });
  if (!isPositive(reply)) {
    if (tls === 'opportunistic') return false;
    throw refused('STARTTLS_REFUSED', 'starttls', 'STARTTLS', reply);
  }
  yield UPGRADE;
  return true;
}

export function* noop(): Dialogue<Reply> {
  const reply = yield* ask({ verb: 'NOOP' });
  if (!isPositive(reply)) throw refused('COMMAND_REFUSED', 'noop', 'NOOP', reply);
  return reply;
}

export function* quit(): Dialogue<Reply> {
  return yield* ask({ verb: 'QUIT' });
}

function refused(code: ErrorCode, phase: string, command: string, reply: Reply | undefined): ReplyError {
  const text = reply === undefined ? 'no reply' : formatReply(reply);
  return new ReplyError(code, `the server refused ${command}: ${text}`, {
    phase,
    command,
    reply,
    retryable: reply !== undefined && isTransient(reply),
  });
}
