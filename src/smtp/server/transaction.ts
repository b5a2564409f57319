/** One message as the server takes it: MAIL, RCPT for each recipient, then DATA or BDAT (RFC 5321 section 3.3). */

import { type ClientState, type Done, Transaction } from './client-state.ts';
import { type PathArgument, parsePath } from './path.ts';
import { RECIPIENTS_LIMIT, type ServerSettings } from './settings.ts';
import { type ClientContent, keep, readContent, readOctets, type ServerDialogue, say } from './wants.ts';

function* refuse(code: number, text: string): ServerDialogue<Done> {
  yield* say(code, text);
  return 'fault';
}

export function* mailFrom(argument: string, client: ClientState, settings: ServerSettings): ServerDialogue<Done> {
  if (client.name === undefined) return yield* refuse(503, '5.5.1 Say EHLO first');
  if (settings.login !== undefined && client.user === undefined) return yield* refuse(530, '5.7.0 Log in first');
  if (client.transaction !== undefined) {
    return yield* refuse(503, '5.5.1 A message has begun already; RSET would forget it');
  }
  const path = parsePath(argument, 'FROM');
  if (typeof path === 'string') return yield* refuse(501, `5.5.4 ${path}`);
  const wrong = wrongSender(path, settings);
  if (wrong !== undefined) return yield* refuse(...wrong);
  client.transaction = new Transaction(path.address, path.parameters.has('SMTPUTF8'));
  yield* say(250, '2.1.0 Sender ok');
  return 'ok';
}

/** What is wrong with the parameters of MAIL. */
function wrongSender(path: PathArgument, settings: ServerSettings): readonly [number, string] | undefined {
  for (const [keyword, value] of path.parameters) {
    switch (keyword) {
      case 'SIZE':
        if (!/^\d{1,20}$/.test(value ?? '')) return [501, '5.5.4 SIZE is a number'];
        if (Number(value) > settings.maxSize)
          return [552, `5.3.4 A message has at most ${settings.maxSize} bytes here`];
        break;
      case 'BODY':
        if (!/^(?:7BIT|8BITMIME)$/i.test(value ?? '')) return [501, '5.5.4 BODY is 7BIT or 8BITMIME'];
        break;
      case 'SMTPUTF8':
        if (value !== undefined) return [501, '5.5.4 SMTPUTF8 has no value'];
        break;
      case 'AUTH':
        break;
      default:
        return [555, `5.5.4 I do not know the parameter ${keyword}`];
    }
  }
  return path.ascii || path.parameters.has('SMTPUTF8') ? undefined : NEEDS_SMTPUTF8;
}

const NEEDS_SMTPUTF8 = [553, '5.6.7 An address beyond ASCII needs MAIL with SMTPUTF8'] as const;

export function* rcptTo(argument: string, client: ClientState, settings: ServerSettings): ServerDialogue<Done> {
  const { transaction } = client;
  if (transaction === undefined) return yield* refuse(503, '5.5.1 Say MAIL first');
  if (transaction.chunks !== undefined) return yield* refuse(503, '5.5.1 The message itself has begun');
  const path = parsePath(argument, 'TO');
  if (typeof path === 'string') return yield* refuse(501, `5.5.4 ${path}`);
  const [parameter] = path.parameters.keys();
  if (parameter !== undefined) return yield* refuse(555, `5.5.4 I do not know the parameter ${parameter}`);
  if (!path.ascii && !transaction.smtpUtf8) return yield* refuse(...NEEDS_SMTPUTF8);
  if (transaction.to.length >= RECIPIENTS_LIMIT) {
    yield* say(452, `4.5.3 A message has at most ${RECIPIENTS_LIMIT} recipients here`);
    return 'ok';
  }
  if (settings.refused.has(path.address.toLowerCase())) {
    yield* say(550, '5.1.1 There is no such mailbox here');
    return 'ok';
  }
  transaction.to.push(path.address);
  yield* say(250, '2.1.5 Recipient ok');
  return 'ok';
}

export function* data(argument: string, client: ClientState, settings: ServerSettings): ServerDialogue<Done> {
  const { transaction } = client;
  if (argument !== '') return yield* refuse(501, '5.5.4 No argument is expected');
  if (transaction === undefined) return yield* refuse(503, '5.5.1 Say MAIL first');
  if (transaction.chunks !== undefined) return yield* refuse(503, '5.5.1 What begins with BDAT goes on with BDAT');
  if (transaction.to.length === 0) return yield* refuse(554, '5.5.1 No recipient was taken');
  yield* say(354, 'Send the message; a dot alone on a line ends it');
  const content = yield* readContent(settings.maxSize);
  client.transaction = undefined;
  return yield* take(transaction, content, client, settings);
}

/** BDAT and the octets behind it, which come whatever the reply will be (RFC 3030 section 2). */
export function* bdat(argument: string, client: ClientState, settings: ServerSettings): ServerDialogue<Done> {
  const match = /^(\d{1,12})(?: +(LAST))?$/i.exec(argument);
  if (match === null) {
    // how much follows is not known: whatever it is must not be taken for commands
    yield* say(501, '5.5.4 BDAT, a number of octets, and LAST with the last chunk');
    return 'over';
  }
  const { transaction } = client;
  const room = settings.maxSize - (transaction?.chunks?.size ?? 0);
  const chunk = yield* readOctets(Number(match[1]), transaction === undefined ? 0 : room);
  if (transaction === undefined) return yield* refuse(503, '5.5.1 Say MAIL first');
  if (transaction.to.length === 0) {
    client.transaction = undefined;
    return yield* refuse(554, '5.5.1 No recipient was taken');
  }
  transaction.chunks ??= { pieces: [], size: 0 };
  transaction.chunks.pieces.push(...chunk.pieces);
  transaction.chunks.size += chunk.size;
  const { pieces, size } = transaction.chunks;
  if (match[2] === undefined && size <= settings.maxSize) {
    yield* say(250, `2.0.0 ${chunk.size} octets`);
    return 'ok';
  }
  client.transaction = undefined;
  return yield* take(transaction, { pieces, size, bareLineEnd: false }, client, settings);
}

function* take(
  transaction: Transaction,
  content: ClientContent,
  client: ClientState,
  settings: ServerSettings,
): ServerDialogue<Done> {
  if (content.size > settings.maxSize) {
    return yield* refuse(552, `5.3.4 A message has at most ${settings.maxSize} bytes here`);
  }
  // A dot behind a bare line end is where one server sees an end and another does not (SMTP smuggling).
  if (content.bareLineEnd) return yield* refuse(554, '5.6.0 In a message CR and LF come together or not at all');
  const { from, to, smtpUtf8 } = transaction;
  const kept = yield* keep({
    from,
    to,
    content: content.pieces,
    size: content.size,
    client: client.name ?? '',
    user: client.user,
    smtpUtf8,
  });
  if ('failure' in kept) yield* say(451, `4.3.0 The message could not be kept: ${kept.failure}`);
  else yield* say(250, `2.0.0 Message queued as ${kept.id}`);
  return 'ok';
}
