import { refuseLoneSurrogates } from './forbidden.ts';

/**
 * Quoted-printable (RFC 2045 section 6.7) of text: line ends become CRLF, lines have at most 76 characters, and none
 * ends in white space. A dot or `From ` at the start of a line is encoded too: such a line means something to SMTP and
 * to mailbox files, and not every hop knows how to protect it.
 */

/** What an octet asks for; the first two are written as they are. */
const PLAIN = 0;
const SPACE = 1;
const LINE_FEED = 2;
const CARRIAGE_RETURN = 3;
const DOT = 4;
const LETTER_F = 5;
const ESCAPE = 6;

const KIND = new Uint8Array(256).fill(ESCAPE);
KIND.fill(PLAIN, 0x21, 0x7f);
KIND[0x3d] = ESCAPE;
KIND[0x20] = SPACE;
KIND[0x09] = SPACE;
KIND[0x0a] = LINE_FEED;
KIND[0x0d] = CARRIAGE_RETURN;
KIND[0x2e] = DOT;
KIND[0x46] = LETTER_F;

/** A soft line break takes the 76th character. */
const WIDTH = 75;
const HEX = new Uint8Array(Buffer.from('0123456789ABCDEF', 'latin1'));
const EQUALS = 0x3d;
/** What each octet is as an escape, three characters as a little-endian number. */
const ESCAPED = Int32Array.from({ length: 256 }, (_, octet) =>
  Buffer.from(`=${hex(octet)}`, 'latin1').readUIntLE(0, 3),
);
const CR = 0x0d;
const LF = 0x0a;
/** CR LF, and "=" CR LF, as little-endian numbers. */
const CRLF = 0x0a0d;
const SOFT_BREAK = 0x0a0d3d;

function hex(octet: number): string {
  return octet.toString(16).toUpperCase().padStart(2, '0');
}

/**
 * No octet becomes more than three, and no 24 of them need more than one soft line break. (In Latin-1 an octet becomes up
 * to six; but a short text has at most a third of the octets that there is room for.)
 */
const MAX_GROWTH = 3.2;
/** What is written at once may reach that far behind the end. */
const MARGIN = 8;

/** How many octets of it quoted-printable has to write as three. */
export function countEscapes(bytes: Uint8Array): number {
  let count = 0;
  for (let index = 0; index < bytes.length; index++) if (KIND[bytes[index] as number] === ESCAPE) count += 1;
  return count;
}

/** In text every LF ends a line; in octets only CRLF does, and any other LF must come back as it is. */
export type LineEnds = 'text' | 'octets';

/** Whether octets above ASCII are UTF-8 already, or characters of which UTF-8 makes two octets each. */
type Charset = 'utf-8' | 'latin1';

/** Strings without it are kept in one octet a character: to look there takes no time, and to copy them hardly any. */
const BEYOND_LATIN1 = /[^\0-\xff]/;

/** Octets that are encoded without asking for memory: what a small message holds, or a block of a big one. */
const AT_ONCE = 96 * 1024;

/** U+FFFD in UTF-8. */
const REPLACEMENT = Buffer.from('\ufffd', 'utf8');

/** Octets and a way to take four of them as a number. */
interface Memory {
  readonly octets: Buffer;
  readonly view: DataView;
}

const scratchIn = memory(Buffer.allocUnsafeSlow(AT_ONCE));
const scratchOut = memory(Buffer.allocUnsafeSlow(Math.ceil(AT_ONCE * MAX_GROWTH) + MARGIN));

function memory(octets: Buffer): Memory {
  return { octets, view: new DataView(octets.buffer, octets.byteOffset, octets.length) };
}

/** Characters of text that surely fit: three octets each at most. */
export const MAX_SHORT_TEXT = AT_ONCE / 3;

/** A short text, encoded; every call begins a line. Throws if it holds half a surrogate pair. */
export function shortText(text: string, field: string): string {
  return scratchOut.octets.toString('latin1', 0, encodeShort(text, field));
}

/** A short text, encoded, as octets of its own. */
export function shortTextOctets(text: string, field: string): Uint8Array {
  return Buffer.from(scratchOut.octets.subarray(0, encodeShort(text, field)));
}

/** Encodes into the memory that is kept, and returns the length. */
function encodeShort(text: string, field: string): number {
  const charset = BEYOND_LATIN1.test(text) ? 'utf-8' : 'latin1';
  const length = scratchIn.octets.write(text, 0, charset);
  // Half a pair becomes U+FFFD: to look for that is faster than to look at every character.
  if (charset === 'utf-8' && scratchIn.octets.subarray(0, length).includes(REPLACEMENT))
    refuseLoneSurrogates(text, field);
  return encode(scratchIn, length, scratchOut, 'text', charset);
}

/** Octets of any number, encoded; every call begins a line. */
export function quotedPrintable(octets: Uint8Array, lineEnds: LineEnds): Uint8Array {
  const out = memory(Buffer.allocUnsafe(Math.ceil(octets.length * MAX_GROWTH) + MARGIN));
  const input = memory(Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength));
  return out.octets.subarray(0, encode(input, octets.length, out, lineEnds, 'utf-8'));
}

