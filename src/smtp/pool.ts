/** The mailer's connections and its queue: who sends what, when, and what is tried again. */
import { ConnectionError, PlainwireError } from '../errors.ts';
import type { Message } from '../mime/index.ts';
import type { Capabilities } from './capabilities.ts';
import type { Connector } from './connector.ts';
import type { Delivery } from './delivery.ts';
import type { Driver } from './driver.ts';
import { noop, quit } from './opening.ts';
import type { SendOptions } from './parameters.ts';
import { abortedBy, beginTransaction, sizeOf } from './sending.ts';
import type { Outcome, Run } from './session.ts';

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

/** One message on its way through the pool. */
interface Job {
  readonly message: Message;
  readonly options: SendOptions;
  readonly size: number | undefined;
  readonly queuedAt: number;
  readonly done: (outcome: Outcome<Delivery>) => void;
  tries: number;
  onAbort: (() => void) | undefined;
  underWay: { readonly driver: Driver; readonly run: Run } | undefined;
}

/** One connection of the pool. */
interface Line {
  readonly driver: Driver;
  /** How many messages it may carry: the caller's word, or the server's (RFC 9422 MAILMAX). */
  readonly most: number;
  sent: number;
  retiring: boolean;
  /** When it last had something to do. */
  idleSince: number;
  idleTimer: NodeJS.Timeout | undefined;
  checking: boolean;
}

/** A connection that has been idle for longer is asked whether it still stands before a message is trusted to it. */
const CHECK_AFTER = 10_000;
/** The first pause before a message is tried again; each next is twice as long. */
const RETRY_PAUSE = 500;
const LONGEST_RETRY_PAUSE = 30_000;

export class Pool {
  readonly #connector: Connector;
  readonly #options: PoolOptions;
  #queue: (Job | undefined)[] = [];
  #head = 0;
  readonly #lines = new Set<Line>();
  #opening = 0;
  #pending = 0;
  #nextSlot = 0;
  #paceTimer: NodeJS.Timeout | undefined;
  #closing = false;
  #whenDrained: (() => void) | undefined;

  constructor(connector: Connector, options: PoolOptions) {
    this.#connector = connector;
    this.#options = options;
  }

  /** As many messages as can be on their way or next in line. */
  get capacity(): number {
    return this.#options.connections * (this.#options.inFlight + 2);
  }

