/**
 * One mail transaction (RFC 5321 section 3.3): MAIL, RCPT for each recipient, and the content by DATA or BDAT. It reads
 * like the dialogue in the RFC; whether the commands go out one by one or all at once is the session's business.
 */
import { type PlainwireError, ProtocolError, type Reply, withFacts } from '../errors.ts';
import type { Message } from '../mime/index.ts';
import { accountOf, type Delivery, nobody, refusal } from './delivery.ts';
import { type Dialogue, Interruption, say, type Utterance } from './dialogue.ts';
import { checkSupported, mailParameters, rcptParameters, type TransactionOptions } from './parameters.ts';
import { isPositive, queueIdOf } from './reply.ts';
import type { ServerState } from './server-state.ts';

const RSET: Utterance = { kind: 'command', command: { verb: 'RSET' } };
const DATA: Utterance = { kind: 'command', command: { verb: 'DATA' } };
const LONE_DOT: Utterance = { kind: 'lone dot' };

/** The outcome, without what only the caller knows. */
export type Delivered = Omit<Delivery, 'timing'>;

/**
 * Sends one message.
 * @throws what {@link checkSupported} throws, before anything is said; ReplyError SENDER_REFUSED, RECIPIENTS_REFUSED,
 * DATA_REFUSED, MESSAGE_REFUSED; or what ended the session. Every one holds the account of the recipients.
 */
export function* transaction(message: Message, server: ServerState, options: TransactionOptions): Dialogue<Delivered> {
  checkSupported(message, options, server.capabilities);
  const { to } = message.envelope;
  const chunked = usesBdat(message, server, options);
  // the content is announced together with the recipients, but not where it is to be sent to all or none, and not where
  // LMTP owes a reply for each recipient and the recipients are not known yet
  const announced = options.requireAllRecipients !== true && !(chunked && server.lmtp);
  const opening = openingOf(message, server, options);
  const mailAt = opening.length - 1 - to.length;
  const dataAt = opening.length;
  if (announced) opening.push(chunked ? { kind: 'bdat', message, replies: 1 } : DATA);

  const goesOn = (replies: readonly Reply[], next: number): boolean =>
    next <= mailAt ||
    (isPositiveAt(replies, mailAt) && (next < dataAt || replies.slice(mailAt + 1, dataAt).some(isPositive)));
  const refused = (replies: readonly Reply[]): PlainwireError | undefined =>
    refusedRecipients(message, replies.slice(mailAt, dataAt), options);

  const transaction = server.openTransaction();
  const replies = yield* heard(say(opening, goesOn, announced && chunked ? 'last' : 'more to come'), message, refused);
  const recipients = replies.slice(mailAt + 1, dataAt);
  if (!isPositiveAt(replies, mailAt)) server.closeTransaction(transaction);
  const rejection = refused(replies);

  if (announced && chunked) {
    if (rejection !== undefined) throw rejection;
    const delivered = judged(message, server, recipients, replies.slice(dataAt));
    server.closeTransaction(transaction);
    return delivered;
  }
  if (rejection !== undefined) {
    // a server that waits for a message that there is nobody to send to gets an empty one, for nobody
    const end = replies[dataAt]?.code === 354 ? LONE_DOT : recipients.some(isPositive) ? RSET : undefined;
    if (end !== undefined) {
      server.closeTransaction(transaction);
      yield* takenBack(end);
    }
    throw rejection;
  }
  const contentReplies = server.lmtp ? recipients.filter(isPositive).length : 1;
  if (chunked) {
    const content: Utterance = { kind: 'bdat', message, replies: contentReplies };
    const said = yield* heardContent(say([content], undefined, 'last'), message, server, recipients);
    const delivered = judged(message, server, recipients, said);
    server.closeTransaction(transaction);
    return delivered;
  }
  const [go] = announced ? replies.slice(dataAt) : yield* heard(say([DATA]), message);
  if (go?.code !== 354) throw refusal('DATA_REFUSED', go as Reply, 'DATA', nobody(to, recipients, go));
  const content: Utterance = { kind: 'data', message, replies: contentReplies };
  // whatever the server says to it, the final dot ends the transaction (RFC 5321 section 4.1.1.4)
  server.closeTransaction(transaction);
  return judged(
    message,
    server,
    recipients,
    yield* heardContent(say([content], undefined, 'last'), message, server, recipients),
  );
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
  opening.push({ kind: 'command', command: { verb: 'MAIL', from: from?.address ?? '', parameters } });
  for (const mailbox of to) {
    opening.push({
      kind: 'command',
      command: { verb: 'RCPT', to: mailbox.address, parameters: rcptParameters(mailbox, options) },
    });
  }
  return opening;
}

