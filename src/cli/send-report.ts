/** What is said when a mail was sent, or was not: each recipient with the server's own words. */
import type { PlainwireError, RecipientReply, Reply } from '../errors.ts';
import type { Delivery } from '../smtp/index.ts';

export function deliveryLines(delivery: Delivery): string[] {
  const { accepted, rejected, reply, messageId } = delivery;
  const count =
    rejected.length === 0 ? '' : ` to ${accepted.length} of ${accepted.length + rejected.length} recipients`;
  return [
    `Message sent${count}: ${replyText(reply)}`,
    ...recipientLines(accepted, rejected),
    ...(messageId === '' ? [] : [`  Message-ID ${messageId}`]),
  ];
}

/** The account of a message that failed, where the server got as far as its recipients. */
export function failureLines(error: PlainwireError): string[] {
  const lines = ['Message not sent'];
  if (error.mayHaveBeenDelivered) lines[0] = 'Message sent whole, but whether it was taken is not known; it may arrive';
  if (error.recipients === undefined) return lines;
  return [...lines, ...recipientLines(error.recipients.accepted, error.recipients.rejected)];
}

/** What the server said last, where the dialogue was to go no further. */
export function stoppedLines({ phase = '', reply }: PlainwireError): string[] {
  return [`Stopped after ${phase}, nothing sent${said(reply)}`];
}

function recipientLines(accepted: readonly RecipientReply[], rejected: readonly RecipientReply[]): string[] {
  return [
    ...accepted.map(({ address, reply }) => `  accepted ${address}${said(reply)}`),
    // without a word from the server nobody refused it: the message never got so far
    ...rejected.map(
      ({ address, reply }) => `  ${reply === undefined ? 'not sent' : 'refused '} ${address}${said(reply)}`,
    ),
  ];
}

function said(reply: Reply | undefined): string {
  return reply === undefined ? '' : `: ${replyText(reply)}`;
}

function replyText({ code, enhanced, lines }: Reply): string {
  return [code, ...(enhanced === undefined ? [] : [enhanced]), lines.join(' / ')].join(' ').trimEnd();
}
