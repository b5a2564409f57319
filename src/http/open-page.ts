/** A page head first: its body is read as it is asked for, and memory stays flat whatever its size. */
import type { TlsFacts } from '../trace/event.ts';
import { contentCodings, type DecodeLimits, decodeStream } from './decode.ts';
import type { Exchange, Step } from './exchange.ts';
import { arrive } from './follow.ts';
import { checkPageOptions, type PageOptions } from './options.ts';
import type { Page, PageTiming } from './page.ts';
import type { Quirk } from './quirks.ts';
import type { RawHeaders } from './raw-headers.ts';
import type { PageRequest } from './request.ts';
import type { ResponseHead } from './response-head.ts';
import { parsePageUrl, publicUrl } from './target.ts';

/**
 * Opens a page and returns when its head has come. Read its body, raw bytes or decoded body, once; or close it.
 * @throws as fetchPage() does
 */
export async function openPage(url: string | URL, options: PageOptions = {}): Promise<OpenPage> {
  return open(url, options, 'nothing');
}

/** The same for a reader that is done with each piece before it asks for the next one: its memory is used again. */
export async function openLentPage(url: string | URL, options: PageOptions): Promise<OpenPage> {
  return open(url, options, 'lent');
}

async function open(url: string | URL, options: PageOptions, keep: 'nothing' | 'lent'): Promise<OpenPage> {
  checkPageOptions(options);
  // what a stream brings is not held, so there is no need to bound it
  const limits = { ...options.limits, body: options.limits?.body ?? Number.POSITIVE_INFINITY };
  const { exchange, steps, redirects } = await arrive(parsePageUrl(url), { ...options, limits }, keep);
  return new OpenPage(exchange, steps, redirects);
}

export class OpenPage implements AsyncDisposable {
  readonly url: string;
  readonly request: PageRequest;
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  readonly headers: RawHeaders;
  readonly interim: readonly ResponseHead[];
  readonly framing: 'none' | 'content-length' | 'chunked' | 'until-close';
  readonly redirects: readonly Page[];
  readonly started: Date;
  readonly remote: string;
  readonly tls: TlsFacts | undefined;
  readonly #exchange: Exchange;
  #steps: readonly Step[] | undefined;

  constructor(exchange: Exchange, steps: readonly Step[], redirects: readonly Page[]) {
    const { version, status, reason, headers } = exchange.head;
    this.url = publicUrl(exchange.url);
    this.request = exchange.request;
    this.version = version;
    this.status = status;
    this.reason = reason;
    this.headers = headers;
    this.interim = exchange.interim;
    this.framing = exchange.framing;
    this.redirects = redirects;
    this.started = exchange.started;
    this.remote = exchange.connection?.remote ?? '';
    this.tls = exchange.connection?.tls;
    this.#exchange = exchange;
    this.#steps = steps;
  }

  /** The bytes the body will have, where its framing tells. */
  get length(): number | undefined {
    if (this.framing === 'none') return 0;
    return this.framing === 'content-length' ? Number(this.headers.getAll('Content-Length')[0]) : undefined;
  }

  /** The bytes that {@link raw} will bring, where the framing tells. */
  get rawLength(): number | undefined {
    const { length } = this;
    return length === undefined ? undefined : this.#exchange.headEnd + length;
  }

  /** Known in full at the end of the body. */
  get quirks(): readonly Quirk[] {
    return this.#exchange.quirks;
  }

  /** After a chunked body's end. */
  get trailers(): RawHeaders {
    return this.#exchange.trailers;
  }

  /** So far, or, at the end of the body, in all. */
  get timing(): PageTiming {
    return this.#exchange.timing;
  }

  /** The body after transfer decoding, piece by piece as it comes. Leaving the loop closes the connection. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const { events } of this.#read()) {
      for (const event of events) if (event.kind === 'body') yield event.bytes;
    }
  }

  /** Every byte as it came, from the first of the first head on. */
  async *raw(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const { raw } of this.#read()) if (raw.length > 0) yield raw;
  }

  /** The body with its content codings undone. @throws DecodingError */
  decoded(limits?: DecodeLimits): AsyncGenerator<Uint8Array, void, undefined> {
    return decodeStream(this, contentCodings(this.headers), limits);
  }

  close(): void {
    this.#steps = undefined;
    this.#exchange.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  async *#read(): AsyncGenerator<Step, void, undefined> {
    const steps = this.#steps;
    if (steps === undefined) throw new TypeError('a page can be read once');
    this.#steps = undefined;
    try {
      yield* steps;
      for (;;) {
        const step = await this.#exchange.next();
        if (step === undefined) return;
        yield step;
      }
    } finally {
      this.#exchange.close();
    }
  }
}
