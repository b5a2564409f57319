import { MessageError } from '../errors.ts';

/**
 * What no header field, address, parameter or name may hold: CR and LF, which would start a header of their own; NUL,
 * which RFC 5322 forbids everywhere; and half a surrogate pair, which UTF-8 has no bytes for.
 */

/** What may be forbidden: a line end, a NUL, or a part of a pair. Without the u flag a search is many times faster. */
const SUSPECT = /[\0\r\n\ud800-\udfff]/;
/** What is: with the u flag a whole pair is one character, and so does not match. */
const FORBIDDEN = /[\0\r\n\ud800-\udfff]/u;

/** Throws FORBIDDEN_CHARACTER, naming the field, if the text can't go into a header. */
export function refuseForbidden(text: string, field: string): void {
  if (!SUSPECT.test(text)) return;
  const index = text.search(FORBIDDEN);
  if (index === -1) return;
  throw new MessageError(
    'FORBIDDEN_CHARACTER',
    field,
    `holds ${nameOf(text.charCodeAt(index))} at character ${index + 1}`,
  );
}

/** Throws FORBIDDEN_CHARACTER if the text holds half a surrogate pair: its bytes could not be read back as it was. */
export function refuseLoneSurrogates(text: string, field: string): void {
  const index = text.search(/[\ud800-\udfff]/u);
  if (index === -1) return;
  throw new MessageError(
    'FORBIDDEN_CHARACTER',
    field,
    `holds ${nameOf(text.charCodeAt(index))} at character ${index + 1}`,
  );
}

/** Throws FORBIDDEN_CHARACTER for any control character: none has a business in a name, and readers find fault with them. */
export function refuseControls(text: string, field: string): void {
  refuseForbidden(text, field);
  const index = text.search(/[\x01-\x1f\x7f]/);
  if (index === -1) return;
  throw new MessageError(
    'FORBIDDEN_CHARACTER',
    field,
    `holds ${nameOf(text.charCodeAt(index))} at character ${index + 1}`,
  );
}

function nameOf(code: number): string {
  if (code === 0x0d) return 'a carriage return';
  if (code === 0x0a) return 'a line feed';
  if (code === 0) return 'a NUL';
  if (code < 0x80) return `a control character (U+${code.toString(16).toUpperCase().padStart(4, '0')})`;
  return `half a surrogate pair (U+${code.toString(16).toUpperCase()})`;
}
