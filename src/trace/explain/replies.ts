/** Reply codes of SMTP: what the first digit says, and every code with a meaning of its own. */
import type { Entry } from './entry.ts';

export const REPLY_CLASSES: Readonly<Record<string, Entry>> = {
  '2': ['Done: what was asked for has been accepted.', 'RFC 5321 section 4.2.1'],
  '3': ['So far so good: the server waits for the rest.', 'RFC 5321 section 4.2.1'],
  '4': ['Not now: the same command may be accepted later.', 'RFC 5321 section 4.2.1', 'Try again later.'],
  '5': [
    'No: the same command will be refused again.',
    'RFC 5321 section 4.2.1',
    'Change something before trying again.',
  ],
};

export const REPLY_CODES: Readonly<Record<string, Entry>> = {
  '211': ['System status, or an answer to HELP.', 'RFC 5321 section 4.2.3'],
  '214': ['Help, for a person to read.', 'RFC 5321 section 4.2.3'],
  '220': [
    'The server is ready.',
    'RFC 5321 section 4.3.1; RFC 3207 section 4',
    'The client says EHLO; after STARTTLS, the TLS handshake comes first.',
  ],
  '221': ['The server says goodbye.', 'RFC 5321 section 4.2.3', 'It closes the connection.'],
  '235': ['The login succeeded.', 'RFC 4954 section 6', 'Mail may be sent now.'],
  '250': ['Done.', 'RFC 5321 section 4.2.3', 'The next command may come.'],
  '251': ['The user is not here, but the server will forward the mail.', 'RFC 5321 section 4.2.3'],
  '252': ['The server does not say whether the user exists, but will take the mail and try.', 'RFC 5321 section 4.2.3'],
  '253': ['Mail for the domain waits, and sending it has begun.', 'RFC 1985 section 5.1'],
  '334': ['A challenge of the login, in base64.', 'RFC 4954 section 4', 'The client answers it, or gives up with *.'],
  '354': [
    'Go on: send the message.',
    'RFC 5321 section 4.2.3',
    'The message follows, and ends with a line with a dot alone.',
  ],
  '421': [
    'The service is not available, and the server closes the connection.',
    'RFC 5321 section 4.2.3',
    'Connect again later. It may come in answer to any command.',
  ],
  '422': [
    "The recipient's mailbox is over its quota; old servers mean 432 by it.",
    'Common use, compare 4.2.2 of RFC 3463; RFC 5248 section 2.4',
    'Try again later.',
  ],
  '432': [
    'The user must change over to this mechanism first: by one login with PLAIN, say.',
    'RFC 4954 section 6',
    'Log in once with PLAIN, under TLS.',
  ],
  '450': [
    'The mailbox is not available now: busy, or held back for the moment (greylisting).',
    'RFC 5321 section 4.2.3',
    'Try again in some minutes.',
  ],
  '451': ['The server failed while working on it.', 'RFC 5321 section 4.2.3', 'Try again later.'],
  '452': [
    'The server has no room, or takes no more recipients in one message.',
    'RFC 5321 sections 4.2.3 and 4.5.3.1.10',
    'Send to the rest with another message, or later.',
  ],
  '453': ['No mail waits for the domains named.', 'RFC 2645 section 5.2.1'],
  '454': [
    'TLS, or the login, is not available now.',
    'RFC 3207 section 4; RFC 4954 section 6',
    'Try again later; the password need not be wrong.',
  ],
  '455': ['The server cannot take these parameters now.', 'RFC 5321 section 4.1.1.11', 'Try again later.'],
  '458': ['The server cannot send the waiting mail to that node.', 'RFC 1985 section 5.1'],
  '459': ['That node is not allowed to ask for its mail.', 'RFC 1985 section 5.1'],
  '500': ['The server does not know the command, or the line is too long.', 'RFC 5321 section 4.2.3'],
  '501': ['A mistake in the arguments of the command.', 'RFC 5321 section 4.2.3'],
  '502': ['The server knows the command but does not do it.', 'RFC 5321 section 4.2.4'],
  '503': ['Commands in the wrong order.', 'RFC 5321 section 4.2.3'],
  '504': [
    'A parameter, or the mechanism of AUTH, that the server does not do.',
    'RFC 5321 section 4.2.3; RFC 4954 section 4',
  ],
  '521': ['This host takes no mail at all.', 'RFC 7504 section 3', 'The client says QUIT, and does not come back.'],
  '523': [
    'The login needs an encrypted connection; some servers mean a message that is too long.',
    'RFC 5248 section 2.4',
  ],
  '524': ['This mechanism needs encryption first; 538 says the same.', 'RFC 5248 section 2.4'],
  '525': ['The account is disabled.', 'RFC 5248 section 2.4'],
  '530': [
    'Log in first (or start TLS first).',
    'RFC 4954 section 6; RFC 3207 section 4',
    'The client says AUTH or STARTTLS, by what the text asks for.',
  ],
  '534': ['The mechanism is too weak for this user.', 'RFC 4954 section 6', 'Log in with another mechanism.'],
  '535': ['The login failed: the credentials are wrong.', 'RFC 4954 section 6'],
  '538': ['This mechanism needs encryption first (historic).', 'RFC 4954 section 6', 'Start TLS first.'],
  '541': ['Refused by a filter.', 'Common use; no RFC'],
  '550': [
    'The mailbox is not available: there is none, or the server will not deliver to it by its rules.',
    'RFC 5321 section 4.2.3',
  ],
  '551': ['The user is not here; the reply says where to try.', 'RFC 5321 section 4.2.3'],
  '552': ['The message, or the mailbox with it, would be too big.', 'RFC 5321 section 4.2.3; RFC 1870 section 6.1'],
  '553': ['The name of the mailbox is not allowed, or is ambiguous.', 'RFC 5321 section 4.2.3'],
  '554': ['The transaction failed; as a greeting: no service here.', 'RFC 5321 section 4.2.3'],
  '555': ['The server does not know, or does not do, these parameters.', 'RFC 5321 section 4.1.1.11'],
  '556': ['The domain of the recipient takes no mail.', 'RFC 7504 section 4'],
  '557': ['Too many copies of the same message.', 'Common use; no RFC'],
};

