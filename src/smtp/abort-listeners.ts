/**
 * Those who wait for a signal, with one listener on the signal however many they are: thousands of messages may share
 * one, and Node takes more than ten listeners for a leak.
 */
export class AbortListeners {
  readonly #waiting = new Map<AbortSignal, { readonly calls: Set<() => void>; readonly onAbort: () => void }>();

  add(signal: AbortSignal, call: () => void): void {
    const known = this.#waiting.get(signal);
    if (known !== undefined) {
      known.calls.add(call);
      return;
    }
    const calls = new Set([call]);
    const onAbort = (): void => {
      this.#waiting.delete(signal);
      for (const each of calls) each();
    };
    this.#waiting.set(signal, { calls, onAbort });
    signal.addEventListener('abort', onAbort, { once: true });
  }

  remove(signal: AbortSignal, call: () => void): void {
    const known = this.#waiting.get(signal);
    if (known === undefined) return;
    known.calls.delete(call);
    if (known.calls.size > 0) return;
    this.#waiting.delete(signal);
    signal.removeEventListener('abort', known.onAbort);
  }
}
