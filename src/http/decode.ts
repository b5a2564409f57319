/** Content codings (RFC 9110 section 8.4) undone, with a limit on what they may grow to. */
import { constants } from 'node:buffer';
import { Readable, type Transform } from 'node:stream';
import zlib from 'node:zlib';
import { type ErrorFacts, PlainwireError } from '../errors.ts';
import { checkNumber } from './options.ts';
import type { RawHeaders } from './raw-headers.ts';

/** A content coding that is unknown, broken, or grows beyond its limits. */
export class DecodingError extends PlainwireError {
  override name = 'DecodingError';

  constructor(message: string, facts: ErrorFacts = {}) {
    super('BAD_ENCODING', message, { phase: 'decode', ...facts });
  }
}

export interface DecodeLimits {
  /** Bytes that may come out, 256 MiB by default: what a caller is ready to hold. */
  readonly size?: number;
  /** How many times its size a body may grow once it is past 1 MiB, 200 by default. */
  readonly ratio?: number;
}

const MIB = 1024 * 1024;
const DEFAULT_SIZE = 256 * MIB;
/** Honest text stays far below; a bomb of gzip in gzip is far above. */
const DEFAULT_RATIO = 200;
/** A short body may grow by more than its ratio: a page of blanks is no bomb. */
const FREE_SIZE = MIB;
/** Nobody codes a body more often; a list of a hundred is an attack. */
const MAX_CODINGS = 3;

type Coding = 'gzip' | 'deflate' | 'br' | 'zstd';

interface ZstdInZlib {
  readonly zstdDecompressSync?: (bytes: Uint8Array, options: { maxOutputLength: number }) => Buffer;
  readonly createZstdDecompress?: () => Transform;
}

// Node 22.15 and later
const zstd = zlib as ZstdInZlib;

/** The codings this Node can undo, for an Accept-Encoding. */
export const DECODABLE: readonly string[] = [
  'gzip',
  'deflate',
  'br',
  ...(zstd.zstdDecompressSync === undefined ? [] : ['zstd']),
];

/** The codings of a body, in the order to undo them. @throws DecodingError for one that is not known */
export function contentCodings(headers: RawHeaders): Coding[] {
  const listed = (headers.get('Content-Encoding') ?? '').split(',').map((each) => each.trim().toLowerCase());
  const codings = listed.filter((each) => each !== '' && each !== 'identity').map(known);
  if (codings.length > MAX_CODINGS) throw new DecodingError(`coded ${codings.length} times over`);
  return codings.reverse();
}

function known(name: string): Coding {
  if (name === 'gzip' || name === 'x-gzip') return 'gzip';
  if (name === 'deflate' || name === 'br') return name;
  if (name === 'zstd' && zstd.zstdDecompressSync !== undefined) return name;
  throw new DecodingError(`the content coding '${name}' is not one this Node can undo`);
}

/** Undoes the codings of a whole body. @throws DecodingError */
export function decodeBody(body: Uint8Array, codings: readonly Coding[], limits: DecodeLimits = {}): Uint8Array {
  checkLimits(limits);
  // an answer to HEAD names the coding of a body it does not have
  if (body.length === 0) return body;
  const most = mostOutput(body.length, limits);
  return codings.reduce((bytes, coding) => decodeOne(bytes, coding, most), body);
}

/** @throws MessageError for a limit that is no number */
function checkLimits({ size, ratio }: DecodeLimits): void {
  checkNumber('size', size, 'bytes from 0', Number(size) >= 0);
  checkNumber('ratio', ratio, 'a number from 0', Number(ratio) >= 0);
}

function mostOutput(input: number, { size = DEFAULT_SIZE, ratio = DEFAULT_RATIO }: DecodeLimits): number {
  return Math.min(size, Math.max(FREE_SIZE, Math.floor(input * ratio)));
}

