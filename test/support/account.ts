/**
 * What a client may know of an SMTP dialogue that was cut: an account of a transcript, made from the rules of RFC 5321
 * alone, to hold the client's own account against.
 */
import type { Transcript } from '../../src/trace/transcript.ts';

interface Heard {
  readonly code: number;
  /** How many bytes the server has said when this reply is whole. */
  readonly end: number;
}

/** One thing that the client says and is owed replies to. */
export interface Said {
  readonly phase: string;
  /** Counts messages from 0; undefined for what is said about none. */
  readonly message: number | undefined;
  /** It is said when the server has said this many bytes. */
  readonly at: number;
  readonly heard: Heard[];
  readonly owed: number;
  /** The message goes out with it. */
  readonly isContent: boolean;
}

const PHASES: Readonly<Record<string, string>> = { RESPONSE: 'auth', BDAT: 'content' };

export function accountOf(transcript: Transcript): readonly Said[] {
  const account: Said[] = [];
  let served = 0;
  let line = '';
  let message: number | undefined;
  let inData = false;
  let octets = 0;
  let lmtp = false;
  const say = (phase: string, owed = 1, isContent = false): void => {
    account.push({ phase, message, at: served, heard: [], owed, isContent });
  };
  say('greeting');
  for (const [index, step] of transcript.entries()) {
    if (step.from === 'server') {
      if ('action' in step) continue;
      for (const byte of step.bytes) {
        served += 1;
        line += String.fromCharCode(byte);
        if (byte !== 0x0a) continue;
        const isLast = line[3] !== '-';
        const code = Number(line.slice(0, 3));
        line = '';
        if (isLast) account.find(({ heard, owed }) => heard.length < owed)?.heard.push({ code, end: served });
      }
      continue;
    }
    if ('octets' in step) {
      octets -= step.octets.length;
      continue;
    }
    const text = 'line' in step ? step.line : step.pattern.source.replace('^', '');
    if (inData) {
      inData = text !== '.';
      continue;
    }
    if (octets > 0) {
      octets -= Buffer.byteLength(text) + 2;
      continue;
    }
    const last = account[account.length - 1];
    const before = last?.heard[0]?.code;
    if (last?.phase === 'auth' && before === 334) {
      say('auth');
      continue;
    }
    if (last?.phase === 'data' && before === 354) {
      const accepted = account.filter(
        (each) => each.phase === 'rcpt' && each.message === message && isYes(each),
      ).length;
      inData = text !== '.';
      say('content', lmtp ? accepted : 1, inData);
      continue;
    }
    const verb = /^[A-Z]+/.exec(text)?.[0] ?? '';
    if (verb === 'LHLO') lmtp = true;
    if (verb === 'BDAT') octets = Number(text.split(' ')[1]);
    const next = transcript[index + 1];
    const opensNext = verb === 'RSET' && next?.from === 'client';
    if (verb === 'QUIT') message = undefined;
    else if (opensNext || (verb === 'MAIL' && account[account.length - 1]?.phase !== 'rset'))
      message = message === undefined ? 0 : message + 1;
    say(PHASES[verb] ?? verb.toLowerCase(), 1, verb === 'BDAT');
  }
  return account;
}

function isYes({ heard }: Said): boolean {
  const code = heard[0]?.code;
  return code !== undefined && code >= 200 && code < 300;
}

/** What became of a session or a message when the server closed after `cut` bytes. */
export type Fate =
  /** Every reply it waits for has come: it ends as in the whole dialogue. */
  | { readonly kind: 'settled' }
  /** Nothing of it was said. */
  | { readonly kind: 'not begun' }
  /** The server had said no before the cut. */
  | { readonly kind: 'refused'; readonly code: 'SENDER_REFUSED' | 'RECIPIENTS_REFUSED'; readonly reply: number }
  | { readonly kind: 'lost'; readonly phase: string; readonly mayHaveBeenDelivered: boolean };

/** The fate of the opening dialogue. */
export function fateOfOpening(account: readonly Said[], cut: number): Fate {
  const end = account.findIndex(({ message, phase }) => message !== undefined || phase === 'quit');
  return fateOf(end === -1 ? account : account.slice(0, end), cut);
}

/** The fate of a message, where the session was opened. */
export function fateOfMessage(account: readonly Said[], message: number, cut: number): Fate {
  return fateOf(
    account.filter((each) => each.message === message),
    cut,
  );
}

function fateOf(part: readonly Said[], cut: number): Fate {
  const said = part.filter(({ at }) => at <= cut);
  if (said.length === 0) return { kind: 'not begun' };
  const heard = (each: Said): readonly Heard[] => each.heard.filter(({ end }) => end <= cut);
  const waitsFor = said.find((each) => heard(each).length < each.owed);
  // what would be said next is said at once when the last reply has come: nothing left to say means nothing to wait for
  if (waitsFor === undefined) return { kind: 'settled' };
  const codes = (phase: string): readonly number[] =>
    said.filter((each) => each.phase === phase).flatMap((each) => heard(each).map(({ code }) => code));
  const [mail = 0] = codes('mail');
  if (mail >= 400) return { kind: 'refused', code: 'SENDER_REFUSED', reply: mail };
  // a refused transaction is taken back, and that changes nothing for its message
  if (waitsFor.phase === 'rset' && mail > 0) return { kind: 'settled' };
  const recipients = codes('rcpt');
  const all = part.filter(({ phase }) => phase === 'rcpt').length;
  const [first = 0] = recipients;
  if (recipients.length === all && all > 0 && recipients.every((code) => code >= 400))
    return { kind: 'refused', code: 'RECIPIENTS_REFUSED', reply: first };
  return {
    kind: 'lost',
    phase: waitsFor.phase,
    mayHaveBeenDelivered: said.some(({ isContent }) => isContent),
  };
}
