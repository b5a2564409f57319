/**
 * One mail transaction (RFC 5321 section 3.3): MAIL, RCPT for each recipient, and the content by DATA or BDAT. It reads
 * like the dialogue in the RFC; whether the commands go out one by one or all at once is the session's business.
 */
import { type PlainwireError, ProtocolError, type Reply, withFacts } from '../errors.ts';
import type { Message } from '../mime/index.ts';
import { accountOf, type Delivery, nobody, refusal } from './delivery.ts';
import { type Dialogue, Interruption, say, sayLast, type Utterance } from './dialogue.ts';
import { checkSupported, mailParameters, rcptParameters, type TransactionOptions } from './parameters.ts';
import { isPositive, isTransient, queueIdOf } from './reply.ts';
import type { ServerState } from './server-state.ts';
import { dropped } from './session-faults.ts';

const RSET: Utterance = { verb: 'RSET' };
const DATA: Utterance = { verb: 'DATA' };
const LONE_DOT: Utterance = { verb: 'lone dot' };
const NOTHING_SAID: readonly Reply[] = [];

/** The outcome, without what only the caller knows. */
export type Delivered = Omit<Delivery, 'timing'>;

/**
 * Sends one message.
 * @throws what {@link checkSupported} throws, before anything is said; ReplyError SENDER_REFUSED, RECIPIENTS_REFUSED,
 * DATA_REFUSED, MESSAGE_REFUSED; or what ended the session. Every one holds the account of the recipients.
 */
export function* transaction(message: Message, server: ServerState, options: TransactionOptions): Dialogue<Delivered> {
  checkSupported(message, options, server);
  const { to } = message.envelope;
  const chunked = usesBdat(message, server, options);
  // the content is announced together with the recipients, but not where it is to be sent to all or none, and not where
  // LMTP owes a reply for each recipient and the recipients are not known yet
  const announced = options.requireAllRecipients !== true && !(chunked && server.lmtp);
  const opening = openingOf(message, server, options);
  const mailAt = opening.length - 1 - to.length;
  const dataAt = opening.length;
  if (announced) opening.push(chunked ? { verb: 'bdat', message, replies: 1 } : DATA);
  const goesOn = (replies: readonly Reply[], next: number): boolean =>
    next <= mailAt ||
    (isPositiveAt(replies, mailAt) && (next < dataAt || replies.slice(mailAt + 1, dataAt).some(isPositive)));

  let recipients: readonly Reply[] = [];
  let rejection: PlainwireError | undefined;
  let underWay: 'opening' | 'data' | 'content' | 'end' = 'opening';
  const transaction = server.openTransaction();
  const isNested = (mail: Reply | undefined): boolean =>
    mail?.code === 503 && opening[0] !== RSET && server.followsRefused(transaction);
  try {
    const replies = yield announced && chunked ? sayLast(opening, goesOn) : say(opening, goesOn);
    recipients = replies.slice(mailAt + 1, dataAt);
    if (isNested(replies[mailAt])) throw withFacts(nested(), { recipients: nobody(to, []) });
    rejection = refused(message, replies[mailAt], recipients, options);
    if (!isPositiveAt(replies, mailAt)) server.closeTransaction(transaction);
    let go = announced ? replies[dataAt] : undefined;
    if (rejection !== undefined) {
      underWay = 'end';
      // a server that waits for a message that there is nobody to send to gets an empty one, for nobody
      const end = go?.code === 354 ? LONE_DOT : recipients.some(isPositive) ? RSET : undefined;
      if (end !== undefined && !(announced && chunked)) {
        server.closeTransaction(transaction);
        yield sayLast([end]);
      }
      throw rejection;
    }
    if (announced && chunked) {
      const delivered = judged(message, server, recipients, replies.slice(dataAt));
      server.closeTransaction(transaction);
      return delivered;
    }
    const contentReplies = server.lmtp ? recipients.filter(isPositive).length : 1;
    if (chunked) {
      underWay = 'content';
      const said = yield sayLast([{ verb: 'bdat', message, replies: contentReplies }]);
      const delivered = judged(message, server, recipients, said);
      server.closeTransaction(transaction);
      return delivered;
    }
    if (!announced) {
      underWay = 'data';
      [go] = yield say([DATA]);
    }
    if (go?.code !== 354) throw refusal('DATA_REFUSED', go as Reply, 'DATA', nobody(to, recipients, go));
    underWay = 'content';
    // whatever the server says to it, the final dot ends the transaction (RFC 5321 section 4.1.1.4)
    server.closeTransaction(transaction);
    const said = yield sayLast([{ verb: 'data', message, replies: contentReplies }]);
    if (!said.some(isPositive)) server.refuseContent(transaction);
    return judged(message, server, recipients, said);
  } catch (error) {
    if (!(error instanceof Interruption)) throw error;
    if (underWay === 'opening' && !isNested(error.replies[mailAt])) {
      recipients = error.replies.slice(mailAt + 1, dataAt);
      rejection = refused(message, error.replies[mailAt], recipients, options);
    }
    // a refusal that was heard is the message's fate, whatever ended the session behind it; but where replies and commands
    // are out of step and the message has left, nobody knows what was refused
    const isInDoubt = error.fault instanceof ProtocolError && error.fault.mayHaveBeenDelivered;
    if (rejection !== undefined && !isInDoubt) throw rejection;
    // in LMTP some recipients may have had their reply to the content; replies to chunks are nobody's
    const final = underWay === 'content' && server.lmtp && !chunked ? error.replies : NOTHING_SAID;
    throw withFacts(error.fault, { recipients: accountOf(to, perRecipient(recipients, final)) });
  }
}

