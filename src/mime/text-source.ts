import { Base64Encoder } from './base64.ts';
import { quotedPrintable } from './quoted-printable.ts';
import type { Deferred } from './segment.ts';
import type { Source } from './source.ts';

const LF = 0x0a;
const CR = 0x0d;

/** A block without a line end is cut here, so that a file of one line needs no more memory than another. */
const MAX_LINE = 64 * 1024;
/** The sign of a soft line break takes the 76th character. */
const MAX_OPEN_LINE = 75;
const SOFT_LINE_BREAK = Buffer.from('=\r\n', 'latin1');

type Octets = AsyncIterable<Uint8Array>;

/** A text that must be read, in base64. Its lines end in CRLF before it is encoded (RFC 2045 section 6.8). */
export function base64TextSource(source: Source): Deferred {
  return deferred(source, async function* () {
    const encoder = new Base64Encoder();
    for await (const chunk of canonical(source.read())) yield* encoder.push(chunk);
    const last = encoder.end();
    if (last.length > 0) yield last;
  });
}

/** A text that must be read, in quoted-printable, its lines ended by CRLF. */
export function quotedPrintableTextSource(source: Source): Deferred {
  return deferred(source, () => encoded(canonical(source.read())));
}

/** A file that must be read, in quoted-printable: every octet comes back as it was, a lone LF too. */
export function quotedPrintableSource(source: Source): Deferred {
  return deferred(source, () => encoded(source.read()));
}

function deferred(source: Source, stream: () => Octets): Deferred {
  const { replayable, release, isSpent } = source;
  return { size: undefined, replayable, blocks: undefined, stream, release, isSpent };
}

/** The same text with CRLF for every LF, wherever the chunks are cut. */
async function* canonical(chunks: Octets): AsyncGenerator<Uint8Array> {
  let afterCr = false;
  for await (const chunk of chunks) {
    const text = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
    // The CR of this line end is in the chunk before.
    const start = afterCr && text.startsWith('\n') ? 1 : 0;
    if (text !== '') afterCr = text.endsWith('\r');
    yield Buffer.from(text.slice(0, start) + text.slice(start).replace(/\r?\n/g, '\r\n'), 'latin1');
  }
}

async function* encoded(chunks: Octets): AsyncGenerator<Uint8Array> {
  let rest: Buffer = Buffer.alloc(0);
  /** Whether what follows goes on in the line that was cut. */
  let isOpen = false;
  for await (const chunk of chunks) {
    const octets = Buffer.concat([rest, chunk]);
    const end = cutOf(octets);
    if (end > 0) {
      if (isOpen) yield SOFT_LINE_BREAK;
      const lines = quotedPrintable(octets.subarray(0, end), 'octets');
      isOpen = octets[end - 1] !== LF || octets[end - 2] !== CR;
      yield isOpen ? withRoom(lines) : lines;
    }
    rest = octets.subarray(end);
  }
  if (rest.length === 0) return;
  if (isOpen) yield SOFT_LINE_BREAK;
  yield quotedPrintable(rest, 'octets');
}

/** Where what follows may begin a line of its own: behind a line end, or anywhere in a long line but between CR and LF. */
function cutOf(octets: Buffer): number {
  const lineEnd = octets.lastIndexOf('\r\n');
  if (lineEnd !== -1) return lineEnd + 2;
  if (octets.length < MAX_LINE) return 0;
  return octets.at(-1) === CR ? octets.length - 1 : octets.length;
}

/** A last line that a soft line break can follow. One that is full ends in white space, which became an escape. */
function withRoom(lines: Uint8Array): Uint8Array {
  if (lines.length - (lines.lastIndexOf(LF) + 1) <= MAX_OPEN_LINE) return lines;
  const last = lines.length - 3;
  return Buffer.concat([lines.subarray(0, last), SOFT_LINE_BREAK, lines.subarray(last)]);
}
