/** A page as it came: every byte of the response, and what the parser made of it. */
import type { TlsFacts } from '../trace/event.ts';
import type { Framing } from './body-framing.ts';
import { type Charset, decodeText, detectCharset } from './charset.ts';
import { contentCodings, type DecodeLimits, decodeBody } from './decode.ts';
import type { Quirk } from './quirks.ts';
import type { RawHeaders } from './raw-headers.ts';
import type { PageRequest } from './request.ts';
import type { ResponseHead } from './response-head.ts';

/** Milliseconds each phase took; 0 for one that was not needed. */
export interface PageTiming {
  readonly lookup: number;
  readonly connect: number;
  readonly tls: number;
  /** From the request being handed to the network to the first byte of the answer. */
  readonly wait: number;
  /** From the first byte to the end of the head. */
  readonly head: number;
  /** From there to the end of the body. */
  readonly body: number;
  /** From the call to the end of the body. */
  readonly total: number;
}

/** Offsets: before `head` are interim responses, behind `end` are bytes that don't belong to the response. */
export interface Span {
  readonly head: number;
  readonly body: number;
  readonly end: number;
}

export interface PageInit {
  readonly url: string;
  readonly request: PageRequest;
  readonly head: ResponseHead;
  readonly framing: Framing;
  readonly span: Span;
  readonly interim: readonly ResponseHead[];
  readonly trailers: RawHeaders;
  readonly body: Uint8Array;
  readonly raw: Uint8Array;
  readonly quirks: readonly Quirk[];
  readonly redirects: readonly Page[];
  readonly timing: PageTiming;
  readonly started: Date;
  readonly remote: string;
  readonly tls: TlsFacts | undefined;
}

export class Page {
  /** What was fetched, without credentials and fragment. */
  readonly url: string;
  readonly request: PageRequest;
  /** `'1.0'`, `'1.1'`; `'0.9'` where there was no head, or a status line that said so. */
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  /** In order and case as sent, repeats kept. */
  readonly headers: RawHeaders;
  readonly trailers: RawHeaders;
  /** The 1xx responses before this one. */
  readonly interim: readonly ResponseHead[];
  /** How the end of the body was known. */
  readonly framing: Framing['kind'];
  /** After transfer decoding, before content decoding. A view of {@link raw} unless the body was chunked. */
  readonly body: Uint8Array;
  /** Every byte received, interim responses and bytes behind the end included. */
  readonly raw: Uint8Array;
  /** Where in {@link raw} the parts of the response are. */
  readonly span: Span;
  /** What had to be tolerated, by name. */
  readonly quirks: readonly Quirk[];
  /** The pages that led here, in order; empty unless redirects were followed. */
  readonly redirects: readonly Page[];
  readonly timing: PageTiming;
  /** When the fetch began. */
  readonly started: Date;
  /** The peer's address and port: the server, or the proxy before it. */
  readonly remote: string;
  /** Facts of the TLS session; undefined for a page in clear. */
  readonly tls: TlsFacts | undefined;

  constructor(init: PageInit) {
    this.url = init.url;
    this.request = init.request;
    this.version = init.head.version;
    this.status = init.head.status;
    this.reason = init.head.reason;
    this.headers = init.head.headers;
    this.trailers = init.trailers;
    this.interim = init.interim;
    this.framing = init.framing.kind;
    this.body = init.body;
    this.raw = init.raw;
    this.span = init.span;
    this.quirks = init.quirks;
    this.redirects = init.redirects;
    this.timing = init.timing;
    this.started = init.started;
    this.remote = init.remote;
    this.tls = init.tls;
  }

  /** The body with its content codings (gzip, deflate, br, zstd) undone. @throws DecodingError */
  decoded(limits?: DecodeLimits): Uint8Array {
    return decodeBody(this.body, contentCodings(this.headers), limits);
  }

  /** The character encoding of the decoded body, and where that is known from. */
  charset(): Charset {
    return detectCharset(this.decoded(), this.headers);
  }

  /**
   * The decoded body as text, in the encoding its byte order mark, its Content-Type or its markup names.
   * @param charset an encoding to take instead, by any label of the Encoding Standard
   * @throws DecodingError; RangeError for a label nobody knows
   */
  text(charset?: string): string {
    const body = this.decoded();
    return decodeText(body, charset ?? detectCharset(body, this.headers).name);
  }
}
