/** One request and its response over one connection: the driver, the only place of http that waits for a socket. */
import { PlainwireError, withFacts } from '../errors.ts';
import { headSecrets } from '../trace/head-secrets.ts';
import {
  type Connection,
  type ConnectOptions,
  type ConnectTimeouts,
  connect,
  DEFAULT_CONNECT_TIMEOUTS,
  ReadMemory,
} from '../transport/index.ts';
import type { Framing } from './body-framing.ts';
import { ResponseError } from './errors.ts';
import { Gathered, NO_BYTES } from './gathered.ts';
import { leave } from './leave.ts';
import { RESPONSE_LIMITS } from './limits.ts';
import { DEFAULT_PAGE_TIMEOUTS, type PageOptions } from './options.ts';
import { Page, type PageTiming } from './page.ts';
import { rememberPartial } from './partial-page.ts';
import type { Quirk } from './quirks.ts';
import { NO_HEADERS, type RawHeaders } from './raw-headers.ts';
import { buildRequest, type PageRequest } from './request.ts';
import type { ResponseHead } from './response-head.ts';
import { type ResponseEvent, ResponseParser } from './response-parser.ts';
import { routeTo, type WayTo } from './route.ts';
import { publicUrl } from './target.ts';

/**
 * How the response is read: what is kept in memory decides what the default deadline is, and what an error can show.
 * `lent`: nothing is kept, and what a step brings is the reader's until the next step, for its memory is used again.
 */
export type Keep = 'raw' | 'nothing' | 'lent';

/** What of a redirect's own page is read in passing, where the page it leads to is a stream. */
const HOP_LIMIT = RESPONSE_LIMITS.head + 1024 * 1024;

/** A request body leaves in pieces of this size, each within the idle deadline. */
const SEND_PIECE = 64 * 1024;

const NO_QUIRKS: readonly Quirk[] = Object.freeze([]);
/** Doing these again does no more than doing them once (RFC 9110 section 9.2.2). */
const IDEMPOTENT = /^(?:GET|HEAD|OPTIONS|TRACE|PUT|DELETE)$/;

/** What one read brought. */
export interface Step {
  readonly raw: Uint8Array;
  readonly events: readonly ResponseEvent[];
}

export class Exchange {
  readonly url: URL;
  readonly request: PageRequest;
  readonly interim: ResponseHead[] = [];
  readonly started = new Date();
  readonly #begun = performance.now();
  readonly #options: PageOptions;
  readonly #way: WayTo;
  #keep: Keep;
  readonly #streams: boolean;
  #memory: ReadMemory | undefined;
  readonly #parser: ResponseParser;
  readonly #raw = new Gathered();
  readonly #pieces = new Gathered();
  readonly #wholeBy: number;
  #connection: Connection | undefined;
  #received = 0;
  #head: ResponseHead | undefined;
  #framing: Framing | undefined;
  #trailers: RawHeaders = NO_HEADERS;
  #sentAt = 0;
  #firstAt = 0;
  #headAt = 0;
  #endAt = 0;