/** The refusal among the replies to MAIL and RCPT, where they leave nobody to send to, or not all that were asked for. */
function refusedRecipients(
  message: Message,
  [mail, ...said]: readonly Reply[],
  options: TransactionOptions,
): PlainwireError | undefined {
  const { to } = message.envelope;
  if (mail === undefined) return undefined;
  if (!isPositive(mail))
    return refusal('SENDER_REFUSED', mail, `MAIL FROM:<${message.envelope.from?.address ?? ''}>`, nobody(to, [], mail));
  const at = said.findIndex((reply) => !isPositive(reply));
  const bad = said[at];
  if (bad === undefined) return undefined;
  const all = said.length === to.length && !said.some(isPositive);
  if (!all && options.requireAllRecipients !== true) return undefined;
  return refusal('RECIPIENTS_REFUSED', bad, `RCPT TO:<${to[at]?.address ?? ''}>`, nobody(to, said));
}

/** The replies of a step; of an interrupted one, the refusal that was heard before the fault, or else the fault. */
function* heard(
  step: Dialogue<readonly Reply[]>,
  message: Message,
  refused: (replies: readonly Reply[]) => PlainwireError | undefined = () => undefined,
): Dialogue<readonly Reply[]> {
  try {
    return yield* step;
  } catch (error) {
    if (!(error instanceof Interruption)) throw error;
    throw refused(error.replies) ?? withFacts(error.fault, { recipients: nobody(message.envelope.to, []) });
  }
}

/** The end of a transaction that was refused: where the connection breaks on it, the refusal is still what counts. */
function* takenBack(end: Utterance): Dialogue<void> {
  try {
    yield* say([end], undefined, 'last');
  } catch (error) {
    if (!(error instanceof Interruption)) throw error;
  }
}

/** The replies to the content. Of an interrupted LMTP content, some recipients may have theirs: the account says which. */
function* heardContent(
  step: Dialogue<readonly Reply[]>,
  message: Message,
  server: ServerState,
  recipients: readonly Reply[],
): Dialogue<readonly Reply[]> {
  try {
    return yield* step;
  } catch (error) {
    if (!(error instanceof Interruption)) throw error;
    const { to } = message.envelope;
    const account = server.lmtp ? accountOf(to, perRecipient(recipients, error.replies)) : nobody(to, recipients);
    throw withFacts(error.fault, { recipients: account });
  }
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
  const accepted = recipients.filter(isPositive).length;
  const chunks = server.lmtp ? content.slice(0, content.length - accepted) : content;
  const refusedChunk = chunks.find((reply) => !isPositive(reply));
  if (refusedChunk !== undefined)
    throw refusal('MESSAGE_REFUSED', refusedChunk, 'the message', nobody(to, recipients, refusedChunk));
  const last = content[content.length - 1];
  if (last === undefined) throw new ProtocolError('UNEXPECTED_REPLY', 'no reply to the message', { phase: 'content' });
  if (!server.lmtp) {
    return { messageId, envelope, ...accountOf(to, recipients), reply: last, queueId: queueIdOf(last) };
  }
  const final = content.slice(content.length - accepted);
  const account = accountOf(to, perRecipient(recipients, final));
  const taken = final.find(isPositive);
  if (taken === undefined) throw refusal('MESSAGE_REFUSED', last, 'the message', account);
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
