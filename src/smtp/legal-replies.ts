/** Which replies may answer what was said (RFC 5321 section 4.3.2 and the extensions' own sections). */
import { ProtocolError, type Reply } from '../errors.ts';
import { describe, PHASES } from './command.ts';
import type { Utterance } from './dialogue.ts';

type Legal = (code: number) => boolean;

const only =
  (...codes: readonly number[]): Legal =>
  (code) =>
    codes.includes(code);
const anyPositive: Legal = (code) => code >= 200 && code < 300;

/** 4yz and 5yz may answer anything; these are the others. */
const LEGAL: Readonly<Record<string, Legal>> = {
  greeting: only(220),
  EHLO: only(250),
  HELO: only(250),
  LHLO: only(250),
  STARTTLS: only(220),
  AUTH: only(235, 334),
  RESPONSE: only(235, 334),
  MAIL: only(250),
  RCPT: only(250, 251, 252),
  DATA: only(354),
  // the server has taken the message: any 2yz says so, and to doubt it would be to send it twice
  data: anyPositive,
  bdat: anyPositive,
  'lone dot': anyPositive,
  RSET: anyPositive,
  NOOP: anyPositive,
  QUIT: anyPositive,
  OTHER: () => true,
};

/** @throws ProtocolError UNEXPECTED_REPLY, with the reply */
export function checkLegal(utterance: Utterance, reply: Reply): void {
  if (reply.code >= 400) return;
  const key = utterance.kind === 'command' ? utterance.command.verb : utterance.kind;
  if (LEGAL[key]?.(reply.code) === true) return;
  throw new ProtocolError('UNEXPECTED_REPLY', `${reply.code} can't be the reply to ${nameOf(utterance)}`, {
    phase: phaseOf(utterance),
    command: nameOf(utterance),
    reply,
  });
}

/** The part of the dialogue an utterance is in. */
export function phaseOf(utterance: Utterance): string {
  switch (utterance.kind) {
    case 'greeting':
      return 'greeting';
    case 'command':
      return PHASES[utterance.command.verb];
    default:
      return 'content';
  }
}

/** What was said, for an error. */
export function nameOf(utterance: Utterance): string {
  switch (utterance.kind) {
    case 'greeting':
      return 'the connection';
    case 'command':
      return describe(utterance.command);
    default:
      return 'the message';
  }
}
