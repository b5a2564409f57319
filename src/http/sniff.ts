/** What the first bytes of a response tell: whether a status line may still become of them. */

const CR = 0x0d;
const LF = 0x0a;
const STARTS = ['HTTP/', 'ICY '].map(codes);
/** `d` is any digit. */
const FULL_STARTS = ['HTTP/d.d ddd', 'ICY ddd'].map(codes);
const ANY_DIGIT = 0x64;

type Verdict = 'yes' | 'no' | 'more';

/** Loosely, for a server that owes us a head: what starts so is read as a status line, and refused as one if it is bad. */
export function looksLikeHttp(bytes: Uint8Array): Verdict | 'blank-line' {
  if (bytes[0] === LF) return 'blank-line';
  if (bytes[0] === CR) return bytes.length === 1 ? 'more' : bytes[1] === LF ? 'blank-line' : 'no';
  return anyOf(STARTS, bytes);
}

/** Closely, for a server that may answer with a body alone (RFC 1945 section 6.1 has this very test). */
export function looksLikeStatusLine(bytes: Uint8Array): Verdict {
  return anyOf(FULL_STARTS, bytes);
}

/** The blank lines at the start, CRLF or LF alone, with a CR that may become one. */
export function blankLines(bytes: Uint8Array): { readonly lines: number; readonly length: number } {
  let lines = 0;
  let length = 0;
  for (;;) {
    if (bytes[length] === LF) length += 1;
    else if (bytes[length] === CR && bytes[length + 1] === LF) length += 2;
    else if (bytes[length] === CR && length + 1 === bytes.length) return { lines, length: length + 1 };
    else return { lines, length };
    lines += 1;
  }
}

function codes(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

function anyOf(starts: readonly Uint8Array[], bytes: Uint8Array): Verdict {
  let verdict: Verdict = 'no';
  for (const start of starts) {
    const one = compare(start, bytes);
    if (one === 'yes') return one;
    if (one === 'more') verdict = one;
  }
  return verdict;
}

function compare(start: Uint8Array, bytes: Uint8Array): Verdict {
  const length = Math.min(start.length, bytes.length);
  for (let i = 0; i < length; i += 1) {
    const byte = bytes[i] ?? 0;
    const matches = start[i] === ANY_DIGIT ? byte >= 0x30 && byte <= 0x39 : byte === start[i];
    if (!matches) return 'no';
  }
  return length === start.length ? 'yes' : 'more';
}
