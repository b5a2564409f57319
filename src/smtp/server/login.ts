/** The server's side of AUTH (RFC 4954): PLAIN (RFC 4616) and LOGIN. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { AUTH_LIMIT } from './settings.ts';
import { readResponse, type ServerDialogue, say } from './wants.ts';

export type LoginOutcome = 'welcome' | 'wrong' | 'cancelled' | 'malformed' | 'too long' | 'unknown';

export interface Login {
  readonly outcome: LoginOutcome;
  readonly user?: string;
}

interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** @param expected undefined: anybody is welcome */
export function* login(
  mechanism: string,
  initial: string | undefined,
  expected: Credentials | undefined,
): ServerDialogue<Login> {
  switch (mechanism) {
    case 'PLAIN':
      return yield* plain(initial, expected);
    case 'LOGIN':
      return yield* loginInSteps(initial, expected);
    default:
      return { outcome: 'unknown' };
  }
}

function* plain(initial: string | undefined, expected: Credentials | undefined): ServerDialogue<Login> {
  const answer = yield* answerTo('', initial);
  if (typeof answer === 'object') return answer;
  const [identity, user, password, ...more] = answer.split('\0');
  if (identity === undefined || user === undefined || password === undefined || more.length > 0 || user === '') {
    return { outcome: 'malformed' };
  }
  return judged({ user, password }, expected);
}

function* loginInSteps(initial: string | undefined, expected: Credentials | undefined): ServerDialogue<Login> {
  const user = yield* answerTo('Username:', initial);
  if (typeof user === 'object') return user;
  const password = yield* answerTo('Password:', undefined);
  if (typeof password === 'object') return password;
  return judged({ user, password }, expected);
}

/** The answer to a challenge, decoded; an initial response saves the challenge (RFC 4954 section 4). */
function* answerTo(challenge: string, initial: string | undefined): ServerDialogue<string | Login> {
  if (initial !== undefined) return decoded(initial === '=' ? '' : initial);
  yield* say(334, Buffer.from(challenge).toString('base64'));
  const line = yield* readResponse(AUTH_LIMIT);
  if (line.tooLong) return { outcome: 'too long' };
  if (line.text === '*') return { outcome: 'cancelled' };
  return decoded(line.text);
}

function decoded(base64: string): string | Login {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64)) return { outcome: 'malformed' };
  return Buffer.from(base64, 'base64').toString('utf8');
}

function judged(given: Credentials, expected: Credentials | undefined): Login {
  const isRight =
    expected === undefined || (same(given.user, expected.user) && same(given.password, expected.password));
  return isRight ? { outcome: 'welcome', user: given.user } : { outcome: 'wrong' };
}

/** In a time that does not tell how much of it was right. */
function same(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
