import { MessageError } from '../errors.ts';
import type { HeadersInit, HeaderValue, MessageInit } from './message-init.ts';

/** The header fields that have a field of their own in a MessageInit. */
const OWN_FIELD = new Map<string, keyof MessageInit>([
  ['from', 'from'],
  ['sender', 'sender'],
  ['reply-to', 'replyTo'],
  ['to', 'to'],
  ['cc', 'cc'],
  ['bcc', 'bcc'],
  ['subject', 'subject'],
  ['date', 'date'],
  ['message-id', 'messageId'],
  ['in-reply-to', 'inReplyTo'],
  ['references', 'references'],
]);

/**
 * A message whose `headers` say what a field could say (`headers: { 'In-Reply-To': ... }`) is the same message with the
 * field: validated alike, written once, and a Bcc among them stays out of the message.
 */
export function liftFields(init: MessageInit): MessageInit {
  const { headers } = init;
  if (headers === undefined || headers === null) return init;
  const given = listed(headers);
  if (!given.some(({ key }) => OWN_FIELD.has(key?.toLowerCase?.()))) return init;
  const lifted: Record<string, unknown> = { ...init };
  const rest: { key: string; value: HeaderValue }[] = [];
  for (const entry of given) {
    const field = OWN_FIELD.get(entry.key?.toLowerCase?.());
    if (field === undefined) {
      rest.push(entry);
      continue;
    }
    if (lifted[field] !== undefined && lifted[field] !== null) {
      throw new MessageError('BAD_INPUT', `headers.${entry.key}`, `is given twice: ${field} says it too`);
    }
    lifted[field] = typeof entry.value === 'object' ? entry.value.value : entry.value;
  }
  return { ...lifted, headers: rest } as MessageInit;
}

function listed(headers: HeadersInit): { key: string; value: HeaderValue }[] {
  if (Array.isArray(headers)) return [...(headers as readonly { key: string; value: HeaderValue }[])];
  return Object.entries(headers).flatMap(([key, given]) => {
    const values = Array.isArray(given) ? (given as readonly HeaderValue[]) : [given as HeaderValue];
    return values.filter((value) => value !== undefined && value !== null).map((value) => ({ key, value }));
  });
}
