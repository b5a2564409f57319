/** Replies as values (RFC 5321 section 4.2, RFC 3463). */
import type { Reply } from '../errors.ts';

export type { RecipientAccount, RecipientReply, Reply } from '../errors.ts';

const ENHANCED = /^([245])\.(\d{1,3})\.(\d{1,3})(?= |$)/;

/** A frozen reply from its code and the text of its lines. */
export function makeReply(code: number, texts: readonly string[]): Reply {
  const match = ENHANCED.exec(texts[0] ?? '');
  // a class that contradicts the code is text, not a status
  const enhanced = match !== null && match[1] === String(Math.floor(code / 100)) ? match[0] : undefined;
  const lines = enhanced === undefined ? [...texts] : texts.map((text) => withoutStatus(text, enhanced));
  return Object.freeze({ code, enhanced, lines: Object.freeze(lines) });
}

function withoutStatus(text: string, enhanced: string): string {
  return text.startsWith(enhanced) ? text.slice(enhanced.length).trimStart() : text;
}

/** 2yz: done. */
export function isPositive(reply: Reply): boolean {
  return reply.code >= 200 && reply.code < 300;
}

/** 4yz: the same command may succeed later (RFC 5321 section 4.2.1). */
export function isTransient(reply: Reply): boolean {
  return reply.code >= 400 && reply.code < 500;
}

/** One line for people: `'550 5.1.1 No such user; try another'`. */
export function formatReply(reply: Reply): string {
  const status = reply.enhanced === undefined ? `${reply.code}` : `${reply.code} ${reply.enhanced}`;
  const text = reply.lines.filter((line) => line !== '').join('; ');
  return text === '' ? status : `${status} ${text}`;
}

/** What servers call a message once they have taken it, as the common ones write it in their last reply. */
const QUEUED_AS = /\bqueued as ([^\s<>;,)]+)|\bid=([^\s<>;,)]+)|^\S*? ?([\w.-]+) Message accepted for delivery/i;

/** The id under which the server queued the message, where its reply tells in a way we know. */
export function queueIdOf(reply: Reply): string | undefined {
  // Exim's reply to the last BDAT names it in the second line
  for (const line of reply.lines) {
    const match = QUEUED_AS.exec(line);
    if (match !== null) return match[1] ?? match[2] ?? match[3];
  }
  return undefined;
}
