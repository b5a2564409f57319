/** The longest wait that a timer of Node knows, some 25 days; it takes a longer one, or none, for one millisecond. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/** Milliseconds as a timer takes them. */
export function timerMs(ms: number): number {
  return Math.min(ms, LONGEST_TIMER);
}
