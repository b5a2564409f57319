import { MessageError } from '../errors.ts';

/**
 * What no header field, address, parameter or name may hold: CR and LF, which would start a header of their own; NUL,
 * which RFC 5322 forbids everywhere; and half a surrogate pair, which UTF-8 has no bytes for.
 */

const LINE_OR_NUL = /[\0\r\n]/;
const CONTROL = /[\0-\x1f\x7f]/;
/** With the u flag a whole pair is one character, and so does not match. */
const LONE_SURROGATE = /[\ud800-\udfff]/u;

/** Node 20 has it, the types of ES2023 do not. It takes no time at all for text in one octet a character. */
interface WellFormed {
  isWellFormed(): boolean;
}

/** Throws FORBIDDEN_CHARACTER, naming the field, if the text can't go into a header. */
export function refuseForbidden(text: string, field: string): void {
  if (typeof text !== 'string') throw new MessageError('BAD_INPUT', field, 'is not a string');
  if (LINE_OR_NUL.test(text)) refuse(text, LINE_OR_NUL, field);
  refuseLoneSurrogates(text, field);
}

/** Throws FORBIDDEN_CHARACTER for any control character: none has a business in a name, and readers find fault with them. */
export function refuseControls(text: string, field: string): void {
  if (CONTROL.test(text)) refuse(text, CONTROL, field);
  refuseLoneSurrogates(text, field);
}

/** Throws FORBIDDEN_CHARACTER if the text holds half a surrogate pair: its bytes could not be read back as it was. */
export function refuseLoneSurrogates(text: string, field: string): void {
  if (!(text as unknown as WellFormed).isWellFormed()) refuse(text, LONE_SURROGATE, field);
}

function refuse(text: string, what: RegExp, field: string): never {
  const index = text.search(what);
  const name = nameOf(text.charCodeAt(index));
  throw new MessageError('FORBIDDEN_CHARACTER', field, `holds ${name} at character ${index + 1}`);
}

function nameOf(code: number): string {
  if (code === 0x0d) return 'a carriage return';
  if (code === 0x0a) return 'a line feed';
  if (code === 0) return 'a NUL';
  if (code < 0x80) return `a control character (U+${code.toString(16).toUpperCase().padStart(4, '0')})`;
  return `half a surrogate pair (U+${code.toString(16).toUpperCase()})`;
}
