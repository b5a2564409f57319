/** Which replies may answer what was said (RFC 5321 section 4.3.2 and the extensions' own sections). */
import { ProtocolError, type Reply } from '../errors.ts';
import { describe, PHASES } from './command.ts';
import type { Utterance } from './dialogue.ts';

/** Whether a code under 400 may answer this; 4yz and 5yz may answer anything. */
function isLegal(said: Utterance['verb'], code: number): boolean {
  switch (said) {
    case 'RCPT':
      return code >= 250 && code <= 252;
    case 'MAIL':
    case 'EHLO':
    case 'HELO':
    case 'LHLO':
      return code === 250;
    case 'DATA':
      return code === 354;
    case 'greeting':
    case 'STARTTLS':
      return code === 220;
    case 'AUTH':
    case 'RESPONSE':
      return code === 235 || code === 334;
    case 'OTHER':
      return true;
    default:
      // of a message any 2yz says that the server has taken it, and to doubt it would be to send it twice
      return code >= 200 && code < 300;
  }
}

/** @throws ProtocolError UNEXPECTED_REPLY, with the reply */
export function checkLegal(utterance: Utterance, reply: Reply): void {
  if (reply.code >= 400) return;
  if (isLegal(utterance.verb, reply.code)) return;
  throw new ProtocolError('UNEXPECTED_REPLY', `${reply.code} can't be the reply to ${nameOf(utterance)}`, {
    phase: phaseOf(utterance),
    command: nameOf(utterance),
    reply,
  });
}

/** The part of the dialogue an utterance is in. */
export function phaseOf(utterance: Utterance): string {
  switch (utterance.verb) {
    case 'greeting':
      return 'greeting';
    case 'data':
    case 'bdat':
    case 'lone dot':
      return 'content';
    default:
      return PHASES[utterance.verb];
  }
}

/** What was said, for an error. */
export function nameOf(utterance: Utterance): string {
  switch (utterance.verb) {
    case 'greeting':
      return 'the connection';
    case 'data':
    case 'bdat':
    case 'lone dot':
      return 'the message';
    default:
      return describe(utterance);
  }
}
