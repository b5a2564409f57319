/**
 * The debug output of Python's smtplib, to the letter: `send: 'ehlo NAME\r\n'`, `reply: '250 ...\r\n'`,
 * `reply: retcode (250); Msg: ...`, `data: (354, '...')`. Programs and people that read that output can read ours.
 */
import type { ReceivedEvent, Trace } from './event.ts';
import { foldLabel, secretLabel, stretches, visibleText } from './render.ts';
import { contentLimit, noteOf, partOf, styleOf, switchboard, type TextOptions, type Write } from './text.ts';
import { type Turn, turns } from './turn.ts';

export function smtplib(write: Write, options: TextOptions = {}): Trace {
  const style = styleOf(options);
  const note = noteOf(options);
  const board = switchboard();
  return turns(contentLimit(options), {
    turn(turn) {
      const target = board.switched(turn.event.connection);
      if (target !== undefined) write(`${style('fact', `connect: ${address(target)}`)}\n`);
      const { event } = turn;
      const lines = event.kind === 'sent' ? [sent(turn)] : received(turn, event);
      write(`${style(partOf(turn), lines.join('\n'))}\n${note(event)}`);
    },
    fact(event) {
      if (event.kind === 'connecting') board.opened(event.connection, event.target);
    },
  });
}

function sent(turn: Turn): string {
  const text = byteText(turn);
  const spelled = turn.event.kind === 'sent' && turn.event.verb !== undefined ? respelled(text) : text;
  return `send: ${literal(spelled)}${turn.more > 0 ? ` ${foldLabel(turn.more)}` : ''}`;
}

function received(turn: Turn, event: ReceivedEvent): string[] {
  const text = byteText(turn);
  const lines = text.split(/(?<=\n)/).map((line) => `reply: ${literal(line)}`);
  if (event.reply === undefined) return lines;
  const { code } = event.reply;
  lines.push(`reply: retcode (${code}); Msg: ${message(visibleText(turn.bytes, turn.secrets))}`);
  if (event.phase === 'data' || event.phase === 'content') lines.push(`data: (${code}, ${literal(message(text))})`);
  return lines;
}

/** The text of every line of a reply, without code and separator. */
function message(reply: string): string {
  const lines = reply.replace(/\r?\n$/, '').split('\n');
  return lines.map((line) => line.slice(4).trim()).join('\n');
}

/** One character a byte, as Python 2 sees it, secrets replaced. */
function byteText({ bytes, secrets }: Turn): string {
  return stretches(bytes, secrets)
    .map((part) => (part.secret ? secretLabel(part.bytes.length) : Buffer.from(part.bytes).toString('latin1')))
    .join('');
}

/** smtplib writes these verbs, and the keyword of SIZE, in lower case; STARTTLS and AUTH it does not. */
const LOWER = new Set(['EHLO', 'HELO', 'LHLO', 'MAIL', 'RCPT', 'DATA', 'RSET', 'NOOP', 'QUIT', 'VRFY', 'EXPN', 'HELP']);

function respelled(text: string): string {
  const verb = /^[A-Za-z]+/.exec(text)?.[0] ?? '';
  if (!LOWER.has(verb.toUpperCase())) return text;
  const rest = text.slice(verb.length);
  return verb.toLowerCase() + (verb.toUpperCase() === 'MAIL' ? rest.replace(/ SIZE=(?=\d+)/, ' size=') : rest);
}

/** A string as Python 2's repr() writes it: bytes beyond ASCII as `\xc3`. */
function literal(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = text.replace(/[\\'"\0-\x1f\x7f-\xff]/g, (character) => {
    if (character === '\\') return '\\\\';
    if (character === "'" || character === '"') return character === quote ? `\\${quote}` : character;
    if (character === '\n') return '\\n';
    if (character === '\r') return '\\r';
    if (character === '\t') return '\\t';
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return quote + body + quote;
}

/** `('mail.example.com', 25)`, as Python shows an address. */
function address(target: string): string {
  const match = /^\[?(.*?)\]?:(\d+)$/.exec(target);
  return match === null ? literal(target) : `(${literal(match[1] ?? '')}, ${match[2]})`;
}
