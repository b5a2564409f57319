import { SOFT_LINE } from './folding.ts';
import { refuseForbidden } from './forbidden.ts';

/**
 * Parameters of Content-Type and Content-Disposition (RFC 2045 section 5.1, RFC 2231): short plain values as quoted
 * strings, everything else percent-encoded in UTF-8 and cut into sections, none of which splits a character.
 */

/** Printable ASCII but what a quoted string would have to escape, which some readers get wrong, or they would trim. */
const SIMPLE_VALUE = /^(?:[!#-[\]-~](?:[ !#-[\]-~]*[!#-[\]-~])?)?$/;
const TOKEN = /^[\w!#$%&'*+.^`{|}~-]+$/;
/** RFC 2231 section 7: attribute-char. */
const ATTRIBUTE_CHAR = new Uint8Array(256);
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`{|}~') {
  ATTRIBUTE_CHAR[char.charCodeAt(0)] = 1;
}

/** What a parameter's line may hold: a space before it, a semicolon behind it. */
const ROOM = SOFT_LINE - 2;

/** The parameter as the pieces that go between semicolons; more than one where it had to be cut. */
export function parameter(name: string, value: string, field: string): string[] {
  if (SIMPLE_VALUE.test(value) && !value.includes('=?') && name.length + value.length + 3 <= ROOM) {
    return [`${name}="${value}"`];
  }
  return extendedParameter(name, value, field);
}

function extendedParameter(name: string, value: string, field: string): string[] {
  refuseForbidden(value, field);
  if (value.length > ROOM) return sections(name, value);
  const whole = `${name}*=utf-8''${percentEncoded(value)}`;
  return whole.length <= ROOM ? [whole] : sections(name, value);
}

/**
 * The name of a file, exactly as it is. A name with a slash, a quote, a control character or one that turns the text
 * around never stands in clear: readers that know no RFC 2231 show the plain fallback instead.
 */
export function filenameParameter(name: 'filename' | 'name', value: string, field: string): string[] {
  return value.includes('/') ? extendedParameter(name, value, field) : parameter(name, value, field);
}

/** The parameter as a token where it can be one, as RFC 2045 has `charset=utf-8`. */
export function tokenParameter(name: string, value: string, field: string): string[] {
  return TOKEN.test(value) && name.length + value.length < ROOM ? [`${name}=${value}`] : parameter(name, value, field);
}

/** `Content-Type: text/plain; charset=utf-8`, folded between parameters; with its CRLF. */
export function parameterField(name: string, value: string, parameters: readonly string[]): string {
  let text = `${name}: ${value}`;
  let column = text.length;
  for (let index = 0; index < parameters.length; index++) {
    const piece = parameters[index] as string;
    // One character is kept for the semicolon that may follow.
    if (column + piece.length + 3 > SOFT_LINE) {
      text += `;\r\n ${piece}`;
      column = 1 + piece.length;
    } else {
      text += `; ${piece}`;
      column += 2 + piece.length;
    }
  }
  return `${text}\r\n`;
}

/** RFC 2231 section 3: continuations. The charset stands in the first section only. */
function sections(name: string, value: string): string[] {
  const found: string[] = [];
  let current = `${name}*0*=utf-8''`;
  for (const char of value) {
    const encoded = ASCII[char.charCodeAt(0)] ?? percentEncoded(char);
    if (current.length + encoded.length > ROOM) {
      found.push(current);
      current = `${name}*${found.length}*=`;
    }
    current += encoded;
  }
  found.push(current);
  return found;
}

function percentEncoded(text: string): string {
  let encoded = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    encoded += ATTRIBUTE_CHAR[byte] === 1 ? String.fromCharCode(byte) : `%${HEX[byte]}`;
  }
  return encoded;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).toUpperCase().padStart(2, '0'));
/** Each character of ASCII as it is written: a name of a million characters is encoded one by one. */
const ASCII = Array.from({ length: 128 }, (_, code) => percentEncoded(String.fromCharCode(code)));

/**
 * A name that any reader takes, for those that know no RFC 2231: accents off, everything but plain letters, digits and
 * a few signs an underscore. Slashes, quotes, controls and characters that turn the text around are gone.
 */
export function plainFallback(filename: string): string {
  const plain = filename
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^\w.\-+ ()@,]/gu, '_')
    .trim();
  if (plain.length <= ROOM - 'name=""'.length) return plain;
  const dot = plain.lastIndexOf('.');
  const extension = dot > 0 && plain.length - dot <= 8 ? plain.slice(dot) : '';
  return plain.slice(0, 60 - extension.length) + extension;
}
