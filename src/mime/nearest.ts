import { MessageError } from '../errors.ts';

/** What to say instead of a field that there isn't. */
export type Advice = Readonly<Record<string, string>>;

/** Throws UNKNOWN_FIELD, with the known name it looks most like: a typo must not lose an attachment in silence. */
export function refuseUnknown(name: string, known: Iterable<string>, path: string, advice: Advice = {}): never {
  if (Object.hasOwn(advice, name)) {
    throw new MessageError('UNKNOWN_FIELD', path, `there is no such field; ${advice[name]}`);
  }
  let best = '';
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  const hint =
    bestDistance <= Math.max(3, Math.ceil(best.length / 2)) ? `; the nearest is "${best}"` : `, like "${best}"`;
  throw new MessageError('UNKNOWN_FIELD', path, `there is no such field${hint}`);
}

/** Throws UNKNOWN_FIELD where any name is allowed, but this one can only be a slip of the pen. */
export function refuseMisspelt(name: string, known: readonly string[], path: string): void {
  const lower = name.toLowerCase();
  const isKnown = known.some((candidate) => candidate === lower);
  if (!isKnown && known.some((candidate) => editDistance(lower, candidate) <= 2)) refuseUnknown(name, known, path);
}

/** Levenshtein's distance; names longer than a field name could be are cut. */
function editDistance(a: string, b: string): number {
  const left = a.slice(0, 40);
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] as number) + (left[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
