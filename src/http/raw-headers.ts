/** The fields of a head or of trailers as they were sent: order, case and repeats kept. */
export type HeaderPair = readonly [name: string, value: string];

export class RawHeaders implements Iterable<HeaderPair> {
  readonly #pairs: readonly HeaderPair[];

  constructor(pairs: readonly HeaderPair[]) {
    this.#pairs = pairs;
  }

  /** How many fields there are, each repeat counted. */
  get length(): number {
    return this.#pairs.length;
  }

  /**
   * The value of a field, whatever the case of its name; the values of one that repeats are joined with `', '`
   * (RFC 9110 section 5.3), which suits every field but Set-Cookie: take {@link getAll} for that one.
   */
  get(name: string): string | undefined {
    const values = this.getAll(name);
    return values.length === 0 ? undefined : values.join(', ');
  }

  /** Each value of a field, in order. */
  getAll(name: string): string[] {
    const wanted = name.toLowerCase();
    const values: string[] = [];
    for (const [own, value] of this.#pairs) {
      if (own.length === wanted.length && own.toLowerCase() === wanted) values.push(value);
    }
    return values;
  }

  has(name: string): boolean {
    const wanted = name.toLowerCase();
    return this.#pairs.some(([own]) => own.toLowerCase() === wanted);
  }

  [Symbol.iterator](): Iterator<HeaderPair> {
    return this.#pairs[Symbol.iterator]();
  }

  toJSON(): readonly HeaderPair[] {
    return this.#pairs;
  }
}

export const NO_HEADERS = new RawHeaders([]);
