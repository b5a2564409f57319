/** The mailer's connections and its queue: who sends what, when, and what is tried again. */
import { ConnectionError, PlainwireError, ReplyError, TimeoutError, withFacts } from '../errors.ts';
import type { Message } from '../mime/index.ts';
import { addAbortListener, removeAbortListener } from '../transport/index.ts';
import type { Capabilities } from './capabilities.ts';
import type { Connector } from './connector.ts';
import { type Delivery, nobody } from './delivery.ts';
import { againIn, isGoneAway, type Job, mayBeRepeated, pause } from './job.ts';
import { Line } from './line.ts';
import { noop } from './opening.ts';
import { Queue } from './queue.ts';
import { Rate } from './rate.ts';
import type { Outcome } from './run.ts';
import type { SendOptions } from './send-options.ts';
import { abortedBy, beginTransaction, sizeOf } from './sending.ts';

export interface PoolOptions {
  readonly connections: number;
  readonly messagesPerConnection: number;
  /** Milliseconds from one message to the next; 0 for none. */
  readonly spacing: number;
  readonly retries: number;
  readonly idleTimeout: number;
  readonly inFlight: number;
  readonly signal: AbortSignal | undefined;
}

/** A connection on its way. */
interface Opening {
  readonly line: Promise<Line>;
  readonly giveUp: AbortController;
  /** What for: where no message waits for it any more, it need not be made. */
  purpose: 'messages' | 'verify';
}

/** A connection that has been idle for longer is asked whether it still stands before a message is trusted to it. */
const CHECK_AFTER = 10_000;

export class Pool {
  readonly #connector: Connector;
  readonly #options: PoolOptions;
  readonly #queue = new Queue<Job>();
  readonly #lines = new Set<Line>();
  /** Connections on their way. */
  readonly #openings = new Set<Opening>();
  /** Lines that have said QUIT: they count as connections until they are closed. */
  readonly #leaving = new Map<Line, Promise<void>>();
  readonly #pausing = new Set<Job>();
  readonly #rate: Rate;
  #pending = 0;
  #placed = 0;
  #dispatchIsDue = false;
  /** How many messages a connection has on their way at once: as many as it may, until a server shows what it can. */
  #depth: number;
  #closing = false;
  #closed: Promise<void> | undefined;
  #abortedBy: PlainwireError | undefined;
  #whenDrained: (() => void) | undefined;

  constructor(connector: Connector, options: PoolOptions) {
    this.#connector = connector;
    this.#options = options;
    this.#depth = options.inFlight;
    this.#rate = new Rate(options.spacing, () => this.#dispatch());
  }

  /** As many messages as can be on their way, and as many again, so that what follows them is ready to leave. */
  get capacity(): number {
    return this.#options.connections * 2 * this.#depth;
  }

