import { MessageError } from '../errors.ts';
import { readAddressInput } from './address.ts';
import { type People, senderOf } from './author-fields.ts';
import { checkZone, dateField, dateOfNow } from './date-time.ts';
import { extraFields } from './extra-fields.ts';
import { addressField, unstructuredField, wordsField } from './folding.ts';
import { isGiven, stringOf } from './given.ts';
import { listFields } from './list-fields.ts';
import { toAsciiDomain } from './mailbox.ts';
import { messageIds, newMessageId } from './message-id.ts';
import type { MessageInit } from './message-init.ts';
import { otpField } from './otp-field.ts';
import { token } from './token.ts';

/** The message's header fields but those of its MIME entity (RFC 5322 section 3.6), each with its CRLF. */
export function header(init: MessageInit, people: People, id: string): string {
  const { inReplyTo, references, subject } = init;
  let text = `Date: ${dateText(init)}\r\n${addressField('From', people.from)}`;
  if (people.sender.length > 0) text += addressField('Sender', people.sender);
  // Several authors need a Sender (RFC 5322 section 3.6.2): the first of them, who is in the envelope too.
  else if (people.from.length > 1) text += addressField('Sender', people.from.slice(0, 1));
  if (people.replyTo.length > 0) text += addressField('Reply-To', people.replyTo);
  if (people.to.length > 0) text += addressField('To', people.to);
  if (people.cc.length > 0) text += addressField('Cc', people.cc);
  if (isGiven(subject)) text += unstructuredField('Subject', stringOf(subject, 'subject'), 'subject');
  text += `Message-ID: ${id}\r\n`;
  if (inReplyTo) text += idsField('In-Reply-To', messageIds(inReplyTo, 'inReplyTo'), 'inReplyTo');
  if (references) text += idsField('References', messageIds(references, 'references'), 'references');
  return `${text}${rareFields(init)}MIME-Version: 1.0\r\n`;
}

/** What nearly every domain is; else it is a literal, or U-labels, which an identifier has no room for. */
const PLAIN_DOMAIN = /^[\w.-]+$/;

/** The message's own identifier: as given, or unique by its random part under the author's domain. */
export function identifierOf(init: MessageInit, people: People): string {
  if (init.messageId) return newMessageId(init.messageId, 'messageId');
  const domain = senderOf(people)?.domain ?? '';
  if (PLAIN_DOMAIN.test(domain)) return `<${token()}@${domain}>`;
  // The name of this machine is nobody's business: a draft without an author has nobody's domain.
  const right = domain === '' ? 'localhost' : domain.startsWith('[') ? domain : toAsciiDomain(domain, 'from');
  return `<${token()}@${right}>`;
}

function dateText({ date, timeZone }: MessageInit): string {
  const zone = isGiven(timeZone) ? timeZone : 'utc';
  if (zone !== 'utc') checkZone(zone);
  if (isGiven(date)) return dateField(date, zone);
  return zone === 'utc' ? dateOfNow() : dateField(Date.now(), zone);
}

function idsField(name: string, ids: readonly string[], field: string): string {
  return ids.length === 0 ? '' : wordsField(name, ids, field);
}

/** What clients read: X-Priority (most), X-MSMail-Priority (Outlook), Importance and Priority (RFC 2156, section 5.3). */
const PRIORITY = {
  high: 'X-Priority: 1 (Highest)\r\nX-MSMail-Priority: High\r\nImportance: High\r\nPriority: urgent\r\n',
  normal: '',
  low: 'X-Priority: 5 (Lowest)\r\nX-MSMail-Priority: Low\r\nImportance: Low\r\nPriority: non-urgent\r\n',
} as const;

/** The fields that few messages have. */
function rareFields(init: MessageInit): string {
  const { priority, autoSubmitted, dispositionNotificationTo, xMailer, otp, list, headers } = init;
  let text = '';
  if (priority) {
    const wanted = stringOf(priority, 'priority').toLowerCase();
    if (!Object.hasOwn(PRIORITY, wanted)) throw new MessageError('BAD_INPUT', 'priority', 'is not high, normal or low');
    text += PRIORITY[wanted as keyof typeof PRIORITY];
  }
  if (autoSubmitted) {
    // RFC 3834 section 5, RFC 5436 section 2.7.1
    if (!/^(?:no|auto-(?:generated|replied|notified))$/.test(stringOf(autoSubmitted, 'autoSubmitted'))) {
      throw new MessageError('BAD_INPUT', 'autoSubmitted', 'is not auto-generated, auto-replied, auto-notified or no');
    }
    text += `Auto-Submitted: ${autoSubmitted}\r\n`;
  }
  if (dispositionNotificationTo) {
    const to = readAddressInput(dispositionNotificationTo, 'dispositionNotificationTo');
    if (to.length > 0) text += addressField('Disposition-Notification-To', to);
  }
  if (typeof xMailer === 'string' && xMailer !== '') text += unstructuredField('X-Mailer', xMailer, 'xMailer');
  if (otp) text += otpField(otp);
  if (list) text += listFields(list);
  if (headers) text += extraFields(headers, 'headers', text);
  return text;
}
