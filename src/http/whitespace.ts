const SP = 0x20;
const HTAB = 0x09;

/** Optional whitespace of RFC 9110 section 5.6.3 taken off both ends: SP and HTAB, and nothing that String.trim() adds. */
export function trimWhitespace(text: string): string {
  return trimmedSlice(text, 0, text.length);
}

/** The same of a part of a text. */
export function trimmedSlice(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isWhitespace(text.charCodeAt(start))) start += 1;
  while (end > start && isWhitespace(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

export function isWhitespace(byte: number): boolean {
  return byte === SP || byte === HTAB;
}
