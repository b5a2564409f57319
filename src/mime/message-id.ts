import { MessageError } from '../errors.ts';
import { refuseForbidden } from './forbidden.ts';
import { excerpt } from './lexer.ts';

/** Message identifiers (RFC 5322 section 3.6.4): `<left@right>`, visible ASCII, no white space. */

const IDENTIFIER = /^[!-;=?-~]+$/;
/** An identifier must fit a line, with the name of its field. */
const MAX_IDENTIFIER = 900;

/** The dot-atom at a dot-atom or literal of the grammar; what is made today needs nothing of its obsolete forms. */
const WELL_FORMED =
  /^<[\w!#$%&'*+\-/=?^`{|}~]+(?:\.[\w!#$%&'*+\-/=?^`{|}~]+)*@(?:[\w!#$%&'*+\-/=?^`{|}~]+(?:\.[\w!#$%&'*+\-/=?^`{|}~]+)*|\[[!-Z^-~]*\])>$/;

/** The identifier of a message that is being made, by the grammar: readers find it by that, or find fault with it. */
export function newMessageId(text: string, field: string): string {
  const id = messageId(text, field);
  if (WELL_FORMED.test(id)) return id;
  throw new MessageError('BAD_INPUT', field, `${excerpt(text)} is not of the form left@right (RFC 5322 section 3.6.4)`);
}

/** One identifier of a message that somebody made, its angle brackets put on if they are missing. */
export function messageId(text: string, field: string): string {
  if (typeof text !== 'string') throw new MessageError('BAD_INPUT', field, 'is not a string');
  refuseForbidden(text, field);
  const bare = text.trim().replace(/^<([^<>]*)>$/, '$1');
  if (IDENTIFIER.test(bare) && bare.length <= MAX_IDENTIFIER) return `<${bare}>`;
  throw new MessageError('BAD_INPUT', field, `${excerpt(text)} is not a message identifier`);
}

/** What separates identifiers in a text: white space, commas as some write, or nothing. */
const SEPARATOR = /[\s,]+|(?<=>)(?=<)/;

/** The identifiers in what a stranger's message says, without those that nothing can be made of. */
export function readableIds(input: string | readonly string[]): string[] {
  const texts = ([input].flat() as readonly unknown[]).filter((text) => typeof text === 'string');
  return texts
    .flatMap((text) => text.split(SEPARATOR))
    .filter((text) => text.startsWith('<') || text.includes('@'))
    .map((text) => text.replace(/^<([^<>]*)>$/, '$1'))
    .filter((bare) => IDENTIFIER.test(bare) && bare.length <= MAX_IDENTIFIER)
    .map((bare) => `<${bare}>`);
}

/** Several identifiers: an array, or a text with white space (or commas, as some write) between them. */
export function messageIds(input: string | readonly string[], field: string): string[] {
  if (typeof input !== 'string' && !Array.isArray(input)) throw new MessageError('BAD_INPUT', field, 'is not a string');
  const list = typeof input === 'string' ? [input] : (input as readonly string[]);
  const found: string[] = [];
  for (const entry of list) {
    if (typeof entry !== 'string') throw new MessageError('BAD_INPUT', field, 'is not a list of strings');
    refuseForbidden(entry, field);
    for (const text of entry.split(SEPARATOR)) if (text !== '') found.push(messageId(text, field));
  }
  return found;
}
