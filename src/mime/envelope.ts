import { MessageError } from '../errors.ts';
import { type Address, type Group, isGroup, readAddressInput } from './address.ts';
import { isGiven } from './given.ts';
import type { Mailbox } from './mailbox.ts';
import type { EnvelopeInit } from './message-init.ts';
import { MOVED_ENVELOPE_FIELDS } from './moved-fields.ts';
import { refuseUnknown } from './nearest.ts';

/** Whom the server is told (RFC 5321 section 2.3.1): where the mail goes, and where a report of its failure goes. */
export interface Envelope {
  /** The reverse-path; undefined is the null reverse-path `<>`, to which nothing is ever sent back. */
  readonly from: Mailbox | undefined;
  /** Each mailbox once, in the order given. */
  readonly to: readonly Mailbox[];
}

const FIELDS = new Set<string>(['from', 'to', 'cc', 'bcc', 'size', 'use8BitMime'] satisfies (keyof EnvelopeInit)[]);

/** The envelope as the caller gave it. */
export function readEnvelope(init: EnvelopeInit): Envelope {
  if (typeof init !== 'object' || init === null) throw new MessageError('BAD_INPUT', 'envelope', 'is not an object');
  for (const name in init)
    if (!FIELDS.has(name)) refuseUnknown(name, FIELDS, `envelope.${name}`, MOVED_ENVELOPE_FIELDS);
  const { from, to, cc, bcc } = init;
  const senders = isNull(from) ? [] : mailboxes(readAddressInput(from, 'envelope.from'));
  if (senders.length > 1) throw new MessageError('BAD_ADDRESS', 'envelope.from', 'one address is expected, or none');
  const recipients = [
    ...mailboxes(readAddressInput(isGiven(to) ? to : [], 'envelope.to')),
    ...mailboxes(readAddressInput(isGiven(cc) ? cc : [], 'envelope.cc')),
    ...mailboxes(readAddressInput(isGiven(bcc) ? bcc : [], 'envelope.bcc')),
  ];
  return { from: senders[0], to: eachOnce(recipients) };
}

function isNull(from: EnvelopeInit['from']): from is undefined | null | false | '' {
  return from === undefined || from === null || from === false || from === '' || from === '<>';
}

/** The mailboxes of a list, those of its groups among them. */
export function mailboxes(list: readonly (Address | Group)[]): readonly Mailbox[] {
  return list.some(isGroup)
    ? list.flatMap((entry) => (isGroup(entry) ? entry.group : entry))
    : (list as readonly Address[]);
}

/** Nobody gets a message twice for being named twice. Domains are compared without case, local parts with it. */
export function eachOnce(list: readonly Mailbox[]): readonly Mailbox[] {
  if (list.length < 2) return list;
  const seen = new Set<string>();
  for (let index = 0; index < list.length; index++) seen.add(identity(list[index] as Mailbox));
  if (seen.size === list.length) return list;
  return list.filter((mailbox) => seen.delete(identity(mailbox)));
}

/** The address with its domain in lower case; put together anew only where that changes it, which is seldom. */
function identity({ address, local, domain }: Mailbox): string {
  const lower = domain.toLowerCase();
  return lower === domain ? address : `${local}@${lower}`;
}
