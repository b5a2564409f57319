import type { Advice } from './nearest.ts';

/**
 * Fields that a message has elsewhere, in nodemailer above all, and not here: each error says where the same is said
 * with plainwire. Silence would lose what the caller asked for.
 */

const SEND_OPTION = 'it is an option of send(), not a field of the message';

export const MOVED_MESSAGE_FIELDS: Advice = {
  dsn: `${SEND_OPTION}: send(message, { dsn })`,
  signal: `${SEND_OPTION}: send(message, { signal })`,
  requireTLSExtensionEnabled: `${SEND_OPTION}: send(message, { requireTls: true })`,
  auth: 'credentials belong to the Mailer, not to a message',
  maxRecipients: 'the server says how many recipients it takes; count them before if fewer are to be allowed',
  keepBcc: 'Bcc never goes into a message that is sent',
  baseBoundary: 'boundaries are random, so that no content can hold one; leave it out',
  boundaryPrefix: 'boundaries are random, so that no content can hold one; leave it out',
  ses: 'plainwire sends by SMTP',
  template: 'template() makes one letter for many',
  body: 'the plain text is text, the other one html',
  reply_to: 'the nearest is "replyTo"',
};

export const MOVED_ATTACHMENT_FIELDS: Advice = {
  tls: 'how a URL is fetched is for the fetch function in the options of compose()',
  name: 'the nearest is "filename"',
  data: 'the nearest is "content"',
  type: 'the nearest is "contentType"',
  disposition: 'the nearest is "contentDisposition"',
  contentId: 'the nearest is "cid"',
};

export const MOVED_TEXT_FIELDS: Advice = {
  tls: MOVED_ATTACHMENT_FIELDS['tls'] ?? '',
  filename: 'a text has no file name; alternatives and attachments may have one',
};

export const MOVED_ENVELOPE_FIELDS: Advice = {
  smtpUtf8: 'SMTPUTF8 is said where an address needs it; leave it out',
  dsn: `${SEND_OPTION}: send(message, { dsn })`,
  requireTLSExtensionEnabled: `${SEND_OPTION}: send(message, { requireTls: true })`,
};
