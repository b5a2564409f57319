import { MessageError } from '../errors.ts';
import type { AddressInput } from './address.ts';
import { isGiven, stringOf } from './given.ts';
import { messageIds } from './message-id.ts';
import type { MessageInit } from './message-init.ts';

/** What a reply needs to know of the message it answers: the fields of a MessageInit, or of what a parser gave. */
export interface Original {
  readonly messageId?: string | undefined;
  readonly inReplyTo?: string | undefined;
  readonly references?: string | readonly string[] | undefined;
  readonly subject?: string | undefined;
  readonly from?: AddressInput | undefined;
  readonly replyTo?: AddressInput | undefined;
}

/**
 * The fields of a reply (RFC 5322 section 3.6.4), so that every client shows it in the thread:
 *
 *     compose({ ...replyTo(original), from: 'me@example.com', text: 'Yes.' })
 */
export function replyTo(original: Original): Pick<MessageInit, 'to' | 'subject' | 'inReplyTo' | 'references'> {
  if (typeof original !== 'object' || original === null) {
    throw new MessageError('BAD_INPUT', 'original', 'is not an object');
  }
  const id = idsOf(original.messageId, 'messageId');
  const before = idsOf(original.references, 'references');
  // Without References, a single In-Reply-To is the parent's parent.
  const parents = before.length > 0 ? before : idsOf(original.inReplyTo, 'inReplyTo');
  const ancestors = before.length === 0 && parents.length > 1 ? [] : parents;
  const subject = isGiven(original.subject) ? stringOf(original.subject, 'subject') : '';
  const answer = hasAddress(original.replyTo) ? original.replyTo : original.from;
  return {
    ...(hasAddress(answer) ? { to: answer } : {}),
    subject: /^re:/i.test(subject.trim()) ? subject : `Re: ${subject}`.trimEnd(),
    ...(id[0] === undefined ? {} : { inReplyTo: id[0], references: [...ancestors, ...id] }),
  };
}

function idsOf(input: string | readonly string[] | undefined, field: string): string[] {
  return isGiven(input) ? messageIds(input, field) : [];
}

function hasAddress(input: AddressInput | undefined): input is AddressInput {
  return isGiven(input) && !(Array.isArray(input) && input.length === 0);
}
