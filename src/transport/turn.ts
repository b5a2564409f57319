/**
 * The end of a turn of the event loop, for work that goes faster together. What came over fifty sockets in one turn is
 * handed to its readers one after the other, each step of theirs for all of them before the next: so the code of that
 * step, and the system's, is still in the processor's cache. Nobody waits longer than until all that came has been read.
 */
import { setImmediate } from 'node:timers';

/** As it was when this was loaded: one that a test puts in its place may never call, and nobody would be served again. */
const afterReads = setImmediate;

let calls: (() => void)[] = [];

/** Calls once what has come in this turn has been read; what is called must not throw. */
export function atEndOfTurn(call: () => void): void {
  if (calls.push(call) === 1) afterReads(callAll);
}

function callAll(): void {
  const those = calls;
  calls = [];
  for (const call of those) call();
}
