/** What is said about an entry, in words. */
import { explanationLines } from '../text.ts';
import type { Entry } from './scene.ts';
import { timeText } from './shapes.ts';

/** Facts of the entry that no table knows. */
export function measured(entry: Entry): string[] {
  const facts: string[] = [];
  if (entry.waited !== undefined) facts.push(`The answer took ${timeText(entry.waited)}.`);
  if (entry.until > entry.time) facts.push(`It went by in ${timeText(entry.until - entry.time)}.`);
  if (entry.content) facts.push(`${entry.size.toLocaleString('en-US')} bytes.`);
  if (entry.batch !== undefined) facts.push('Said in one batch with its neighbours, without waiting between them.');
  return facts;
}

export function explanationText(entry: Entry): string[] {
  return [...(entry.explanation === undefined ? [] : explanationLines(entry.explanation)), ...measured(entry)];
}
