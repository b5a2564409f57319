/**
 * A transcript to paste into an issue: per connection a heading, the facts, and the dialogue in a fenced block with
 * `C: ` and `S: ` as in the RFCs. Each connection is written whole when it closes, so that several never mix.
 */
import type { Trace, TraceEvent } from './event.ts';
import { safeLine } from './render.ts';
import { factLines } from './swaks.ts';
import { contentLimit, noteOf, type TextOptions, turnLines, type Write } from './text.ts';
import { endings, turns } from './turn.ts';

export function markdown(write: Write, options: TextOptions = {}): Trace {
  const open = new Map<number, string[]>();
  const isLast = endings();
  const note = noteOf({ explain: options.explain });

  function linesOf(connection: number): string[] {
    let lines = open.get(connection);
    if (lines === undefined) open.set(connection, (lines = []));
    return lines;
  }

  function noteLines(event: TraceEvent): string[] {
    return note(event)
      .split('\n')
      .filter((line) => line !== '');
  }

  return turns(contentLimit(options), {
    turn(turn) {
      // Every line has a mark before it, so none of them can end the fence.
      const mark = turn.event.kind === 'sent' ? 'C: ' : 'S: ';
      const lines = linesOf(turn.event.connection);
      lines.push(...turnLines(turn).map((line) => (mark + line).trimEnd()));
      lines.push(...noteLines(turn.event));
    },
    fact(event) {
      const lines = linesOf(event.connection);
      if (event.kind === 'connecting') {
        lines.push(`### ${event.protocol.toUpperCase()} dialogue with ${safeLine(event.target)}`, '', '```text');
      } else {
        lines.push(...factLines(event).map((line) => `-- ${line}`), ...noteLines(event));
      }
      if (!isLast(event)) return;
      open.delete(event.connection);
      write(`${lines[0]?.startsWith('###') ? '' : '```text\n'}${lines.join('\n')}\n\`\`\`\n\n`);
    },
  });
}
