/** Finds the code that stands somewhere in a line: of a log, a bounce, a delivery report, or an error somebody quotes. */

import { explainEnhanced } from './enhanced.ts';
import type { Explanation } from './entry.ts';
import { explainLine } from './line.ts';

/** A reply code with the enhanced one behind it: `said: 550 5.1.1 No such user`, `550-5.7.26`, `(550, '5.1.1 ...')`. */
const BOTH = /(?:^|[^\d.])([245]\d\d)(?:[ -]|, b?['"]|_)#?(\1)?[ -]?([245]\.\d{1,3}\.\d{1,3})(?![\d.])/;
/** A reply code where a report or a log says that one follows. */
const ANNOUNCED =
  /(?:\bsmtp; ?|\bsaid:[ _]|(?:\b(?:reply|replied|response|responded|code|error)|responseCode)\b:? (?:with |was )?)([245]\d\d)(?![\d.])/i;
/** An enhanced code that stands apart: first, in brackets, or behind a word that announces it; else it may be a version. */
const ALONE = /(?:^\s*|[(#]|\b(?:status|dsn)[:=] ?)([245]\.\d{1,3}\.\d{1,3})(?![\d.])/i;

export function explainEmbedded(line: string): Explanation | undefined {
  const both = BOTH.exec(line);
  if (both !== null && both[1]?.charAt(0) === both[3]?.charAt(0))
    return explainLine(`${both[1]} ${both[3]}`, 'command');
  const alone = ALONE.exec(line)?.[1];
  const announced = ANNOUNCED.exec(line)?.[1];
  if (announced === undefined) return alone === undefined ? undefined : explainEnhanced(alone);
  return explainLine(alone?.charAt(0) === announced.charAt(0) ? `${announced} ${alone}` : announced, 'command');
}
