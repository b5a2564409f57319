/** Messages a second at the most, over all connections: each message takes the next slot. */
import { timerMs } from '../transport/index.ts';

export class Rate {
  /** Milliseconds from one message to the next; 0 for none. */
  readonly #spacing: number;
  readonly #onSlot: () => void;
  #nextSlot = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `onSlot` is called when a message that had to wait may start. */
  constructor(spacing: number, onSlot: () => void) {
    this.#spacing = spacing;
    this.#onSlot = onSlot;
  }

  /** Takes the slot of now, where there is one. */
  mayStart(): boolean {
    if (this.#spacing === 0) return true;
    const now = performance.now();
    if (now < this.#nextSlot) {
      this.#timer ??= setTimeout(
        () => {
          this.#timer = undefined;
          this.#onSlot();
        },
        timerMs(this.#nextSlot - now),
      );
      return false;
    }
    this.#nextSlot = Math.max(now, this.#nextSlot) + this.#spacing;
    return true;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
