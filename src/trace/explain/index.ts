/**
 * What a line of a dialogue means, what happens next, and where that is written. The texts are ours; each names its
 * source. Secrets stay secret: an event's credentials are overwritten before they get here, and only challenges are
 * decoded.
 */
import type { ReceivedEvent, SentEvent, TraceEvent } from '../event.ts';
import { plainText } from '../render.ts';
import { isContent } from '../turn.ts';
import { explainClosed, explainConnected, explainConnecting, explainError } from './connection.ts';
import { CONTENT } from './content.ts';
import { type Entry, type Explanation, explanation } from './entry.ts';
import { Login } from './login.ts';
import { explainCommand, explainReply } from './smtp.ts';
import { explainTls } from './tls.ts';
import { BODY, explainHead } from './web.ts';

export type { Explanation } from './entry.ts';
export { explainLine } from './line.ts';

/** Explains an event of a trace on its own; undefined where there is nothing to say. */
export function explain(event: TraceEvent): Explanation | undefined {
  return explainer()(event);
}

/** Explains the events of a trace one after another: of a login, each line says more when the lines before are known. */
export function explainer(): (event: TraceEvent) => Explanation | undefined {
  const logins = new Map<number, Login>();
  /** The connections on which the goodbye was said. */
  const leaving = new Set<number>();
  return (event) => {
    if (event.kind === 'closed') {
      logins.delete(event.connection);
      return explainClosed(event, leaving.delete(event.connection));
    }
    if (event.kind === 'sent' && event.verb === 'QUIT') leaving.add(event.connection);
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
    case 'connecting':
      return explainConnecting(event);
    case 'connected':
      return explainConnected(event);
    case 'closed':
      return explainClosed(event, false);
    case 'error':
      return explainError(event.error, event.protocol);
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

const REQUEST_BODY: Entry = ['The body of the request, byte for byte.', 'RFC 9112 section 6', 'The server answers.'];