  add(message: Message, options: SendOptions, done: (outcome: Outcome<Delivery>) => void): void {
    if (this.#closing) throw closed();
    if (options.signal?.aborted) throw abortedBy(options.signal);
    this.#pending += 1;
    const queuedAt = performance.now();
    const size = sizeOf(message);
    const enqueue = (known: number | undefined): void => {
      const job: Job = {
        message,
        options,
        size: known,
        queuedAt,
        done,
        tries: 0,
        onAbort: undefined,
        underWay: undefined,
      };
      this.#heedSignal(job);
      this.#queue.push(job);
      this.#dispatch();
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
    if (this.#closing) throw closed();
    for (const line of this.#lines) {
      if (line.driver.isOver || line.driver.isBusy || !line.driver.isFree) continue;
      await line.driver.perform(noop());
      return line.driver.server.capabilities;
    }
    const line = await this.#open();
    this.#feed(line);
    return line.driver.server.capabilities;
  }

  /** Every message that is not done fails with the error. */
  abort(error: PlainwireError): void {
    this.#closing = true;
    for (const job of this.#takeAll()) this.#finish(job, { ok: false, error });
    for (const line of this.#lines) line.driver.abort(error);
  }

  async close(): Promise<void> {
    this.#closing = true;
    if (this.#pending > 0 || this.#opening > 0) {
      await new Promise<void>((resolve) => {
        this.#whenDrained = resolve;
      });
    }
    clearTimeout(this.#paceTimer);
    await Promise.all([...this.#lines].map((line) => this.#retire(line)));
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
      const at = this.#queue.indexOf(job, this.#head);
      if (at !== -1) this.#queue.splice(at, 1);
      this.#finish(job, { ok: false, error });
    };
    signal.addEventListener('abort', job.onAbort, { once: true });
  }

  /** Gives waiting messages to connections that are free, and opens more where that is not enough. */
  #dispatch(): void {
    for (const line of this.#lines) {
      if (this.#isEmpty) return;
      this.#feed(line);
    }
    while (
      !this.#isEmpty &&
      this.#lines.size + this.#opening < this.#options.connections &&
      this.#opening < this.#waiting
    ) {
      this.#open().then(
        (line) => this.#feed(line),
        (error: unknown) => this.#openFailed(error),
      );
    }
  }

  get #waiting(): number {
    return this.#queue.length - this.#head;
  }

  get #isEmpty(): boolean {
    return this.#head === this.#queue.length;
  }

  #next(): Job | undefined {
    const job = this.#queue[this.#head];
    if (job === undefined) return undefined;
    // a message that is on its way shall not be held by its old place in the queue
    this.#queue[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    } else if (this.#head > 1024) {
      // the front of the array is let go in slices, so that a long queue costs what it holds
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return job;
  }

  #takeAll(): readonly Job[] {
    const jobs = this.#queue.slice(this.#head).filter((job) => job !== undefined);
    this.#queue = [];
    this.#head = 0;
    return jobs;
  }

  /** Lets a connection begin as many messages as it may, and write them in one go. */
  #feed(line: Line): void {
    line.driver.together(() => this.#begins(line));
  }

  #begins(line: Line): void {
    const { driver } = line;
    while (!this.#isEmpty && !line.retiring && !line.checking && driver.isFree) {
      if (line.sent >= line.most) {
        line.retiring = true;
        break;
      }
      if (!this.#mayStart()) return;
      if (!driver.isBusy && line.sent > 0 && performance.now() - line.idleSince > CHECK_AFTER) {
        this.#check(line);
        return;
      }
      const job = this.#next();
      if (job !== undefined) this.#begin(line, job);
    }
    if (!driver.isBusy && !line.checking) this.#rest(line);
  }

  /** The rate is kept over all connections: each message takes the next slot. */
  #mayStart(): boolean {
    const { spacing } = this.#options;
    if (spacing === 0) return true;
    const now = performance.now();
    if (now < this.#nextSlot) {
      this.#paceTimer ??= setTimeout(() => {
        this.#paceTimer = undefined;
        this.#dispatch();
      }, this.#nextSlot - now);
      return false;
    }
    this.#nextSlot = Math.max(now, this.#nextSlot) + spacing;
    return true;
  }

