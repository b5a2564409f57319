import { MessageError } from '../errors.ts';
import { type Address, type AddressInput, type Group, isGroup, readAddressField } from './address.ts';
import { type Envelope, eachOnce, mailboxes, readEnvelope } from './envelope.ts';
import { isGiven } from './given.ts';
import type { Mailbox } from './mailbox.ts';
import type { MessageInit } from './message-init.ts';

/** The people of a message (RFC 5322 sections 3.6.2 and 3.6.3), validated. */
export interface People {
  readonly from: readonly (Address | Group)[];
  readonly sender: readonly (Address | Group)[];
  readonly replyTo: readonly (Address | Group)[];
  readonly to: readonly (Address | Group)[];
  readonly cc: readonly (Address | Group)[];
  readonly bcc: readonly (Address | Group)[];
}

const NOBODY: readonly (Address | Group)[] = [];

export function readPeople(init: MessageInit): People {
  const sender = read(init.sender, 'sender');
  if (sender.length > 1 || sender.some(isGroup))
    throw new MessageError('BAD_ADDRESS', 'sender', 'one address is expected');
  return {
    from: read(init.from, 'from'),
    sender,
    replyTo: read(init.replyTo, 'replyTo'),
    to: read(init.to, 'to'),
    cc: read(init.cc, 'cc'),
    bcc: read(init.bcc, 'bcc'),
  };
}

function read(input: AddressInput | undefined, field: string): readonly (Address | Group)[] {
  return isGiven(input) ? readAddressField(input, field) : NOBODY;
}

/** Who sends it: the Sender if there is one, else the first author (RFC 5322 section 3.6.2). */
export function senderOf(people: People): Mailbox | undefined {
  return firstMailbox(people.sender) ?? firstMailbox(people.from);
}

function firstMailbox(list: readonly (Address | Group)[]): Mailbox | undefined {
  const [first] = list;
  return first === undefined || isGroup(first) ? mailboxes(list)[0] : first;
}

/** The envelope: as given, or from the people. */
export function envelopeOf(init: MessageInit, people: People): Envelope {
  if (isGiven(init.envelope)) return readEnvelope(init.envelope);
  const { to, cc, bcc } = people;
  const recipients = cc.length === 0 && bcc.length === 0 ? to : [...to, ...cc, ...bcc];
  return { from: senderOf(people), to: eachOnce(mailboxes(recipients)) };
}

/** True if a header or the envelope can't be said in ASCII; who is in Bcc alone is in the envelope only. */
export function needsUtf8Header({ from, sender, replyTo, to, cc }: People): boolean {
  return hasUtf8(from) || hasUtf8(to) || hasUtf8(cc) || hasUtf8(replyTo) || hasUtf8(sender);
}

function hasUtf8(list: readonly (Address | Group)[]): boolean {
  for (let index = 0; index < list.length; index++) {
    const entry = list[index] as Address | Group;
    if (isGroup(entry) ? hasUtf8(entry.group) : !entry.ascii) return true;
  }
  return false;
}

export function needsUtf8Envelope({ from, to }: Envelope): boolean {
  return from?.ascii === false || to.some((mailbox) => !mailbox.ascii);
}
