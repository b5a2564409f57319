import { MessageError } from '../errors.ts';
import { base64Blocks } from './base64.ts';
import { readyBlocks } from './deferred.ts';
import { HARD_LINE } from './folding.ts';
import { refuseLoneSurrogates } from './forbidden.ts';
import { countEscapes, MAX_SHORT_TEXT, quotedPrintable, shortText, shortTextOctets } from './quoted-printable.ts';
import type { Deferred } from './segment.ts';
import type { TransferEncoding, Way } from './transfer-encoding.ts';

/** A text as it goes into a part: CRLF line ends, and encoded. A string is ASCII. */
export interface TextBody {
  readonly encoding: TransferEncoding;
  readonly body: string | Uint8Array | Deferred;
}

/** What a survey found. */
const HAS_LF = 1;
const HAS_CR = 2;
/** A control character, a bare CR, NUL or DEL: legal in a line or not, not every hop leaves it alone. */
const HAS_UNSAFE = 4;
const HAS_LONG_LINE = 8;
const SAFE = HAS_LF | HAS_CR;

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;

const SURVEY_OCTETS = 64 * 1024;
const memory = new ArrayBuffer(SURVEY_OCTETS + 4);
const octets = Buffer.from(memory);
const words = new Int32Array(memory);
const octetsView = new DataView(memory);

/**
 * Encodes a text the shortest safe way: as it is where it is ASCII in lines that SMTP can carry, else quoted-printable or
 * base64, whichever is shorter; or as it is in UTF-8 where the way takes 8 bits.
 */
export function encodeText(text: string, field: string, way: Way, forced?: 'quoted-printable' | 'base64'): TextBody {
  if (forced === 'quoted-printable') return { encoding: forced, body: quotedPrintableText(text, field) };
  refuseLoneSurrogates(text, field);
  const size = Buffer.byteLength(text, 'utf8');
  if (forced === undefined) {
    const plain = plainText(text, size, way);
    if (plain !== undefined) return plain;
  }
  if (forced === 'base64' || isShorterInBase64(text, size)) {
    return { encoding: 'base64', body: base64Text(Buffer.from(text.replace(/\r?\n/g, '\r\n'), 'utf8')) };
  }
  return { encoding: 'quoted-printable', body: quotedPrintableText(text, field) };
}

/** The text as it is but for its line ends, if the way can carry it. */
function plainText(text: string, size: number, way: Way): TextBody | undefined {
  if (size === text.length) {
    if (text.length <= SHORT) {
      const body = shortAscii(text);
      return body === undefined ? undefined : { encoding: '7bit', body };
    }
    const findings = surveyAscii(text);
    if ((findings & ~SAFE) === 0) return { encoding: '7bit', body: withCrlf(text, findings) };
  }
  const body = way === '7bit' ? undefined : eightBit(text);
  return body === undefined ? undefined : { encoding: '8bit', body };
}

/** ASCII up to this length is looked at and given its line ends in one pass. */
const SHORT = 16 * 1024;
const crlfOctets = Buffer.allocUnsafeSlow(2 * SHORT + 4);
const crlfView = new DataView(crlfOctets.buffer, crlfOctets.byteOffset, crlfOctets.length);

/** The text with CRLF; undefined if a line can't go out as it is. */
function shortAscii(text: string): string | undefined {
  const length = octets.write(text, 0, 'latin1');
  const lastFour = length - 4;
  let at = 0;
  let line = 0;
  for (let index = 0; index < length; index++) {
    while (index <= lastFour) {
      const four = octetsView.getInt32(index, true);
      crlfView.setInt32(at, four, true);
      // The top bit of each octet that is below 0x20 or is 0x7f: the lowest that is set is right.
      const found = ((four - 0x20202020) | (four + 0x01010101)) & 0x80808080;
      const plain = found === 0 ? 4 : (31 - Math.clz32(found & -found)) >>> 3;
      index += plain;
      at += plain;
      if (plain < 4) break;
    }
    if (index >= length) break;
    const octet = octets[index] as number;
    if (octet === LF) {
      const isPair = index > 0 && octets[index - 1] === CR;
      if (at - line - (isPair ? 1 : 0) > HARD_LINE) return undefined;
      if (!isPair) crlfOctets[at++] = CR;
      crlfOctets[at++] = LF;
      line = at;
    } else if (octet >= 0x20 ? octet !== 0x7f : octet === TAB || (octet === CR && isBefore(LF, index, length))) {
      crlfOctets[at++] = octet;
    } else {
      return undefined;
    }
  }
  if (at - line > HARD_LINE) return undefined;
  return at === length && line === 0 ? text : crlfOctets.toString('latin1', 0, at);
}

function isBefore(octet: number, place: number, length: number): boolean {
  return place + 1 < length && octets[place + 1] === octet;
}

