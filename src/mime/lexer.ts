import { type ErrorCode, MessageError } from '../errors.ts';
import { refuseForbidden } from './forbidden.ts';

/**
 * The lexical tokens of RFC 5322 section 3.2, with RFC 6532's UTF-8: comments, atoms and quoted strings, read in one
 * pass. Every character is looked at once, and nothing recurses, so the time is linear whatever the text is.
 */

/** Comments may nest (RFC 5322 section 3.2.2); nobody nests deeper than this by intent. */
export const MAX_COMMENT_DEPTH = 32;

const ATEXT = new Uint8Array(128);
for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~") {
  ATEXT[char.charCodeAt(0)] = 1;
}

const TAB = 0x09;
const SPACE = 0x20;
const QUOTE = 0x22;
const DOT = 0x2e;
const LEFT_PARENTHESIS = 0x28;
const RIGHT_PARENTHESIS = 0x29;
const BACKSLASH = 0x5c;
const DELETE = 0x7f;

/** May this character stand in an atom? Everything above ASCII may (RFC 6532 section 3.2). */
export function isAtext(code: number): boolean {
  return code > DELETE || ATEXT[code] === 1;
}

/** A text under the reader's eye, and where the reader is. */
export class Lexer {
  readonly text: string;
  readonly field: string;
  position = 0;

  constructor(text: string, field: string) {
    refuseForbidden(text, field);
    this.text = text;
    this.field = field;
  }

  /** The character at hand, or NaN at the end. */
  get code(): number {
    return this.text.charCodeAt(this.position);
  }

  get atEnd(): boolean {
    return this.position >= this.text.length;
  }

  fail(problem: string, code: ErrorCode = 'BAD_ADDRESS'): never {
    throw new MessageError(code, this.field, `${problem} (at character ${this.position + 1} of ${excerpt(this.text)})`);
  }

  /** Steps over one character if it is the one expected. */
  take(char: string): boolean {
    if (this.text[this.position] !== char) return false;
    this.position += 1;
    return true;
  }

  /** Skips white space and comments (CFWS); returns the text of the last comment, if there was one. */
  skipCfws(): string | undefined {
    let start = -1;
    let end = -1;
    for (;;) {
      const code = this.code;
      if (code === SPACE || code === TAB) {
        this.position += 1;
      } else if (code === LEFT_PARENTHESIS) {
        start = this.position + 1;
        this.#skipComment();
        end = this.position - 1;
      } else {
        // Only the last one is looked at: a text may hold a million of them.
        return start === -1 ? undefined : unescaped(this.text.slice(start, end)).trim();
      }
    }
  }

  #skipComment(): void {
    const { text } = this;
    let depth = 0;
    for (let at = this.position; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === LEFT_PARENTHESIS) {
        depth += 1;
        if (depth > MAX_COMMENT_DEPTH) this.fail(`comments nest deeper than ${MAX_COMMENT_DEPTH}`);
      } else if (code === RIGHT_PARENTHESIS) {
        depth -= 1;
        if (depth > 0) continue;
        this.position = at + 1;
        return;
      } else if (code === BACKSLASH) {
        at += 1;
      }
    }
    this.fail('a comment is not closed');
  }

  /** Reads a quoted string that starts here and returns what it says, unescaped (RFC 5322 section 3.2.4). */
  quotedString(): string {
    const { text } = this;
    const start = this.position + 1;
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.position = at + 1;
        return unescaped(text.slice(start, at));
      }
      if (code === BACKSLASH) at += 1;
    }
    this.fail('a quoted string is not closed');
  }

  /** Reads a run of atom characters and dots; empty if there is none here. */
  dottedAtom(): string {
    const { text, position } = this;
    let at = position;
    for (let code = text.charCodeAt(at); code === DOT || isAtext(code); code = text.charCodeAt(at)) at += 1;
    this.position = at;
    return at === position ? '' : text.slice(position, at);
  }
}

function unescaped(text: string): string {
  return text.includes('\\') ? text.replace(/\\(.)/gs, '$1') : text;
}

/** A text as an error shows it: quoted, escaped, and not too long. */
export function excerpt(text: unknown): string {
  if (typeof text !== 'string') return text === null ? 'null' : `a value of type ${typeof text}`;
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}
