/**
 * Bytes that came in pieces, kept as they came. Big pieces are kept as they are; small ones are copied together, for a
 * server that sends them one by one would otherwise have each cost a hundred times its size.
 */

/** A piece smaller than this is copied, where there are many: what it costs to keep a view is about as much. */
const SMALL = 512;
/** So many pieces of any size may be kept as they are. */
const FEW = 16;
const BLOCK = 16 * 1024;

export const NO_BYTES: Uint8Array = new Uint8Array(0);

export class Gathered {
  #pieces: Uint8Array[] = [];
  /** Where small pieces go; those that are in it already are a piece of the list when it is full, or a big one comes. */
  #block: Buffer | undefined;
  #start = 0;
  #end = 0;

  add(piece: Uint8Array): void {
    if (piece.length >= SMALL || this.#pieces.length < FEW) {
      this.#seal();
      this.#pieces.push(piece);
      return;
    }
    if (this.#block === undefined || this.#block.length - this.#end < piece.length) {
      this.#seal();
      this.#block = Buffer.allocUnsafeSlow(BLOCK);
      this.#start = this.#end = 0;
    }
    this.#block.set(piece, this.#end);
    this.#end += piece.length;
  }

  /** All of it; not a copy where one piece is all. */
  bytes(): Uint8Array {
    this.#seal();
    const [only, another] = this.#pieces;
    if (only === undefined) return NO_BYTES;
    return another === undefined ? only : Buffer.concat(this.#pieces);
  }

  clear(): void {
    this.#pieces = [];
    this.#block = undefined;
    this.#start = this.#end = 0;
  }

  #seal(): void {
    if (this.#block === undefined || this.#end === this.#start) return;
    this.#pieces.push(this.#block.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }
}
