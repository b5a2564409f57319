/**
 * Many pages side by side, whatever is done with each: bounded memory, limits overall and per host, politeness, and a
 * second try where it is safe.
 */
import { AbortError, MessageError, PlainwireError } from '../errors.ts';
import {
  addAbortListener,
  cachingResolve,
  checkTlsOptions,
  removeAbortListener,
  resolveBySystem,
} from '../transport/index.ts';
import { checkNumber, checkPageOptions, type PageOptions } from './options.ts';
import { partialPage } from './partial-page.ts';
import { buildRequest, forSeveral } from './request.ts';
import { routeTo } from './route.ts';
import { Schedule } from './schedule.ts';
import { parsePageUrl } from './target.ts';

export interface ManyOptions {
  /** Pages at once, 16 by default. */
  readonly concurrency?: number;
  /** Pages at once from one host name, 2 by default. */
  readonly perHost?: number;
  /** Milliseconds from the start of one page to the start of the next from the same host, 0 by default. */
  readonly delay?: number;
  /** How often a page is tried again, 2 by default: only where trying again is safe and no byte of an answer came. */
  readonly retries?: number;
  /** Milliseconds before the first new try, 500 by default; doubled for each further one, with a random part. */
  readonly backoff?: number;
}

interface OutcomeBase {
  /** Where in the list this page was, from 0. */
  readonly index: number;
  /** What the list said. */
  readonly input: string;
  /** How often it was tried. */
  readonly attempts: number;
}

export interface FailedOutcome extends OutcomeBase {
  readonly ok: false;
  readonly error: unknown;
}

/** What became of one page of many: what `Done` says, or why there is none. */
export type Outcome<Done> = (OutcomeBase & { readonly ok: true } & Done) | FailedOutcome;

/** The list: of any length, read only as far ahead as there is work to give out. */
export type PageList = Iterable<string | URL> | AsyncIterable<string | URL>;

/** What is done with each page of the list; run again where that is safe. */
export type Work<Done> = (url: URL, options: PageOptions) => Promise<Done>;

interface Job {
  readonly index: number;
  readonly input: string;
  readonly url: URL;
  /** Whose limit and whose pauses it goes by: a name is the same with the dot of the root behind it. */
  readonly host: string;
  attempts: number;
}

type Settings = Required<ManyOptions>;

const DEFAULTS: Settings = { concurrency: 16, perHost: 2, delay: 0, retries: 2, backoff: 500 };

/** A pause between tries never gets longer. */
const LONGEST_BACKOFF = 30_000;
/** getaddrinfo tells no TTL, so an answer is trusted for a minute, which is what short-lived records have. */
const NAME_CACHE_MS = 60_000;

/**
 * Does the work for each page of the list, and yields each outcome as it arrives; a page that fails stops no other. The
 * list is read only as far ahead as there is work to give out, and while nobody takes outcomes nothing new begins, so
 * millions cost what hundreds do. Leaving the loop aborts what is under way. So does the signal: what was under way fails,
 * and the loop itself with it, unless the list was at its end, for the rest of the list has no outcome.
 * @throws AbortError; what the list throws
 */
export async function* forEachPage<Done extends object>(
  urls: PageList,
  work: Work<Done>,
  given: ManyOptions & PageOptions,
): AsyncGenerator<Outcome<Done>, void, undefined> {
  checkList(urls);
  checkPageOptions(given);
  const options = forSeveral(given);
  checkForAll(options);
  const settings = settingsOf(options);
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const resolve = options.resolve ?? cachingResolve(resolveBySystem, NAME_CACHE_MS);
  const pageOptions: PageOptions = { ...options, signal, resolve };
  const run = new Run(urls, (url) => work(url, pageOptions), settings, signal);
  try {
    for (;;) {
      const outcome = await run.next();
      if (outcome === undefined) return;
      yield outcome;
    }
  } finally {
    stop.abort();
    await run.close();
  }
}

/** What no page could be asked for with is refused before the first one: a million need not fail of it. @throws MessageError */
function checkForAll(options: PageOptions): void {
  const anyUrl = new URL('http://localhost/');
  buildRequest(anyUrl, options, routeTo(anyUrl, options));
  if (options.tls !== undefined) checkTlsOptions(options.tls);
}

/** A number that lets nothing begin would wait for ever. @throws MessageError */
function settingsOf({
  concurrency = DEFAULTS.concurrency,
  perHost = DEFAULTS.perHost,
  delay = DEFAULTS.delay,
  retries = DEFAULTS.retries,
  backoff = DEFAULTS.backoff,
}: ManyOptions): Settings {
  const anyNumber = (value: number): boolean => Number.isInteger(value) || value === Number.POSITIVE_INFINITY;
  // of pages at once there is a number: the list would be read to its end otherwise
  const isConcurrency = Number.isInteger(concurrency) && concurrency >= 1;
  checkNumber('concurrency', concurrency, 'a whole number from 1', isConcurrency);
  checkNumber('perHost', perHost, 'a whole number from 1', anyNumber(perHost) && perHost >= 1);
  checkNumber('retries', retries, 'a whole number from 0', anyNumber(retries) && retries >= 0);
  checkNumber('delay', delay, 'milliseconds from 0', Number.isFinite(delay) && delay >= 0);
  checkNumber('backoff', backoff, 'milliseconds from 0', Number.isFinite(backoff) && backoff >= 0);
  return { concurrency, perHost, delay, retries, backoff };
}

