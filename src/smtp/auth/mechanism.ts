/**
 * SASL mechanisms (RFC 4422) as SMTP carries them (RFC 4954). A mechanism is a name and a way to begin an exchange; an
 * exchange answers challenges. A mechanism of your own is an object of this shape:
 *
 *     const knock: SaslMechanism = { name: 'X-KNOCK', begin: () => ({ initial: () => 'knock', respond: () => 'who is there' }) };
 */
import { MessageError, ProtocolError } from '../../errors.ts';

type Maybe<T> = T | Promise<T>;

/** One run of a mechanism. Strings are bytes, one character each (`latin1`); base64 is put on and taken off outside. */
export interface SaslExchange {
  /** What the client says first; undefined where the server begins. */
  readonly initial?: () => Maybe<string>;
  /** The answer to a challenge, given as it came, in base64. */
  respond(challenge: Challenge): Maybe<string>;
  /** Called when the server says 235: throws where it has not proven what it has to. */
  succeeded?(): void;
}

export interface SaslMechanism {
  /** As in the EHLO reply, upper case. */
  readonly name: string;
  begin(): SaslExchange;
}

/** The text behind a 334. */
export class Challenge {
  /** As it came; mechanisms that do not read their challenges find prompts here, and sometimes not even base64. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The challenge's bytes, one character each. @throws ProtocolError where it is not base64 */
  decode(): string {
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(this.text)) {
      throw new ProtocolError('BAD_REPLY', 'the challenge is not base64', { phase: 'auth' });
    }
    return Buffer.from(this.text, 'base64').toString('latin1');
  }
}

/** Text as UTF-8, one character a byte. */
export function utf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** What the client says, as it crosses the wire. @throws MessageError where a mechanism of the caller's says no bytes */
export function base64(bytes: string): string {
  if (typeof bytes !== 'string' || /[^\0-\xff]/.test(bytes))
    throw new MessageError('BAD_INPUT', 'auth.sasl', 'a mechanism says text of one character a byte (latin1)');
  return Buffer.from(bytes, 'latin1').toString('base64');
}
