import type { Allocate } from './base64.ts';
import type { Envelope } from './envelope.ts';
import { HeaderList } from './header-list.ts';
import { isDeferred, isSpent, releaseAll, type Segment, sizeOf } from './segment.ts';
import type { Way } from './transfer-encoding.ts';

/**
 * Above this many octets, `inMemory()` does not put a message with deferred content together: reading it in blocks needs
 * less memory and is as fast. Text that is ready is given whatever its size.
 */
export const IN_MEMORY_LIMIT = 1024 * 1024;

/** Text is handed out in slices of this size where octets are asked for. */
const BLOCK = 64 * 1024;

/** What a message is made of; `compose()` and `rawMessage()` know. */
export interface MessageParts {
  readonly envelope: Envelope;
  readonly messageId: string;
  readonly encoding: Way;
  readonly smtpUtf8: boolean;
  readonly canonical: boolean;
}

/** A message, ready to be sent: whom the server is told, and the octets that go to it. */
export class Message {
  readonly envelope: Envelope;
  /** The Message-ID with its angle brackets; empty where a raw message has none that could be read. */
  readonly messageId: string;
  /** What the octets need of the way: `'8bit'` needs 8BITMIME, `'binary'` needs BINARYMIME. */
  readonly encoding: Way;
  /** True if an address, and so a header, can't be said without SMTPUTF8 (RFC 6531). */
  readonly smtpUtf8: boolean;
  /** True if every line is known to end in CRLF, with no CR or LF elsewhere; unknown for raw messages. */
  readonly canonical: boolean;
  readonly #segments: readonly Segment[];
  #headers: HeaderList | undefined;

  constructor(parts: MessageParts, segments: readonly Segment[], headers?: HeaderList) {
    this.envelope = parts.envelope;
    this.messageId = parts.messageId;
    this.encoding = parts.encoding;
    this.smtpUtf8 = parts.smtpUtf8;
    this.canonical = parts.canonical;
    this.#segments = segments;
    this.#headers = headers;
  }

  /** What the message is made of. @internal */
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** The header fields in order, unfolded; none where the message is a stream given whole. */
  get headers(): HeaderList {
    this.#headers ??= HeaderList.of(this.#segments[0]);
    return this.#headers;
  }

  /** Octets of the whole message, where that is known without reading a source. */
  get size(): number | undefined {
    let total = 0;
    for (const segment of this.#segments) {
      const size = sizeOf(segment);
      if (size === undefined) return undefined;
      total += size;
    }
    return total;
  }

  /** The size, asking the file system where `size` does not know it; undefined where only reading tells. */
  async measure(): Promise<number | undefined> {
    let total = 0;
    for (const segment of this.#segments) {
      const size = sizeOf(segment) ?? (isDeferred(segment) ? await segment.measure?.() : undefined);
      if (size === undefined) return undefined;
      total += size;
    }
    return total;
  }

  /** True if the message can be read more than once: a retry needs that. */
  get replayable(): boolean {
    return this.#segments.every((segment) => !isDeferred(segment) || segment.replayable);
  }

  /**
   * The whole message at once; a string if it is ASCII. Undefined where a source has to be read or waited for, or where
   * blocks are the better way because the message is big.
   */
  inMemory(): string | Uint8Array | undefined {
    const [only] = this.#segments;
    if (this.#segments.length === 1 && only !== undefined && !isDeferred(only)) return only;
    const size = this.size;
    if (size === undefined || size > IN_MEMORY_LIMIT) return undefined;
    const whole = this.#together(size);
    if (whole === undefined) return undefined;
    return this.encoding === '7bit' && !this.smtpUtf8 && this.canonical ? whole.toString('latin1') : whole;
  }

  /**
   * The message in blocks, where nothing has to be waited for; undefined where a source must be read. Strings are ASCII
   * and may be of any length; octets come in pieces of at most 128 KB. Where `allocate` is given, a piece may lie in
   * memory of its, and is meant to be used before the next is asked for.
   */
  chunks(allocate?: Allocate): Iterable<string | Uint8Array> | undefined {
    if (this.#segments.some((segment) => isDeferred(segment) && segment.blocks === undefined)) return undefined;
    return this.#chunks(allocate);
  }

  *#chunks(allocate: Allocate | undefined): Generator<string | Uint8Array> {
    for (const segment of this.#segments) {
      if (!isDeferred(segment)) yield segment;
      else if (segment.blocks !== undefined) yield* segment.blocks(allocate);
    }
  }

  /** True if a stream in it has been begun: it can't be sent again. */
  get isSpent(): boolean {
    return isSpent(this.#segments);
  }

  /** Closes the streams in it, where the message will not be read, or not to its end. A mailer does so when it gives up. */
  release(): void {
    releaseAll(this.#segments);
  }

  /** Every octet of the message in one array. */
  async bytes(): Promise<Uint8Array> {
    const { size } = this;
    const whole = size === undefined ? undefined : this.#together(size);
    if (whole !== undefined) return whole;
    const all: Uint8Array[] = [];
    for await (const chunk of this) all.push(chunk);
    return Buffer.concat(all);
  }

  /** Each block is made where it is to lie; undefined where a source must be read. */
  #together(size: number): Buffer | undefined {
    const whole = Buffer.allocUnsafeSlow(size);
    let at = 0;
    const chunks = this.chunks((octets) => whole.subarray(at, at + octets));
    if (chunks === undefined) return undefined;
    for (const chunk of chunks) {
      if (typeof chunk === 'string') whole.write(chunk, at, 'latin1');
      else if (chunk.buffer !== whole.buffer) whole.set(chunk, at);
      at += chunk.length;
    }
    // what was not written to is nobody's to see
    return whole.subarray(0, at);
  }

  /** The octets as they come, in blocks of bounded size. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (const segment of this.#segments) {
      if (isDeferred(segment)) yield* segment.stream();
      else yield* slices(segment);
    }
  }
}

function* slices(segment: string | Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < segment.length; start += BLOCK) {
    if (typeof segment === 'string') yield Buffer.from(segment.slice(start, start + BLOCK), 'latin1');
    else yield segment.subarray(start, start + BLOCK);
  }
}
