/** A deadline and an AbortSignal for work that knows neither. */
import { addAbortListener, removeAbortListener } from './abort-listeners.ts';
import { aborted, late } from './faults.ts';
import { timerMs } from './timer.ts';

/** What can't be cancelled is at least not waited for. */
export async function within<T>(
  work: Promise<T>,
  phase: string,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const ended = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late(phase, ms)), timerMs(ms));
    onAbort = () => reject(aborted(signal, phase));
    addAbortListener(signal, onAbort);
    if (signal?.aborted) onAbort();
  });
  try {
    return await Promise.race([work, ended]);
  } finally {
    clearTimeout(timer);
    if (onAbort !== undefined) removeAbortListener(signal, onAbort);
  }
}
