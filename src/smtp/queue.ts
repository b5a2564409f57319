/** A queue that costs what it holds: first in, first out, and nothing that left is kept. */
export class Queue<T extends object> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  get isEmpty(): boolean {
    return this.#head === this.#items.length;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** In front of those that came after it, and behind those that came before. */
  putBack(item: T, cameBefore: (other: T) => boolean): void {
    let at = this.#head;
    for (let other = this.#items[at]; other !== undefined && cameBefore(other); other = this.#items[at]) at += 1;
    this.#items.splice(at, 0, item);
  }

  next(): T | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    // what left shall not be held by its old place
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    } else if (this.#head > 1024) {
      // the front is let go in slices
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  remove(item: T): void {
    const at = this.#items.indexOf(item, this.#head);
    if (at !== -1) this.#items.splice(at, 1);
  }

  takeAll(): readonly T[] {
    const all = this.#items.slice(this.#head).filter((item) => item !== undefined);
    this.#items = [];
    this.#head = 0;
    return all;
  }
}
