/** A message meets a session: its size is found out, the transaction is begun, and its time taken. */
import { AbortError, type PlainwireError } from '../errors.ts';
import type { Message } from '../mime/index.ts';
import { addAbortListener, removeAbortListener } from '../transport/index.ts';
import { canonicalSize, needsLineEnds } from './content.ts';
import type { Delivery } from './delivery.ts';
import type { Driver } from './driver.ts';
import type { TransactionOptions } from './parameters.ts';
import { quitAfter, StoppedError } from './quit-after.ts';
import type { Outcome, Run } from './run.ts';
import type { SendOptions } from './send-options.ts';
import { transaction } from './transaction.ts';

/** The size where it can be told without reading the message; undefined where it can't. */
export function sizeOf(message: Message): number | undefined | Promise<number | undefined> {
  const { size } = message;
  if (size === undefined) return message.measure();
  // a message that is given whole may have line ends that grow on the way
  const whole = needsLineEnds(message) ? message.inMemory() : undefined;
  return whole instanceof Uint8Array ? canonicalSize(whole) : size;
}

/** Begins the transaction; `done` hears of its end. Only where the driver is free. */
export function beginTransaction(
  driver: Driver,
  message: Message,
  options: SendOptions,
  size: number | undefined,
  queuedAt: number,
  done: (outcome: Outcome<Delivery>) => void,
): Run {
  const begun = performance.now();
  // by assignment: V8 gives what is spread and added to a hidden class of its own, and every look into it is slow
  const all: TransactionOptions = Object.assign({}, options, { chunking: driver.settings.chunking, size });
  const { quitAfter: stop } = driver.settings;
  const dialogue = transaction(message, driver.server, all);
  return driver.begin(stop === undefined ? dialogue : quitAfter(dialogue, stop), (outcome) => {
    if (!outcome.ok) {
      const { error } = outcome;
      // a server that waits for the message itself can't be left politely
      if (error instanceof StoppedError && error.phase === 'data') driver.abort(error);
      return done(outcome);
    }
    const timing = { queued: begun - queuedAt, dialogue: performance.now() - begun };
    done({ ok: true, value: Object.assign(outcome.value, { timing }) });
  });
}

/** Sends one message on a driver that has nothing else to do. */
export async function deliver(driver: Driver, message: Message, options: SendOptions): Promise<Delivery> {
  const queuedAt = performance.now();
  const { signal } = options;
  const size = await sizeOf(message);
  if (signal?.aborted) throw abortedBy(signal);
  if (driver.isOver) throw driver.connection.fault;
  return await new Promise<Delivery>((resolve, reject) => {
    const onAbort = (): void => driver.abandon(run, abortedBy(signal));
    const run = beginTransaction(driver, message, options, size, queuedAt, (outcome) => {
      removeAbortListener(signal, onAbort);
      if (outcome.ok) resolve(outcome.value);
      else reject(outcome.error);
    });
    addAbortListener(signal, onAbort);
  });
}

export function abortedBy(signal: AbortSignal | undefined): PlainwireError {
  return new AbortError('ABORTED', 'the caller aborted the message', { cause: signal?.reason });
}
