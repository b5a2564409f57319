/**
 * The addresses of one mail exchanger: where one takes the connection and then can't serve, the others are tried before
 * the next host is (RFC 5321 section 5.1). Those that don't take it are the business of who connects.
 */
import type { Resolve } from '../transport/index.ts';

export class Addresses {
  readonly #resolve: Resolve;
  readonly #reached = new Set<string>();
  #asked = 0;
  #others = 0;

  constructor(resolve: Resolve) {
    this.#resolve = resolve;
  }

  /** Those that have not been reached yet. */
  readonly resolve: Resolve = async (host) => {
    this.#asked = 0;
    this.#others = 0;
    const left = (await this.#resolve(host)).filter(({ address }) => !this.#reached.has(address));
    this.#asked = left.length;
    return left;
  };

  /** One of them took the connection. */
  reached(address: string | undefined): void {
    if (address === undefined) return;
    this.#reached.add(address);
    this.#others = this.#asked - 1;
  }

  /** Whether one was reached, and there are others beside it. */
  get hasOthers(): boolean {
    return this.#others > 0;
  }
}
