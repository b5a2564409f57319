import { MessageError } from '../errors.ts';
import { type Dkim, newBodyHash, signatureFields, signatureSize } from './dkim.ts';
import { headerEnd } from './header-list.ts';
import { Message } from './message.ts';
import { type Deferred, isDeferred, isSpent, releaseAll, type Segment } from './segment.ts';
import { spool } from './spool.ts';

/**
 * A message with its DKIM signatures in front. They need the hash of the whole body, so the body is read before the
 * first octet goes out: content at hand is simply read twice, a file too, and what can be read only once is kept in a
 * file in between.
 */
export function signMessage(message: Message, dkim: Dkim): Message {
  const { segments } = message;
  const seconds = Math.floor(Date.now() / 1000);
  const header = headerOf(segments[0]);
  const job: Job = { dkim, header, segments, seconds, size: signatureSize(dkim, header, seconds) };
  const signed = message.replayable ? [signature(job), ...checked(job)] : [spooled(job)];
  return new Message(message, signed, message.headers);
}

interface Job {
  readonly dkim: Dkim;
  /** The header block, one octet a character. */
  readonly header: string;
  readonly segments: readonly Segment[];
  readonly seconds: number;
  readonly size: number;
}

function headerOf(first: Segment | undefined): string {
  if (first === undefined || isDeferred(first)) {
    throw new MessageError('BAD_INPUT', 'dkim', 'a message that is a stream as a whole cannot be signed here');
  }
  const octets =
    typeof first === 'string'
      ? Buffer.from(first, 'latin1')
      : Buffer.from(first.buffer, first.byteOffset, first.byteLength);
  // One octet a character: a header that came from elsewhere may be in any charset, and octets are what is signed.
  return octets.toString('latin1', 0, headerEnd(octets));
}

/** The signature fields, made when they are asked for. */
function signature(job: Job): Deferred {
  const isAtHand = job.segments.every((segment) => !isDeferred(segment) || segment.blocks !== undefined);
  let made: Uint8Array | undefined;
  const fields = (hash: string): Uint8Array =>
    Buffer.from(signatureFields(job.dkim, job.header, hash, job.seconds), 'latin1');
  const atHand = (): Uint8Array => {
    if (made === undefined) {
      const body = new BodyReader(job);
      for (const chunk of blocksOf(job.segments)) body.take(chunk);
      made = fields(body.hash());
    }
    return made;
  };
  return {
    size: job.size,
    replayable: true,
    blocks: isAtHand ? () => [atHand()] : undefined,
    async *stream() {
      if (isAtHand) {
        yield atHand();
        return;
      }
      const body = new BodyReader(job);
      for await (const chunk of streamOf(job.segments)) body.take(chunk);
      hashes.set(job, body.hash());
      yield fields(body.hash());
    },
  };
}

/** What was signed last for a job whose body has to be read twice. */
const hashes = new WeakMap<Job, string>();

/** The segments behind a signature; if sources have to be read for a second time, they must give the same octets. */
function checked(job: Job): Segment[] {
  if (job.segments.every((segment) => !isDeferred(segment) || segment.blocks !== undefined)) return [...job.segments];
  const sizes = job.segments.map((segment) => (isDeferred(segment) ? segment.size : segment.length));
  const size = sizes.includes(undefined) ? undefined : sizes.reduce((total: number, one) => total + (one ?? 0), 0);
  const whole: Deferred = {
    size,
    replayable: true,
    blocks: undefined,
    async *stream() {
      const body = new BodyReader(job);
      let last: Uint8Array | undefined;
      for await (const chunk of streamOf(job.segments)) {
        body.take(chunk);
        if (last !== undefined) yield last;
        last = chunk;
      }
      // The last chunk is held back until it is known to be what was signed: without it the message is not complete.
      if (body.hash() !== hashes.get(job)) {
        throw new MessageError('ATTACHMENT_FAILED', 'attachments', 'content changed after it was signed');
      }
      if (last !== undefined) yield last;
    },
    async measure() {
      let total = 0;
      for (const segment of job.segments) {
        const one = isDeferred(segment) ? (segment.size ?? (await segment.measure?.())) : segment.length;
        if (one === undefined) return undefined;
        total += one;
      }
      return total;
    },
  };
  return [whole];
}

/** A message that can be read only once: kept in a file while its body is hashed. */
function spooled(job: Job): Deferred {
  return {
    size: undefined,
    replayable: false,
    blocks: undefined,
    release: () => releaseAll(job.segments),
    isSpent: () => isSpent(job.segments),
    stream() {
      const body = new BodyReader(job);
      const before = (): Uint8Array =>
        Buffer.from(signatureFields(job.dkim, job.header, body.hash(), job.seconds), 'latin1');
      return spool(job.dkim.spoolFolder, body.read(streamOf(job.segments)), before);
    },
  };
}

/** Hashes what comes behind the blank line. */
class BodyReader {
  readonly #hash: ReturnType<typeof newBodyHash>;
  /** Octets of header and blank line that are still to come. */
  #header: number;
  #digest: string | undefined;

  constructor(job: Job) {
    this.#hash = newBodyHash(job.dkim);
    this.#header = job.header.length + 2;
  }

  take(chunk: Uint8Array): void {
    const skipped = Math.min(this.#header, chunk.length);
    this.#header -= skipped;
    if (skipped < chunk.length) this.#hash.update(chunk.subarray(skipped));
  }

  /** Passes octets on, and takes them. */
  async *read(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.take(chunk);
      yield chunk;
    }
  }

  hash(): string {
    this.#digest ??= this.#hash.digest();
    return this.#digest;
  }
}

function* blocksOf(segments: readonly Segment[]): Generator<Uint8Array> {
  for (const segment of segments) {
    if (typeof segment === 'string') yield Buffer.from(segment, 'latin1');
    else if (!isDeferred(segment)) yield segment;
    else if (segment.blocks !== undefined) yield* segment.blocks();
  }
}

export async function* streamOf(segments: readonly Segment[]): AsyncGenerator<Uint8Array> {
  for (const segment of segments) {
    if (isDeferred(segment)) yield* segment.stream();
    else yield typeof segment === 'string' ? Buffer.from(segment, 'latin1') : segment;
  }
}
