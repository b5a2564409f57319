import { encodedWords, MAX_ENCODED_WORD } from './encoded-word.ts';

/**
 * A text in a header is a row of words with one space between each two; a line may be folded at every such space, and
 * nowhere else. A longer run of white space stays inside a word, so that no unfolding can change it. Two kinds of text:
 * unstructured (a subject) and a phrase (a name), which differ in what may stand as it is.
 */

/** The spaces at which a text falls into words. */
const LONE_SPACE = /(?<=[^\t ]) (?=[^\t ])/;
/** A tab, a space at either end, or two in a row. */
const ODD_SPACE = /\t| {2}|^ | $/;
const ATOM = /^[\w!#$%&'*+\-/=?^`{|}~]+$/;
const ATOMS = /^[\w!#$%&'*+\-/=?^`{|}~]+(?: [\w!#$%&'*+\-/=?^`{|}~]+)*$/;
const PRINTABLE = /^[ -~]*$/;
const VISIBLE = /^[!-~](?:[\t -~]*[!-~])?$/;

/** A name longer than this goes out word by word, for a quoted string must not be folded. */
const MAX_QUOTED = 60;
/** Encoded words stand on lines of at most 76 characters (RFC 2047 section 2), a space before them. */
const MAX_WORD_ON_LINE = 77;

/**
 * The words of a display name (RFC 5322 section 3.2.5): atoms, quoted strings, or encoded words, the first of them at
 * most `first` characters long. What is ASCII is never encoded where a line can hold it.
 */
export function phrase(name: string, first: number = MAX_ENCODED_WORD): string[] {
  if (!name.includes('=?')) {
    if (name.length <= MAX_QUOTED && ATOMS.test(name)) return [name];
    if (name.length <= MAX_QUOTED && PRINTABLE.test(name)) return [quoted(name)];
  }
  const plain = (word: string, index: number): string | undefined => {
    // What looks like an encoded word would be read as one.
    if (!VISIBLE.test(word) || word.includes('=?')) return undefined;
    const written = ATOM.test(word) ? word : quoted(word);
    return written.length <= (index === 0 ? first : MAX_ENCODED_WORD) ? written : undefined;
  };
  return words(name, plain, first);
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/**
 * The words of unstructured text (RFC 5322 section 3.2.5). `first` is how long the first word may be. Words that fit no
 * line are encoded too, unless `keepLong` says that they are meant for a machine (a URL, a token), up to that length.
 */
export function unstructuredWords(text: string, first: number, keepLong = 0): string[] {
  const longest = Math.max(MAX_WORD_ON_LINE, keepLong);
  const plain = (word: string, index: number): string | undefined => {
    const room = index === 0 ? Math.max(first, keepLong) : longest;
    return word.length <= room && VISIBLE.test(word) && !word.includes('=?') ? word : undefined;
  };
  return words(text, plain, Math.min(first, MAX_ENCODED_WORD));
}

/** `plain` says how a word is written as it is, if it can be. */
function words(text: string, plain: (word: string, index: number) => string | undefined, first: number): string[] {
  const found: string[] = [];
  let encode = '';
  let index = 0;
  // Looking around every character costs more than all the rest, and hardly a text has two spaces in a row.
  for (const word of ODD_SPACE.test(text) ? text.split(LONE_SPACE) : text.split(' ')) {
    const written = plain(word, index++);
    if (written !== undefined) {
      if (encode !== '') addEncoded(found, encode, first);
      encode = '';
      found.push(written);
    } else {
      // White space between two encoded words is dropped by the reader: it goes into the words.
      encode = encode === '' ? word : `${encode} ${word}`;
    }
  }
  if (encode !== '') addEncoded(found, encode, first);
  return found;
}

/** One by one: a call does not take as many arguments as a long text has words. */
function addEncoded(found: string[], text: string, first: number): void {
  for (const word of encodedWords(text, found.length === 0 ? first : MAX_ENCODED_WORD)) found.push(word);
}
