/**
 * The server's side of SMTP (RFC 5321), as it reads there: a greeting, then a reply to each command. Pure: what it needs
 * of the world, it asks for (wants.ts).
 */

import { ClientState, type Done } from './client-state.ts';
import { type LoginOutcome, login } from './login.ts';
import { COMMAND_LIMIT, FAULTS_LIMIT, type ServerSettings } from './settings.ts';
import { bdat, data, mailFrom, rcptTo } from './transaction.ts';
import { readLine, type ServerDialogue, say, secure } from './wants.ts';

export function* serveSmtp(settings: ServerSettings): ServerDialogue<void> {
  const client = new ClientState(settings.secure);
  let faults = 0;
  yield* say(220, `${settings.name} ESMTP plainwire`);
  for (;;) {
    const line = yield* readLine(COMMAND_LIMIT);
    const done = line.tooLong
      ? yield* fault(500, `5.5.2 A command line has at most ${COMMAND_LIMIT} octets`)
      : line.bareLf
        ? yield* fault(500, '5.5.2 A line ends with CR and LF, and this one with LF alone')
        : yield* command(line.text, client, settings);
    if (done === 'over') return;
    faults = done === 'fault' ? faults + 1 : faults;
    if (faults < FAULTS_LIMIT) continue;
    yield* say(421, '4.7.0 Too many mistakes, goodbye');
    return;
  }
}

function* fault(code: number, text: string): ServerDialogue<Done> {
  yield* say(code, text);
  return 'fault';
}

function* ok(code: number, ...lines: string[]): ServerDialogue<Done> {
  yield* say(code, ...lines);
  return 'ok';
}

function* command(line: string, client: ClientState, settings: ServerSettings): ServerDialogue<Done> {
  const [, verb = '', argument = ''] = /^([^ ]*) *(.*?) *$/s.exec(line) ?? [];
  if (/[\0-\x1f\x7f]/.test(line)) return yield* fault(500, '5.5.2 A control character has no place in a command');
  switch (verb.toUpperCase()) {
    case 'EHLO':
      return yield* ehlo(argument, client, settings);
    case 'HELO':
      return yield* helo(argument, client, settings);
    case 'STARTTLS':
      return yield* startTls(argument, client, settings);
    case 'AUTH':
      return yield* auth(argument, client, settings);
    case 'MAIL':
      return yield* mailFrom(argument, client, settings);
    case 'RCPT':
      return yield* rcptTo(argument, client, settings);
    case 'DATA':
      return yield* data(argument, client, settings);
    case 'BDAT':
      return yield* bdat(argument, client, settings);
    case 'RSET':
      client.transaction = undefined;
      return yield* plain(argument, 250, '2.0.0 The message begun is forgotten');
    case 'NOOP':
      // it takes an argument, and ignores it (RFC 5321 section 4.1.1.9)
      return yield* ok(250, '2.0.0 I am here');
    case 'QUIT':
      yield* say(221, '2.0.0 Goodbye');
      return 'over';
    case 'VRFY':
      return argument === ''
        ? yield* fault(501, '5.5.4 Whom? An address or a name is expected')
        : yield* ok(252, '2.5.2 I do not say who is here, but take mail and try');
    case 'HELP':
      return yield* ok(
        214,
        '2.0.0 EHLO HELO MAIL RCPT DATA BDAT RSET NOOP VRFY HELP STARTTLS AUTH QUIT',
        '2.0.0 See RFC 5321',
      );
    case 'EXPN':
      return yield* fault(502, '5.5.1 I know EXPN, and do not do it');
    default:
      return yield* fault(500, '5.5.2 I do not know that command; HELP lists what I know');
  }
}

/** A command that takes no argument. */
function* plain(argument: string, code: number, text: string): ServerDialogue<Done> {
  if (argument !== '') return yield* fault(501, '5.5.4 No argument is expected');
  return yield* ok(code, text);
}

function* ehlo(name: string, client: ClientState, settings: ServerSettings): ServerDialogue<Done> {
  if (name === '') return yield* fault(501, '5.5.4 Say your name: EHLO and a domain');
  client.name = name;
  client.transaction = undefined;
  return yield* ok(
    250,
    `${settings.name} greets ${name}`,
    'PIPELINING',
    '8BITMIME',
    'SMTPUTF8',
    'CHUNKING',
    'ENHANCEDSTATUSCODES',
    ...(settings.startTls && !client.secure ? ['STARTTLS'] : []),
    ...(offersAuth(client, settings) ? ['AUTH PLAIN LOGIN'] : []),
    `SIZE ${settings.maxSize}`,
  );
}

function* helo(name: string, client: ClientState, settings: ServerSettings): ServerDialogue<Done> {
  if (name === '') return yield* fault(501, '5.5.4 Say your name: HELO and a domain');
  client.name = name;
  client.transaction = undefined;
  return yield* ok(250, `${settings.name} greets ${name}`);
}

function offersAuth(client: ClientState, settings: ServerSettings): boolean {
  return client.secure || settings.plaintextAuth;
}

function* startTls(argument: string, client: ClientState, settings: ServerSettings): ServerDialogue<Done> {
  if (argument !== '') return yield* fault(501, '5.5.4 No argument is expected');
  if (client.secure) return yield* fault(503, '5.5.1 The connection is encrypted already');
  if (!settings.startTls) return yield* fault(502, '5.5.1 STARTTLS is not offered here');
  yield* say(220, '2.0.0 Begin the TLS handshake');
  yield* secure();
  client.secure = true;
  client.forget();
  return 'ok';
}

const OUTCOMES: Readonly<Record<LoginOutcome, readonly [number, string]>> = {
  welcome: [235, '2.7.0 Welcome'],
  wrong: [535, '5.7.8 User name and password do not fit'],
  cancelled: [501, '5.7.0 The login is given up, as you wish'],
  malformed: [501, '5.5.2 That is no answer in base64'],
  'too long': [500, '5.5.6 The answer is too long'],
  unknown: [504, '5.5.4 I know the mechanisms PLAIN and LOGIN'],
};

function* auth(argument: string, client: ClientState, settings: ServerSettings): ServerDialogue<Done> {
  if (client.name === undefined) return yield* fault(503, '5.5.1 Say EHLO first');
  if (client.user !== undefined) return yield* fault(503, '5.5.1 You are logged in already');
  if (client.transaction !== undefined) return yield* fault(503, '5.5.1 Not in the middle of a message');
  if (!offersAuth(client, settings)) return yield* fault(538, '5.7.11 Encrypt the connection first');
  const [mechanism = '', initial] = argument.split(/ +/);
  const { outcome, user } = yield* login(mechanism.toUpperCase(), initial, settings.login);
  if (outcome === 'welcome') client.user = user;
  yield* say(...OUTCOMES[outcome]);
  return outcome === 'welcome' ? 'ok' : 'fault';
}
