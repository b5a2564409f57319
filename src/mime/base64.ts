/** Base64 in lines of 76 characters (RFC 2045 section 6.8), of octets at hand and of octets that come in chunks. */
import { encodeLines, LINE_OCTETS, LINE_SIZE } from './base64-lines.ts';
import { freshMemory } from './fresh-memory.ts';

const LINE_CHARACTERS = 76;

/**
 * Octets whose text goes out in one piece, all of them in whole lines. The text of this many stays under the 128 KB from
 * which on malloc asks the system for pages, which come slowly.
 */
const PIECE_OCTETS = LINE_OCTETS * 1536;

/** Gives memory of exactly so many octets. */
export type Allocate = (size: number) => Buffer;

/** How long the encoded text of so many octets is. There is no CRLF after the last line. */
export function base64Size(octets: number): number {
  const characters = Math.ceil(octets / 3) * 4;
  return characters === 0 ? 0 : characters + 2 * (Math.ceil(characters / LINE_CHARACTERS) - 1);
}

/** The encoded text of bytes that are all at hand, in pieces of bounded size. */
export function* base64Blocks(bytes: Uint8Array, allocate: Allocate = freshMemory): Generator<Uint8Array> {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let start = 0; start < input.length; start += PIECE_OCTETS) {
    const end = start + PIECE_OCTETS;
    yield end < input.length ? linesOf(input, start, end, allocate) : lastOf(input, start, allocate);
  }
}

/** The encoded text of bytes that come one chunk after another; all but the last piece hold whole lines. */
export class Base64Encoder {
  #rest: Buffer = Buffer.alloc(0);

  /** Takes a chunk and gives what is now complete, which may be nothing. */
  *push(chunk: Uint8Array): Generator<Uint8Array> {
    let input: Buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let begun: Buffer | undefined;
    if (this.#rest.length > 0) {
      const missing = LINE_OCTETS - this.#rest.length;
      begun = Buffer.concat([this.#rest, input.subarray(0, missing)]);
      // At least one octet is kept: only the end shows which line is the last, and that has no CRLF.
      if (input.length <= missing) {
        this.#rest = begun;
        return;
      }
      input = input.subarray(missing);
    }
    const whole = Math.max(0, Math.ceil(input.length / LINE_OCTETS) - 1) * LINE_OCTETS;
    for (let start = 0; start < whole || begun !== undefined; start += PIECE_OCTETS) {
      yield linesOf(input, start, Math.min(start + PIECE_OCTETS, whole), freshMemory, begun);
      begun = undefined;
    }
    // A copy: the chunk belongs to whoever gave it.
    this.#rest = Buffer.from(input.subarray(whole));
  }

  /** The last line. */
  end(): Uint8Array {
    return lastOf(this.#rest, 0);
  }
}

/** The octets make whole lines, and others follow. `begun`: the line before them. */
function linesOf(input: Buffer, start: number, end: number, allocate: Allocate, begun?: Buffer): Uint8Array {
  const lines = (end - start) / LINE_OCTETS;
  const before = begun === undefined ? 0 : 1;
  const out = allocate((before + lines) * LINE_SIZE);
  if (begun !== undefined) encodeLines(begun, 0, before, out, 0);
  encodeLines(input, start, lines, out, before * LINE_SIZE);
  return out;
}

/** All octets from `start` on are the last. */
function lastOf(input: Buffer, start: number, allocate = freshMemory): Uint8Array {
  const octets = input.length - start;
  const out = allocate(base64Size(octets));
  const lines = Math.max(0, Math.ceil(octets / LINE_OCTETS) - 1);
  const at = encodeLines(input, start, lines, out, 0);
  out.write(input.toString('base64', start + lines * LINE_OCTETS), at, 'latin1');
  return out;
}
