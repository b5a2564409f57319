/** What the formats for people have in common: where the text goes, how much content is shown, and in which colours. */
import type { ReceivedEvent, TraceEvent } from './event.ts';
import { type Explanation, explainer } from './explain/index.ts';
import { foldLabel, safeLine, visibleText } from './render.ts';
import { CONTENT_SHOWN, type Turn } from './turn.ts';

/** Takes text that is ready to show; each call is one or more whole lines. */
export type Write = (text: string) => void;

/** What a stretch of output is, for a terminal to colour. */
export type Part = 'sent' | 'received' | 'refused' | 'fact' | 'error' | 'explanation';
export type Style = (part: Part, text: string) => string;

export interface TextOptions {
  /** `'folded'` shows the first 4,096 bytes of a message or body, `'whole'` all of it, kept in memory until its end. */
  readonly content?: 'folded' | 'whole' | undefined;
  readonly style?: Style | undefined;
  /** Says under each line of the dialogue what it means, what happens next, and where that is written. */
  readonly explain?: boolean | undefined;
}

export function contentLimit(options: TextOptions): number {
  return options.content === 'whole' ? Number.POSITIVE_INFINITY : CONTENT_SHOWN;
}

export function styleOf(options: TextOptions): Style {
  return options.style ?? ((_part, text) => text);
}

/** Whether a reply says no: 4yz and 5yz in SMTP, the same classes in HTTP. */
export function isRefusal(event: ReceivedEvent): boolean {
  if (event.reply !== undefined) return event.reply.code >= 400;
  return event.protocol === 'http' && /^HTTP\/\d\.\d [45]/.test(visibleText(event.bytes.subarray(0, 16)));
}

export function partOf(turn: Turn): Part {
  if (turn.event.kind === 'sent') return 'sent';
  return isRefusal(turn.event) ? 'refused' : 'received';
}

/** A turn's text for a screen; folded content ends with how much is left out, on a line of its own. */
export function turnText(turn: Turn): string {
  const text = visibleText(turn.bytes, turn.secrets);
  if (turn.more === 0) return text;
  return `${text}${text.endsWith('\n') || text === '' ? '' : '\n'}${foldLabel(turn.more)}`;
}

/** The lines of a turn, without the last one's line end. */
export function turnLines(turn: Turn): string[] {
  return turnText(turn).replace(/\n$/, '').split('\n');
}

/**
 * Says when a different connection speaks than the one before, so that the dialogues of several stay apart on one
 * screen; silent as long as there is only one.
 */
export function switchboard(): {
  opened(connection: number, target: string): void;
  switched(connection: number): string | undefined;
} {
  const targets = new Map<number, string>();
  let speaking: number | undefined;
  return {
    opened(connection, target) {
      targets.set(connection, safeLine(target));
    },
    switched(connection) {
      const changed = speaking !== undefined && speaking !== connection;
      speaking = connection;
      return changed ? (targets.get(connection) ?? '') : undefined;
    },
  };
}

/** What is written under an event: its explanation where that was asked for, else nothing. */
export function noteOf(options: TextOptions): (event: TraceEvent) => string {
  if (options.explain !== true) return () => '';
  const style = styleOf(options);
  const explain = explainer();
  return (event) => {
    const found = explain(event);
    if (found === undefined) return '';
    return `${style(
      'explanation',
      explanationLines(found)
        .map((line) => `      ${line}`)
        .join('\n'),
    )}\n`;
  };
}

/** An explanation as lines that are safe to show; each part on a line of its own below it. */
export function explanationLines(found: Explanation): string[] {
  const lines = [`${found.subject}: ${found.means} [${found.source}]`];
  if (found.next !== undefined) lines.push(`Next: ${found.next}`);
  for (const part of found.parts) lines.push(...explanationLines(part).map((line) => `  ${line}`));
  // what is decoded may hold anything
  return lines.map(safeLine);
}
