import { Readable } from 'node:stream';
import { MessageError } from '../errors.ts';
import { isMediaType } from './media-type.ts';
import { Message } from './message.ts';
import type { Content } from './message-init.ts';
import { SharedStream } from './shared-stream.ts';

/** Octets that must be read before they can be sent: a file, a stream, a Blob, what a URL gives. */
export interface Source {
  /** What an error calls it: `attachments[0] "report.pdf"`. */
  readonly field: string;
  readonly label: string;
  readonly size: number | undefined;
  readonly replayable: boolean;
  /** What a Blob says of itself. */
  readonly contentType?: string | undefined;
  /** True if it is known to be ASCII in lines that SMTP can carry. */
  readonly is7bit?: boolean | undefined;
  /** The content; `'reused'` memory is the reader's only until it asks for the next chunk. */
  read(memory?: 'reused'): AsyncIterable<Uint8Array>;
  measure?(): Promise<number | undefined>;
  /** Closes a stream that will not be read, or not to its end. */
  readonly release?: (() => void) | undefined;
  /** Whether a stream has been begun. */
  readonly isSpent?: (() => boolean) | undefined;
}

/** The source could not be read, or was not what it said it was: the message must not be completed. */
export function sourceFailed(source: Pick<Source, 'field' | 'label'>, problem: string, cause?: unknown): MessageError {
  return new MessageError('ATTACHMENT_FAILED', source.field, `${source.label} ${problem}`, { cause });
}

type Stream = AsyncIterable<Uint8Array | string> | ReadableStream<Uint8Array>;

/** A stream that the caller gave; most can be read once only. */
export function streamSource(content: Exclude<Content, string | Uint8Array>, field: string, label: string): Source {
  if (content instanceof Blob) {
    // Whoever sent the file said what it is, and may have said anything.
    const contentType = isMediaType(content.type) ? content.type : undefined;
    const source = { field, label, size: content.size, replayable: true, contentType };
    return { ...source, read: () => octetsOf(content.stream(), source, content.size) };
  }
  if (content instanceof Message) return messageSource(content, field, label);
  const source = { field, label, size: undefined, replayable: false };
  keepError(content);
  let used = false;
  return {
    ...source,
    read() {
      if (used) throw sourceFailed(source, 'is a stream that has been read already, and gives its content only once');
      used = true;
      refuseSpent(content, source);
      return octetsOf(content, source, undefined);
    },
    release: () => close(content),
    isSpent: () => used,
  };
}

/** A message in a message: what it is made of is its own to know. */
function messageSource(message: Message, field: string, label: string): Source {
  const source = { field, label, size: undefined, replayable: message.replayable };
  return {
    ...source,
    is7bit: message.encoding === '7bit' && !message.smtpUtf8,
    read: () => octetsOf(message, source, undefined),
    release: () => message.release(),
    isSpent: () => message.isSpent,
  };
}

/** A stream of Node's holds its file open until it is read or closed; a web stream that has a reader is that reader's. */
function close(content: Stream): void {
  if (content instanceof Readable) content.destroy();
  else if (content instanceof SharedStream) content.release();
  else if (content instanceof ReadableStream && !content.locked) content.cancel().catch(() => {});
}

const errors = new WeakMap<object, unknown>();

/**
 * A stream of Node's may fail long before its turn comes: an error that nobody listens for would end the program, and
 * one that was said once would be lost. It is kept for the reader.
 */
export function keepError(content: unknown): void {
  if (content instanceof Readable && !errors.has(content)) {
    errors.set(content, undefined);
    content.on('error', (error) => errors.set(content, errors.get(content) ?? error));
  }
}

/** A stream that somebody else has read gives nothing, or its rest: neither is the file that was meant. */
function refuseSpent(content: Stream, source: Pick<Source, 'field' | 'label'>): void {
  const error = errors.get(content);
  if (error !== undefined) throw sourceFailed(source, `could not be read: ${reason(error)}`, error);
  if (content instanceof Readable) {
    if (content.readableEnded) throw sourceFailed(source, 'is a stream that has been read already');
    if (content.destroyed) throw sourceFailed(source, 'is a stream that has been closed already');
  } else if (content instanceof ReadableStream && !content.locked && isDisturbed(content)) {
    // A web stream has no way to put back what was read.
    throw sourceFailed(source, 'is a stream that has been read already');
  }
}

/** Node's own word for a stream of either kind of which something has been taken; the types know of Node's kind only. */
function isDisturbed(stream: ReadableStream): boolean {
  return (Readable as unknown as { isDisturbed(stream: object): boolean }).isDisturbed(stream);
}

/** The content of a URL, through the caller's own fetcher. */
export function urlSource(
  url: string,
  fetch: () => Content | Promise<Content | null>,
  field: string,
  label: string,
): Source {
  const source = { field, label, size: undefined, replayable: true };
  return {
    ...source,
    async *read() {
      let content: Content | null;
      try {
        content = await fetch();
      } catch (cause) {
        throw sourceFailed(source, `could not be fetched from ${url}: ${reason(cause)}`, cause);
      }
      if (content === null || content === undefined) throw sourceFailed(source, `has no content at ${url}`);
      yield* octetsOf(streamOf(content, source), source, undefined);
    },
  };
}

/** What a fetch function gave, whatever its form, as a stream. */
function streamOf(content: Content, source: Pick<Source, 'field' | 'label'>): Stream {
  if (content instanceof Blob) return content.stream();
  if (isStream(content)) return content;
  const chunk: unknown = content instanceof ArrayBuffer ? new Uint8Array(content) : content;
  if (typeof chunk === 'string' || chunk instanceof Uint8Array) return Readable.from([chunk]);
  throw sourceFailed(source, 'was fetched, and is neither a string nor octets, a Blob or a stream');
}

/** The chunks of a stream as octets, every failure named after the source. */
export async function* octetsOf(
  stream: Stream,
  source: Pick<Source, 'field' | 'label'>,
  size: number | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  let total = 0;
  let half = '';
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array | string>) {
      let octets: Uint8Array;
      if (typeof chunk === 'string') {
        const text: string = half + chunk;
        half = halfAtEnd(text);
        octets = utf8(half === '' ? text : text.slice(0, -1));
      } else {
        if (!(chunk instanceof Uint8Array)) throw new TypeError(`a chunk is a ${typeof chunk}, not octets`);
        // refused below: octets are no second half
        if (half !== '') break;
        octets = chunk;
      }
      total += octets.length;
      yield octets;
    }
    utf8(half);
  } catch (cause) {
    if (cause instanceof MessageError) throw cause;
    throw sourceFailed(source, `could not be read: ${reason(cause)}`, cause);
  }
  if (size !== undefined && total !== size) {
    throw sourceFailed(source, `gave ${total} octets and was to give ${size}`);
  }
}

/** The first half of a surrogate pair whose second half may stand at the start of the next chunk. */
function halfAtEnd(text: string): string {
  return /[\ud800-\udbff]$/.test(text) ? text.slice(-1) : '';
}

/** The octets of a text; half a character has none. */
function utf8(text: string): Buffer {
  if (/[\ud800-\udfff]/u.test(text))
    throw new TypeError('it holds half a surrogate pair, which UTF-8 has no octets for');
  return Buffer.from(text, 'utf8');
}

export function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

export function isStream(value: unknown): value is Exclude<Content, string | Uint8Array> {
  if (value instanceof Blob) return true;
  return (
    typeof value === 'object' && value !== null && (Symbol.asyncIterator in value || value instanceof ReadableStream)
  );
}
