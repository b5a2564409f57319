/**
 * format=flowed (RFC 3676): paragraphs in lines that a reader may join again. A line that ends in a space goes on in the
 * next; with DelSp that space is not part of the text, so that a line can be broken where there is none.
 */

/** RFC 3676 section 4.2 has lines of at most 78; this leaves room for a stuffed space. */
const WIDTH = 72;
const SIGNATURE = '-- ';

export function flow(text: string, delSp: boolean): string {
  return text
    .split(/\r?\n/)
    .flatMap((line) => (line === SIGNATURE ? [line] : flowLine(line, delSp)))
    .join('\n');
}

function flowLine(paragraph: string, delSp: boolean): string[] {
  const lines: string[] = [];
  // A space at the end of a paragraph would join it to the next one.
  let rest = withoutSpacesAtEnd(paragraph);
  while (rest.length > WIDTH) {
    const end = breakAt(rest, delSp);
    if (end === undefined) break;
    lines.push(stuffed(rest.slice(0, end)) + (delSp ? ' ' : ''));
    rest = rest.slice(end);
  }
  lines.push(stuffed(rest));
  return lines;
}

/** By hand: a pattern that ends in `$` is tried at every space of a long run. */
function withoutSpacesAtEnd(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === ' ') end -= 1;
  return text.slice(0, end);
}

/** Where the line ends: behind its last space, or with DelSp behind any character if there is none. */
function breakAt(text: string, delSp: boolean): number | undefined {
  const space = text.lastIndexOf(' ', WIDTH - 1);
  // The mark of a signature is never flowed, so no line may become it by being cut.
  if (space > 0 && text.slice(0, space + 1) !== SIGNATURE) return space + 1;
  if (delSp) return isLowSurrogate(text.charCodeAt(WIDTH)) ? WIDTH - 1 : WIDTH;
  const next = text.indexOf(' ', WIDTH);
  return next === -1 || next + 1 === text.length ? undefined : next + 1;
}

/** RFC 3676 section 4.4: what would be taken for a quote, an indent or a mailbox line gets a space in front. */
function stuffed(line: string): string {
  return /^(?:[ >]|From )/.test(line) ? ` ${line}` : line;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
