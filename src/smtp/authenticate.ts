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
 * Logs in with the strongest mechanism that both sides know. A mechanism that the server takes back (504), calls too weak
 * (534), or does not know how to begin is passed over; an OAuth token that it refuses (535, or a challenge that says what
 * is wrong with it) is asked for once more.
 * @throws UnsupportedError AUTH_NOT_OFFERED, ReplyError AUTH_REFUSED, ProtocolError
 */
export function* authenticate(credentials: Credentials, server: Capabilities, context: AuthContext): Dialogue<void> {
  let { reply, challenged } = yield* attempt(credentials, server, context, 'first');
  const renewable = 'token' in credentials && typeof credentials.token === 'function';
  // a server that can't look at the token now (454), or not at all, says nothing against it
  const isRefused = reply.code === 535 || (challenged && reply.code >= 500);
  if (renewable && isRefused) ({ reply } = yield* attempt(credentials, server, context, 'refused'));
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
): Dialogue<Verdict> {
  const mechanisms = chooseMechanisms(credentials, server.auth, context, reason);
  let last: Verdict | undefined;
  for (const mechanism of mechanisms) {
    last = yield* exchange(mechanism);
    if (!isPassedOver(last, mechanism)) break;
  }
  if (last?.fault !== undefined) throw last.fault;
  return last as Verdict;
}

/**
 * Whether the next mechanism is worth a try: the server will not have this one (RFC 4954 section 6), or its challenge
 * was none. With SCRAM that is an end: a server that can't do its part in it is not shown the password by another.
 */
function isPassedOver({ reply, fault }: Verdict, mechanism: SaslMechanism): boolean {
  if (fault !== undefined) return mechanism.name === 'CRAM-MD5' && reply.code >= 500;
  return reply.code === 504 || reply.code === 534;
}

/** What the server says in the end, and whether it had anything to ask before. */
interface Verdict {
  readonly reply: Reply;
  readonly challenged: boolean;
  /** What was wrong with its challenge; the reply is then that to the taking back. */
  readonly fault?: PlainwireError;
}

function* exchange(mechanism: SaslMechanism): Dialogue<Verdict> {
  const sasl = mechanism.begin();
  const first = sasl.initial === undefined ? undefined : yield* work(async () => await sasl.initial?.());
  const encoded = first === undefined ? undefined : base64(first);
  const early = encoded !== undefined && encoded.length <= INITIAL_RESPONSE_LIMIT ? encoded : undefined;
  let reply = yield* ask({ verb: 'AUTH', mechanism: mechanism.name.toUpperCase(), initial: early });
  const challenged = reply.code === 334;
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
        if (!(error instanceof ProtocolError)) return yield* cancel(error);
        return { reply: yield* takenBack(error), challenged, fault: error };
      }
    }
    reply = yield* ask({ verb: 'RESPONSE', base64: answer });
  }
  if (reply.code === 235) sasl.succeeded?.();
  return { reply, challenged };
}

/** Takes the exchange back, so that the server does not wait for more, and then fails. */
function* cancel(error: PlainwireError): Dialogue<never> {
  yield* takenBack(error);
  throw error;
}

/** The reply to the taking back. @throws the error where there is none: whatever became of it, this is why */
function* takenBack(error: PlainwireError): Dialogue<Reply> {
  try {
    return yield* ask({ verb: 'RESPONSE', base64: '*' });
  } catch {
    throw error;
  }
}
