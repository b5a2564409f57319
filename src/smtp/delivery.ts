/** What became of a message: the account of a success, and the errors that hold the account of a failure. */
import {
  PlainwireError,
  type RecipientAccount,
  type RecipientReply,
  type Reply,
  ReplyError,
  withFacts,
} from '../errors.ts';
import type { Envelope, Mailbox, Message } from '../mime/index.ts';
import { formatReply, isPositive, isTransient } from './reply.ts';

/** A message that the server has taken for one recipient or more. */
export interface Delivery {
  /** The Message-ID, with its angle brackets. */
  readonly messageId: string;
  readonly envelope: Envelope;
  readonly accepted: readonly RecipientReply[];
  readonly rejected: readonly RecipientReply[];
  /** The reply to the content: the server's word that it has the message. With LMTP, the first recipient's. */
  readonly reply: Reply;
  /** The id under which the server queued it, where it told in a way we know. */
  readonly queueId: string | undefined;
  readonly timing: DeliveryTiming;
}

/** Milliseconds. */
export interface DeliveryTiming {
  /** From the call to the first command. */
  readonly queued: number;
  /** From the first command to the last reply. */
  readonly dialogue: number;
}

/** Each recipient with its reply; one without a reply counts as rejected. */
export function accountOf(to: readonly Mailbox[], replies: readonly (Reply | undefined)[]): RecipientAccount {
  const accepted: RecipientReply[] = [];
  const rejected: RecipientReply[] = [];
  for (let n = 0; n < to.length; n += 1) {
    const reply = replies[n];
    const entry = { address: to[n]?.address ?? '', reply };
    if (reply !== undefined && isPositive(reply)) accepted.push(entry);
    else rejected.push(entry);
  }
  return { accepted, rejected };
}

/** Nobody has the message: all are rejected, each with the last word said of it. */
export function nobody(
  to: readonly Mailbox[],
  replies: readonly (Reply | undefined)[],
  last?: Reply,
): RecipientAccount {
  return { accepted: [], rejected: to.map(({ address }, n) => ({ address, reply: negative(replies[n]) ?? last })) };
}

/** What a caller hears of a message that was not sent; its streams are closed where it can't be tried again. */
export function failureOf(message: Message, error: unknown): unknown {
  letGo(message, error);
  return accounted(error, message.envelope.to);
}

/** An error about a message, with the account of its recipients: where it knows of none, nobody has the message. */
function accounted(error: unknown, to: readonly Mailbox[]): unknown {
  const isWhole = !(error instanceof PlainwireError) || error.recipients !== undefined || error.code === 'STOPPED';
  return isWhole ? error : withFacts(error, { recipients: nobody(to, []) });
}

/** Closes the streams of a message that failed for good; one that may succeed, and was not begun, can be sent again. */
function letGo(message: Message, error: unknown): void {
  const isFresh = error instanceof PlainwireError && error.retryable && !message.isSpent;
  if (!isFresh) message.release();
}

function negative(reply: Reply | undefined): Reply | undefined {
  return reply !== undefined && !isPositive(reply) ? reply : undefined;
}

const WORDS = {
  SENDER_REFUSED: ['mail', 'the server refused the sender'],
  RECIPIENTS_REFUSED: ['rcpt', 'the server refused the recipients'],
  DATA_REFUSED: ['data', 'the server refused to take the message'],
  MESSAGE_REFUSED: ['content', 'the server refused the message'],
} as const;

/** The server's no to a message, as an error. Retryable where the reply is 4yz. */
export function refusal(
  code: keyof typeof WORDS,
  reply: Reply,
  command: string,
  recipients: RecipientAccount,
): ReplyError {
  const [phase, text] = WORDS[code];
  return new ReplyError(code, `${text}: ${formatReply(reply)}`, {
    phase,
    command,
    reply,
    recipients,
    retryable: isTransient(reply),
  });
}