  add(message: Message, options: SendOptions, done: (outcome: Outcome<Delivery>) => void): void {
    if (this.#closing) throw closed();
    if (options.signal?.aborted) throw abortedBy(options.signal);
    const queuedAt = performance.now();
    const size = sizeOf(message);
    this.#pending += 1;
    this.#placed += 1;
    const place = this.#placed;
    const enqueue = (known: number | undefined): void => {
      const job: Job = {
        message,
        options,
        size: known,
        queuedAt,
        place,
        done,
        tries: 0,
        onAbort: undefined,
        underWay: undefined,
        endPause: undefined,
      };
      if (this.#endedBy(job)) return;
      this.#heedSignal(job);
      this.#queue.push(job);
      this.#dispatchSoon();
    };
    if (size instanceof Promise) {
      size.then(enqueue, (error: unknown) => {
        this.#pending -= 1;
        done({ ok: false, error });
        this.#checkDrained();
      });
    } else {
      enqueue(size);
    }
  }

  async verify(): Promise<Capabilities> {
    for (;;) {
      if (this.#closing) throw closed();
      const line = this.#standing();
      if (line !== undefined) {
        if (line.driver.isBusy || !line.driver.isFree || (await this.#answers(line)))
          return line.driver.server.capabilities;
      } else if (this.#mayOpen()) {
        const { driver } = await this.#open('verify').line;
        return driver.server.capabilities;
      } else {
        await this.#change();
      }
    }
  }

  /** A connection to ask, before those that have other things to do one that has none. */
  #standing(): Line | undefined {
    for (const line of [...this.#lines]) if (line.driver.isOver) this.#lost(line);
    const standing = [...this.#lines];
    return standing.find(({ driver }) => !driver.isBusy && driver.isFree) ?? standing[0];
  }

  /** No more connections may be opened: one that is on its way serves as well, whoever it is for, or one leaves. */
  async #change(): Promise<void> {
    const [opening] = this.#openings;
    if (opening === undefined) return await Promise.race(this.#leaving.values());
    opening.purpose = 'verify';
    await opening.line.catch((error: unknown) => {
      // given up by who wanted it first
      if (!opening.giveUp.signal.aborted || this.#closing) throw error;
    });
  }

  /**
   * Whether the server is still there: a refusal says so too. A connection that turns out to be dead, or says nothing any
   * more, is not counted against it.
   */
  async #answers(line: Line): Promise<boolean> {
    line.wake();
    try {
      await line.driver.perform(noop());
      return true;
    } catch (error) {
      const isDead = error instanceof ConnectionError || error instanceof TimeoutError;
      if (this.#closing || !(isDead || error instanceof ReplyError)) throw error;
      return !isDead;
    }
  }

  /** Every message that is not done fails with the error. */
  abort(error: PlainwireError): void {
    this.#closing = true;
    this.#abortedBy = error;
    for (const job of [...this.#queue.takeAll(), ...this.#pausing]) this.#finish(job, { ok: false, error });
    for (const { giveUp } of this.#openings) giveUp.abort(error);
    for (const line of [...this.#lines, ...this.#leaving.keys()]) line.driver.abort(error);
  }

  close(): Promise<void> {
    this.#closing = true;
    this.#closed ??= this.#drain();
    return this.#closed;
  }

  async #drain(): Promise<void> {
    if (this.#pending > 0 || this.#openings.size > 0) {
      await new Promise<void>((resolve) => {
        this.#whenDrained = resolve;
      });
    }
    this.#rate.stop();
    for (const line of this.#lines) void this.#retire(line);
    await Promise.all(this.#leaving.values());
  }

  /** Whether the message is no longer wanted, by its caller or by the owner of the mailer; it is finished then. */
  #endedBy(job: Job): boolean {
    const { signal } = job.options;
    const error = signal?.aborted === true ? abortedBy(signal) : this.#abortedBy;
    if (error !== undefined) this.#finish(job, { ok: false, error });
    return error !== undefined;
  }

  #heedSignal(job: Job): void {
    const { signal } = job.options;
    if (signal === undefined) return;
    job.onAbort = () => {
      const error = abortedBy(signal);
      if (job.underWay !== undefined) {
        job.underWay.driver.abandon(job.underWay.run, error);
        return;
      }
      this.#queue.remove(job);
      this.#finish(job, { ok: false, error });
      // a connection that nobody waits for any more need not be made
      if (!this.#queue.isEmpty) return;
      for (const { purpose, giveUp } of this.#openings) if (purpose === 'messages') giveUp.abort(error);
    };
    addAbortListener(signal, job.onAbort);
  }

  /** Messages that are given one right after another leave in one write. */
  #dispatchSoon(): void {
    if (this.#dispatchIsDue) return;
    this.#dispatchIsDue = true;
    queueMicrotask(() => {
      this.#dispatchIsDue = false;
      this.#dispatch();
    });
  }

  /** Gives waiting messages to connections that are free, and opens more where that is not enough. */
  #dispatch(): void {
    for (const line of this.#lines) {
      if (this.#queue.isEmpty) return;
      this.#feed(line);
    }
    while (!this.#queue.isEmpty && this.#mayOpen() && this.#openings.size < this.#queue.size) this.#open('messages');
  }

  #mayOpen(): boolean {
    return this.#lines.size + this.#openings.size + this.#leaving.size < this.#options.connections;
  }

  /** Lets a connection begin as many messages as it may, and write them in one go. */
  #feed(line: Line): void {
    line.driver.together(() => this.#begins(line));
  }

  #begins(line: Line): void {
    const { driver } = line;
    while (!this.#queue.isEmpty && !line.retiring && !line.checking && driver.isFree) {
      if (line.sent >= line.most) {
        line.retiring = true;
        break;
      }
      if (!driver.isBusy && performance.now() - line.idleSince > CHECK_AFTER) {
        this.#check(line);
        return;
      }
      if (!this.#rate.mayStart()) return;
      const job = this.#queue.next();
      if (job !== undefined) this.#begin(line, job);
    }
    if (!driver.isBusy && !line.checking) this.#rest(line);
  }

  #begin(line: Line, job: Job): void {
    const connection = line.isFresh ? 'fresh' : 'used';
    line.wake();
    line.sent += 1;
    job.tries += 1;
    const run = beginTransaction(line.driver, job.message, job.options, job.size, job.queuedAt, (outcome) => {
      job.underWay = undefined;
      line.idleSince = performance.now();
      if (outcome.ok) this.#finish(job, outcome);
      else this.#failed(job, outcome.error, connection, line);
    });
    if (job.options.signal !== undefined) job.underWay = { driver: line.driver, run };
  }

  /** Tries again what can't have been delivered. */
  #failed(job: Job, error: unknown, connection: 'fresh' | 'used', line?: Line): void {
    if (this.#aborted || !mayBeRepeated(job, error)) return this.#finish(job, { ok: false, error });
    // the first message that a dead connection meets has had a try; for the others it was none
    if (line !== undefined && isGoneAway(error)) {
      if (line.blamed) job.tries -= 1;
      line.blamed = true;
    }
    const ms = againIn(job, error, connection, this.#options.retries);
    if (ms === undefined) return this.#finish(job, { ok: false, error });
    if (ms === 0) return this.#requeue(job);
    this.#pausing.add(job);
    pause(job, ms, this.#options.signal, () => {
      this.#pausing.delete(job);
      this.#requeue(job);
    });
  }

  get #aborted(): boolean {
    return this.#options.signal?.aborted === true;
  }

  #requeue(job: Job): void {
    if (this.#endedBy(job)) return;
    // in front of those that came after it
    this.#queue.putBack(job, ({ place }) => place < job.place);
    // in a turn of its own: the connection that failed is still taking leave of the others
    this.#dispatchSoon();
  }

  #finish(job: Job, outcome: Outcome<Delivery>): void {
    const { onAbort, options } = job;
    if (onAbort !== undefined) removeAbortListener(options.signal, onAbort);
    if (this.#pausing.delete(job)) job.endPause?.();
    this.#pending -= 1;
    job.done(outcome);
    if (this.#pending === 0) this.#checkDrained();
  }

  #checkDrained(): void {
    if (this.#pending === 0 && this.#openings.size === 0) this.#whenDrained?.();
  }

  #open(purpose: Opening['purpose']): Opening {
    const giveUp = new AbortController();
    const line = this.#connect(giveUp.signal).finally(() => {
      this.#openings.delete(opening);
      this.#checkDrained();
    });
    const opening: Opening = { line, giveUp, purpose };
    this.#openings.add(opening);
    // whoever it was opened for, messages may have come to wait for it
    line.then(
      (opened) => this.#feed(opened),
      // who came after it was given up is not to suffer for it
      (error: unknown) => (giveUp.signal.aborted ? this.#dispatch() : this.#openFailed(error)),
    );
    return opening;
  }

  async #connect(giveUp: AbortSignal): Promise<Line> {
    const driver = await this.#connector.open(giveUp);
    // from here on its end is heard; what ended before was said to nobody
    driver.refuseOver();
    const line = new Line(driver, this.#options.messagesPerConnection);
    driver.events = {
      onProgress: () => this.#feed(line),
      onClosed: () => this.#lost(line),
    };
    this.#lines.add(line);
    this.#depth = driver.depth;
    return line;
  }

  /** No connection can be had: with others standing or on their way the messages wait for those, else they fail. */
  #openFailed(error: unknown): void {
    if (this.#lines.size > 0 || this.#openings.size > 0) return;
    for (const job of this.#queue.takeAll()) {
      job.tries += 1;
      const recipients = nobody(job.message.envelope.to, []);
      this.#failed(job, error instanceof PlainwireError ? withFacts(error, { recipients }) : error, 'fresh');
    }
  }

  #lost(line: Line): void {
    line.forget();
    this.#lines.delete(line);
    this.#dispatch();
  }

  #rest(line: Line): void {
    if (line.retiring || this.#closing) void this.#retire(line);
    else line.rest(this.#options.idleTimeout, () => void this.#retire(line));
  }

  #check(line: Line): void {
    line.checking = true;
    line.wake();
    line.driver.perform(noop()).then(
      () => {
        line.checking = false;
        line.idleSince = performance.now();
        this.#feed(line);
      },
      (error: unknown) => line.driver.abort(error instanceof PlainwireError ? error : closed()),
    );
  }

  #retire(line: Line): Promise<void> {
    line.retiring = true;
    // once: the reply to QUIT is progress, and finds the line with nothing to do
    if (!this.#lines.delete(line)) return this.#leaving.get(line) ?? Promise.resolve();
    const left = this.#leave(line);
    this.#leaving.set(line, left);
    return left;
  }

  async #leave(line: Line): Promise<void> {
    await line.leave();
    this.#leaving.delete(line);
    this.#dispatch();
  }
}

function closed(): ConnectionError {
  return new ConnectionError('CONNECTION_CLOSED', 'the mailer is closed');
}