/** A string where it is short, so that a small message is one string; blocks where it is long. */
function quotedPrintableText(text: string, field: string): string | Deferred {
  if (text.length <= MAX_SHORT_TEXT) return shortText(text, field);
  const blocks: Uint8Array[] = [];
  for (let start = 0; start < text.length; ) {
    const isLast = text.length - start <= MAX_SHORT_TEXT;
    // A block ends with a line. A line that fills a block is taken with all that follows, which only costs memory.
    const lineEnd = isLast ? text.length : text.lastIndexOf('\n', start + MAX_SHORT_TEXT - 1) + 1;
    const end = lineEnd > start ? lineEnd : text.length;
    const piece = text.slice(start, end);
    const isShort = piece.length <= MAX_SHORT_TEXT;
    if (!isShort) refuseLoneSurrogates(piece, field);
    blocks.push(isShort ? shortTextOctets(piece, field) : quotedPrintable(Buffer.from(piece, 'utf8'), 'text'));
    start = end;
  }
  return readyBlocks(blocks);
}

/** Base64 takes four characters for three octets and two for each line end; quoted-printable three for some octets. */
function isShorterInBase64(text: string, size: number): boolean {
  const room = size * 0.37;
  const added = size - text.length;
  // A character that is not ASCII takes three octets for every two that it adds, or two for each: few texts need a count.
  if (added > 0 && 4 * added <= room) return false;
  if (3 * added > room) return true;
  return 2 * countEscapes(Buffer.from(text, 'utf8')) > room;
}

/** Base64 as one string. */
export function base64Text(bytes: Uint8Array): string {
  let encoded = '';
  for (const block of base64Blocks(bytes)) {
    encoded += latin1(block);
  }
  return encoded;
}

/** ASCII octets as a string. */
export function latin1(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('latin1');
}

/** Throws unless the text can go out in this encoding as it is. */
export function refuseUnfit(text: string, field: string): void {
  if ((surveyAscii(text) & ~SAFE) === 0 && Buffer.byteLength(text, 'utf8') === text.length) return;
  throw new MessageError('BAD_INPUT', field, 'cannot go out as 7bit');
}

function withCrlf(text: string, findings: number): string {
  if ((findings & HAS_LF) === 0) return text;
  return (findings & HAS_CR) === 0 ? text.replace(/\n/g, '\r\n') : text.replace(/\r?\n/g, '\r\n');
}

/** The text in UTF-8 with CRLF, if its lines are fit for 8bit (RFC 2045 section 2.8). */
function eightBit(text: string): Uint8Array | undefined {
  if (/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)/.test(text)) return undefined;
  const bytes = Buffer.from(text.replace(/\r?\n/g, '\r\n'), 'utf8');
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(0x0a, start);
    if ((end === -1 ? bytes.length : end - 1) - start > HARD_LINE) return undefined;
    if (end === -1) break;
    start = end + 1;
  }
  return bytes;
}

/**
 * Looks at a text that is ASCII four characters at a time: nearly all of them are printable, and a word that holds
 * something else is found by arithmetic on all four at once.
 */
function surveyAscii(text: string): number {
  let findings = 0;
  let line = 0;
  for (let offset = 0; offset < text.length; offset += SURVEY_OCTETS) {
    const piece = text.length > SURVEY_OCTETS ? text.slice(offset, offset + SURVEY_OCTETS) : text;
    const length = octets.write(piece, 0, 'latin1');
    // What lies behind the text in the last word must look harmless.
    octets[length] = octets[length + 1] = octets[length + 2] = 0x20;
    for (let index = 0; index < length; index += 4) {
      const word = words[index >> 2] as number;
      // The top bit of an octet is set if it was below 0x20 (borrow) or is 0x7f (carry); a neighbour may set it too.
      if ((((word - 0x20202020) | (word + 0x01010101)) & 0x80808080) === 0) continue;
      for (let place = index; place < index + 4; place++) {
        const octet = octets[place] as number;
        if (octet === LF) {
          findings |= HAS_LF;
          if (offset + place - line > HARD_LINE) findings |= longLine(text, line, offset + place);
          line = offset + place + 1;
        } else if (octet === CR) {
          findings |= text.charCodeAt(offset + place + 1) === LF ? HAS_CR : HAS_UNSAFE;
        } else if (octet === 0x7f || (octet < 0x20 && octet !== TAB)) {
          findings |= HAS_UNSAFE;
        }
      }
    }
  }
  if (text.length - line > HARD_LINE) findings |= HAS_LONG_LINE;
  return findings;
}

function longLine(text: string, start: number, end: number): number {
  const length = end - start - (text.charCodeAt(end - 1) === 0x0d ? 1 : 0);
  return length > HARD_LINE ? HAS_LONG_LINE : 0;
}
