import { MessageError } from '../errors.ts';
import type { Content } from './message-init.ts';

/** Octets that must be read before they can be sent: a file, a stream, a Blob, what a URL gives. */
export interface Source {
  /** What an error calls it: `attachments[0] "report.pdf"`. */
  readonly field: string;
  readonly label: string;
  readonly size: number | undefined;
  readonly replayable: boolean;
  /** What a Blob says of itself. */
  readonly contentType?: string | undefined;
  /** The content; `'reused'` memory is the reader's only until it asks for the next chunk. */
  read(memory?: 'reused'): AsyncIterable<Uint8Array>;
  measure?(): Promise<number | undefined>;
}

/** The source could not be read, or was not what it said it was: the message must not be completed. */
export function sourceFailed(source: Pick<Source, 'field' | 'label'>, problem: string, cause?: unknown): MessageError {
  return new MessageError('ATTACHMENT_FAILED', source.field, `${source.label} ${problem}`, { cause });
}

/** A stream that the caller gave; most can be read once only. */
export function streamSource(content: Exclude<Content, string | Uint8Array>, field: string, label: string): Source {
  if (content instanceof Blob) {
    const source = { field, label, size: content.size, replayable: true, contentType: content.type || undefined };
    return { ...source, read: () => octetsOf(content.stream(), source, content.size) };
  }
  const source = { field, label, size: undefined, replayable: false };
  let used = false;
  return {
    ...source,
    read() {
      if (used) throw sourceFailed(source, 'is a stream that has been read already, and gives its content only once');
      used = true;
      return octetsOf(content, source, undefined);
    },
  };
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
      if (typeof content === 'string') yield Buffer.from(content, 'utf8');
      else if (content instanceof Uint8Array) yield content;
      else yield* octetsOf(content instanceof Blob ? content.stream() : content, source, undefined);
    },
  };
}

/** The chunks of a stream as octets, every failure named after the source. */
export async function* octetsOf(
  stream: AsyncIterable<Uint8Array | string> | ReadableStream<Uint8Array>,
  source: Pick<Source, 'field' | 'label'>,
  size: number | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  let total = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array | string>) {
      const octets = typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk;
      if (!(octets instanceof Uint8Array)) throw new TypeError(`a chunk is a ${typeof chunk}, not octets`);
      total += octets.length;
      yield octets;
    }
  } catch (cause) {
    if (cause instanceof MessageError) throw cause;
    throw sourceFailed(source, `could not be read: ${reason(cause)}`, cause);
  }
  if (size !== undefined && total !== size) {
    throw sourceFailed(source, `gave ${total} octets and was to give ${size}`);
  }
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
