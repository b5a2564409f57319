/**
 * Base64 in lines of 76 characters (RFC 2045 section 6.8). Node encodes large blocks fast and knows no lines: blocks are
 * encoded whole, and the lines copied out of them.
 */

/** Octets that make one line. */
const LINE_OCTETS = 57;
const LINE_CHARACTERS = 76;
/** Octets encoded in one go: big enough to make the calls cheap, small enough to stay in the processor's cache. */
const BLOCK_OCTETS = LINE_OCTETS * 512;

/**
 * Octets whose text goes out in one piece. Memory is asked for by the piece: asking for every block by itself takes a
 * tenth of the time. The text of this many stays under the 128 KB from which on malloc asks the system for pages, which
 * come slowly.
 */
const PIECE_OCTETS = 3 * BLOCK_OCTETS;

/** Gives memory of exactly so many octets. */
export type Allocate = (size: number) => Buffer;

const fresh: Allocate = (size) => Buffer.allocUnsafeSlow(size);

const block = Buffer.allocUnsafeSlow((BLOCK_OCTETS / 3) * 4);
const blockView = new DataView(block.buffer, block.byteOffset, block.length);
/** CR and LF as a little-endian number. */
const CRLF = 0x0a0d;

/** How long the encoded text of so many octets is. There is no CRLF after the last line. */
export function base64Size(octets: number): number {
  const characters = Math.ceil(octets / 3) * 4;
  return characters === 0 ? 0 : characters + 2 * (Math.ceil(characters / LINE_CHARACTERS) - 1);
}

/** The encoded text of bytes that are all at hand, in pieces of bounded size. */
export function* base64Blocks(bytes: Uint8Array, allocate: Allocate = fresh): Generator<Uint8Array> {
  const input = asEncoder(bytes);
  for (let start = 0; start < input.length; start += PIECE_OCTETS) {
    const end = Math.min(start + PIECE_OCTETS, input.length);
    yield encodePiece(input, start, end, end === input.length, allocate);
  }
}

/** The encoded text of bytes that come one chunk after another; all but the last block hold whole lines. */
export class Base64Encoder {
  #rest: Buffer = Buffer.alloc(0);

  /** Takes a chunk and gives what is now complete, which may be nothing. */
  *push(chunk: Uint8Array): Generator<Uint8Array> {
    let input: Buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#rest.length > 0) {
      // Only the first block is put together with what was left: the chunk may be long.
      const head = input.subarray(0, BLOCK_OCTETS - this.#rest.length);
      const first = Buffer.concat([this.#rest, head]);
      if (head.length < input.length) yield encodePiece(asEncoder(first), 0, first.length, false);
      input = head.length < input.length ? input.subarray(head.length) : first;
    }
    // At least one octet is kept: only the end shows which line is the last, and that has no CRLF.
    const lines = Math.max(0, Math.ceil(input.length / LINE_OCTETS) - 1);
    const whole = lines * LINE_OCTETS;
    for (let start = 0; start < whole; start += PIECE_OCTETS) {
      yield encodePiece(asEncoder(input), start, Math.min(start + PIECE_OCTETS, whole), false);
    }
    // A copy: the chunk belongs to whoever gave it.
    this.#rest = Buffer.from(input.subarray(whole));
  }

  /** The last line. */
  end(): Uint8Array {
    return encodePiece(asEncoder(this.#rest), 0, this.#rest.length, true);
  }
}

/** What a Buffer has of the native encoders beside toString() and write(), which look at their arguments anew each time. */
interface Encoder {
  readonly length: number;
  base64Slice(start: number, end: number): string;
}

function asEncoder(bytes: Uint8Array): Encoder {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) as unknown as Encoder;
}

/** `isLast`: no CRLF follows; otherwise the octets make whole lines. */
function encodePiece(input: Encoder, start: number, end: number, isLast: boolean, allocate = fresh): Uint8Array {
  const size = base64Size(end - start);
  const out = allocate(isLast ? size : size + 2);
  const view = new DataView(out.buffer, out.byteOffset, out.length);
  let at = 0;
  for (let from = start; from < end; from += BLOCK_OCTETS) {
    const length = block.write(input.base64Slice(from, Math.min(from + BLOCK_OCTETS, end)), 0, 'latin1');
    // the last line of all is copied without its CRLF
    const isEnd = isLast && from + BLOCK_OCTETS >= end;
    const lines = isEnd ? Math.ceil(length / LINE_CHARACTERS) - 1 : Math.floor(length / LINE_CHARACTERS);
    at = copyLines(lines, view, at);
    if (isEnd) at += block.copy(out, at, lines * LINE_CHARACTERS, length);
  }
  return out;
}

/**
 * Copies so many whole lines out of the block, a CRLF behind each, and returns where they end. Eight characters go in one
 * step, as a number: no base64 character has the bits that would make it not a number, so none is changed on the way. A
 * call into native code for each line would take three times as long.
 */
function copyLines(lines: number, to: DataView, start: number): number {
  let at = start;
  let from = 0;
  for (let line = 0; line < lines; line++) {
    for (let step = 0; step < 9; step++) {
      to.setFloat64(at, blockView.getFloat64(from, true), true);
      at += 8;
      from += 8;
    }
    to.setInt32(at, blockView.getInt32(from, true), true);
    to.setInt16(at + 4, CRLF, true);
    at += 6;
    from += 4;
  }
  return at;
}
