import { MessageError } from '../errors.ts';
import { type Address, type Group, isGroup } from './address.ts';
import { MAX_ENCODED_WORD } from './encoded-word.ts';
import { refuseForbidden } from './forbidden.ts';
import { phrase, unstructuredWords } from './phrase.ts';

/**
 * Header fields as lines (RFC 5322 section 2.2): at most 78 characters where a space allows it, never over 998 octets,
 * folded at spaces between words and nowhere else. Each function returns the whole field with its last CRLF.
 */

/** The soft limit on a line, CRLF not counted (RFC 5322 section 2.1.1). */
export const SOFT_LINE = 78;
/** The hard limit on a line, CRLF not counted (RFC 5322 section 2.1.1). */
export const HARD_LINE = 998;

/** Field names as RFC 5322 section 2.2 has them: printable ASCII but the colon. */
const FIELD_NAME = /^[!-9;-~]+$/;
/** One line of visible text that needs nothing done: the common case of a subject. */
const PLAIN_TEXT = /^[!-~](?:[\t -~]*[!-~])?$/;

/** A field name that leaves too little of its line for an encoded word. */
const LONG_NAME = 40;

/** What the first word of a field may take, so that its line is no longer than one with an encoded word may be. */
function firstRoom(name: string): number {
  return name.length > LONG_NAME ? MAX_ENCODED_WORD : SOFT_LINE - 2 - (name.length + 2);
}

/** Throws unless the name can be that of a header field. */
export function checkFieldName(name: string, field: string): void {
  if (FIELD_NAME.test(name) && name.length <= SOFT_LINE - 2) return;
  refuseForbidden(name, field);
  throw new MessageError('BAD_INPUT', field, `${JSON.stringify(name)} is not the name of a header field`);
}

/** Words, one space between each two, folded. */
export function foldWords(name: string, words: readonly string[]): string {
  const field = new FoldedField(name);
  for (const word of words) field.add(word, '');
  return field.end();
}

/** A field that is written word by word. */
class FoldedField {
  #text: string;
  #column: number;
  #mayFold: boolean;
  /** Whether an encoded word is on the line. */
  #encoded = false;

  constructor(name: string) {
    this.#text = `${name}:`;
    this.#column = this.#text.length;
    // Some readers take an empty first line for an empty field: the first word stays on it, but behind the longest names.
    this.#mayFold = name.length > LONG_NAME;
  }

  /** `mark`: what follows the word without a space. */
  add(word: string, mark: string): void {
    const length = 1 + word.length + mark.length;
    // A line with an encoded word on it ends two characters earlier (RFC 2047 section 2).
    const isEncoded = word.startsWith('=?', word[0] === '(' ? 1 : 0) && word.length <= MAX_ENCODED_WORD + 1;
    if (this.#mayFold && this.#column + length > (this.#encoded || isEncoded ? SOFT_LINE - 2 : SOFT_LINE)) {
      this.#text += `\r\n ${word}${mark}`;
      this.#column = length;
      this.#encoded = isEncoded;
    } else {
      this.#text += ` ${word}${mark}`;
      this.#column += length;
      this.#encoded ||= isEncoded;
    }
    this.#mayFold = true;
  }

  end(): string {
    return `${this.#text}\r\n`;
  }
}

/** A field of unstructured text for a person to read, a Subject. */
export function unstructuredField(name: string, text: string, field: string): string {
  if (text.length + name.length + 2 <= SOFT_LINE && PLAIN_TEXT.test(text) && !text.includes('=?')) {
    return `${name}: ${text}\r\n`;
  }
  refuseForbidden(text, field);
  if (text === '') return `${name}:\r\n`;
  return foldWords(name, unstructuredWords(text, firstRoom(name)));
}

/** A field that may be meant for a machine: a long word of ASCII stays as it is while a line can hold it. */
export function extensionField(name: string, text: string, field: string): string {
  if (text.length + name.length + 2 <= SOFT_LINE && PLAIN_TEXT.test(text) && !text.includes('=?')) {
    return `${name}: ${text}\r\n`;
  }
  refuseForbidden(text, field);
  if (text === '') return `${name}:\r\n`;
  return foldWords(name, unstructuredWords(text, firstRoom(name), HARD_LINE - (name.length + 2)));
}

/** A field of words that are written as they are: message identifiers, URLs. */
export function wordsField(name: string, words: readonly string[], field: string): string {
  for (const word of words) {
    if (word.length + name.length + 2 > HARD_LINE) {
      throw new MessageError('BAD_INPUT', field, `holds a word of ${word.length} characters, which fits no line`);
    }
  }
  return foldWords(name, words);
}

/** What was last written in each field: one author's name is not encoded for each message of a series. */
const lastWritten = new Map<string, { readonly list: readonly (Address | Group)[]; readonly text: string }>();
/** Lists above this length differ from message to message, and would only be held in memory. */
const MAX_LAST_WRITTEN = 4;

/** An address field (RFC 5322 section 3.6.3), folded between addresses and between the words of a name. */
export function addressField(name: string, list: readonly (Address | Group)[]): string {
  const [only] = list;
  if (list.length === 1 && only !== undefined && !isGroup(only)) {
    const length = name.length + 2 + only.address.length;
    if (only.name === '' && length <= SOFT_LINE) return `${name}: ${only.address}\r\n`;
  }
  const last = lastWritten.get(name);
  if (last?.list === list) return last.text;
  const field = new FoldedField(name);
  for (let index = 0; index < list.length; index += 1) {
    const entry = list[index] as Address | Group;
    const mark = index < list.length - 1 ? ',' : '';
    if (entry.name === '' && !isGroup(entry)) field.add(entry.address, mark);
    else {
      const words: string[] = [];
      addEntry(words, entry, mark, index === 0 ? firstRoom(name) : MAX_ENCODED_WORD);
      for (const word of words) field.add(word, '');
    }
  }
  const text = field.end();
  if (list.length <= MAX_LAST_WRITTEN) lastWritten.set(name, { list, text });
  return text;
}

function addEntry(words: string[], entry: Address | Group, end: string, room: number): void {
  if (!isGroup(entry)) {
    if (entry.name === '') words.push(`${entry.address}${end}`);
    else {
      for (const word of phrase(entry.name, room)) words.push(word);
      words.push(`<${entry.address}>${end}`);
    }
    return;
  }
  const label = phrase(entry.name, room);
  const last = label.pop() ?? '';
  for (const word of label) words.push(word);
  // After an encoded word nothing but white space may follow (RFC 2047 section 5 (3)).
  const closed = entry.group.length === 0;
  if (last.startsWith('=?')) words.push(last, closed ? `:;${end}` : ':');
  else words.push(closed ? `${last}:;${end}` : `${last}:`);
  entry.group.forEach((member, index) => {
    addEntry(words, member, index < entry.group.length - 1 ? ',' : `;${end}`, MAX_ENCODED_WORD);
  });
}
