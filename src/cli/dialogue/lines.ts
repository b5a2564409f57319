/** How the lines of a dialogue look on a screen: `--> ` what the client says, `<-- ` what the server says. */
import { type Explanation, explanationLines, type Part, type SecretSpan, type Style, safe } from '../../trace/index.ts';
import { visibleText } from '../../trace/render.ts';

export const SAID = '--> ';
export const HEARD = '<-- ';

/** Bytes of a line as text that can't steer the terminal, its secrets by their size only. */
export function shownText(bytes: Uint8Array, secrets: readonly SecretSpan[] = []): string {
  return visibleText(bytes, secrets);
}

/** `text` comes from {@link shownText}. */
export function shownLine(mark: string, text: string, style: Style | undefined): string {
  const part: Part = mark === SAID ? 'sent' : isRefusal(text) ? 'refused' : 'received';
  return styled(style, part, `${mark}${text}`);
}

export function shownFact(text: string, style: Style | undefined): string {
  return styled(style, 'fact', `=== ${safe(text)}`);
}

/** An explanation, a line each, set in below the line it explains. */
export function shownExplanation(found: Explanation, style: Style | undefined): string {
  const lines = explanationLines(found).map((line) => `      ${safe(line)}`);
  return styled(style, 'explanation', lines.join('\n'));
}

function isRefusal(line: string): boolean {
  return /^[45]\d\d(?:[ -]|$)|^HTTP\/\d\.\d [45]\d\d/.test(line);
}

export function styled(style: Style | undefined, part: Part, text: string): string {
  return style === undefined ? text : style(part, text);
}
