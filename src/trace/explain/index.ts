/**
 * What a line of a dialogue means, what happens next, and where that is written. The texts are ours; each names its
 * source. Secrets stay secret: an event's credentials are overwritten before they get here, and only challenges are
 * decoded.
 */
import type { Reply } from '../../errors.ts';
import type { ReceivedEvent, SentEvent, TlsFacts, TraceEvent } from '../event.ts';
import { plainText } from '../render.ts';
import { isContent } from '../turn.ts';
import { explainEnhanced } from './enhanced.ts';
import { type Entry, type Explanation, explanation } from './entry.ts';
import { Login } from './login.ts';
import { explainCommand, explainKeyword, explainReply } from './smtp.ts';
import { BODY, explainHead, explainHeader, explainStart } from './web.ts';

export type { Explanation } from './entry.ts';

/** Explains an event of a trace on its own; undefined where there is nothing to say. */
export function explain(event: TraceEvent): Explanation | undefined {
  return explainer()(event);
}

/** Explains the events of a trace one after another: of a login, each line says more when the lines before are known. */
export function explainer(): (event: TraceEvent) => Explanation | undefined {
  const logins = new Map<number, Login>();
  return (event) => {
    if (event.kind === 'closed') logins.delete(event.connection);
    if (event.kind === 'sent' && event.verb === 'AUTH') {
      logins.set(event.connection, new Login(firstParameter(event)));
    }
    return explainAt(event, logins.get(event.connection));
  };
}

function explainAt(event: TraceEvent, login: Login | undefined): Explanation | undefined {
  switch (event.kind) {
    case 'sent':
      return event.protocol === 'http' ? explainRequest(event) : explainSent(event, login);
    case 'received':
      return explainReceived(event, login);
    case 'tls':
      return explainTls(event.facts);
    default:
      return undefined;
  }
}

function explainRequest(event: SentEvent): Explanation | undefined {
  if (event.phase === 'body') return explanation('body', REQUEST_BODY);
  return explainHead(plainText(event.bytes, event.secrets));
}

function explainSent(event: SentEvent, login: Login | undefined): Explanation | undefined {
  if (isContent(event)) return explanation('content', CONTENT);
  const line = plainText(event.bytes, event.secrets).trimEnd();
  if (event.verb === 'AUTH') {
    const found = explainCommand(line);
    if (found === undefined || event.secrets.length === 0) return found;
    return { ...found, parts: [...found.parts, ...(login?.initial(undefined) ?? [])] };
  }
  if (event.verb !== undefined) return explainCommand(line);
  if (event.phase !== 'auth') return undefined;
  return (login ?? new Login('')).answer(line === '*' ? line : undefined);
}

function firstParameter(event: SentEvent): string {
  return plainText(event.bytes, event.secrets).split(/\s+/)[1] ?? '';
}

function explainReceived(event: ReceivedEvent, login: Login | undefined): Explanation | undefined {
  if (event.protocol === 'http') {
    return isContent(event) ? explanation('body', BODY) : explainHead(plainText(event.bytes, event.secrets));
  }
  if (event.reply === undefined) return undefined;
  // A challenge may be marked as secret; then nothing of it is told.
  const shown = event.secrets.length === 0 ? event.reply : { ...event.reply, lines: [] };
  return explainReply(shown, event.phase, login);
}

const CONTENT: Entry = [
  'The message itself: headers, an empty line, the body. A line that begins with a dot has another dot put before it; a dot alone ends it.',
  'RFC 5321 section 4.5.2',
  'The server answers 250 when it has taken the message.',
];
const REQUEST_BODY: Entry = ['The body of the request, byte for byte.', 'RFC 9112 section 6', 'The server answers.'];

function explainTls(facts: TlsFacts): Explanation {
  const trust: Entry = facts.authorized
    ? ['The certificate is signed by somebody trusted, and is for this name.', 'RFC 9525 section 6']
    : [
        `Anybody could be at the other end: ${facts.authorizationError ?? 'the certificate was not checked'}.`,
        'RFC 9525 section 6',
      ];
  const parts = [explanation(facts.authorized ? 'verified' : 'not verified', trust)];
  const { certificate } = facts;
  // of a transcript, no more than its name is known
  if (certificate !== undefined && certificate.issuer !== '') {
    const { subject, issuer, validTo } = certificate;
    parts.push(
      explanation(subject, [
        `Who the server says it is, as ${issuer} has signed; valid until ${validTo.toISOString().slice(0, 10)}.`,
        'RFC 5280 section 4.1',
      ]),
    );
  }
  const source = facts.protocol === 'TLSv1.3' ? 'RFC 8446' : facts.protocol === 'TLSv1.2' ? 'RFC 5246' : 'RFC 8996';
  return explanation(facts.protocol, ['From here on everything is encrypted.', source], parts);
}

/**
 * Explains a line on its own, without knowing what came before: `'550 5.7.26'`, `'MAIL FROM:<a@b.example> SIZE=99'`,
 * `'250-PIPELINING'`, `'HTTP/1.1 404 Not Found'`, `'Content-Length: 12'`, `'5.1.1'`, `'STARTTLS'`.
 */
export function explainLine(line: string, phase?: string): Explanation | undefined {
  const text = line.trim();
  const reply = parseReplyLine(text);
  if (reply !== undefined) return explainReplyLine(reply, phase);
  return (
    explainEnhanced(text) ?? explainStart(text) ?? explainCommand(text) ?? explainHeader(text) ?? explainKeyword(text)
  );
}

interface ReplyLine {
  readonly code: number;
  readonly last: boolean;
  readonly enhanced: string | undefined;
  readonly text: string;
}

function parseReplyLine(text: string): ReplyLine | undefined {
  const match = /^([2-5]\d\d)(?:([ -])(?:([245]\.\d{1,3}\.\d{1,3})(?: |$))?(.*))?$/.exec(text);
  if (match === null) return undefined;
  return { code: Number(match[1]), last: match[2] !== '-', enhanced: match[3], text: match[4] ?? '' };
}

function explainReplyLine(line: ReplyLine, phase: string | undefined): Explanation {
  const reply: Reply = { code: line.code, enhanced: line.enhanced, lines: [line.text] };
  const whole = explainReply(reply, phase);
  // In the middle of EHLO's reply, the keyword says more than the code does.
  const keyword = line.code === 250 && line.enhanced === undefined ? explainKeyword(line.text) : undefined;
  return keyword === undefined ? whole : { ...keyword, subject: `250 ${keyword.subject}` };
}
