/**
 * Commands as values, and the one encoder: the only place where a command becomes bytes, where CR, LF and NUL are
 * refused, and where secrets are marked.
 */
import { MessageError } from '../errors.ts';
import type { SecretSpan } from '../trace/event.ts';

export type Command =
  | { readonly verb: 'EHLO' | 'HELO' | 'LHLO'; readonly name: string }
  | { readonly verb: 'STARTTLS' | 'DATA' | 'RSET' | 'NOOP' | 'QUIT' }
  | { readonly verb: 'AUTH'; readonly mechanism: string; readonly initial: string | undefined }
  /** The client's answer to a 334 challenge, in base64; `*` cancels (RFC 4954 section 4). */
  | { readonly verb: 'RESPONSE'; readonly base64: string }
  | { readonly verb: 'MAIL'; readonly from: string; readonly parameters: readonly string[] }
  | { readonly verb: 'RCPT'; readonly to: string; readonly parameters: readonly string[] }
  | { readonly verb: 'BDAT'; readonly octets: number; readonly last: boolean }
  /** A line of the caller's own. */
  | { readonly verb: 'OTHER'; readonly line: string };

export type Verb = Command['verb'];

/** The part of the dialogue in which each command is, for deadlines, errors and traces. */
export const PHASES = {
  EHLO: 'ehlo',
  HELO: 'helo',
  LHLO: 'lhlo',
  STARTTLS: 'starttls',
  AUTH: 'auth',
  RESPONSE: 'auth',
  MAIL: 'mail',
  RCPT: 'rcpt',
  DATA: 'data',
  BDAT: 'content',
  RSET: 'rset',
  NOOP: 'noop',
  QUIT: 'quit',
  OTHER: 'command',
} as const satisfies Record<Verb, string>;

const FORBIDDEN = /[\r\n\0]/;
/** What is forbidden, and what is not ASCII: hardly a command has either. */
const UNUSUAL = /[\r\n\0\x80-\uffff]/;

/**
 * The command's bytes, one character a byte, with its CRLF.
 * @throws MessageError FORBIDDEN_CHARACTER: a line end in a command would be a second command (command injection)
 */
export function encode(command: Command): string {
  // by far the most frequent command is looked at before it is put together: that spares a copy of each
  if (command.verb === 'RCPT' && command.parameters.length === 0 && !UNUSUAL.test(command.to)) {
    return `RCPT TO:<${command.to}>\r\n`;
  }
  const line = lineOf(command);
  if (!UNUSUAL.test(line)) return `${line}\r\n`;
  if (FORBIDDEN.test(line)) {
    throw new MessageError('FORBIDDEN_CHARACTER', fieldOf(command), 'CR, LF and NUL have no place in an SMTP command');
  }
  return `${Buffer.from(line, 'utf8').toString('latin1')}\r\n`;
}

function lineOf(command: Command): string {
  switch (command.verb) {
    case 'EHLO':
    case 'HELO':
    case 'LHLO':
      return `${command.verb} ${command.name}`;
    case 'AUTH':
      return command.initial === undefined
        ? `AUTH ${command.mechanism}`
        : // RFC 4954 section 4: an empty initial response is sent as "="
          `AUTH ${command.mechanism} ${command.initial === '' ? '=' : command.initial}`;
    case 'RESPONSE':
      return command.base64;
    case 'MAIL':
      return withParameters(`MAIL FROM:<${command.from}>`, command.parameters);
    case 'RCPT':
      return withParameters(`RCPT TO:<${command.to}>`, command.parameters);
    case 'BDAT':
      return command.last ? `BDAT ${command.octets} LAST` : `BDAT ${command.octets}`;
    case 'OTHER':
      return command.line;
    default:
      return command.verb;
  }
}

function withParameters(line: string, parameters: readonly string[]): string {
  return parameters.length === 0 ? line : `${line} ${parameters.join(' ')}`;
}

function fieldOf(command: Command): string {
  switch (command.verb) {
    case 'EHLO':
    case 'HELO':
    case 'LHLO':
      return 'name';
    case 'MAIL':
      return 'envelope.from';
    case 'RCPT':
      return 'envelope.to';
    default:
      return 'command';
  }
}

const NO_SECRETS: readonly SecretSpan[] = [];

/** Which bytes of the encoded command are secret: whatever the client says in an AUTH exchange. */
export function secretsOf(command: Command, encoded: string): readonly SecretSpan[] {
  const end = encoded.length - 2;
  if (command.verb === 'AUTH' && command.initial !== undefined && command.initial !== '') {
    return [{ start: 'AUTH '.length + command.mechanism.length + 1, end }];
  }
  if (command.verb === 'RESPONSE' && command.base64 !== '*' && end > 0) return [{ start: 0, end }];
  if (command.verb === 'OTHER') {
    const auth = /^\s*AUTH\s+\S+\s+/i.exec(command.line);
    if (auth !== null) return [{ start: auth[0].length, end }];
  }
  return NO_SECRETS;
}

/** The command as an error may quote it: its line, secrets left out. */
export function describe(command: Command): string {
  if (command.verb === 'AUTH') return `AUTH ${command.mechanism}`;
  if (command.verb === 'RESPONSE') return 'AUTH (response)';
  const [span] = command.verb === 'OTHER' ? secretsOf(command, `${command.line}\r\n`) : [];
  return span === undefined ? lineOf(command) : `${lineOf(command).slice(0, span.start)}<secret>`;
}
