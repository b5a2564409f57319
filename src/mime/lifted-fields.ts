import { MessageError } from '../errors.ts';
import { isGiven } from './given.ts';
import { headerEntries, valueText } from './header-entries.ts';
import type { HeaderInit, MessageInit } from './message-init.ts';

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
  const given = headerEntries(init.headers, 'headers');
  if (!given.some(({ key }) => OWN_FIELD.has(key.toLowerCase()))) return init;
  const lifted: Record<string, unknown> = { ...init };
  const rest: HeaderInit[] = [];
  for (const { key, value, path } of given) {
    const field = OWN_FIELD.get(key.toLowerCase());
    if (field === undefined) {
      rest.push({ key, value });
      continue;
    }
    const said = lifted[field];
    const text = value instanceof Date ? value : valueText(value, path);
    if (isGiven(said)) {
      // Who says it twice in the same words leaves nothing open.
      if (said === text) continue;
      throw new MessageError('BAD_INPUT', path, `${key} is given twice: ${field} says it too`);
    }
    lifted[field] = text;
  }
  return { ...lifted, headers: rest } as MessageInit;
}
