/**
 * Those who wait for a signal, with one listener on the signal however many they are: thousands of messages or pages may
 * share one, a listener on a signal is dear, and Node takes more than ten for a leak.
 */

interface Waiting {
  readonly calls: Set<() => void>;
  readonly onAbort: () => void;
}

const waiting = new WeakMap<AbortSignal, Waiting>();

/** Calls once, when the signal aborts; never where there is none, or for one that has aborted before. */
export function addAbortListener(signal: AbortSignal | undefined, call: () => void): void {
  if (signal === undefined || signal.aborted) return;
  const known = waiting.get(signal);
  if (known !== undefined) {
    known.calls.add(call);
    return;
  }
  const calls = new Set([call]);
  const onAbort = (): void => {
    // one that another has taken away meanwhile is not called, as with listeners of their own
    for (const each of [...calls]) if (calls.delete(each)) each();
    waiting.delete(signal);
  };
  waiting.set(signal, { calls, onAbort });
  signal.addEventListener('abort', onAbort, { once: true });
}

/** The signal is left as it was when nobody waits for it any more. */
export function removeAbortListener(signal: AbortSignal | undefined, call: () => void): void {
  if (signal === undefined) return;
  const known = waiting.get(signal);
  if (known === undefined) return;
  known.calls.delete(call);
  if (known.calls.size > 0) return;
  waiting.delete(signal);
  signal.removeEventListener('abort', known.onAbort);
}
