/**
 * Quoted-printable (RFC 2045 section 6.7) of text: line ends become CRLF, lines have at most 76 characters, and none
 * ends in white space. A dot or `From ` at the start of a line is encoded too: such a line means something to SMTP and
 * to mailbox files, and not every hop knows how to protect it.
 */

const KINDS = { plain: 0, escape: 1, space: 2, lineFeed: 3, carriageReturn: 4, dot: 5, letterF: 6 } as const;
const KIND = new Uint8Array(256).fill(KINDS.escape);
KIND.fill(KINDS.plain, 0x21, 0x7f);
KIND[0x3d] = KINDS.escape;
KIND[0x20] = KINDS.space;
KIND[0x09] = KINDS.space;
KIND[0x0a] = KINDS.lineFeed;
KIND[0x0d] = KINDS.carriageReturn;
KIND[0x2e] = KINDS.dot;
KIND[0x46] = KINDS.letterF;

/** A soft line break takes the 76th character. */
const WIDTH = 75;
const HEX = Buffer.from('0123456789ABCDEF', 'latin1');
const EQUALS = 0x3d;
const CR = 0x0d;
const LF = 0x0a;

/** Where the encoded text is put together; emptied before the longest step of the loop could overrun it. */
const out = Buffer.allocUnsafeSlow(64 * 1024);
const FULL = out.length - 256;

/** How many octets of it quoted-printable has to write as three. */
export function countEscapes(bytes: Uint8Array): number {
  let count = 0;
  for (let index = 0; index < bytes.length; index++) if (KIND[bytes[index] as number] === KINDS.escape) count += 1;
  return count;
}

export function quotedPrintable(bytes: Uint8Array): string {
  const end = bytes.length;
  let text = '';
  let at = 0;
  let column = 0;
  let index = 0;
  while (index < end) {
    if (at > FULL) {
      text += out.toString('latin1', 0, at);
      at = 0;
    }
    let byte = bytes[index] as number;
    let kind = KIND[byte] as number;
    while (kind === KINDS.plain && column < WIDTH) {
      out[at++] = byte;
      column += 1;
      if (++index === end) return text + out.toString('latin1', 0, at);
      byte = bytes[index] as number;
      kind = KIND[byte] as number;
    }
    if (kind === KINDS.lineFeed || (kind === KINDS.carriageReturn && bytes[index + 1] === LF)) {
      out[at++] = CR;
      out[at++] = LF;
      index += kind === KINDS.lineFeed ? 1 : 2;
      column = 0;
      continue;
    }
    const escaped = mustEscape(kind, bytes, index, column);
    if (column + (escaped ? 3 : 1) > WIDTH) {
      out[at++] = EQUALS;
      out[at++] = CR;
      out[at++] = LF;
      column = 0;
      continue;
    }
    if (escaped) {
      out[at++] = EQUALS;
      out[at++] = HEX[byte >> 4] as number;
      out[at++] = HEX[byte & 15] as number;
      column += 3;
    } else {
      out[at++] = byte;
      column += 1;
    }
    index += 1;
  }
  return text + out.toString('latin1', 0, at);
}

function mustEscape(kind: number, bytes: Uint8Array, index: number, column: number): boolean {
  switch (kind) {
    case KINDS.escape:
    case KINDS.carriageReturn:
      return true;
    case KINDS.space: {
      const next = bytes[index + 1];
      return next === undefined || next === LF || (next === CR && bytes[index + 2] === LF);
    }
    case KINDS.dot:
      return column === 0;
    case KINDS.letterF:
      return column === 0 && isFromLine(bytes, index);
    default:
      return false;
  }
}

function isFromLine(bytes: Uint8Array, index: number): boolean {
  return (
    bytes[index + 1] === 0x72 && bytes[index + 2] === 0x6f && bytes[index + 3] === 0x6d && bytes[index + 4] === 0x20
  );
}
