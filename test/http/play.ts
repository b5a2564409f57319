/** Plays bytes to the parser, cut in any way, and says what came of it as one value to compare. */
import type { HttpVersion } from '../../src/http/body-framing.ts';
import type { ResponseError } from '../../src/http/errors.ts';
import type { ResponseHead } from '../../src/http/response-head.ts';
import { type ParserOptions, ResponseParser } from '../../src/http/response-parser.ts';

export interface Played {
  readonly head: ResponseHead | undefined;
  readonly framing: string | undefined;
  readonly body: Buffer;
  readonly interim: readonly ResponseHead[];
  readonly trailers: readonly (readonly [string, string])[] | undefined;
  readonly error: ResponseError | undefined;
  readonly quirks: readonly string[];
  /** Whether the result was there before the end of the connection. */
  readonly early: boolean;
}

export function play(pieces: Iterable<Uint8Array>, options: Partial<ParserOptions> = {}): Played {
  const parser = new ResponseParser({ method: 'GET', version: '1.0' as HttpVersion, ...options });
  const events = [];
  for (const piece of pieces) {
    events.push(...parser.push(piece));
    if (parser.state === 'done' || parser.state === 'failed') break;
  }
  const early = parser.state === 'done';
  events.push(...parser.finish());
  let played: Played = {
    head: undefined,
    framing: undefined,
    body: Buffer.alloc(0),
    interim: [],
    trailers: undefined,
    error: undefined,
    quirks: [...parser.quirks].filter((quirk) => quirk !== 'excess-bytes').sort(),
    early,
  };
  const body: Uint8Array[] = [];
  for (const event of events) {
    if (event.kind === 'interim') played = { ...played, interim: [...played.interim, event.head] };
    else if (event.kind === 'head') played = { ...played, head: event.head, framing: event.framing.kind };
    else if (event.kind === 'body') body.push(event.bytes);
    else if (event.kind === 'end') played = { ...played, trailers: [...event.trailers] };
    else played = { ...played, error: event.error };
  }
  return { ...played, body: Buffer.concat(body) };
}

export const whole = (bytes: Uint8Array): Uint8Array[] => [bytes];

export function* byteByByte(bytes: Uint8Array): Iterable<Uint8Array> {
  // one buffer over and over, as a socket may do: the parser must not keep views of what it was handed
  const one = Buffer.alloc(1);
  for (const byte of bytes) {
    one[0] = byte;
    yield Buffer.from(one);
  }
}

/** Cut before and after every CR and LF. */
export function* atLineEnds(bytes: Uint8Array): Iterable<Uint8Array> {
  let start = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    if (bytes[i] !== 0x0d && bytes[i] !== 0x0a) continue;
    if (i > start) yield bytes.subarray(start, i);
    yield bytes.subarray(i, i + 1);
    start = i + 1;
  }
  if (start < bytes.length) yield bytes.subarray(start);
}

export const CHUNKINGS = { whole, 'byte by byte': byteByByte, 'at every CR and LF': atLineEnds };