/**
 * What a positive reply means to the command it answers, and any reply, positive or not, that says something else there
 * than elsewhere: `'ETRN 251'`.
 */
export const PHASE_REPLIES: Readonly<Record<string, Entry>> = {
  GREETING: ['The server is there and ready.', 'RFC 5321 section 3.1', 'The client says EHLO.'],
  EHLO: [
    "The server's name, and one line for each extension it offers.",
    'RFC 5321 section 4.1.1.1',
    'Mail may begin, after STARTTLS and AUTH where they are needed.',
  ],
  LHLO: ["The server's name, and one line for each extension it offers.", 'RFC 2033 section 4.1', 'Mail may begin.'],
  HELO: ["The server's name.", 'RFC 5321 section 4.1.1.1', 'Mail may begin.'],
  STARTTLS: [
    'The server is ready for TLS.',
    'RFC 3207 section 4',
    'The TLS handshake follows at once, then EHLO again.',
  ],
  'STARTTLS 454': ['TLS is not available now.', 'RFC 3207 section 4', 'Go on without TLS, or try again later.'],
  'AUTH 454': [
    'The login failed by a fault of the server; the password need not be wrong.',
    'RFC 4954 section 6',
    'Try again later.',
  ],
  'AUTH 500': ['The server does not know AUTH, or a line of the login is too long.', 'RFC 4954 section 6'],
  'AUTH 501': ['The login was given up with *, or an answer was no base64.', 'RFC 4954 section 4'],
  'AUTH 503': ['The login is done already, or a message has begun.', 'RFC 4954 section 4'],
  'AUTH 504': ['The server does not do this mechanism, or only under TLS.', 'RFC 4954 section 4'],
  MAIL: ['The sender is accepted, and a message has begun.', 'RFC 5321 section 3.3', 'The recipients follow.'],
  RCPT: ['This recipient is accepted.', 'RFC 5321 section 3.3', 'More recipients, or DATA.'],
  DATA: ['Go on: send the message.', 'RFC 5321 section 3.3', 'The message follows, up to a line with a dot alone.'],
  'DATA 503': ['No sender or no recipient has been accepted.', 'RFC 5321 section 3.3'],
  'DATA 554': ['No recipient has been accepted, or the server will not take the message.', 'RFC 5321 section 3.3'],
  BDAT: ['The chunk has arrived.', 'RFC 3030 section 2', 'The next chunk, up to the one with LAST.'],
  BURL: ['The server has fetched that part of the message.', 'RFC 4468 section 6'],
  CONTENT: [
    'The server has taken the message and is now responsible for delivering it or saying that it could not.',
    'RFC 5321 sections 4.2.5 and 6.1',
    'The next message, or QUIT.',
  ],
  RSET: ['The message begun is forgotten.', 'RFC 5321 section 4.1.1.5'],
  NOOP: ['The server is there.', 'RFC 5321 section 4.1.1.9'],
  HELP: ['Help, for a person to read.', 'RFC 5321 section 4.1.1.8'],
  'VRFY 250': ['The mailbox exists, and this is its address.', 'RFC 5321 section 3.5.3'],
  'EXPN 250': ['An address that is on the list.', 'RFC 5321 section 3.5.3'],
  ETRN: ['Sending the mail that waits has begun, over another connection.', 'RFC 1985 section 5.1'],
  'ETRN 251': ['No mail waits for that node.', 'RFC 1985 section 5.1'],
  ATRN: ['From here on the server is the client, and the client the server.', 'RFC 2645 section 5.3'],
  'ATRN 450': ['The request is refused, for it came too soon after another.', 'RFC 2645 section 5.2.1'],
  'ATRN 451': ['Whether these domains may be asked for cannot be found out now.', 'RFC 2645 section 5.2.1'],
  XCLIENT: ['The server takes the client for the one named, and begins anew.', 'Postfix XCLIENT_README'],
  QUIT: ['The server says goodbye.', 'RFC 5321 section 4.1.1.10', 'It closes the connection.'],
};
