/** HAR 1.2, for browsers' tools: a page as an entry, and a file that grows entry by entry. */
import { harCookie } from './har-cookies.ts';
import type { Page, PageTiming } from './page.ts';
import type { HeaderPair } from './raw-headers.ts';
import { maskedRequest } from './request.ts';

export interface HarOptions {
  /** Where the text goes, in order; what it returns is waited for. */
  readonly write: (text: string) => unknown;
  /** The text goes behind an entry that an earlier writer wrote, whose last words (of {@link HarWriter.end}) are gone. */
  readonly goOn?: boolean;
}

/** Writes `{"log": {...}}` as it goes; {@link end} completes it. */
export class HarWriter {
  readonly #write: HarOptions['write'];
  #entries = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor({ write, goOn = false }: HarOptions) {
    this.#write = write;
    if (goOn) {
      this.#entries = 1;
      return;
    }
    const creator = JSON.stringify({ name: 'plainwire', version: '1' });
    this.#next(`{"log":{"version":"1.2","creator":${creator},"pages":[],"entries":[`);
  }

  /** Writes a page, the redirects that led to it first. */
  write(page: Page): Promise<unknown> {
    let text = '';
    for (const each of [...page.redirects, page]) {
      text += `${this.#entries === 0 ? '' : ','}\n${JSON.stringify(harEntry(each))}`;
      this.#entries += 1;
    }
    return this.#next(text);
  }

  end(): Promise<unknown> {
    return this.#next('\n]}}\n');
  }

  #next(text: string): Promise<unknown> {
    const written = this.#queue.then(() => this.#write(text));
    this.#queue = written;
    written.catch(() => {});
    return written;
  }
}

/** One entry of `log.entries`. Credentials and cookies of the request are overwritten, and so not listed. */
export function harEntry(page: Page): object {
  const { timing, request, headers, span } = page;
  const content = harContent(page);
  const timings = harTimings(timing);
  return {
    startedDateTime: page.started.toISOString(),
    time: Object.entries(timings).reduce((sum, [name, ms]) => (ms < 0 || name === 'ssl' ? sum : sum + ms), 0),
    request: {
      method: request.method,
      url: page.url,
      httpVersion: `HTTP/${request.version}`,
      cookies: [],
      headers: maskedHeaders(page),
      queryString: [...new URL(page.url).searchParams].map(([name, value]) => ({ name, value })),
      headersSize: request.headLength,
      bodySize: request.bytes.length - request.headLength,
      ...harPostData(page),
    },
    response: {
      status: page.status,
      statusText: page.reason,
      httpVersion: `HTTP/${page.version}`,
      cookies: headers.getAll('Set-Cookie').flatMap((field) => harCookie(field) ?? []),
      headers: named([...headers]),
      content,
      redirectURL: headers.getAll('Location')[0] ?? '',
      headersSize: span.body - span.head,
      bodySize: span.end - span.body,
    },
    cache: {},
    timings,
    ...(/:[0-9]+$/.test(page.remote)
      ? { serverIPAddress: page.remote.replace(/:[0-9]+$/, '').replace(/^\[|\]$/g, '') }
      : {}),
    ...(page.quirks.length === 0 ? {} : { comment: `quirks: ${page.quirks.join(', ')}` }),
  };
}

/** TLS is part of connect, and is told again; what is left of the whole was spent between the phases (HAR 1.2). */
function harTimings({ lookup, connect, tls, wait, head, body, total }: PageTiming): Record<string, number> {
  return {
    blocked: Math.max(0, total - lookup - connect - tls - wait - head - body),
    dns: lookup === 0 ? -1 : lookup,
    connect: connect + tls,
    ssl: tls === 0 ? -1 : tls,
    send: 0,
    wait,
    receive: head + body,
  };
}

/** Text as text, anything else, and text that would not survive, in base 64. */
function harContent(page: Page): object {
  const mimeType = page.headers.getAll('Content-Type').at(-1) ?? '';
  let body = page.body;
  try {
    body = page.decoded();
  } catch {
    // a body that can't be decoded is kept as it came
  }
  const size = { size: body.length, compression: body.length - page.body.length, mimeType };
  const text = Buffer.from(body).toString('utf8');
  if (Buffer.compare(Buffer.from(text, 'utf8'), body) === 0) return { ...size, text };
  return { ...size, text: Buffer.from(body).toString('base64'), encoding: 'base64' };
}

/** HAR has no encoding for what is posted, so that where it is no text base 64 is said to be so in every way there is. */
function harPostData({ request }: Page): object {
  if (request.bytes.length === request.headLength) return {};
  const mimeType = request.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  const body = Buffer.from(request.bytes.subarray(request.headLength));
  const text = body.toString('utf8');
  const isText = Buffer.from(text, 'utf8').equals(body);
  const said = isText ? { text } : { text: body.toString('base64'), encoding: 'base64', comment: 'base64' };
  return { postData: { mimeType, params: [], ...said } };
}

/** Read back from the masked bytes, so that no list of secret names is needed a second time. */
function maskedHeaders({ request }: Page): object[] {
  const head = Buffer.from(maskedRequest(request)).toString('latin1', 0, request.headLength);
  const lines = head.split('\r\n').slice(1, -2);
  return named(lines.map((line): HeaderPair => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
}

function named(pairs: readonly HeaderPair[]): { name: string; value: string }[] {
  return pairs.map(([name, value]) => ({ name, value }));
}
