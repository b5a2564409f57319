/** Writes a message that is too large for one write, or not in memory, piece by piece, as fast as the server takes it. */
import { setImmediate as turn } from 'node:timers/promises';
import { MessageError, PlainwireError } from '../errors.ts';
import type { Connection } from '../transport/index.ts';
import { DataEncoder, LineEncoder, needsLineEnds } from './content.ts';
import { PieceMemory } from './piece-memory.ts';
import type { ContentStream } from './run.ts';
import type { Session } from './session.ts';

/** A BDAT chunk is at least this large, except the last: a chunk costs a command and a reply. */
const CHUNK_BYTES = 256 * 1024;

/** Where the server takes everything at once, other work has its turn after so many bytes. */
const TURN_BYTES = 1024 * 1024;

/** Ends when the message has been written, is not wanted any more, or failed; the session knows which. Never throws. */
export async function pump(
  stream: ContentStream,
  session: Session,
  connection: Connection,
  blockMs: number,
): Promise<void> {
  const way = new Way(session, connection, blockMs);
  try {
    if (stream.content.verb === 'bdat') await pumpChunks(stream, session, way);
    else await pumpData(stream, session, way);
  } catch (error) {
    // a fault of the connection reaches the session by its reader
    if (connection.fault !== undefined) return;
    const fault = asSourceFault(error);
    if (stream.content.verb === 'bdat') session.breakContent(stream, fault);
    else session.failContent(stream, fault);
  }
}

/** The way to the server: while one piece leaves, the next is made ready. */
class Way {
  readonly connection: Connection;
  readonly #session: Session;
  readonly #blockMs: number;
  #leaving: Promise<void> | undefined;
  #sinceTurn = 0;
  /** The command of a chunk goes with its bytes, but is none of them: it was told of when it was made. */
  command: Uint8Array | undefined;

  constructor(session: Session, connection: Connection, blockMs: number) {
    this.connection = connection;
    this.#session = session;
    this.#blockMs = blockMs;
  }

  write(...pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) {
      if (piece !== this.command) this.#session.wrote(piece);
      this.#sinceTurn += piece.length;
    }
    // for this piece: a source that takes its time is no fault of the server's
    this.connection.setDeadline('content', this.#blockMs);
    this.#leaving = this.connection.writeAll(pieces);
    // a fault is heard by who waits for it next
    this.#leaving?.catch(() => {});
  }

  /** Settles when what was written has left; undefined when it has. */
  clear(): Promise<unknown> | undefined {
    if (this.#sinceTurn < TURN_BYTES) return this.#leaving;
    this.#sinceTurn = 0;
    return Promise.all([this.#leaving, turn()]);
  }
}

async function pumpData(stream: ContentStream, session: Session, way: Way): Promise<void> {
  const { message } = stream.content;
  const encoder = new DataEncoder(message.canonical);
  const memory = way.connection.keepsNothing ? new PieceMemory(way.connection) : undefined;
  const ready = message.chunks(memory?.allocate);
  if (ready === undefined) {
    for await (const piece of message) {
      const bytes = encoder.push(piece);
      await way.clear();
      if (!session.isWanted(stream)) break;
      way.write(bytes);
    }
  } else {
    for (const piece of ready) {
      way.write(encoder.push(bytesOf(piece)));
      const leaving = way.clear();
      if (leaving !== undefined) await leaving;
      if (!session.isWanted(stream)) break;
    }
  }
  await way.clear();
  if (!session.isWanted(stream)) return session.breakContent(stream, undefined);
  // from here on only the server knows: the final dot is on its way
  way.write(encoder.end());
  session.endContent(stream);
  await way.clear();
  memory?.release();
}

async function pumpChunks(stream: ContentStream, session: Session, way: Way): Promise<void> {
  const { message } = stream.content;
  const lines = needsLineEnds(message) ? new LineEncoder() : undefined;
  let held: Uint8Array[] = [];
  let octets = 0;
  const hold = (piece: Uint8Array): void => {
    held.push(piece);
    octets += piece.length;
  };
  const chunk = (place: 'more' | 'last'): Uint8Array[] => {
    way.command = Buffer.from(session.beginChunk(stream, octets, place), 'latin1');
    const pieces = [way.command, ...held];
    held = [];
    octets = 0;
    return pieces.filter(({ length }) => length > 0);
  };
  for await (const piece of message.chunks() ?? message) {
    const bytes = bytesOf(piece);
    hold(lines === undefined ? bytes : lines.push(bytes));
    if (octets < CHUNK_BYTES) continue;
    await way.clear();
    if (!session.isWanted(stream)) return session.breakContent(stream, undefined);
    way.write(...chunk('more'));
  }
  if (lines !== undefined) hold(lines.end());
  await way.clear();
  if (!session.isWanted(stream)) return session.breakContent(stream, undefined);
  const pieces = chunk('last');
  const end = pieces.pop() as Uint8Array;
  way.write(...pieces);
  await way.clear();
  // from here on only the server knows
  way.write(end);
  session.endContent(stream);
  await way.clear();
}

function bytesOf(piece: string | Uint8Array): Uint8Array {
  return typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece;
}

function asSourceFault(error: unknown): PlainwireError {
  if (error instanceof PlainwireError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new MessageError('ATTACHMENT_FAILED', 'attachments', `the source of the message failed: ${text}`, {
    cause: error,
  });
}
