/** The commands of SMTP and LMTP, and the parameters of MAIL and RCPT. */
import type { Entry } from './entry.ts';

export const COMMANDS: Readonly<Record<string, Entry>> = {
  EHLO: [
    'The client says its name and asks which extensions the server offers.',
    'RFC 5321 section 4.1.1.1',
    'The server answers 250, one line for each extension.',
  ],
  HELO: [
    'The client says its name in the old way, without asking for extensions.',
    'RFC 5321 section 4.1.1.1',
    'The server answers 250 on one line.',
  ],
  LHLO: [
    'The EHLO of LMTP: after the message, the server will answer for each recipient on its own.',
    'RFC 2033 section 4.1',
    'The server answers 250, one line for each extension.',
  ],
  MAIL: [
    'Begins a message and names its return path: where reports of failure go. It need not be the From of the message.',
    'RFC 5321 section 4.1.1.2',
    'The server answers 250 if it takes mail from this address; then come the recipients.',
  ],
  RCPT: [
    'Names one recipient. It is said once for each, and each gets an answer of its own.',
    'RFC 5321 section 4.1.1.3',
    'The server answers 250 if it will deliver there, 4yz for not now, 5yz for no.',
  ],
  DATA: [
    'Asks to send the message itself to the recipients accepted so far.',
    'RFC 5321 section 4.1.1.4',
    'The server answers 354; then the message follows, up to a line with a dot alone.',
  ],
  BDAT: [
    'Sends the message as a chunk of so many bytes, with no dots to stuff; LAST marks the last one.',
    'RFC 3030 section 2',
    'The server answers each chunk with 250.',
  ],
  RSET: [
    'Drops the message begun, its sender and recipients; the session goes on.',
    'RFC 5321 section 4.1.1.5',
    'The server answers 250.',
  ],
  VRFY: [
    'Asks whether a mailbox exists. Most servers answer 252: neither yes nor no.',
    'RFC 5321 section 4.1.1.6',
    'The server answers 250, 252 or a refusal.',
  ],
  EXPN: [
    'Asks for the members of a mailing list. Hardly any server tells.',
    'RFC 5321 section 4.1.1.7',
    'The server answers 250 with the members, or refuses.',
  ],
  HELP: ['Asks for help in words for people.', 'RFC 5321 section 4.1.1.8', 'The server answers 211 or 214.'],
  NOOP: [
    'Does nothing but get an answer: a way to see that the other side is there.',
    'RFC 5321 section 4.1.1.9',
    'The server answers 250.',
  ],
  QUIT: [
    'Ends the session politely.',
    'RFC 5321 section 4.1.1.10',
    'The server answers 221 and closes the connection.',
  ],
  STARTTLS: [
    'Asks to encrypt the connection from here on.',
    'RFC 3207 section 4',
    'The server answers 220; the TLS handshake follows, then EHLO again: what was said before no longer counts.',
  ],
  AUTH: [
    'Logs in by the mechanism named.',
    'RFC 4954 section 4',
    'The server asks for more with 334, or answers 235 for yes, 535 for wrong credentials.',
  ],
  ETRN: [
    'Asks the server to start sending the mail that waits for a domain.',
    'RFC 1985 section 5',
    'The server answers 250 to 253, or refuses; the mail comes over a connection that it opens itself.',
  ],
  ATRN: [
    'Asks to turn the connection round and get the mail that waits for a domain.',
    'RFC 2645 section 5.2.1',
    'After 250 the server becomes the client; 453 says that no mail waits.',
  ],
  BURL: [
    'Has the server fetch a part of the message from an IMAP store.',
    'RFC 4468 section 3.2',
    'The server answers 250 when it has the part.',
  ],
  XCLIENT: [
    'A proxy tells who the real client is (an extension of Postfix).',
    'Postfix XCLIENT_README',
    'The server begins anew with its 220 greeting.',
  ],
  XFORWARD: [
    'A filter tells who the first client was, for the log (an extension of Postfix).',
    'Postfix XFORWARD_README',
    'The server answers 250.',
  ],
  SEND: [
    'Was to show the message on the terminal of whoever it is for; deprecated.',
    'RFC 5321 appendix F.6',
    'Hardly any server does it.',
  ],
  SOML: [
    'Was to show the message on a terminal, or deliver it; deprecated.',
    'RFC 5321 appendix F.6',
    'Hardly any server does it.',
  ],
  SAML: [
    'Was to show the message on a terminal, and deliver it; deprecated.',
    'RFC 5321 appendix F.6',
    'Hardly any server does it.',
  ],
  TURN: [
    'Was to swap the roles of client and server; deprecated, for it let anybody take the mail.',
    'RFC 5321 appendix F.1',
    'Hardly any server does it; ETRN and ATRN are there in its place.',
  ],
};

/** Keywords of MAIL and RCPT parameters. */
export const PARAMETERS: Readonly<Record<string, Entry>> = {
  SIZE: ['The size of the message in bytes, so that the server can refuse it before it is sent.', 'RFC 1870 section 6'],
  BODY: [
    'What the lines of the message hold: 7BIT, 8BITMIME (bytes above 127), or BINARYMIME (no lines at all).',
    'RFC 6152 section 2; RFC 3030 section 3',
  ],
  SMTPUTF8: ['The message, or an address in it, has characters beyond ASCII in its headers.', 'RFC 6531 section 3.4'],
  AUTH: ['Who submitted the message in the first place; <> for not known.', 'RFC 4954 section 5'],
  RET: ['Whether a failure report shall hold the FULL message or only its headers (HDRS).', 'RFC 3461 section 4.3'],
  ENVID: ["The sender's own mark for this message; reports carry it.", 'RFC 3461 section 4.4'],
  NOTIFY: ['When to report to the sender: SUCCESS, FAILURE, DELAY, or NEVER.', 'RFC 3461 section 4.1'],
  ORCPT: ['The recipient as the sender first named it, for the report.', 'RFC 3461 section 4.2'],
  BY: ['Deliver within so many seconds, or return (R) or report the delay (N).', 'RFC 2852 section 4'],
  'MT-PRIORITY': ['How urgent the message is, from -9 to 9; the higher, the more urgent.', 'RFC 6710 section 3'],
  REQUIRETLS: ['Hand on only over verified TLS, or not at all.', 'RFC 8689 section 2'],
  HOLDFOR: ['Keep the message so many seconds before sending it on.', 'RFC 4865 section 3'],
  HOLDUNTIL: ['Keep the message until this time.', 'RFC 4865 section 3'],
  RRVS: ['Deliver only if the mailbox has had the same owner since this time.', 'RFC 7293 section 3.1'],
  MTRK: ['Lets the sender track the message, and for how long.', 'RFC 3885 section 3.1'],
  SOLICIT: ['What the message solicits, in keywords.', 'RFC 3865 section 2.3'],
  SUBMITTER: ['Who is responsible for sending the message (abandoned with Sender ID).', 'RFC 4405 section 4'],
  TRANSID: ['Names the transfer, so that it can go on after a break.', 'RFC 1845 section 3'],
  CONPERM: ['Content may be converted on the way.', 'RFC 4141 section 4.2'],
  CONNEG: ['Asks what content this recipient can take; the answer has a line for each.', 'RFC 4141 section 5.2'],
  'ALT-ADDRESS': ['An address in ASCII to use in its place; part of the experiment UTF8SMTP.', 'RFC 5336 section 3.4'],
};
