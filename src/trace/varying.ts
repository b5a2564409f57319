/**
 * Which lines of a client's are others each time the same is said: the date of a message, its Message-ID, the boundaries
 * of its parts, the name by which a server is called. A recording has them as patterns, or it could be played but once.
 */
const FIELDS = /^(?:Date|Message-ID|DKIM-Signature):/i;
const FOLDED = /^[ \t]/;
const BOUNDARY = /\bboundary=(?:"([^"]+)"|([^\s;"]+))/i;

/** Follows one message. */
export class VaryingLines {
  #inHead = true;
  #inField = false;
  #boundaries: string[] = [];

  begin(): void {
    this.#inHead = true;
    this.#inField = false;
    this.#boundaries = [];
  }

  /** What stays the same of a line of the message, and comes before what does not; undefined where all of it does. */
  constant(line: string): string | undefined {
    if (line === '') this.#inHead = false;
    const field = this.#inHead ? FIELDS.exec(line)?.[0] : undefined;
    this.#inField = this.#inHead && (field !== undefined || (this.#inField && FOLDED.test(line)));
    if (this.#inField) return line.length > (field?.length ?? 1) ? `${field ?? ''} ` : undefined;
    const declared = BOUNDARY.exec(line);
    if (declared !== null) {
      this.#boundaries.push(declared[1] ?? declared[2] ?? '');
      return line.slice(0, declared.index);
    }
    const ends =
      line.startsWith('--') && this.#boundaries.some((each) => line === `--${each}` || line === `--${each}--`);
    return ends ? '--' : undefined;
  }
}

/** The same of a line of a request. */
export function constantOfRequest(line: string): string | undefined {
  return /^Host: /i.exec(line)?.[0];
}