/**
 * Writes the encoded octets and returns where they end. Octets that can stay as they are go four in one step: they are
 * looked at together, as one number, and those before the first that can't stay are kept.
 */
function encode(from: Memory, end: number, to: Memory, lineEnds: LineEnds, charset: Charset): number {
  const isText = lineEnds === 'text';
  const isLatin1 = charset === 'latin1';
  const { octets: bytes, view: input } = from;
  const { octets: out, view: output } = to;
  const lastFour = end - 4;
  let at = 0;
  let line = 0;
  let limit = WIDTH;
  let index = 0;
  while (index < end) {
    // A dot or an F that begins a line means something, and is looked at by itself.
    if (at > line || !isSpecialFirst(bytes[index] as number)) {
      const last = Math.min(lastFour, index + limit - at - 4);
      while (index <= last) {
        const four = input.getInt32(index, true);
        if (specials(four) !== 0) break;
        output.setInt32(at, four, true);
        index += 4;
        at += 4;
      }
      if (index <= lastFour) {
        const four = input.getInt32(index, true);
        output.setInt32(at, four, true);
        const found = specials(four);
        // none found gives more than there is room for
        const plain = Math.min((31 - Math.clz32(found & -found)) >>> 3, limit - at);
        index += plain;
        at += plain;
      }
      if (index === end) break;
    }
    const octet = bytes[index] as number;
    const kind = KIND[octet] as number;
    if (kind === ESCAPE) {
      if (isLatin1 && octet > 0x7f) {
        if (at + 6 <= limit) {
          output.setInt32(at, ESCAPED[0xc0 | (octet >> 6)] as number, true);
          output.setInt32(at + 3, ESCAPED[0x80 | (octet & 0x3f)] as number, true);
          at += 6;
          index += 1;
          continue;
        }
      } else if (at + 3 <= limit) {
        // One octet too many is written, and overwritten by what follows. Where one octet is not ASCII, more follow.
        let next = octet;
        do {
          output.setInt32(at, ESCAPED[next] as number, true);
          at += 3;
          index += 1;
          next = index < end ? (bytes[index] as number) : 0;
        } while (next > 0x7f && !isLatin1 && at + 3 <= limit);
        continue;
      }
    } else if (kind <= SPACE) {
      if (at < limit) {
        out[at++] = octet;
        index += 1;
        continue;
      }
    } else if ((octet === LF && isText) || (octet === CR && bytes[index + 1] === LF && index + 1 < end)) {
      at = protectSpace(out, at, line);
      output.setInt16(at, CRLF, true);
      at += 2;
      line = at;
      limit = line + WIDTH;
      index += octet === CR ? 2 : 1;
      continue;
    } else {
      const isPlain = kind === DOT ? at > line : kind === LETTER_F && (at > line || !isFromLine(bytes, index));
      if (at + (isPlain ? 1 : 3) <= limit) {
        if (isPlain) out[at++] = octet;
        else at = escaped(out, at, octet);
        index += 1;
        continue;
      }
    }
    output.setInt32(at, SOFT_BREAK, true);
    at += 3;
    line = at;
    limit = line + WIDTH;
  }
  return protectSpace(out, at, line);
}

/**
 * The top bit of each of four octets that is a control, "=", DEL or above. The lowest one that is set is right; those
 * above it may be set by what is carried over.
 */
function specials(four: number): number {
  const equals = four ^ 0x3d3d3d3d;
  return ((four - 0x20202020) | four | (four + 0x01010101) | ((equals - 0x01010101) & ~equals)) & 0x80808080;
}

function isSpecialFirst(octet: number): boolean {
  const kind = KIND[octet];
  return kind === DOT || kind === LETTER_F;
}

function isFromLine(bytes: Uint8Array, index: number): boolean {
  return (
    bytes[index + 1] === 0x72 && bytes[index + 2] === 0x6f && bytes[index + 3] === 0x6d && bytes[index + 4] === 0x20
  );
}

function put(out: Uint8Array, at: number, first: number, second: number): number {
  out[at] = first;
  out[at + 1] = second;
  return at + 2;
}

function escaped(out: Uint8Array, at: number, octet: number): number {
  out[at] = EQUALS;
  out[at + 1] = HEX[octet >> 4] as number;
  out[at + 2] = HEX[octet & 15] as number;
  return at + 3;
}

/** White space at the end of a line would be lost on the way: what was written as it is becomes an escape. */
function protectSpace(out: Uint8Array, at: number, line: number): number {
  const last = at > line ? (out[at - 1] as number) : 0;
  if (KIND[last] !== SPACE) return at;
  // The line ends here, so it may have its 76 characters.
  if (at + 2 <= line + WIDTH + 1) return escaped(out, at - 1, last);
  out[at - 1] = EQUALS;
  return escaped(out, put(out, at, CR, LF), last);
}