function decodeOne(bytes: Uint8Array, coding: Coding, most: number): Uint8Array {
  let decoded: Buffer;
  try {
    // zlib takes no limit below 1, and none beyond what a Buffer can hold
    decoded = undo(bytes, coding, { maxOutputLength: Math.min(Math.max(1, Math.floor(most)), constants.MAX_LENGTH) });
  } catch (cause) {
    throw broken(coding, cause, most);
  }
  if (decoded.length > most) throw new DecodingError(`the ${coding} body grows beyond ${most} bytes`);
  return decoded;
}

function undo(bytes: Uint8Array, coding: Coding, options: { maxOutputLength: number }): Buffer {
  switch (coding) {
    case 'gzip':
      return zlib.gunzipSync(bytes, options);
    case 'deflate':
      return hasZlibHeader(bytes) ? zlib.inflateSync(bytes, options) : zlib.inflateRawSync(bytes, options);
    case 'br':
      return zlib.brotliDecompressSync(bytes, options);
    case 'zstd':
      return zstd.zstdDecompressSync?.(bytes, options) ?? Buffer.alloc(0);
  }
}

/** `deflate` means the zlib format (RFC 1950); some servers send bare deflate data all the same. */
function hasZlibHeader(bytes: Uint8Array): boolean {
  const [first = 0, second = 0] = bytes;
  return (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0;
}

function broken(coding: Coding, cause: unknown, most: number): DecodingError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ERR_BUFFER_TOO_LARGE') return new DecodingError(`the ${coding} body grows beyond ${most} bytes`);
  return new DecodingError(`the ${coding} body is broken: ${message}`, { cause });
}

/** The same as a stream: memory stays flat, and a bomb ends where it passes its limits. @throws DecodingError */
export async function* decodeStream(
  body: AsyncIterable<Uint8Array>,
  codings: readonly Coding[],
  limits: DecodeLimits = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  checkLimits(limits);
  let input = 0;
  const count = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of body) {
      input += piece.length;
      yield piece;
    }
  };
  // each coding is bounded by itself: what is huge in between need not be so at the end
  const bounded = async function* (stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let output = 0;
    for await (const piece of stream) {
      output += piece.length;
      const most = mostOutput(input, limits);
      if (output > most) throw new DecodingError(`the body grows beyond ${most} bytes`);
      yield piece;
    }
  };
  let stream: AsyncIterable<Uint8Array> = count();
  for (const coding of codings) stream = bounded(undoStream(stream, coding));
  yield* stream;
}

async function* undoStream(source: AsyncIterable<Uint8Array>, coding: Coding): AsyncGenerator<Uint8Array> {
  const pieces = source[Symbol.asyncIterator]();
  const start = await beginning(pieces);
  if (start.length === 0) return;
  const transform = decoder(coding, start);
  let fault: unknown;
  const input = Readable.from(rejoin(start, pieces));
  input.on('error', (error) => {
    fault = error;
    transform.destroy(error);
  });
  input.pipe(transform);
  try {
    for await (const piece of transform) yield piece as Uint8Array;
  } catch (cause) {
    if (fault !== undefined) throw fault;
    throw broken(coding, cause, 0);
  } finally {
    input.destroy();
    transform.destroy();
  }
}

/** The first two bytes, with what came along: so many tell the zlib format from bare deflate data. */
async function beginning(pieces: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  let start: Uint8Array = new Uint8Array(0);
  while (start.length < 2) {
    const next = await pieces.next();
    if (next.done === true) break;
    start = start.length === 0 ? next.value : Buffer.concat([start, next.value]);
  }
  return start;
}

async function* rejoin(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  try {
    for (;;) {
      const next = await rest.next();
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await rest.return?.();
  }
}

function decoder(coding: Coding, first: Uint8Array): Transform {
  switch (coding) {
    case 'gzip':
      return zlib.createGunzip();
    case 'deflate':
      return hasZlibHeader(first) ? zlib.createInflate() : zlib.createInflateRaw();
    case 'br':
      return zlib.createBrotliDecompress();
    case 'zstd': {
      const made = zstd.createZstdDecompress?.();
      if (made === undefined) throw new DecodingError('this Node has no zstd');
      return made;
    }
  }
}
