/** The form of everything that is explained, and of the tables it comes from. */

/** What a line, or a part of one, means. */
export interface Explanation {
  /** What is explained, as it stands in the line: `'MAIL'`, `'550'`, `'5.7.26'`, `'PIPELINING'`, `'Content-Length'`. */
  readonly subject: string;
  readonly means: string;
  /** What happens next: what the peer will do, or what may now be said. */
  readonly next: string | undefined;
  /** RFC and section, `'RFC 5321 section 4.1.1.2'`. */
  readonly source: string;
  /** The parts that mean something of their own: parameters, enhanced status code, EHLO keywords, headers. */
  readonly parts: readonly Explanation[];
}

/** An entry of a table: meaning, source, and what happens next. */
export type Entry = readonly [means: string, source: string, next?: string];

export function explanation(subject: string, entry: Entry, parts: readonly Explanation[] = []): Explanation {
  const [means, source, next] = entry;
  return { subject, means, next, source, parts };
}

/** The entry of a word in a table whose keys are upper-case. */
export function entryOf(table: Readonly<Record<string, Entry>>, word: string): Entry | undefined {
  const key = word.toUpperCase();
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
