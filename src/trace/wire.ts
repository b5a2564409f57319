/**
 * A trace saved as a transcript that can be played again: the text that {@link parseTranscript} reads. What was secret
 * stands as a pattern that any secret of its kind matches. Comments tell the times, and what a secret or TLS was, for
 * whoever reads or draws the dialogue. Each connection is written whole when it closes.
 */
import { isUtf8 } from 'node:buffer';
import { tlsSummary } from './arrows.ts';
import type { ReceivedEvent, SentEvent, Trace, TraceEvent } from './event.ts';
import { safe, safeLine, secretLabel, stretches, UNSAFE_CHARACTERS } from './render.ts';
import type { Write } from './text.ts';
import { endings, isContent } from './turn.ts';
import { constantOfRequest, VaryingLines } from './varying.ts';

/** The lines of one connection, and what each side has begun and not yet ended. */
interface Recording {
  readonly lines: string[];
  readonly begun: { client: Uint8Array; server: Uint8Array };
  readonly varying: VaryingLines;
  /** The time that was written last. */
  time: string;
}

export function wire(write: Write): Trace {
  const recordings = new Map<number, Recording>();
  const isLast = endings();
  return (event) => {
    let recording = recordings.get(event.connection);
    if (recording === undefined) {
      recording = { lines: [], begun: { client: NOTHING, server: NOTHING }, varying: new VaryingLines(), time: '' };
      recordings.set(event.connection, recording);
    }
    record(recording, event);
    if (!isLast(event)) return;
    recordings.delete(event.connection);
    write(`${recording.lines.join('\n')}\n`);
  };
}

const NOTHING = new Uint8Array(0);

function record(recording: Recording, event: TraceEvent): void {
  const { lines } = recording;
  if (event.kind !== 'sent') flush(recording, 'client');
  if (event.kind !== 'received') flush(recording, 'server');
  if (event.kind === 'connecting')
    lines.push(`# ${event.protocol.toUpperCase()} dialogue with ${safeLine(event.target)}`);
  else stamp(recording, event);
  switch (event.kind) {
    case 'sent':
      return client(recording, event);
    case 'received':
      return server(recording, event);
    case 'connected':
      lines.push(`# connected to ${safeLine(event.remote)}`);
      return;
    case 'tls':
      lines.push(`# ${tlsSummary(event.facts)}`, '-- tls');
      return;
    case 'error':
      lines.push(...comment(`${event.error.code}: ${event.error.message}`));
      return;
    case 'closed':
      lines.push(event.by === 'peer' ? '-- close' : '# closed by the client');
  }
}

/** The time stands above what happened at it, and once for what happened at the same. */
function stamp(recording: Recording, { time }: TraceEvent): void {
  const text = `# ${time.toFixed(2)} ms`;
  // in the middle of a line there is no room for it
  if (text === recording.time || recording.begun.client.length + recording.begun.server.length > 0) return;
  recording.time = text;
  recording.lines.push(text);
}

function comment(text: string): string[] {
  return text.split('\n').map((line) => `# ${safe(line)}`);
}

function client(recording: Recording, event: SentEvent): void {
  if (event.secrets.length > 0) {
    flush(recording, 'client');
    recording.lines.push(...linesWithSecrets(event));
    return;
  }
  // a chunk of BDAT need not end in a line end: the next command is a line of its own all the same
  if (event.verb !== undefined) flush(recording, 'client');
  const lines = wholeLines(recording, 'client', event.bytes);
  if (event.verb === 'MAIL') recording.varying.begin();
  recording.lines.push(...lines.flatMap((line) => clientLine(line, constantOf(recording, event, line))));
}

function constantOf(recording: Recording, event: SentEvent, line: Buffer): string | undefined {
  if (event.protocol === 'http')
    return event.verb === undefined ? undefined : constantOfRequest(line.toString('latin1'));
  if (event.protocol === 'raw' || !isContent(event)) return undefined;
  return recording.varying.constant(line.toString('latin1'));
}

/** Of a line that is another each time, what it was this time stands above. */
function clientLine(line: Buffer, constant: string | undefined): string[] {
  if (constant === undefined) return [`C: ${escaped(line)}`];
  return [`# ${safeLine(line.toString('utf8'))}`, `C~ ^${literalPattern(constant)}.+$`];
}

/** A command is one line, a request is several; those with a secret become patterns, the others stay what they are. */
function linesWithSecrets(event: SentEvent): string[] {
  const lines: { line: string; pattern: string; shown: string; secret: boolean }[] = [];
  let line = { line: '', pattern: '', shown: '', secret: false };
  for (const { bytes, secret } of stretches(event.bytes, event.secrets)) {
    if (secret) {
      line.pattern += '.+';
      line.shown += secretLabel(bytes.length);
      line.secret = true;
      continue;
    }
    const [first = '', ...rest] = Buffer.from(bytes).toString('latin1').split('\r\n');
    for (const [index, piece] of [first, ...rest].entries()) {
      if (index > 0) {
        lines.push(line);
        line = { line: '', pattern: '', shown: '', secret: false };
      }
      line.line += piece;
      line.pattern += literalPattern(piece);
      line.shown += safe(piece);
    }
  }
  if (line.pattern !== '') lines.push(line);
  return lines.flatMap((each) => {
    if (each.secret) return [`# ${each.shown}`, `C~ ^${each.pattern}$`];
    return clientLine(
      Buffer.from(each.line, 'latin1'),
      event.protocol === 'http' ? constantOfRequest(each.line) : undefined,
    );
  });
}

function server(recording: Recording, event: ReceivedEvent): void {
  // A challenge that is secret is played as its mask: no server of a test has anything to prove.
  const lines = wholeLines(recording, 'server', event.bytes);
  recording.lines.push(...lines.map((line) => `S: ${escaped(line)}`));
}

/** Takes the lines that end in CRLF, and keeps the rest for the next piece. */
function wholeLines(recording: Recording, side: 'client' | 'server', bytes: Uint8Array): Buffer[] {
  const all = Buffer.concat([recording.begun[side], bytes]);
  const lines: Buffer[] = [];
  let start = 0;
  for (let at = all.indexOf('\r\n'); at >= 0; at = all.indexOf('\r\n', at + 2)) {
    lines.push(all.subarray(start, at));
    start = at + 2;
  }
  recording.begun[side] = all.subarray(start);
  return lines;
}

/** What a side said without ending its line. */
function flush(recording: Recording, side: 'client' | 'server'): void {
  const begun = recording.begun[side];
  if (begun.length === 0) return;
  recording.begun[side] = NOTHING;
  recording.lines.push(`${side === 'server' ? 'S-' : 'C-'} ${escaped(begun)}`);
}

const NAMED: Readonly<Record<string, string>> = { '\\': '\\\\', '\r': '\\r', '\n': '\\n', '\t': '\\t' };
const UNSAFE = new RegExp(`[\\\\\\n\\t${UNSAFE_CHARACTERS}]| $`, 'g');
const UNSAFE_BYTES = /[\\\0-\x1f\x7f-\xff]| $/g;

/** Text as it is; backslash, control characters, a space at the end, and bytes that are no UTF-8, as escapes. */
function escaped(bytes: Uint8Array): string {
  const encoding = isUtf8(bytes) ? 'utf8' : 'latin1';
  const text = Buffer.from(bytes).toString(encoding);
  return text.replace(
    encoding === 'utf8' ? UNSAFE : UNSAFE_BYTES,
    (character) => NAMED[character] ?? [...Buffer.from(character, encoding)].map(hexEscape).join(''),
  );
}

function hexEscape(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}

function literalPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
