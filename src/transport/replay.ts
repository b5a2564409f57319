/** Plays the server of a transcript: the other end of a dialogue, with no network and no server. */
import { ProtocolError } from '../errors.ts';
import type { TlsFacts } from '../trace/event.ts';
import { safeLine } from '../trace/render.ts';
import type { Tracer } from '../trace/tracer.ts';
import { parseTranscript, type Transcript, type TranscriptStep } from '../trace/transcript.ts';
import { Connection } from './connection.ts';
import { streamPair } from './memory.ts';
import { ReplayReader } from './replay-reader.ts';

/** How the server's bytes reach the client: as one write a step, by line, or byte by byte. */
export type Chunking = 'whole' | 'lines' | 'bytes';

export interface ReplayOptions {
  readonly chunking?: Chunking;
  /** The server closes after this many bytes of what it says: to cut a dialogue anywhere. */
  readonly cutAfter?: number;
  readonly tracer?: Tracer;
  /** What a `-- tls` step does on the server's side; by default it is taken as done. */
  readonly onTls?: (server: Connection) => Promise<unknown>;
  /** Told of each step as it is played, and for one of the client's of the line that came, or of octets as a character each, right or wrong. */
  readonly onStep?: (step: TranscriptStep, received: string | undefined) => void;
}

/** The client said something else than the transcript has. */
export class MismatchError extends ProtocolError {
  override name = 'MismatchError';
  /** Counts the steps of the transcript from 1. */
  readonly step: number;
  /** The line, or the pattern. */
  readonly expected: string;
  /** Undefined where the client had nothing more to say. */
  readonly received: string | undefined;

  constructor(step: number, expected: string, received: string | undefined) {
    super('UNEXPECTED_REPLY', `step ${step} is not what was recorded\n${besideEachOther(expected, received)}`);
    this.step = step;
    this.expected = expected;
    this.received = received;
  }
}

/** One above the other, and a mark where they part. */
function besideEachOther(expected: string, received: string | undefined): string {
  const lines = [`  expected: ${safeLine(expected)}`];
  if (received === undefined) return [...lines, '  received: nothing more, the client has closed'].join('\n');
  lines.push(`  received: ${safeLine(received)}`);
  let at = 0;
  while (at < expected.length && expected[at] === received[at]) at += 1;
  // where a pattern and a line part says nothing
  if (!/^\/.*\/i?$/.test(expected)) lines.push(`${' '.repeat(12 + safeLine(expected.slice(0, at)).length)}^`);
  return lines.join('\n');
}

/** The client's end of a played dialogue. */
export class ReplayConnection extends Connection {
  /** Settles when the whole transcript was played; rejects with what was expected and what came instead. */
  played: Promise<void> = Promise.resolve();

  #upgraded = false;

  override get tls(): TlsFacts | undefined {
    return this.#upgraded ? PLAYED_TLS : undefined;
  }

  /** A played upgrade is taken as done: the dialogue goes on in clear, but as after TLS. */
  override async upgrade(): Promise<TlsFacts> {
    this.refuseUnread();
    this.#upgraded = true;
    return PLAYED_TLS;
  }
}

const PLAYED_TLS: TlsFacts = {
  protocol: 'played',
  cipher: 'played',
  serverName: undefined,
  authorized: true,
  authorizationError: undefined,
  resumed: false,
  alpn: undefined,
  certificate: undefined,
};

/** A connection whose peer follows the transcript, given as steps or as text for {@link parseTranscript}. */
export function replay(transcript: Transcript | string, options: ReplayOptions = {}): ReplayConnection {
  const steps = typeof transcript === 'string' ? parseTranscript(transcript) : transcript;
  const [near, far] = streamPair();
  const connection = new ReplayConnection({ stream: near, remote: 'replay', host: 'replay', tracer: options.tracer });
  const server = new Connection({ stream: far, remote: 'client', host: 'client' });
  connection.played = play(steps, server, options);
  // who does not ask how it went shall not be stopped by it
  connection.played.catch(() => {});
  return connection;
}

/** Plays the server's side on a connection. */
export async function play(steps: Transcript, server: Connection, options: ReplayOptions = {}): Promise<void> {
  const reader = new ReplayReader(server);
  let left = options.cutAfter ?? Number.POSITIVE_INFINITY;
  for (const [index, step] of steps.entries()) {
    if (step.from === 'client') {
      const came = await nextOf(reader, step);
      options.onStep?.(step, came);
      expectSame(step, came, index);
    } else if ('action' in step) {
      if (step.action === 'close') return server.close();
      if (step.action === 'reset') return server.destroy();
      await options.onTls?.(server);
    } else {
      const bytes = step.bytes.subarray(0, left);
      left -= bytes.length;
      options.onStep?.({ ...step, bytes }, undefined);
      for (const piece of pieces(bytes, options.chunking ?? 'whole')) await server.write(piece);
      if (left <= 0) return server.close();
    }
  }
  await server.close();
}

type ClientStep = Extract<TranscriptStep, { readonly from: 'client' }>;

function expectSame(step: ClientStep, came: string | undefined, index: number): void {
  const expected = 'pattern' in step ? step.pattern : 'line' in step ? step.line : octetText(step.octets);
  const matches = typeof expected === 'string' ? came === expected : came !== undefined && expected.test(came);
  if (!matches) throw new MismatchError(index + 1, String(expected), came);
}

function* pieces(bytes: Uint8Array, chunking: Chunking): Generator<Uint8Array> {
  if (chunking === 'whole') {
    yield bytes;
    return;
  }
  let start = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    if (chunking === 'bytes' || bytes[at] === 0x0a) {
      yield bytes.subarray(start, at + 1);
      start = at + 1;
    }
  }
  if (start < bytes.length) yield bytes.subarray(start);
}

/** A line as text; of octets, each as a character. Undefined where the client has nothing more to say. */
async function nextOf(reader: ReplayReader, step: ClientStep): Promise<string | undefined> {
  if (!('octets' in step)) return reader.line('line' in step ? Buffer.byteLength(step.line) + 2 : 0);
  const octets = await reader.octets(step.octets.length);
  return octets === undefined ? undefined : octetText(octets);
}

function octetText(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('latin1');
}
