import { MessageError } from '../errors.ts';
import { type Dkim, newBodyHash, signatureFields } from './dkim.ts';
import { Message, type MessageParts } from './message.ts';
import { isSpent, releaseAll, type Segment } from './segment.ts';
import { streamOf } from './signed-message.ts';
import { spool } from './spool.ts';

const CRLF = Buffer.from('\r\n', 'latin1');
const BLANK_LINE = Buffer.from('\r\n\r\n', 'latin1');
/** Octets in which a header has to end: what is no message at all must not be gathered in memory. */
const MAX_HEADER = 1024 * 1024;

/** A message that is a stream as a whole, with its DKIM signatures in front: its header shows only when it is read. */
export function signStream(
  parts: MessageParts,
  segments: readonly Segment[],
  replayable: boolean,
  dkim: Dkim,
): Message {
  const seconds = Math.floor(Date.now() / 1000);
  const signed = {
    size: undefined,
    replayable,
    blocks: undefined,
    release: () => releaseAll(segments),
    isSpent: () => isSpent(segments),
    stream() {
      const reader = new RawReader(dkim);
      const before = (): Uint8Array =>
        Buffer.from(signatureFields(dkim, reader.header, reader.bodyHash, seconds), 'latin1');
      return spool(dkim.spoolFolder, reader.read(withCrlf(streamOf(segments))), before);
    },
  };
  return new Message(parts, [signed]);
}

/** A signature holds for what is sent, and what is sent has CRLF line ends, wherever the chunks are cut. */
async function* withCrlf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let afterCr = false;
  for await (const chunk of chunks) {
    const text = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
    if (text === '') continue;
    // The CR of this line end is in the chunk before, and went out as a whole one.
    const start = afterCr && text.startsWith('\n') ? 1 : 0;
    afterCr = text.endsWith('\r');
    yield Buffer.from(text.slice(start).replace(/\r\n|\r|\n/g, '\r\n'), 'latin1');
  }
}

/** Passes octets on, and takes from them what a signature needs. */
class RawReader {
  /** The header block, one octet a character. */
  header = '';
  readonly #body: ReturnType<typeof newBodyHash>;

  constructor(dkim: Dkim) {
    this.#body = newBodyHash(dkim);
  }

  get bodyHash(): string {
    return this.#body.digest();
  }

  async *read(chunks: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array> {
    // what stands before the first line end may be the blank line itself
    let begun: Buffer | undefined = CRLF;
    for await (const chunk of chunks) {
      yield chunk;
      if (begun === undefined) {
        this.#body.update(chunk);
        continue;
      }
      begun = Buffer.concat([begun, chunk]);
      const end = begun.indexOf(BLANK_LINE);
      if (end !== -1) {
        this.header = begun.toString('latin1', CRLF.length, end + CRLF.length);
        this.#body.update(begun.subarray(end + BLANK_LINE.length));
        begun = undefined;
      } else if (begun.length > MAX_HEADER) {
        throw new MessageError('BAD_INPUT', 'raw', `has a header of more than ${MAX_HEADER} octets`);
      }
    }
    if (begun === undefined) return;
    // A header alone: a verifier wants to see where it ends.
    const text = begun.toString('latin1', CRLF.length);
    this.header = text === '' || text.endsWith('\r\n') ? text : `${text}\r\n`;
    yield Buffer.from(`${this.header.slice(text.length)}\r\n`, 'latin1');
  }
}