  #begin(line: Line, job: Job): void {
    if (line.idleTimer !== undefined) this.#wake(line);
    const isFirst = line.sent === 0;
    line.sent += 1;
    job.tries += 1;
    const run = beginTransaction(line.driver, job.message, job.options, job.size, job.queuedAt, (outcome) => {
      job.underWay = undefined;
      line.idleSince = performance.now();
      if (outcome.ok) this.#finish(job, outcome);
      else this.#failed(job, outcome.error, isFirst ? 'fresh' : 'used');
    });
    if (job.options.signal !== undefined) job.underWay = { driver: line.driver, run };
  }

  /** Tries again what can't have been delivered: at once where a used connection was found dead, else as often as asked. */
  #failed(job: Job, error: unknown, connection: 'fresh' | 'used'): void {
    const known = error instanceof PlainwireError ? error : undefined;
    const safe =
      known?.retryable === true && job.options.signal?.aborted !== true && !this.#aborted && job.message.replayable;
    if (!safe) return this.#finish(job, { ok: false, error });
    const goneAway = known instanceof ConnectionError || known?.reply?.code === 421;
    if (goneAway && connection === 'used' && job.tries <= this.#options.retries + USED_CONNECTION_TRIES) {
      this.#requeue(job);
    } else if (job.tries <= this.#options.retries) {
      const pause = Math.min(LONGEST_RETRY_PAUSE, RETRY_PAUSE * 2 ** (job.tries - 1));
      setTimeout(() => this.#requeue(job), pause);
    } else {
      this.#finish(job, { ok: false, error });
    }
  }

  get #aborted(): boolean {
    return this.#options.signal?.aborted === true;
  }

  #requeue(job: Job): void {
    if (job.options.signal?.aborted) return this.#finish(job, { ok: false, error: abortedBy(job.options.signal) });
    // in front of those that came after it
    this.#queue.splice(this.#head, 0, job);
    // in a turn of its own: the connection that failed is still taking leave of the others
    queueMicrotask(() => this.#dispatch());
  }

  #finish(job: Job, outcome: Outcome<Delivery>): void {
    if (job.onAbort !== undefined) job.options.signal?.removeEventListener('abort', job.onAbort);
    this.#pending -= 1;
    job.done(outcome);
    if (this.#pending === 0) this.#checkDrained();
  }

  #checkDrained(): void {
    if (this.#pending === 0 && this.#opening === 0) this.#whenDrained?.();
  }

  async #open(): Promise<Line> {
    this.#opening += 1;
    try {
      const driver = await this.#connector.open();
      const { mailMax } = driver.server.capabilities.limits;
      const line: Line = {
        driver,
        most: Math.min(this.#options.messagesPerConnection, mailMax ?? Number.POSITIVE_INFINITY),
        sent: 0,
        retiring: false,
        idleSince: performance.now(),
        idleTimer: undefined,
        checking: false,
      };
      driver.events = {
        onProgress: () => this.#feed(line),
        onClosed: () => this.#lost(line),
      };
      this.#lines.add(line);
      if (driver.isOver) this.#lost(line);
      return line;
    } finally {
      this.#opening -= 1;
      this.#checkDrained();
    }
  }

  /** No connection can be had: with others standing the messages wait for those, else one after another fails. */
  #openFailed(error: unknown): void {
    if (this.#lines.size > 0) return;
    for (const job of this.#takeAll()) {
      job.tries += 1;
      this.#failed(job, error, 'fresh');
    }
  }

  #lost(line: Line): void {
    clearTimeout(line.idleTimer);
    this.#lines.delete(line);
    this.#dispatch();
  }

  /** Nothing to do: the process may end, and after a while so does the connection. */
  #rest(line: Line): void {
    if (line.retiring || this.#closing) {
      void this.#retire(line);
      return;
    }
    if (line.idleTimer !== undefined) return;
    line.driver.connection.keepAlive('unref');
    line.idleTimer = setTimeout(() => void this.#retire(line), this.#options.idleTimeout);
    line.idleTimer.unref();
  }

  #wake(line: Line): void {
    clearTimeout(line.idleTimer);
    line.idleTimer = undefined;
    line.driver.connection.keepAlive('ref');
  }

  #check(line: Line): void {
    line.checking = true;
    this.#wake(line);
    line.driver.perform(noop()).then(
      () => {
        line.checking = false;
        line.idleSince = performance.now();
        this.#feed(line);
      },
      (error: unknown) => line.driver.abort(error instanceof PlainwireError ? error : closed()),
    );
  }

  async #retire(line: Line): Promise<void> {
    line.retiring = true;
    // once: the reply to QUIT is progress, and finds the line with nothing to do
    if (!this.#lines.delete(line)) return;
    clearTimeout(line.idleTimer);
    line.driver.connection.keepAlive('ref');
    if (!line.driver.isOver) await line.driver.perform(quit()).catch(() => {});
    await line.driver.connection.close();
    this.#dispatch();
  }
}

/** How often one message may meet a used connection that turns out to be dead, before that is taken for a failure. */
const USED_CONNECTION_TRIES = 3;

function closed(): ConnectionError {
  return new ConnectionError('CONNECTION_CLOSED', 'the mailer is closed');
}
