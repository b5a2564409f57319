import { MessageError } from '../errors.ts';
import type { AddressInput } from './address.ts';
import { decodedText } from './encoded-word-reader.ts';
import { isGiven, stringOf } from './given.ts';
import { Message } from './message.ts';
import { readableIds } from './message-id.ts';
import type { MessageInit } from './message-init.ts';

/** What a reply needs to know of the message it answers: the fields of a MessageInit, or of what a parser gave. */
export interface Original {
  readonly messageId?: string | undefined;
  readonly inReplyTo?: string | undefined;
  readonly references?: string | readonly string[] | undefined;
  readonly subject?: string | undefined;
  readonly from?: People | undefined;
  readonly replyTo?: People | undefined;
}

/** Addresses as a message object has them, or as mailparser gives them. */
type People = AddressInput | { readonly value: AddressInput };

/**
 * The fields of a reply (RFC 5322 section 3.6.4), so that every client shows it in the thread:
 *
 *     compose({ ...replyTo(original), from: 'me@example.com', text: 'Yes.' })
 */
export function replyTo(
  original: Original | Message,
): Pick<MessageInit, 'to' | 'subject' | 'inReplyTo' | 'references'> {
  if (typeof original !== 'object' || original === null) {
    throw new MessageError('BAD_INPUT', 'original', 'is not an object');
  }
  return original instanceof Message ? replyToFields(fieldsOf(original)) : replyToFields(original);
}

/** A message that was composed, or came in as `rawMessage()` has it: its header says all that is needed. */
function fieldsOf({ headers }: Message): Original {
  return {
    messageId: headers.get('message-id'),
    inReplyTo: headers.get('in-reply-to'),
    references: headers.get('references'),
    subject: decodedText(headers.get('subject') ?? ''),
    from: headers.get('from'),
    replyTo: headers.get('reply-to'),
  };
}

function replyToFields(original: Original): ReturnType<typeof replyTo> {
  const id = idsOf(original.messageId);
  const before = idsOf(original.references);
  // Without References, a single In-Reply-To is the parent's parent.
  const parents = before.length > 0 ? before : idsOf(original.inReplyTo);
  const ancestors = before.length === 0 && parents.length > 1 ? [] : parents;
  // A stranger wrote it: what no header may hold is no reason not to answer.
  const said = isGiven(original.subject) ? stringOf(original.subject, 'subject') : '';
  const subject = said.replace(/[\0-\x1f\x7f]+/g, ' ');
  const answer = addressesOf(original.replyTo) ?? addressesOf(original.from);
  return {
    ...(answer === undefined ? {} : { to: answer }),
    subject: /^re:/i.test(subject.trim()) ? subject : `Re: ${subject}`.trimEnd(),
    ...(id[0] === undefined ? {} : { inReplyTo: id[0], references: [...ancestors, ...id] }),
  };
}

function idsOf(input: string | readonly string[] | undefined): string[] {
  return isGiven(input) ? readableIds(input) : [];
}

function addressesOf(input: People | undefined): AddressInput | undefined {
  const people = typeof input === 'object' && input !== null && 'value' in input ? input.value : input;
  return isGiven(people) && !(Array.isArray(people) && people.length === 0) ? people : undefined;
}
