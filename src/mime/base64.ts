/**
 * Base64 in lines of 76 characters (RFC 2045 section 6.8). Node encodes large blocks fast and knows no lines: blocks are
 * encoded whole, and the lines copied out of them.
 */

/** Octets that make one line. */
const LINE_OCTETS = 57;
const LINE_CHARACTERS = 76;
/** Octets encoded in one go: big enough to make the calls cheap, small enough to stay in the processor's cache. */
const BLOCK_OCTETS = LINE_OCTETS * 512;

const block = Buffer.allocUnsafeSlow((BLOCK_OCTETS / 3) * 4);

/** How long the encoded text of so many octets is. There is no CRLF after the last line. */
export function base64Size(octets: number): number {
  const characters = Math.ceil(octets / 3) * 4;
  return characters === 0 ? 0 : characters + 2 * (Math.ceil(characters / LINE_CHARACTERS) - 1);
}

/** The encoded text of bytes that are all at hand, in blocks of bounded size. */
export function* base64Blocks(bytes: Uint8Array): Generator<Uint8Array> {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let start = 0; start < input.length; start += BLOCK_OCTETS) {
    const end = Math.min(start + BLOCK_OCTETS, input.length);
    yield encodeBlock(input, start, end, end === input.length);
  }
}

/** The encoded text of bytes that come one chunk after another; all but the last block hold whole lines. */
export class Base64Encoder {
  #rest: Buffer = Buffer.alloc(0);

  /** Takes a chunk and gives what is now complete, which may be nothing. */
  *push(chunk: Uint8Array): Generator<Uint8Array> {
    let input: Buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#rest.length > 0) input = Buffer.concat([this.#rest, input]);
    // At least one octet is kept: only the end shows which line is the last, and that has no CRLF.
    const lines = Math.max(0, Math.ceil(input.length / LINE_OCTETS) - 1);
    const whole = lines * LINE_OCTETS;
    for (let start = 0; start < whole; start += BLOCK_OCTETS) {
      yield encodeBlock(input, start, Math.min(start + BLOCK_OCTETS, whole), false);
    }
    // A copy: the chunk belongs to whoever gave it.
    this.#rest = Buffer.from(input.subarray(whole));
  }

  /** The last line. */
  end(): Uint8Array {
    return encodeBlock(this.#rest, 0, this.#rest.length, true);
  }
}

function encodeBlock(input: Buffer, start: number, end: number, isLast: boolean): Uint8Array {
  const length = block.write(input.toString('base64', start, end), 0, 'latin1');
  const lines = Math.ceil(length / LINE_CHARACTERS);
  const out = Buffer.allocUnsafe(length + 2 * lines);
  let at = 0;
  for (let line = 0; line < length; line += LINE_CHARACTERS) {
    at += block.copy(out, at, line, Math.min(line + LINE_CHARACTERS, length));
    out[at++] = 0x0d;
    out[at++] = 0x0a;
  }
  return isLast ? out.subarray(0, Math.max(0, at - 2)) : out;
}
