/**
 * A dialogue as text that a person can write: `S: ` what the server says, `C: ` what the client must say, a line each,
 * CRLF understood. `C~ ` is a regular expression for a line, `S- ` and `C- ` are text with no line end, `-- close`,
 * `-- reset` and `-- tls` are what the server does; `#` begins a comment. `\xHH`, `\r`, `\n`, `\t` and `\\` are escapes.
 */
import { MessageError } from '../errors.ts';

export type TranscriptStep =
  | { readonly from: 'server'; readonly bytes: Uint8Array }
  | { readonly from: 'client'; readonly line: string }
  | { readonly from: 'client'; readonly pattern: RegExp }
  /** What is no line: the body of a request, or a chunk of BDAT. */
  | { readonly from: 'client'; readonly octets: Uint8Array }
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
      return { from: 'server', bytes: Buffer.concat([unescapedBytes(text), CRLF]) };
    case 'S-':
      return { from: 'server', bytes: unescapedBytes(text) };
    case 'C:':
      return { from: 'client', line: unescapedBytes(text).toString('utf8') };
    case 'C-':
      return { from: 'client', octets: unescapedBytes(text) };
    case 'C~':
      return { from: 'client', pattern: patternOf(text, number) };
    case '--': {
      const action = ACTIONS.find((each) => each === text.trim());
      if (action !== undefined) return { from: 'server', action };
    }
  }
  throw new MessageError(
    'BAD_FILE',
    `transcript line ${number}`,
    `expected S:, S-, C:, C-, C~ or -- ${ACTIONS.join('|')}, not '${line}'`,
  );
}

function patternOf(text: string, number: number): RegExp {
  try {
    return new RegExp(text, 'i');
  } catch (cause) {
    throw new MessageError('BAD_FILE', `transcript line ${number}`, (cause as Error).message, { cause });
  }
}

const CRLF = Buffer.from('\r\n');
const ESCAPES: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', '\\': '\\' };

/** Bytes, not characters: `\xff` is one byte, in a line that else is UTF-8. */
export function unescapedBytes(text: string): Buffer {
  const pieces = text.split(/(\\(?:x[0-9a-fA-F]{2}|[rnt\\]))/);
  return Buffer.concat(
    pieces.map((piece, index) => {
      if (index % 2 === 0) return Buffer.from(piece, 'utf8');
      if (piece.startsWith('\\x')) return Buffer.of(Number.parseInt(piece.slice(2), 16));
      return Buffer.from(ESCAPES[piece.slice(1)] ?? '', 'latin1');
    }),
  );
}