/** A string is iterable, too: letter by letter. @throws MessageError */
function checkList(urls: unknown): void {
  if (typeof urls === 'object' && urls !== null && (Symbol.asyncIterator in urls || Symbol.iterator in urls)) return;
  throw new MessageError('BAD_INPUT', 'urls', 'expected a list of URLs, or anything else to iterate over');
}

class Run<Done extends object> {
  readonly #source: Iterator<string | URL> | AsyncIterator<string | URL>;
  readonly #work: (url: URL) => Promise<Done>;
  readonly #settings: Settings;
  readonly #signal: AbortSignal;
  readonly #schedule: Schedule<Job>;
  readonly #outcomes: Outcome<Done>[] = [];
  #index = 0;
  #active = 0;
  #pulling = false;
  #listEnded = false;
  #sourceFault: { readonly error: unknown } | undefined;
  #waiter: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(urls: PageList, work: (url: URL) => Promise<Done>, settings: Settings, signal: AbortSignal) {
    this.#source = Symbol.asyncIterator in urls ? urls[Symbol.asyncIterator]() : urls[Symbol.iterator]();
    this.#work = work;
    this.#settings = settings;
    this.#signal = signal;
    this.#schedule = new Schedule(settings.perHost, settings.delay);
    // nothing need be under way that would hear of it: all may wait for a pause to end, or for the list's next line
    addAbortListener(signal, this.#wake);
  }

  /** The next outcome; undefined when there is none left. Rejects where the list itself does. */
  async next(): Promise<Outcome<Done> | undefined> {
    for (;;) {
      this.#pump();
      const outcome = this.#outcomes.shift();
      if (outcome !== undefined) return outcome;
      const idle = this.#active === 0 && this.#schedule.size === 0;
      if (idle && this.#listEnded) {
        if (this.#sourceFault !== undefined) throw this.#sourceFault.error;
        return undefined;
      }
      if (idle && this.#signal.aborted) {
        throw new AbortError('ABORTED', 'the caller aborted before the end of the list', {
          cause: this.#signal.reason,
        });
      }
      await new Promise<void>((resolve) => {
        this.#waiter = resolve;
      });
    }
  }

  /** Settles when all that was under way, and has been aborted, has ended: no file is written to any more. */
  async close(): Promise<void> {
    removeAbortListener(this.#signal, this.#wake);
    clearTimeout(this.#timer);
    this.#schedule.clear();
    // a list that waits for its next line is not waited for
    if (!this.#listEnded) void Promise.resolve(this.#source.return?.()).catch(() => {});
    this.#listEnded = true;
    while (this.#active > 0) {
      await new Promise<void>((resolve) => {
        this.#waiter = resolve;
      });
    }
  }

  readonly #wake = (): void => {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.();
  };

  /** Starts what may start, and reads on in the list. */
  #pump(): void {
    const { aborted } = this.#signal;
    if (aborted) for (const job of this.#schedule.clear()) this.#begin(job);
    const { concurrency } = this.#settings;
    while (this.#active + this.#outcomes.length < concurrency) {
      const job = this.#schedule.take(performance.now());
      if (job === undefined) break;
      this.#begin(job);
    }
    // far enough ahead to find another host while one is at its limit, and no further
    const ahead = this.#schedule.size < 8 * concurrency;
    if (ahead && !this.#pulling && !this.#listEnded && !aborted) void this.#pull();
    clearTimeout(this.#timer);
    const due = this.#schedule.nextDue();
    if (due !== undefined) this.#timer = setTimeout(() => this.#wake(), Math.max(1, due - performance.now()));
  }

  async #pull(): Promise<void> {
    this.#pulling = true;
    try {
      const next = await this.#source.next();
      if (next.done === true) this.#listEnded = true;
      else this.#add(next.value);
    } catch (error) {
      this.#listEnded = true;
      this.#sourceFault = { error };
    }
    this.#pulling = false;
    this.#wake();
  }

  #add(value: string | URL): void {
    const index = this.#index;
    this.#index += 1;
    const input = String(value);
    try {
      const url = parsePageUrl(value);
      const host = url.hostname.replace(/\.$/, '');
      this.#schedule.add({ index, input, url, host, attempts: 0 }, host, 0);
    } catch (error) {
      this.#outcomes.push({ ok: false, index, input, attempts: 0, error });
    }
  }

  #begin(job: Job): void {
    this.#active += 1;
    job.attempts += 1;
    this.#do(job).finally(() => {
      this.#active -= 1;
      this.#schedule.release(job.host);
      this.#wake();
    });
  }

  async #do(job: Job): Promise<void> {
    const { index, input, url } = job;
    try {
      const done = await this.#work(url);
      const outcome: OutcomeBase & { ok: true } = { ok: true, index, input, attempts: job.attempts };
      this.#outcomes.push(Object.assign(outcome, done));
    } catch (error) {
      if (!this.#signal.aborted && job.attempts <= this.#settings.retries && isSafeToRepeat(error)) {
        this.#schedule.add(job, job.host, performance.now() + this.#pause(job.attempts));
      } else {
        this.#outcomes.push({ ok: false, index, input, attempts: job.attempts, error });
      }
    }
  }

  #pause(attempt: number): number {
    const pause = Math.min(LONGEST_BACKOFF, this.#settings.backoff * 2 ** (attempt - 1));
    return pause / 2 + (Math.random() * pause) / 2;
  }
}

/** An error that says so itself, before any byte of an answer: what came once may have had its effect, or its reason. */
function isSafeToRepeat(error: unknown): boolean {
  return error instanceof PlainwireError && error.retryable && (partialPage(error)?.receivedLength ?? 0) === 0;
}
