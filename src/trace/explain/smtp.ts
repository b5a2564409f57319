/** Explains lines of SMTP and LMTP: commands with their parameters, replies with their codes, EHLO's keywords. */
import type { Reply } from '../../errors.ts';
import { MECHANISMS } from './auth.ts';
import { COMMANDS, PARAMETERS } from './commands.ts';
import { explainEnhanced } from './enhanced.ts';
import { type Entry, type Explanation, entryOf, explanation } from './entry.ts';
import { KEYWORD_PARAMETERS, KEYWORDS } from './keywords.ts';
import { Login } from './login.ts';
import { PHASE_REPLIES, REPLY_CLASSES, REPLY_CODES } from './replies.ts';

/** A command line without its line end; undefined where its verb is not known. */
export function explainCommand(line: string): Explanation | undefined {
  const [verb = '', ...words] = line.trim().split(/ +/);
  const entry = entryOf(COMMANDS, verb);
  if (entry === undefined || !isCommand(verb.toUpperCase(), words.join(' '))) return undefined;
  return explanation(verb.toUpperCase(), entry, commandParts(verb.toUpperCase(), words));
}

/** Whether it is said as a command, or is a sentence that begins with the same word: `Mail delivery failed`. */
function isCommand(verb: string, rest: string): boolean {
  switch (verb) {
    case 'MAIL':
    case 'SEND':
    case 'SOML':
    case 'SAML':
      return rest === '' || /^(?:FROM *:|(?:FROM *)?<|(?:FROM +)?\S*@)/i.test(rest);
    case 'RCPT':
      return rest === '' || /^(?:TO *:|(?:TO *)?<|(?:TO +)?\S*@)/i.test(rest);
    case 'DATA':
    case 'TURN':
      return rest === '';
    case 'HELP':
      return !rest.includes(' ');
    default:
      return true;
  }
}

function commandParts(verb: string, words: readonly string[]): Explanation[] {
  if (verb === 'MAIL' || verb === 'RCPT') return parameters(verb, words);
  if (verb === 'AUTH') {
    const mechanism = entryOf(MECHANISMS, words[0] ?? '');
    return mechanism === undefined ? [] : [explanation((words[0] ?? '').toUpperCase(), mechanism)];
  }
  return [];
}

function parameters(verb: string, words: readonly string[]): Explanation[] {
  const parts: Explanation[] = [];
  if (verb === 'MAIL' && words.some((word) => /^(FROM:)?<>$/i.test(word))) {
    parts.push(explanation('<>', NULL_PATH));
  }
  for (const word of words) {
    const entry = entryOf(PARAMETERS, word.split('=')[0] ?? '');
    if (entry !== undefined) parts.push(explanation(word, entry));
  }
  return parts;
}

const NULL_PATH: Entry = [
  'No return path: for reports, so that a report of failure never causes another.',
  'RFC 5321 section 4.5.5',
];

/**
 * A reply; `phase` is the part of the dialogue it ends, and `login` the login it is part of, where these are known: the
 * same 250 says different things.
 */
export function explainReply(reply: Reply, phase?: string, login?: Login): Explanation {
  const code = String(reply.code);
  const atPhase = phase === undefined ? undefined : entryAt(phase, code);
  const entry = atPhase ?? entryOf(REPLY_CODES, code) ?? generic(code);
  const severity = REPLY_CLASSES[code.charAt(0)];
  const refusal = severity !== undefined && /^[45]/.test(code) ? severity : undefined;
  return explanation(code, refusal === undefined ? entry : refused(entry, refusal), replyParts(reply, phase, login));
}

/** What a reply says to this command, where that is not what it says to any. */
function entryAt(phase: string, code: string): Entry | undefined {
  const exact = entryOf(PHASE_REPLIES, `${phase} ${code}`);
  return exact ?? (code.startsWith('2') || code === '354' ? entryOf(PHASE_REPLIES, phase) : undefined);
}

/** A refusal says both what it is and whether trying again can help. */
function refused([means, source, next]: Entry, [severity, , retry]: Entry): Entry {
  const whole = means === severity ? means : `${severity} ${means}`;
  const after = next ?? retry;
  return after === undefined ? [whole, source] : [whole, source, after];
}

function generic(code: string): Entry {
  return REPLY_CLASSES[code.charAt(0)] ?? ['A code outside of what SMTP allows.', 'RFC 5321 section 4.2.1'];
}

function replyParts(reply: Reply, phase: string | undefined, login: Login | undefined): Explanation[] {
  const parts: Explanation[] = [];
  const enhanced = reply.enhanced === undefined ? undefined : explainEnhanced(reply.enhanced);
  if (enhanced !== undefined) parts.push(enhanced);
  if (isGreeted(phase) && reply.code === 250) parts.push(...reply.lines.slice(1).map(explainExtension));
  if (reply.code === 334) parts.push(...(login ?? new Login('')).challenge(reply.lines[0]));
  return parts;
}

/** What follows the first line of the reply to EHLO or LHLO. */
export const EXTENSIONS = 'extensions';

/** Whether a reply of this phase lists extensions. */
export function isGreeted(phase: string | undefined): boolean {
  return phase === 'ehlo' || phase === 'lhlo';
}

/** One line of EHLO's reply: a keyword with its parameters. */
export function explainExtension(line: string): Explanation {
  return keywordOf(line) ?? explainPrivate(line) ?? explanation(line.trim(), UNKNOWN_KEYWORD);
}

/** A line that looks like one of EHLO's reply; undefined where the keyword is not known, or is a word of a sentence. */
export function explainKeyword(line: string): Explanation | undefined {
  const [keyword = '', ...words] = line.trim().split(KEYWORD_END);
  if (words.length > 0 && !Object.hasOwn(KEYWORD_PARAMETERS, keyword.toUpperCase())) return undefined;
  if (keyword.toUpperCase() === 'SIZE' && !/^(?:\d+)?$/.test(words.join(' '))) return undefined;
  return keywordOf(line);
}

/** A keyword of the server's own, such as `X-EXPS GSSAPI NTLM`. */
export function explainPrivate(line: string): Explanation | undefined {
  return /^X[A-Z0-9-]+(?: |$)/.test(line.trim()) ? explanation(line.trim(), PRIVATE_KEYWORD) : undefined;
}

/** `AUTH=` is how servers older than the RFC wrote it. */
const KEYWORD_END = / +|(?<=^AUTH)=/i;

function keywordOf(line: string): Explanation | undefined {
  const [keyword = '', ...words] = line.trim().split(KEYWORD_END);
  const entry = entryOf(KEYWORDS, keyword);
  if (entry === undefined) return undefined;
  const named = KEYWORD_PARAMETERS[keyword.toUpperCase()] ?? {};
  const parts = words.flatMap((word) => {
    const parameter = entryOf(named, word.split('=')[0] ?? '');
    return parameter === undefined ? [] : [explanation(word, parameter)];
  });
  return explanation(line.trim(), entry, parts);
}

const PRIVATE_KEYWORD: Entry = [
  'An extension of this server, and of those that know it: what begins with X is not registered.',
  'RFC 5321 section 2.2.2',
];
const UNKNOWN_KEYWORD: Entry = [
  'An extension that is not in the registry; a client that does not know it leaves it alone.',
  'RFC 5321 section 4.1.1.1',
];
