/** Explains a line of a dialogue on its own, whatever it is. */
import type { Reply } from '../../errors.ts';
import { explainEnhanced } from './enhanced.ts';
import type { Explanation } from './entry.ts';
import { REPLY_CODES } from './replies.ts';
import {
  EXTENSIONS,
  explainCommand,
  explainExtension,
  explainKeyword,
  explainPrivate,
  explainReply,
  isGreeted,
} from './smtp.ts';
import { explainTlsLine } from './tls.ts';
import { explainHeader, explainStart, explainStatus, isReasonOf } from './web.ts';

/**
 * Explains a line on its own, without knowing what came before: `'550 5.7.26'`, `'MAIL FROM:<a@b.example> SIZE=99'`,
 * `'250-PIPELINING'`, `'HTTP/1.1 404 Not Found'`, `'404 Not Found'`, `'Content-Length: 12'`, `'5.1.1'`, `'STARTTLS'`.
 * `phase` is the command that a reply answers, in lower case; `'extensions'` is what follows the first line of EHLO's.
 */
export function explainLine(line: string, phase?: string): Explanation | undefined {
  const text = line.trim();
  const reply = parseReplyLine(text);
  if (reply !== undefined) return explainReplyLine(reply, phase);
  return (
    explainEnhanced(text) ??
    explainStart(text) ??
    explainCommand(text) ??
    explainHeader(text) ??
    explainKeyword(text) ??
    explainTlsLine(text, false)
  );
}

interface ReplyLine {
  readonly code: number;
  readonly last: boolean;
  readonly enhanced: string | undefined;
  readonly text: string;
}

/** 1yz is no part of SMTP (RFC 5321 section 4.2.1), but of HTTP. */
function parseReplyLine(text: string): ReplyLine | undefined {
  const match = /^([1-5]\d\d)(?:([ -])(?:([245]\.\d{1,3}\.\d{1,3})(?: |$))?(.*))?$/.exec(text);
  if (match === null) return undefined;
  return { code: Number(match[1]), last: match[2] !== '-', enhanced: match[3], text: match[4] ?? '' };
}

function explainReplyLine(line: ReplyLine, phase: string | undefined): Explanation | undefined {
  const code = String(line.code);
  const status = phase === undefined && line.enhanced === undefined && line.last ? explainStatus(code) : undefined;
  const isSmtp = Object.hasOwn(REPLY_CODES, code);
  if (status !== undefined && (!isSmtp || isReasonOf(code, line.text))) return status;
  if (line.code < 200) return undefined;
  if (line.code === 250 && line.enhanced === undefined) {
    const keyword =
      phase === EXTENSIONS
        ? explainExtension(line.text)
        : phase === undefined || isGreeted(phase)
          ? (explainKeyword(line.text) ?? explainPrivate(line.text))
          : undefined;
    // In the middle of EHLO's reply, the keyword says more than the code does.
    if (keyword !== undefined) return { ...keyword, subject: `250 ${keyword.subject}` };
  }
  const reply: Reply = { code: line.code, enhanced: line.enhanced, lines: [line.text] };
  const whole = explainReply(reply, phase);
  // a number alone may be meant for either
  if (status === undefined || line.text !== '') return whole;
  return { ...whole, parts: [...whole.parts, { ...status, subject: `HTTP ${code}` }] };
}
