interface Readable {
  read(): AsyncIterable<Uint8Array>;
  readonly release?: (() => void) | undefined;
}

/** A stream gives its content once, and two parts need it: the first to ask for it keeps it for the other. */
export class SharedStream implements AsyncIterable<Uint8Array> {
  readonly #source: Readable;
  #kept: Promise<Uint8Array[]> | undefined;

  constructor(source: Readable) {
    this.#source = source;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    this.#kept ??= collect(this.#source);
    yield* await this.#kept;
  }

  release(): void {
    this.#source.release?.();
  }
}

async function collect(source: Readable): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source.read()) chunks.push(chunk);
  return chunks;
}
