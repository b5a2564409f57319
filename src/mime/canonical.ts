import { createHash, type Hash } from 'node:crypto';

/** The canonical forms of DKIM (RFC 6376 section 3.4): what a header and a body are before they are hashed. */
export type Canonicalization = 'relaxed' | 'simple';

/**
 * A header field, with its CRLF, in its canonical form; one octet a character, for what is signed are octets. White space
 * is the space and the tab (RFC 6376 section 2.8): trim() would take the octets of other characters too.
 */
export function canonicalField(field: string, form: Canonicalization): string {
  if (form === 'simple') return field;
  const colon = field.indexOf(':');
  const name = field.slice(0, colon).trimEnd().toLowerCase();
  const value = field
    .slice(colon + 1)
    .replace(/\r\n/g, '')
    .replace(/[ \t]+/g, ' ')
    .replace(/^ | $/g, '');
  return `${name}:${value}\r\n`;
}

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const CRLF = Buffer.from('\r\n', 'latin1');

/**
 * The hash of a body that comes in chunks. Line ends are held back until something follows them, for those at the end of
 * the body do not count (and `relaxed` drops white space before them).
 */
export class BodyHash {
  readonly #hash: Hash = createHash('sha256');
  readonly #relaxed: boolean;
  /** Line ends that are only part of the body if something follows. */
  #lineEnds = 0;
  #space = false;
  #empty = true;

  constructor(form: Canonicalization) {
    this.#relaxed = form === 'relaxed';
  }

  update(chunk: Uint8Array): void {
    const mayHoldSpace = this.#relaxed && (this.#space || chunk.includes(SPACE) || chunk.includes(TAB));
    if (mayHoldSpace) this.#updateRelaxed(chunk);
    else this.#updatePlain(chunk);
  }

  digest(): string {
    // A body ends in one line end; an empty one has one in `simple` and none in `relaxed` (sections 3.4.3, 3.4.4).
    if (!this.#empty || !this.#relaxed) this.#hash.update(CRLF);
    return this.#hash.digest('base64');
  }

  /** Nothing changes in a chunk without white space but the line ends at its end: most of a base64 body. */
  #updatePlain(chunk: Uint8Array): void {
    let end = chunk.length;
    while (end > 0 && (chunk[end - 1] === LF || chunk[end - 1] === CR)) end -= 1;
    let start = 0;
    if (end > 0) {
      // The line ends before the first octet of text are the body's own.
      while (chunk[start] === LF || chunk[start] === CR) this.#lineEnd(chunk[start++] as number);
      this.#flush();
      this.#hash.update(chunk.subarray(start, end));
    }
    for (let index = end; index < chunk.length; index++) this.#lineEnd(chunk[index] as number);
  }

  #updateRelaxed(chunk: Uint8Array): void {
    const out = Buffer.allocUnsafe(chunk.length * 2 + 2);
    let at = 0;
    for (let index = 0; index < chunk.length; index++) {
      const octet = chunk[index] as number;
      if (octet === SPACE || octet === TAB) {
        this.#space = true;
      } else if (octet === CR || octet === LF) {
        this.#space = false;
        this.#lineEnd(octet);
      } else {
        if (this.#lineEnds > 0) {
          this.#hash.update(out.subarray(0, at));
          at = 0;
          this.#flush();
        }
        if (this.#space) out[at++] = SPACE;
        this.#space = false;
        this.#empty = false;
        out[at++] = octet;
      }
    }
    this.#hash.update(out.subarray(0, at));
  }

  #lineEnd(octet: number): void {
    if (octet === LF) this.#lineEnds += 1;
  }

  #flush(): void {
    this.#empty = false;
    for (; this.#lineEnds > 0; this.#lineEnds--) this.#hash.update(CRLF);
  }
}