/**
 * MAIL went out with the end of a message that was refused, and is out of order for a server that keeps that transaction
 * all the same. It may have taken our recipients into it, and a lone dot would be a message to all of them: what stands
 * there is dropped with the connection.
 */
function nested(): PlainwireError {
  return dropped('the server kept the transaction of a message that it had refused');
}

/**
 * BDAT where it gains something: together with PIPELINING, where it saves the wait for a 354, and for binary content,
 * which DATA can't carry (RFC 3030). A server that offers CHUNKING alone gets DATA, which every server knows best.
 */
function usesBdat(message: Message, server: ServerState, options: TransactionOptions): boolean {
  const { chunking, pipelining } = server.capabilities;
  return chunking && (message.encoding === 'binary' || (options.chunking && pipelining));
}

function openingOf(message: Message, server: ServerState, options: TransactionOptions): Utterance[] {
  const { from, to } = message.envelope;
  const parameters = mailParameters(message, options, server.capabilities);
  const opening: Utterance[] = server.transactionOpen ? [RSET] : [];
  opening.push({ verb: 'MAIL', from: from?.address ?? '', parameters });
  for (const mailbox of to) {
    opening.push({ verb: 'RCPT', to: mailbox.address, parameters: rcptParameters(mailbox, options) });
  }
  return opening;
}

/** The refusal among the replies to MAIL and RCPT, where they leave nobody to send to, or not all that were asked for. */
function refused(
  message: Message,
  mail: Reply | undefined,
  recipients: readonly Reply[],
  options: TransactionOptions,
): PlainwireError | undefined {
  const { from, to } = message.envelope;
  if (mail === undefined) return undefined;
  if (!isPositive(mail))
    return refusal('SENDER_REFUSED', mail, `MAIL FROM:<${from?.address ?? ''}>`, nobody(to, [], mail));
  const first = recipients.find((reply) => !isPositive(reply));
  if (first === undefined) return undefined;
  const bad = recipients.filter((reply) => !isPositive(reply));
  const needsAll = options.requireAllRecipients === true;
  if (!needsAll && (bad.length < to.length || recipients.length < to.length)) return undefined;
  // the reply that says whether another try makes sense: where all are needed, one refusal for good is enough
  const telling = bad.find((reply) => isTransient(reply) !== needsAll) ?? first;
  const address = to[recipients.indexOf(telling)]?.address ?? '';
  return refusal('RECIPIENTS_REFUSED', telling, `RCPT TO:<${address}>`, nobody(to, recipients));
}

/** What the replies to the content mean for the message. */
function judged(
  message: Message,
  server: ServerState,
  recipients: readonly Reply[],
  content: readonly Reply[],
): Delivered {
  const { envelope, messageId } = message;
  const { to } = envelope;
  const finalReplies = server.lmtp ? recipients.filter(isPositive).length : 0;
  const refusedChunk = content.slice(0, content.length - finalReplies).find((reply) => !isPositive(reply));
  if (refusedChunk !== undefined)
    throw refusal('MESSAGE_REFUSED', refusedChunk, 'the message', nobody(to, recipients, refusedChunk));
  const last = content[content.length - 1];
  if (last === undefined) throw new ProtocolError('UNEXPECTED_REPLY', 'no reply to the message', { phase: 'content' });
  if (!server.lmtp) {
    return { messageId, envelope, ...accountOf(to, recipients), reply: last, queueId: queueIdOf(last) };
  }
  const final = content.slice(content.length - finalReplies);
  const account = accountOf(to, perRecipient(recipients, final));
  const taken = final.find(isPositive);
  if (taken === undefined) throw refusal('MESSAGE_REFUSED', final.find(isTransient) ?? last, 'the message', account);
  return { messageId, envelope, ...account, reply: taken, queueId: queueIdOf(taken) };
}

/** LMTP: the replies to the content go to the accepted recipients in their order (RFC 2033 section 4.2). */
function perRecipient(recipients: readonly Reply[], final: readonly Reply[]): readonly (Reply | undefined)[] {
  let next = 0;
  return recipients.map((reply) => {
    if (!isPositive(reply)) return reply;
    next += 1;
    return final[next - 1];
  });
}

function isPositiveAt(replies: readonly Reply[], at: number): boolean {
  const reply = replies[at];
  return reply !== undefined && isPositive(reply);
}
