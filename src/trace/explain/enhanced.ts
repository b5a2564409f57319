/**
 * Enhanced status codes: the registry "SMTP Enhanced Status Codes" of IANA, founded by RFC 5248 on RFC 3463. The first
 * digit says success (2), not now (4) or no (5); the rest says why, and is the key here.
 */
import { type Entry, type Explanation, explanation } from './entry.ts';

const RFC3463 = 'RFC 3463 section 3';

const SUBJECTS: readonly string[] = [
  'nothing more is said',
  'an address',
  'a mailbox',
  "the destination's mail system",
  'the network or the routing',
  'the mail protocol',
  'the content of the message',
  'security or policy',
];

const DETAILS: Readonly<Record<string, Entry>> = {
  '0.0': ['No more is known than the first digit says.', `${RFC3463}.1`],
  '1.0': ['Something about the address.', `${RFC3463}.2`],
  '1.1': ['There is no such mailbox at that host.', `${RFC3463}.2`],
  '1.2': ['The domain of the address does not exist or takes no mail.', `${RFC3463}.2`],
  '1.3': ['The recipient address is written wrongly.', `${RFC3463}.2`],
  '1.4': ['The address fits more than one recipient.', `${RFC3463}.2`],
  '1.5': ['The recipient address is valid.', `${RFC3463}.2`],
  '1.6': ['The mailbox has moved, and its new address is not known.', `${RFC3463}.2`],
  '1.7': ["The sender's address is written wrongly.", `${RFC3463}.2`],
  '1.8': ["The domain of the sender's address does not exist or cannot take replies.", `${RFC3463}.2`],
  '1.9': ['Handed on to a host that does not report delivery in this way.', 'RFC 3886 section 3.3.4'],
  '1.10': ["The recipient's domain says that it takes no mail (null MX).", 'RFC 7505 section 4.1'],
  '2.0': ['Something about the mailbox.', `${RFC3463}.3`],
  '2.1': ['The mailbox exists but takes no mail.', `${RFC3463}.3`],
  '2.2': ['The mailbox is full.', `${RFC3463}.3`],
  '2.3': ['The message is longer than this mailbox may take.', `${RFC3463}.3`],
  '2.4': ['The mailing list could not be expanded.', `${RFC3463}.3`],
  '3.0': ["Something about the destination's mail system.", `${RFC3463}.4`],
  '3.1': ['The mail system has no room.', `${RFC3463}.4`],
  '3.2': [
    'The system takes no mail: it shuts down, has too much to do, or never takes any.',
    'RFC 3463 section 3.4; RFC 7504 section 6',
  ],
  '3.3': ['The system cannot do what the message asks for.', `${RFC3463}.4`],
  '3.4': ['The message is bigger than the system allows.', `${RFC3463}.4`],
  '3.5': ['The system is set up wrongly.', `${RFC3463}.4`],
  '3.6': ['The priority that was asked for has been changed.', 'RFC 6710 section 10'],
  '4.0': ['Something about the network or the routing.', `${RFC3463}.5`],
  '4.1': ['The next host does not answer.', `${RFC3463}.5`],
  '4.2': ['The connection to the next host broke.', `${RFC3463}.5`],
  '4.3': ['A directory or name server (DNS) failed.', `${RFC3463}.5`],
  '4.4': ['No way to the next host is known.', `${RFC3463}.5`],
  '4.5': ['The mail system is overloaded.', `${RFC3463}.5`],
  '4.6': ['The message goes round in circles.', `${RFC3463}.5`],
  '4.7': ['The message waited too long to be delivered.', `${RFC3463}.5`],
  '5.0': ['Something about the protocol.', `${RFC3463}.6`],
  '5.1': ['The command is not known, or not allowed at this point.', `${RFC3463}.6`],
  '5.2': ['The command could not be understood: it is written wrongly, or not known.', `${RFC3463}.6`],
  '5.3': ['Too many recipients for one message.', `${RFC3463}.6`],
  '5.4': ['The arguments of the command are not valid.', `${RFC3463}.6`],
  '5.5': ['The versions of the protocol do not fit.', `${RFC3463}.6`],
  '5.6': ['A line of the login is too long.', 'RFC 4954 section 6'],
  '6.0': ['Something about the content.', `${RFC3463}.7`],
  '6.1': ['This kind of content is not taken.', `${RFC3463}.7`],
  '6.2': ['The content would have to be converted, and that is forbidden.', `${RFC3463}.7`],
  '6.3': ['The content would have to be converted, and that cannot be done here.', `${RFC3463}.7`],
  '6.4': ['The content was converted and lost something.', `${RFC3463}.7`],
  '6.5': ['Converting the content failed.', `${RFC3463}.7`],
  '6.6': ['The content could not be fetched from where it is kept.', 'RFC 4468 section 5'],
  '6.7': ['Addresses beyond ASCII are not allowed for this sender or recipient.', 'RFC 6531 section 3.5'],
  '6.8': ['The reply would need UTF-8, which the client did not say it takes.', 'RFC 6531 section 3.7.4.2'],
  '6.9': ['A recipient cannot take headers in UTF-8.', 'RFC 6531 section 3.5'],
  '6.10': ['The same as X.6.8, no longer used.', 'RFC 6531 section 4.2'],
  '7.0': ['Something about security or policy.', `${RFC3463}.8`],
  '7.1': ['The sender may not send to this recipient, or this message is refused by policy.', `${RFC3463}.8`],
  '7.2': ['The sender may not send to this mailing list.', `${RFC3463}.8`],
  '7.3': ['A security conversion was needed, and is not possible.', `${RFC3463}.8`],
  '7.4': ['A security feature that was asked for is not there.', `${RFC3463}.8`],
  '7.5': ['Encrypting, decrypting or verifying failed.', `${RFC3463}.8`],
  '7.6': ['The cryptographic algorithm is not known.', `${RFC3463}.8`],
  '7.7': ['The message was damaged or changed on the way.', `${RFC3463}.8`],
  '7.8': ['The credentials are wrong, or not enough.', 'RFC 4954 section 6'],
  '7.9': ['The login mechanism is too weak for this user.', 'RFC 4954 section 6'],
  '7.10': ['The login mechanism asked for needs an encrypted connection: start TLS first.', 'RFC 5248 section 2.4'],
  '7.11': ['This login mechanism needs an encrypted connection (historic).', 'RFC 4954 section 6'],
  '7.12': [
    'The user must first log in once with another mechanism, PLAIN say, to change over to this one.',
    'RFC 4954 section 6',
  ],
  '7.13': ['The account is disabled; whoever runs the server must enable it again.', 'RFC 5248 section 2.4'],
  '7.14': ['The server that holds the content must trust this one first.', 'RFC 5248 section 2.4'],
  '7.15': ['The priority is too low for this server now.', 'RFC 6710 section 10'],
  '7.16': ['The message is too big for its priority.', 'RFC 6710 section 10'],
  '7.17': ['The mailbox has changed its owner since the time named.', 'RFC 7293 section 15.3'],
  '7.18': ['The domain has changed its owner since the time named.', 'RFC 7293 section 15.3'],
  '7.19': ['Whether the owner has changed cannot be found out.', 'RFC 7293 section 15.3'],
  '7.20': ['No DKIM signature of the message passed.', 'RFC 7372 section 3.1'],
  '7.21': ['A DKIM signature passed, but none that the server accepts.', 'RFC 7372 section 3.1'],
  '7.22': ['No passing DKIM signature is of the domain in From.', 'RFC 7372 section 3.1'],
  '7.23': ["The sender's domain does not allow this host to send for it (SPF).", 'RFC 7372 section 3.2'],
  '7.24': ['Checking SPF failed.', 'RFC 7372 section 3.2'],
  '7.25': ["The client's address has no name that leads back to it (reverse DNS).", 'RFC 7372 section 3.3'],
  '7.26': ['The message failed more than one check of who sent it (SPF, DKIM, DMARC).', 'RFC 7372 section 3.4'],
  '7.27': ["The sender's domain says that it takes no mail (null MX).", 'RFC 7505 section 4.1'],
  '7.28': [
    'The message seems to be part of a flood of unwanted mail.',
    'draft-levine-mailbomb-header-00, by the IANA registry',
  ],
  '7.29': ['The ARC chain of the message does not hold.', 'RFC 8617 section 5.2.2'],
  '7.30': ['The message must go by verified TLS (REQUIRETLS), and no next server offers that.', 'RFC 8689 section 7'],
};

/** The registry writes X where any class may stand. */
const CLASSES: Readonly<Record<string, string>> = { '2': 'Success. ', '4': 'Not now. ', '5': 'No. ', X: '' };

/** What `'5.7.26'` says; undefined where it is no enhanced status code. */
export function explainEnhanced(code: string): Explanation | undefined {
  const match = /^([245X])\.(\d{1,3})\.(\d{1,3})$/i.exec(code);
  if (match === null) return undefined;
  const [, first = '', subject = '', detail = ''] = match;
  const severity = CLASSES[first.toUpperCase()] ?? '';
  const known = DETAILS[`${subject}.${detail}`];
  if (known !== undefined) return explanation(code, [`${severity}${known[0]}`, known[1]]);
  const about = SUBJECTS[Number(subject)] ?? 'something that no registry names';
  return explanation(code, [
    `${severity}It is about ${about}; the detail ${detail} is not registered: the server's own words say more.`,
    'RFC 3463 section 2',
  ]);
}
