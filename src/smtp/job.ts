/** One message on its way through the pool, and when it is tried again. */
import { ConnectionError, PlainwireError } from '../errors.ts';
import type { Message } from '../mime/index.ts';
import { addAbortListener, removeAbortListener } from '../transport/index.ts';
import type { Delivery } from './delivery.ts';
import type { Driver } from './driver.ts';
import type { Outcome, Run } from './run.ts';
import type { SendOptions } from './send-options.ts';

export interface Job {
  readonly message: Message;
  readonly options: SendOptions;
  readonly size: number | undefined;
  readonly queuedAt: number;
  /** Its place among all messages of the mailer. */
  readonly place: number;
  readonly done: (outcome: Outcome<Delivery>) => void;
  tries: number;
  onAbort: (() => void) | undefined;
  underWay: { readonly driver: Driver; readonly run: Run } | undefined;
  /** While it waits to be tried again: ends the wait, and tries nothing. */
  endPause: (() => void) | undefined;
}

/** The first pause before a message is tried again; each next is twice as long. */
const RETRY_PAUSE = 500;
const LONGEST_RETRY_PAUSE = 30_000;

/** How often one message may meet a used connection that turns out to be dead, before that is taken for a failure. */
const USED_CONNECTION_TRIES = 3;

/** Whether it is the connection that is gone, and not the message that was refused. */
export function isGoneAway(error: unknown): boolean {
  return error instanceof ConnectionError || (error instanceof PlainwireError && error.reply?.code === 421);
}

/** Whether the message can't have been delivered, and may be sent again. */
export function mayBeRepeated(job: Job, error: unknown): boolean {
  const isSafe = error instanceof PlainwireError && error.retryable;
  return isSafe && job.options.signal?.aborted !== true && !job.message.isSpent;
}

/**
 * In how many milliseconds a message that may be repeated is tried again, if it is: at once where a used connection was
 * found dead, else as often as asked, where the server had not yet had the message.
 */
export function againIn(job: Job, error: unknown, connection: 'fresh' | 'used', retries: number): number | undefined {
  const gone = isGoneAway(error);
  if (gone && connection === 'used' && job.tries <= retries + USED_CONNECTION_TRIES) return 0;
  // a server that has had the whole message and says "later" means later, and not half a second
  const isRefused = !gone && error instanceof PlainwireError && error.code === 'MESSAGE_REFUSED';
  if (job.tries > retries || isRefused) return undefined;
  return Math.min(LONGEST_RETRY_PAUSE, RETRY_PAUSE * 2 ** (job.tries - 1));
}

/** Calls `then` when the pause is over; at once when the mailer's own signal ends everything. */
export function pause(job: Job, ms: number, signal: AbortSignal | undefined, then: () => void): void {
  const over = (): void => {
    job.endPause?.();
    then();
  };
  const timer = setTimeout(over, ms);
  addAbortListener(signal, over);
  job.endPause = () => {
    clearTimeout(timer);
    removeAbortListener(signal, over);
    job.endPause = undefined;
  };
}
