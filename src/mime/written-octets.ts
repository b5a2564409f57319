import { MessageError } from '../errors.ts';
import { isGiven, stringOf } from './given.ts';
import { excerpt } from './lexer.ts';

/** Octets that were given as a text: in base64, in hex, or one octet a character. */

const ENCODINGS = new Map<string, BufferEncoding>([
  ['utf8', 'utf8'],
  ['usascii', 'utf8'],
  ['ascii', 'utf8'],
  ['base64', 'base64'],
  ['base64url', 'base64url'],
  ['hex', 'hex'],
  ['latin1', 'latin1'],
  ['binary', 'latin1'],
  ['utf16le', 'utf16le'],
  ['ucs2', 'utf16le'],
]);

/** The octets that the text stands for; the text itself where it is one to be sent in UTF-8. */
export function octetsOfText(text: string, encoding: string | undefined, field: string): string | Uint8Array {
  if (!isGiven(encoding)) return text;
  const owner = field.replace(/\.?content$/, '');
  const path = owner === '' ? 'encoding' : `${owner}.encoding`;
  const known = ENCODINGS.get(
    stringOf(encoding, path)
      .toLowerCase()
      .replace(/[-_\s]/g, ''),
  );
  if (known === undefined) throw new MessageError('BAD_INPUT', path, `${excerpt(encoding)} is unknown`);
  if (!isWritten(text, known)) throw new MessageError('BAD_INPUT', field, `is not in ${known}, as its encoding says`);
  return known === 'utf8' ? text : Buffer.from(text, known);
}

/** Whether it is what it says. Node skips what is not, or stops there: half a file would go out, or another one. */
export function isWritten(text: string, encoding: BufferEncoding): boolean {
  switch (encoding) {
    case 'hex':
      return text.length % 2 === 0 && !/[^0-9A-Fa-f]/.test(text);
    case 'latin1':
      return !/[^\0-\xff]/.test(text);
    case 'base64':
    case 'base64url': {
      const end = text.indexOf('=');
      if (/[^A-Za-z0-9+/_\-=\s]/.test(text) || (end !== -1 && /[^=\s]/.test(text.slice(end)))) return false;
      // one character left over is six bits of an octet, which Node drops
      return text.replace(/[=\s]+/g, '').length % 4 !== 1;
    }
    default:
      return true;
  }
}
