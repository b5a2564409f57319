/**
 * A dialogue as text that a person can write: `S: ` what the server says, `C: ` what the client must say, a line each,
 * CRLF understood. `C~ ` is a regular expression for a line, `S- ` says text with no line end, `-- close`, `-- reset`
 * and `-- tls` are what the server does; `#` begins a comment. `\xHH`, `\r`, `\n`, `\t` and `\\` are escapes.
 */
import { MessageError } from '../errors.ts';

export type TranscriptStep =
  | { readonly from: 'server'; readonly bytes: Uint8Array }
  | { readonly from: 'client'; readonly line: string }
  | { readonly from: 'client'; readonly pattern: RegExp }
  | { readonly from: 'server'; readonly action: 'close' | 'reset' | 'tls' };

export type Transcript = readonly TranscriptStep[];

const ACTIONS = ['close', 'reset', 'tls'] as const;

/** @throws MessageError BAD_FILE that names the line */
export function parseTranscript(text: string): Transcript {
  return text
    .split(/\r?\n/)
    .map((line, index) => ({ line: line.trimStart(), number: index + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'))
    .map(({ line, number }) => parseStep(line, number));
}

function parseStep(line: string, number: number): TranscriptStep {
  const mark = line.slice(0, 2);
  const text = line.slice(3);
  switch (mark) {
    case 'S:':
      return { from: 'server', bytes: Buffer.from(`${unescaped(text)}\r\n`, 'utf8') };
    case 'S-':
      return { from: 'server', bytes: Buffer.from(unescaped(text), 'utf8') };
    case 'C:':
      return { from: 'client', line: unescaped(text) };
    case 'C~':
      return { from: 'client', pattern: new RegExp(text, 'i') };
    case '--': {
      const action = ACTIONS.find((each) => each === text.trim());
      if (action !== undefined) return { from: 'server', action };
    }
  }
  throw new MessageError(
    'BAD_FILE',
    `transcript line ${number}`,
    `expected S:, S-, C:, C~ or -- ${ACTIONS.join('|')}, not '${line}'`,
  );
}

const ESCAPES: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', '\\': '\\' };

function unescaped(text: string): string {
  return text.replace(
    /\\(?:x([0-9a-fA-F]{2})|([rnt\\]))/g,
    (whole, hex: string | undefined, letter: string | undefined) =>
      hex === undefined ? (ESCAPES[letter ?? ''] ?? whole) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
