/**
 * WARC 1.1 (ISO 28500:2017): pages as archives keep them, request, response to the byte, and metadata, each record
 * compressed by itself so that a reader can start at any of them.
 */
import { createHash, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Page } from './page.ts';
import { maskedRequest } from './request.ts';

const compress = promisify(gzip);

export interface WarcOptions {
  /** Where the bytes go, in order; what it returns is waited for. */
  readonly write: (bytes: Uint8Array) => unknown;
  /** `'record'`, the default, for a .warc.gz; `'none'` for a .warc. */
  readonly gzip?: 'record' | 'none';
  /** More fields of the warcinfo record: `{ operator: 'me', description: 'a survey' }`. */
  readonly info?: Readonly<Record<string, string>>;
}

type Fields = readonly (readonly [name: string, value: string | undefined])[];

export class WarcWriter {
  readonly #options: WarcOptions;
  readonly #warcinfo = recordId();
  /** Records are written one after the other, however many pages come at once. */
  #queue: Promise<void>;

  constructor(options: WarcOptions) {
    this.#options = options;
    const info = { software: 'plainwire', format: 'WARC File Format 1.1', ...options.info };
    const block = warcFields(Object.entries(info));
    const fields: Fields = [
      ['WARC-Type', 'warcinfo'],
      ['WARC-Record-ID', this.#warcinfo],
      ['WARC-Date', new Date().toISOString()],
      ['Content-Type', 'application/warc-fields'],
    ];
    this.#queue = this.#record(fields, block);
    // the first to wait for the queue hears of a fault
    this.#queue.catch(() => {});
  }

  /** Writes a page, the redirects that led to it first. Credentials in the request are overwritten. */
  write(page: Page): Promise<void> {
    const written = this.#queue.then(async () => {
      for (const each of [...page.redirects, page]) await this.#page(each);
    });
    this.#queue = written;
    written.catch(() => {});
    return written;
  }

  /** Settles when all that was handed in is written. */
  flush(): Promise<void> {
    return this.#queue;
  }

  async #page(page: Page): Promise<void> {
    const response = recordId();
    const common: Fields = [
      ['WARC-Date', page.started.toISOString()],
      ['WARC-Target-URI', page.url],
      ['WARC-Warcinfo-ID', this.#warcinfo],
    ];
    const address: Fields = [['WARC-IP-Address', addressOf(page.remote)]];
    await this.#record(
      [
        ['WARC-Type', 'request'],
        ['WARC-Record-ID', recordId()],
        ...common,
        ...address,
        ['WARC-Concurrent-To', response],
        ['Content-Type', 'application/http; msgtype=request'],
      ],
      maskedRequest(page.request),
    );
    // an answer without head (HTTP/0.9) is no HTTP message that a reader could parse: the thing itself is kept
    const simple = page.span.body === page.span.head;
    await this.#record(
      [
        ['WARC-Type', simple ? 'resource' : 'response'],
        ['WARC-Record-ID', response],
        ...common,
        ...address,
        // of a chunked body ISO 28500 means the decoded one, and most tools check the chunks: there, the block's must do
        ['WARC-Payload-Digest', page.framing === 'chunked' ? undefined : digest(page.body)],
        ['Content-Type', simple ? 'application/octet-stream' : 'application/http; msgtype=response'],
      ],
      // without interim responses before it, and bytes behind it: a reader takes the first head for the response's
      page.raw.subarray(page.span.head, page.span.end),
    );
    await this.#record(
      [
        ['WARC-Type', 'metadata'],
        ['WARC-Record-ID', recordId()],
        ...common,
        ['WARC-Refers-To', response],
        ['Content-Type', 'application/warc-fields'],
      ],
      warcFields(metadata(page)),
    );
  }

  async #record(fields: Fields, block: Uint8Array): Promise<void> {
    const all: Fields = [...fields, ['WARC-Block-Digest', digest(block)], ['Content-Length', String(block.length)]];
    const lines = all.filter(([, value]) => value !== undefined).map(([name, value]) => `${name}: ${value}\r\n`);
    const bytes = Buffer.concat([Buffer.from(`WARC/1.1\r\n${lines.join('')}\r\n`), block, Buffer.from('\r\n\r\n')]);
    await this.#options.write(this.#options.gzip === 'none' ? bytes : await compress(bytes));
  }
}

function metadata({ timing, tls, quirks, trailers, remote }: Page): [string, string][] {
  const facts: [string, string][] = [['fetchTimeMs', timing.total.toFixed(0)]];
  for (const [phase, ms] of Object.entries(timing)) facts.push([`timing-${phase}`, `${(ms as number).toFixed(3)} ms`]);
  facts.push(['remote', remote]);
  for (const quirk of quirks) facts.push(['quirk', quirk]);
  for (const [name, value] of trailers) facts.push(['trailer', `${name}: ${value}`]);
  if (tls === undefined) return facts;
  facts.push(['tls-protocol', tls.protocol], ['tls-cipher', tls.cipher], ['tls-authorized', String(tls.authorized)]);
  const { certificate } = tls;
  if (certificate === undefined) return facts;
  facts.push(
    ['tls-subject', certificate.subject],
    ['tls-issuer', certificate.issuer],
    ['tls-valid-to', certificate.validTo.toISOString()],
    ['tls-fingerprint-sha256', certificate.fingerprint256],
  );
  return facts;
}

/** Lines of `name: value`; a line end in a value can't start a line of its own. */
function warcFields(pairs: readonly (readonly [string, string])[]): Buffer {
  return Buffer.from(pairs.map(([name, value]) => `${name}: ${value.replace(/[\r\n]+/g, ' ')}\r\n`).join(''), 'utf8');
}

function recordId(): string {
  return `<urn:uuid:${randomUUID()}>`;
}

/** The address alone: `'[::1]:80'` is `::1`. A Unix domain socket has none. */
function addressOf(remote: string): string | undefined {
  const match = /^\[?([0-9A-Fa-f:.]+)\]?:[0-9]+$/.exec(remote);
  return match?.[1];
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** As every archive writes it: SHA-1 in base 32. It finds equal records; it proves nothing against malice. */
function digest(bytes: Uint8Array): string {
  let text = 'sha1:';
  let bits = 0;
  let held = 0;
  for (const byte of createHash('sha1').update(bytes).digest()) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += BASE32[(held >> bits) & 31];
    }
    held &= (1 << bits) - 1;
  }
  return text;
}
