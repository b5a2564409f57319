/**
 * One JSON object a line, for programs: every event as it came. Text stands in `text`; bytes that are no UTF-8 in
 * `base64` (secret bytes are `*` there, and `secrets` says where). Where content is folded, `more` counts what is left out.
 */
import { isUtf8 } from 'node:buffer';
import type { ReceivedEvent, SentEvent, Trace, TraceEvent } from './event.ts';
import { explainer } from './explain/index.ts';
import { plainText, safeJson } from './render.ts';
import { contentLimit, type TextOptions, type Write } from './text.ts';
import { isContent } from './turn.ts';

export function jsonLines(write: Write, options: TextOptions = {}): Trace {
  const limit = contentLimit(options);
  /** How much of the content under way has been written, by connection. */
  const written = new Map<number, number>();
  const explain = explainer();

  function room(event: SentEvent | ReceivedEvent): number {
    if (!isContent(event)) {
      written.delete(event.connection);
      return event.bytes.length;
    }
    const before = written.get(event.connection) ?? 0;
    written.set(event.connection, before + event.bytes.length);
    return Math.min(event.bytes.length, Math.max(0, limit - before));
  }

  return (event) => {
    if (event.kind === 'closed') written.delete(event.connection);
    const shown = event.kind === 'sent' || event.kind === 'received' ? spoken(event, room(event)) : fact(event);
    const explanation = options.explain === true ? { explanation: explain(event) } : {};
    write(`${safeJson(JSON.stringify({ ...base(event), ...shown, ...explanation }))}\n`);
  };
}

function base({ kind, time, connection, protocol }: TraceEvent): object {
  return { kind, time: Math.round(time * 1000) / 1000, connection, protocol };
}

function spoken(event: SentEvent | ReceivedEvent, room: number): object {
  const bytes = event.bytes.subarray(0, room);
  const more = event.bytes.length - room;
  return {
    phase: event.phase,
    roundTrip: event.roundTrip,
    ...(event.kind === 'sent' ? { verb: event.verb } : replyFacts(event)),
    ...(isUtf8(bytes) ? { text: plainText(bytes, event.secrets) } : { base64: Buffer.from(bytes).toString('base64') }),
    ...(event.secrets.length > 0 ? { secrets: event.secrets } : {}),
    ...(more > 0 ? { more } : {}),
  };
}

/** The text of the reply is not repeated: it may be marked secret, and stands in `text`. */
function replyFacts(event: ReceivedEvent): object {
  return event.reply === undefined ? {} : { code: event.reply.code, enhanced: event.reply.enhanced };
}

function fact(event: Exclude<TraceEvent, SentEvent | ReceivedEvent>): object {
  switch (event.kind) {
    case 'connecting':
      return { target: event.target };
    case 'connected':
      return { target: event.target, remote: event.remote };
    case 'tls':
      return { tls: event.facts };
    case 'closed':
      return { by: event.by };
    case 'error':
      return { error: { name: event.error.name, code: event.error.code, message: event.error.message } };
  }
}
