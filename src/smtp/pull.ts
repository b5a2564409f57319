/** Takes values from an iterable one at a time, without waiting: what is not there yet is asked for, and said when it is. */
export class Pull<T> {
  readonly #iterator: Iterator<T> | AsyncIterator<T>;
  readonly #onArrival: () => void;
  #arrived: IteratorResult<T> | undefined;
  #fault: { readonly error: unknown } | undefined;
  #asked = false;

  constructor(source: Iterable<T> | AsyncIterable<T>, onArrival: () => void) {
    this.#iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
    this.#onArrival = onArrival;
  }

  /** The next value; undefined where it has still to come. @throws what the source throws */
  next(): IteratorResult<T> | undefined {
    if (this.#fault !== undefined) throw this.#fault.error;
    const arrived = this.#arrived;
    if (arrived !== undefined) {
      this.#arrived = undefined;
      return arrived;
    }
    if (this.#asked) return undefined;
    const next = this.#iterator.next();
    // known by its method: in a sandbox, as test runners make them, a promise may be of another realm
    if (!('then' in next)) return next;
    this.#asked = true;
    next.then(
      (result) => {
        this.#asked = false;
        this.#arrived = result;
        this.#onArrival();
      },
      (error: unknown) => {
        this.#fault = { error };
        this.#onArrival();
      },
    );
    return undefined;
  }

  /** No more is wanted: the source may clean up. */
  end(): void {
    // where a value is still awaited, the source hears of it when it has come
    void Promise.resolve(this.#iterator.return?.()).catch(() => {});
  }
}
