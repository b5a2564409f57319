/** The AUTH exchange (RFC 4954 section 4), whatever the mechanism. */
import { PlainwireError, ProtocolError, type Reply, ReplyError } from '../errors.ts';
import { type AuthContext, chooseMechanisms } from './auth/choose.ts';
import type { Credentials, TokenReason } from './auth/credentials.ts';
import { base64, Challenge, type SaslMechanism } from './auth/mechanism.ts';
import type { Capabilities } from './capabilities.ts';
import { ask, type Dialogue, work } from './dialogue.ts';
import { formatReply, isPositive, isTransient } from './reply.ts';

/** A server that has more questions than this is not asking for credentials. */
export const SASL_ROUNDS_LIMIT = 16;

/** RFC 4954 section 4: the longest line of an AUTH command; what does not fit is said in answer to a challenge. */
const INITIAL_RESPONSE_LIMIT = 12_000;

/**
 * Logs in with the strongest mechanism that both sides know. A mechanism that the server takes back (504) is passed
 * over; an OAuth token that it refuses is asked for once more.
 * @throws UnsupportedError AUTH_NOT_OFFERED, ReplyError AUTH_REFUSED, ProtocolError
 */
export function* authenticate(credentials: Credentials, server: Capabilities, context: AuthContext): Dialogue<void> {
  let reply = yield* attempt(credentials, server, context, 'first');
  const renewable = 'token' in credentials && typeof credentials.token === 'function';
  if (!isPositive(reply) && renewable) reply = yield* attempt(credentials, server, context, 'refused');
  if (isPositive(reply)) return;
  throw new ReplyError('AUTH_REFUSED', `the server refused the credentials: ${formatReply(reply)}`, {
    phase: 'auth',
    command: 'AUTH',
    reply,
    retryable: isTransient(reply),
  });
}

function* attempt(
  credentials: Credentials,
  server: Capabilities,
  context: AuthContext,
  reason: TokenReason,
): Dialogue<Reply> {
  const mechanisms = chooseMechanisms(credentials, server.auth, context, reason);
  let last: Reply | undefined;
  for (const mechanism of mechanisms) {
    last = yield* exchange(mechanism);
    if (last.code !== 504) break;
  }
  return last as Reply;
}

function* exchange(mechanism: SaslMechanism): Dialogue<Reply> {
  const sasl = mechanism.begin();
  const first = sasl.initial === undefined ? undefined : yield* work(async () => await sasl.initial?.());
  const encoded = first === undefined ? undefined : base64(first);
  const early = encoded !== undefined && encoded.length <= INITIAL_RESPONSE_LIMIT ? encoded : undefined;
  let reply = yield* ask({ verb: 'AUTH', mechanism: mechanism.name, initial: early });
  for (let round = 0; reply.code === 334; round += 1) {
    if (round === SASL_ROUNDS_LIMIT)
      return yield* cancel(new ProtocolError('LIMIT_EXCEEDED', 'the challenges have no end', { phase: 'auth' }));
    let answer: string;
    if (round === 0 && early === undefined && encoded !== undefined) {
      answer = encoded;
    } else {
      const challenge = new Challenge(reply.lines[0] ?? '');
      try {
        answer = base64(yield* work(async () => await sasl.respond(challenge)));
      } catch (error) {
        if (!(error instanceof PlainwireError)) throw error;
        return yield* cancel(error);
      }
    }
    reply = yield* ask({ verb: 'RESPONSE', base64: answer });
  }
  if (reply.code === 235) sasl.succeeded?.();
  return reply;
}

/** Takes the exchange back, so that the server does not wait for more, and then fails. */
function* cancel(error: PlainwireError): Dialogue<never> {
  yield* ask({ verb: 'RESPONSE', base64: '*' });
  throw error;
}
