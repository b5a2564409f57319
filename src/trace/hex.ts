/** Every byte as hexadecimal and as text, with offsets, time and round trip: for faults that text does not show. */
import type { Trace } from './event.ts';
import { foldLabel, secretLabel, stretches } from './render.ts';
import { factLines } from './swaks.ts';
import { contentLimit, noteOf, partOf, styleOf, type TextOptions, type Write } from './text.ts';
import { type Turn, turns } from './turn.ts';

const ROW = 16;

export function hex(write: Write, options: TextOptions = {}): Trace {
  const style = styleOf(options);
  const note = noteOf(options);
  return turns(contentLimit(options), {
    turn(turn) {
      write(`${style(partOf(turn), [heading(turn), ...rows(turn)].join('\n'))}\n${note(turn.event)}`);
    },
    fact(event) {
      const lines = factLines(event).map((line, index) =>
        index === 0 ? `${stamp(event)} === ${line}` : `    ${line}`,
      );
      write(`${style(event.kind === 'error' ? 'error' : 'fact', lines.join('\n'))}\n${note(event)}`);
    },
  });
}

function stamp({ time, connection }: { time: number; connection: number }): string {
  return `${time.toFixed(3)} ms #${connection}`;
}

function heading(turn: Turn): string {
  const { event } = turn;
  const what = event.kind === 'sent' ? (event.verb ?? event.phase) : (event.reply?.code ?? event.phase);
  const size = turn.bytes.length + turn.more;
  return `${stamp(event)} ${event.kind === 'sent' ? '-->' : '<--'} ${what}, ${size} bytes, round trip ${event.roundTrip}`;
}

function rows({ bytes, secrets, more }: Turn): string[] {
  const result: string[] = [];
  let offset = 0;
  for (const stretch of stretches(bytes, secrets)) {
    if (stretch.secret) result.push(`    ${offsetText(offset)}  ${secretLabel(stretch.bytes.length)}`);
    else {
      for (let start = 0; start < stretch.bytes.length; start += ROW) {
        result.push(row(offset + start, stretch.bytes.subarray(start, start + ROW)));
      }
    }
    offset += stretch.bytes.length;
  }
  if (more > 0) result.push(`    ${offsetText(offset)}  ${foldLabel(more)}`);
  return result;
}

function row(offset: number, bytes: Uint8Array): string {
  const pairs = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'));
  const left = pairs
    .slice(0, ROW / 2)
    .join(' ')
    .padEnd((ROW / 2) * 3 - 1);
  const right = pairs
    .slice(ROW / 2)
    .join(' ')
    .padEnd((ROW / 2) * 3 - 1);
  const text = Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
  return `    ${offsetText(offset)}  ${left}  ${right}  |${text}|`;
}

function offsetText(offset: number): string {
  return offset.toString(16).padStart(8, '0');
}
