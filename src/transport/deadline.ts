/** The moment by which what is being waited for must have come. */
import { timerMs } from './timer.ts';

export class Deadline {
  /** Gets the phase whose deadline has passed. Whoever waits says what is to be done then. */
  onPassed: (phase: string) => void = () => {};
  #phase: string | undefined;
  #passesAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = 0;
  #unref = false;

  /** The phase whose deadline runs. */
  get phase(): string | undefined {
    return this.#phase;
  }

  /** In `ms` from now; replaces the one before. */
  set(phase: string, ms: number): void {
    const at = performance.now() + ms;
    this.#phase = phase;
    this.#passesAt = at;
    // one timer serves many deadlines: it is set anew only for an earlier one, and finds the later ones when it fires
    if (this.#timer === undefined || at < this.#timerAt) this.#arm(at, ms);
  }

  clear(): void {
    this.#phase = undefined;
  }

  /** There will be no other: no timer is left. */
  stop(): void {
    this.#phase = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Whether it keeps the process from ending: the timer outlives the deadline it was set for. */
  keepAlive(how: 'ref' | 'unref'): void {
    this.#unref = how === 'unref';
    this.#timer?.[how]();
  }

  #arm(at: number, ms: number): void {
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(this.#tick, timerMs(Math.max(1, Math.ceil(ms))));
    if (this.#unref) this.#timer.unref();
  }

  readonly #tick = (): void => {
    this.#timer = undefined;
    const phase = this.#phase;
    if (phase === undefined) return;
    const left = this.#passesAt - performance.now();
    if (left > 0) this.#arm(this.#passesAt, left);
    else this.onPassed(phase);
  };
}