  /** `since` is when the first of several hops began: the whole deadline is theirs together. */
  constructor(url: URL, options: PageOptions, keep: Keep, since?: number) {
    this.url = url;
    this.#way = routeTo(url, options);
    this.request = buildRequest(url, options, this.#way);
    this.#options = options;
    this.#keep = keep;
    this.#streams = keep !== 'raw';
    this.#memory = keep === 'lent' ? ReadMemory.take() : undefined;
    const { method, version } = this.request;
    const { limits, simpleResponse } = options;
    this.#parser = new ResponseParser({ method, version, limits, simpleResponse });
    const whole = options.timeouts?.whole ?? (keep === 'raw' ? DEFAULT_PAGE_TIMEOUTS.whole : Number.POSITIVE_INFINITY);
    this.#wholeBy = (since ?? this.#begun) + whole;
  }

  get head(): ResponseHead {
    if (this.#head === undefined) throw new TypeError('the head has not been read');
    return this.#head;
  }

  get framing(): Framing['kind'] {
    return this.#framing?.kind ?? 'none';
  }

  get trailers(): RawHeaders {
    return this.#trailers;
  }

  get quirks(): readonly Quirk[] {
    const { quirks } = this.#parser;
    return quirks.size === 0 ? NO_QUIRKS : [...quirks];
  }

  /** How many bytes come before the body. */
  get headEnd(): number {
    return this.#parser.headEnd;
  }

  get done(): boolean {
    return this.#parser.state === 'done';
  }

  get connection(): Connection | undefined {
    return this.#connection;
  }

  get timing(): PageTiming {
    const { lookup, connect: connected, tls } = this.#connection?.timing ?? { lookup: 0, connect: 0, tls: 0 };
    const end = this.#endAt === 0 ? performance.now() : this.#endAt;
    const between = (from: number, to: number): number => (from === 0 ? 0 : (to === 0 ? end : to) - from);
    return {
      lookup,
      connect: connected,
      tls,
      wait: between(this.#sentAt, this.#firstAt),
      head: between(this.#firstAt, this.#headAt),
      body: between(this.#headAt, this.#endAt),
      total: end - this.#begun,
    };
  }

  /** Connects, sends, and reads to the end of the head. What the same reads brought of the body is in the result. */
  async begin(): Promise<Step[]> {
    const steps: Step[] = [];
    try {
      const connection = await connect(this.#way.endpoint, this.#connectOptions());
      this.#connection = connection;
      this.#send(connection);
      while (this.#head === undefined) steps.push(this.#accept(await connection.read(), connection));
      this.#pause(connection);
      return steps;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** The next bytes of the response; undefined when it is complete. */
  async next(): Promise<Step | undefined> {
    const connection = this.#connection;
    if (this.done || connection === undefined) return undefined;
    try {
      this.#setIdleDeadline(connection);
      const step = this.#accept(await connection.read(), connection);
      this.#pause(connection);
      return step;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** From here on every byte is kept: this may be a redirect, whose page is wanted whole. */
  keepAll(): void {
    this.#keep = 'raw';
  }

  /** From here on nothing is kept, where it was to be a stream. */
  letGo(): void {
    if (!this.#streams) return;
    this.#keep = 'nothing';
    this.#raw.clear();
    this.#pieces.clear();
  }

  /** Reads what is left. */
  async readOn(): Promise<void> {
    while (!this.done) {
      if (this.#streams && this.#received > HOP_LIMIT) {
        const message = `a redirect with a body of more than ${HOP_LIMIT} bytes`;
        throw this.#failed(new ResponseError('LIMIT_EXCEEDED', message, { offset: HOP_LIMIT, head: this.head }));
      }
      await this.next();
    }
  }

  /** Makes a page of everything that was kept, when all has been read. */
  page(redirects: readonly Page[]): Page {
    // what is kept of a page that came into lent memory is a copy
    this.#giveBack();
    const raw = this.#raw.bytes();
    return new Page({
      url: publicUrl(this.url),
      request: this.request,
      head: this.head,
      framing: this.#framing ?? { kind: 'none' },
      span: { head: this.#parser.headStart, body: this.#parser.headEnd, end: this.#parser.length },
      interim: this.interim,
      trailers: this.#trailers,
      body: this.#body(raw),
      raw,
      quirks: this.quirks,
      redirects,
      timing: this.timing,
      started: this.started,
      remote: this.#connection?.remote ?? '',
      tls: this.#connection?.tls,
    });
  }

  /** Ends the exchange, complete or not; nothing more is read. */
  close(): void {
    this.#connection?.destroy();
    this.#giveBack();
  }

  /** The memory that was read into, when nobody needs what is in it, and no socket reads any more. */
  #giveBack(): void {
    const memory = this.#memory;
    if (memory === undefined) return;
    this.#memory = undefined;
    if (this.#connection === undefined) memory.release();
    else void this.#connection.closed.then(() => memory.release());
  }

  /** A body is a view of the raw bytes, but for a chunked one, whose pieces lie apart. */
  #body(raw: Uint8Array): Uint8Array {
    const start = this.#parser.headEnd;
    switch (this.#framing?.kind) {
      case 'content-length':
        return raw.subarray(start, start + this.#framing.length);
      case 'until-close':
        return raw.subarray(start);
      case 'chunked':
        return this.#pieces.bytes();
      default:
        return raw.subarray(raw.length);
    }
  }

  /** The whole deadline ends every phase of connecting, too, and a long request leaves in several writes. */
  #connectOptions(): ConnectOptions {
    const memory = this.#memory;
    const connectOptions = memory === undefined ? this.#way.connectOptions : { ...this.#way.connectOptions, memory };
    const given = this.#options.timeouts;
    const long = this.request.bytes.length > SEND_PIECE;
    if (given === undefined && !long) return connectOptions;
    const left = Math.max(1, Math.ceil(this.#wholeBy - performance.now()));
    const timeouts: ConnectTimeouts = {
      lookup: Math.min(given?.lookup ?? DEFAULT_CONNECT_TIMEOUTS.lookup, left),
      connect: Math.min(given?.connect ?? DEFAULT_CONNECT_TIMEOUTS.connect, left),
      tls: Math.min(given?.tls ?? DEFAULT_CONNECT_TIMEOUTS.tls, left),
    };
    return long ? { ...connectOptions, timeouts, noDelay: true } : { ...connectOptions, timeouts };
  }

  #setDeadline(connection: Connection, phase: string, ms: number): void {
    const left = this.#wholeBy - performance.now();
    if (left < ms) connection.setDeadline('whole', Math.max(0, left));
    else connection.setDeadline(phase, ms);
  }

  #setIdleDeadline(connection: Connection): void {
    this.#setDeadline(connection, 'idle', this.#options.timeouts?.idle ?? DEFAULT_PAGE_TIMEOUTS.idle);
  }

  /** Whoever reads a stream may take their time between two pieces: then it is not the server that is slow. */
  #pause(connection: Connection): void {
    if (!this.#streams || this.done) return;
    if (this.#wholeBy === Number.POSITIVE_INFINITY) connection.clearDeadline();
    else this.#setDeadline(connection, 'whole', Number.POSITIVE_INFINITY);
  }

  #setHeadDeadline(connection: Connection): void {
    this.#setDeadline(connection, 'head', this.#options.timeouts?.head ?? DEFAULT_PAGE_TIMEOUTS.head);
  }

  /** Sends the request without waiting for it: a server may answer, and refuse, before it has read a long body. */
  #send(connection: Connection): void {
    const { bytes, headLength, secrets, method } = this.request;
    this.#sentAt = performance.now();
    if (bytes.length <= SEND_PIECE) {
      this.#setHeadDeadline(connection);
      connection.write(bytes)?.catch(ignore);
    } else {
      this.#sendInPieces(connection, bytes).catch(ignore);
    }
    const { tracer } = connection;
    if (tracer === undefined) return;
    tracer.sent({ phase: 'head', roundTrip: 1, bytes: bytes.subarray(0, headLength), secrets }, method);
    if (bytes.length > headLength) {
      tracer.sent({ phase: 'body', roundTrip: 1, bytes: bytes.subarray(headLength), secrets: [] }, undefined);
    }
  }

  async #sendInPieces(connection: Connection, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += SEND_PIECE) {
      if (this.#head === undefined) this.#setIdleDeadline(connection);
      await connection.write(bytes.subarray(at, at + SEND_PIECE));
    }
    if (this.#head === undefined) this.#setHeadDeadline(connection);
  }

  /** What one read brought, or, with undefined, that there is no more. */
  #accept(read: Uint8Array | undefined, connection: Connection): Step {
    if (read === undefined) {
      const events = this.#parser.finish();
      this.#take(events, connection);
      connection.destroy();
      return { raw: NO_BYTES, events };
    }
    const isHeld = this.#keep === 'raw' || this.#head === undefined;
    const raw = isHeld && this.#memory !== undefined ? Uint8Array.from(read) : read;
    if (this.#received === 0) this.#firstAt = performance.now();
    this.#received += raw.length;
    if (this.#keep === 'raw') this.#raw.add(raw);
    const events = this.#parser.push(raw);
    this.#take(events, connection);
    if (connection.tracer !== undefined) this.#traceBody(connection, raw);
    // the page is complete: whatever the server still has to say, or to wait for, is not ours
    if (this.done) leave(connection);
    return { raw, events };
  }

  #take(events: readonly ResponseEvent[], connection: Connection): void {
    for (const event of events) {
      switch (event.kind) {
        case 'interim':
          this.interim.push(event.head);
          traceHead(connection, event.bytes);
          break;
        case 'head':
          this.#head = event.head;
          this.#framing = event.framing;
          this.#headAt = performance.now();
          traceHead(connection, event.bytes);
          break;
        case 'body':
          if (this.#keep === 'raw' && this.#framing?.kind === 'chunked') this.#pieces.add(event.bytes);
          break;
        case 'end':
          this.#trailers = event.trailers;
          this.#endAt = performance.now();
          break;
        case 'error':
          throw event.error;
      }
    }
  }

  /** The part of what was read that lies behind the head, as it came. */
  #traceBody(connection: Connection, raw: Uint8Array): void {
    if (this.#head === undefined) return;
    const start = Math.max(0, this.#parser.headEnd - (this.#received - raw.length));
    if (start >= raw.length) return;
    connection.tracer?.received({ phase: 'body', roundTrip: 1, bytes: raw.subarray(start), secrets: [] }, undefined);
  }

  /** The error as the caller gets it: with what had come by then, and the truth about trying again. */
  #failed(error: unknown): unknown {
    this.#giveBack();
    if (!(error instanceof PlainwireError)) {
      this.#connection?.destroy();
      return error;
    }
    const received = this.#raw.bytes();
    const again = this.#connection === undefined || IDEMPOTENT.test(this.request.method);
    // a response that breaks the rules will break them again; one that never came, or broke off, may not
    const cutShort = /^(?:EMPTY_RESPONSE|SHORT_HEAD|SHORT_BODY)$/.test(error.code);
    const fault =
      error instanceof ResponseError
        ? error.including(received, again && cutShort)
        : withFacts(error, { phase: error.phase ?? 'connect', retryable: error.retryable && again });
    rememberPartial(fault, {
      url: publicUrl(this.url),
      request: this.request,
      head: this.#head,
      received,
      receivedLength: this.#received,
      timing: this.timing,
      started: this.started,
      remote: this.#connection?.remote,
      tls: this.#connection?.tls,
    });
    if (error instanceof ResponseError) this.#connection?.tracer?.error(fault);
    this.#connection?.destroy();
    return fault;
  }
}

function traceHead(connection: Connection, bytes: Uint8Array): void {
  if (bytes.length === 0 || connection.tracer === undefined) return;
  connection.tracer.received({ phase: 'head', roundTrip: 1, bytes, secrets: headSecrets(bytes) }, undefined);
}

/** A fault of writing shows in the next read. */
function ignore(): void {}
