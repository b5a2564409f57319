/** What a server may offer in its reply to EHLO: the whole of IANA's registry "SMTP Service Extensions", and some in wide use. */
import { MECHANISMS } from './auth.ts';
import type { Entry } from './entry.ts';

export const KEYWORDS: Readonly<Record<string, Entry>> = {
  PIPELINING: ['The client may send several commands without waiting for each reply.', 'RFC 2920 section 3'],
  SIZE: [
    'The client may say how big a message is; the number is the most the server takes, in bytes (0: no fixed limit).',
    'RFC 1870 section 4',
  ],
  '8BITMIME': ['Messages may hold bytes above 127.', 'RFC 6152 section 2'],
  BINARYMIME: ['Messages may hold any bytes, without lines; sent with BDAT.', 'RFC 3030 section 3'],
  CHUNKING: ['BDAT may be used in place of DATA: no dots to stuff, no end to search.', 'RFC 3030 section 2'],
  ENHANCEDSTATUSCODES: ['Replies begin with a code that says more exactly why, such as 5.1.1.', 'RFC 2034 section 4'],
  STARTTLS: ['The connection can be encrypted.', 'RFC 3207 section 3'],
  AUTH: ['The client may log in, by one of the mechanisms listed.', 'RFC 4954 section 3'],
  DSN: ['The client may ask for reports of success, delay and failure.', 'RFC 3461 section 3'],
  SMTPUTF8: ['Addresses and headers may hold any Unicode character.', 'RFC 6531 section 3.1'],
  VRFY: ['The server does VRFY.', 'RFC 5321 section 3.5.2'],
  EXPN: ['The server does EXPN.', 'RFC 5321 section 3.5.2'],
  HELP: ['The server does HELP.', 'RFC 5321 section 4.1.1.8'],
  ETRN: ['The client may ask for the mail that waits for a domain.', 'RFC 1985 section 3'],
  ATRN: ['The client may turn the connection round, after logging in.', 'RFC 2645 section 5.1.1'],
  DELIVERBY: [
    'The client may say by when a message must be delivered; the number is the least that it may ask for, in seconds.',
    'RFC 2852 section 3',
  ],
  'MT-PRIORITY': ['The client may say how urgent a message is.', 'RFC 6710 section 3'],
  'NO-SOLICITING': ['The server does not want mail that solicits.', 'RFC 3865 section 2.1'],
  MTRK: ['Messages can be tracked.', 'RFC 3885 section 2'],
  SUBMITTER: ['The client may say who is responsible for a message (abandoned with Sender ID).', 'RFC 4405 section 3'],
  BURL: ['The server can fetch parts of a message from an IMAP store.', 'RFC 4468 section 3.1'],
  FUTURERELEASE: [
    'A message may be held back for a time that the client names: at most so many seconds, and until this date.',
    'RFC 4865 section 3',
  ],
  CONPERM: ['The client may allow content to be converted.', 'RFC 4141 section 4.1'],
  CONNEG: ['The server tells what content a recipient can take.', 'RFC 4141 section 5.1'],
  CHECKPOINT: ['A broken transfer can be taken up again.', 'RFC 1845 section 3'],
  UTF8SMTP: ['The experiment that SMTPUTF8 replaced.', 'RFC 5336 section 3.1; RFC 6531 in its place now'],
  RRVS: ['Delivery can depend on the mailbox still having the same owner.', 'RFC 7293 section 3.1'],
  REQUIRETLS: ['The client may ask that a message goes only over verified TLS, all the way.', 'RFC 8689 section 2'],
  LIMITS: ['How many messages, recipients and domains the server takes.', 'RFC 9422 section 3'],
  XCLIENT: ['A trusted proxy may tell who the real client is.', 'Postfix XCLIENT_README'],
  XFORWARD: ['A trusted filter may tell who the first client was.', 'Postfix XFORWARD_README'],
  VERP: ['The return path may be made to name each recipient.', 'Postfix VERP_README'],
  ONEX: ['One message is all that the client will send.', 'IANA registry SMTP Service Extensions'],
  VERB: ['The server can tell more in its replies.', 'IANA registry SMTP Service Extensions'],
  TURN: ['The roles of client and server can be swapped; deprecated.', 'RFC 5321 appendix F.1'],
  SEND: ['Mail can be shown on a terminal; deprecated.', 'RFC 5321 appendix F.6'],
  SOML: ['Mail can be shown on a terminal or delivered; deprecated.', 'RFC 5321 appendix F.6'],
  SAML: ['Mail can be shown on a terminal and delivered; deprecated.', 'RFC 5321 appendix F.6'],
};

const LIMITS: Readonly<Record<string, Entry>> = {
  MAILMAX: ['How many messages may be sent over one connection.', 'RFC 9422 section 4.1'],
  RCPTMAX: ['How many recipients one message may have.', 'RFC 9422 section 4.2'],
  RCPTDOMAINMAX: ['How many domains the recipients of one connection may be of.', 'RFC 9422 section 4.3'],
};

const NOT_NAMED: Readonly<Record<string, Entry>> = {};

/** The keywords that take parameters, and those of the parameters that have a meaning of their own. */
export const KEYWORD_PARAMETERS: Readonly<Record<string, Readonly<Record<string, Entry>>>> = {
  AUTH: MECHANISMS,
  LIMITS,
  SIZE: NOT_NAMED,
  DELIVERBY: NOT_NAMED,
  'MT-PRIORITY': NOT_NAMED,
  'NO-SOLICITING': NOT_NAMED,
  BURL: NOT_NAMED,
  FUTURERELEASE: NOT_NAMED,
  XCLIENT: NOT_NAMED,
  XFORWARD: NOT_NAMED,
};
