import type { Segment } from './segment.ts';

/** The header fields of a message, in order, repeats and all; names are compared without case. */
export class HeaderList implements Iterable<readonly [name: string, value: string]> {
  readonly #fields: readonly (readonly [string, string])[];

  constructor(fields: readonly (readonly [string, string])[]) {
    this.#fields = fields;
  }

  /** Reads the header of a message from its first segment; there is none where that must still be streamed. */
  static of(first: Segment | undefined): HeaderList {
    if (typeof first === 'string') return new HeaderList(readHeader(first));
    if (!(first instanceof Uint8Array)) return new HeaderList([]);
    const octets = Buffer.from(first.buffer, first.byteOffset, first.byteLength);
    return new HeaderList(readHeader(octets.toString('utf8', 0, headerEnd(octets))));
  }

  /** The first field of that name, its value unfolded and otherwise as it goes over the wire. */
  get(name: string): string | undefined {
    const wanted = name.toLowerCase();
    return this.#fields.find(([field]) => field.toLowerCase() === wanted)?.[1];
  }

  getAll(name: string): string[] {
    const wanted = name.toLowerCase();
    return this.#fields.filter(([field]) => field.toLowerCase() === wanted).map(([, value]) => value);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  [Symbol.iterator](): Iterator<readonly [name: string, value: string]> {
    return this.#fields[Symbol.iterator]();
  }
}

/** Where the header of a message ends: behind the line end of its last field. */
export function headerEnd(octets: Buffer): number {
  for (let at = 0; ; ) {
    const lineEnd = octets.indexOf(0x0a, at);
    if (lineEnd === -1) return octets.length;
    at = lineEnd + 1;
    if (octets[at] === 0x0a || (octets[at] === 0x0d && octets[at + 1] === 0x0a)) return at;
  }
}

/** The fields of a header block as it was received or made; a line that is no field ends it. */
export function readHeader(text: string): [string, string][] {
  const fields: [string, string][] = [];
  for (let at = 0; at < text.length; ) {
    let end = text.indexOf('\n', at);
    if (end === -1) end = text.length;
    const line = text.slice(at, text[end - 1] === '\r' ? end - 1 : end);
    at = end + 1;
    if (line === '') break;
    const last = fields.at(-1);
    if ((line[0] === ' ' || line[0] === '\t') && last !== undefined) {
      last[1] += line;
      continue;
    }
    const colon = line.indexOf(':');
    if (colon < 1) break;
    fields.push([line.slice(0, colon).trimEnd(), line.slice(colon + 1)]);
  }
  for (const field of fields) field[1] = field[1].trim();
  return fields;
}
