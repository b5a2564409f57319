/** Writes a message that is not in memory, piece by piece, as fast as the server takes it. */
import { MessageError, PlainwireError } from '../errors.ts';
import type { Message } from '../mime/index.ts';
import type { Connection } from '../transport/index.ts';
import { DataEncoder, LineEncoder, needsLineEnds } from './content.ts';
import type { ContentStream } from './run.ts';
import type { Session } from './session.ts';

/** A BDAT chunk is at least this large, except the last: a chunk costs a command and a reply. */
const CHUNK_BYTES = 256 * 1024;

/** Ends when the message has been written, is not wanted any more, or failed; the session knows which. Never throws. */
export async function pump(
  stream: ContentStream,
  session: Session,
  connection: Connection,
  blockMs: number,
): Promise<void> {
  const write = async (bytes: Uint8Array | string): Promise<void> => {
    if (bytes.length === 0) return;
    session.wrote(bytes);
    // for this block: a source that takes its time is no fault of the server's
    connection.setDeadline('content', blockMs);
    await connection.write(bytes);
  };
  try {
    if (stream.framing === 'data') await pumpData(stream, session, write);
    else await pumpChunks(stream, session, write);
  } catch (error) {
    // a fault of the connection reaches the session by its reader
    if (connection.fault !== undefined) return;
    const fault = asSourceFault(error);
    if (stream.framing === 'bdat') session.breakContent(stream, fault);
    else session.failContent(stream, fault);
  }
}

type Write = (bytes: Uint8Array | string) => Promise<void>;

async function pumpData(stream: ContentStream, session: Session, write: Write): Promise<void> {
  const { message } = stream;
  const encoder = new DataEncoder(message.canonical);
  for await (const piece of piecesOf(message)) {
    if (!session.isWanted(stream)) return session.breakContent(stream, undefined);
    await write(encoder.push(piece));
  }
  if (!session.isWanted(stream)) return session.breakContent(stream, undefined);
  // from here on only the server knows: the final dot is on its way
  const written = write(encoder.end());
  session.endContent(stream);
  await written;
}

async function pumpChunks(stream: ContentStream, session: Session, write: Write): Promise<void> {
  const lines = needsLineEnds(stream.message) ? new LineEncoder() : undefined;
  let held: Uint8Array[] = [];
  let octets = 0;
  const hold = (piece: Uint8Array): void => {
    held.push(piece);
    octets += piece.length;
  };
  const chunk = (place: 'more' | 'last'): Uint8Array[] => {
    const pieces = [Buffer.from(session.beginChunk(stream, octets, place), 'latin1'), ...held];
    held = [];
    octets = 0;
    return pieces.filter(({ length }) => length > 0);
  };
  for await (const piece of piecesOf(stream.message)) {
    hold(lines === undefined ? piece : lines.push(piece));
    if (octets < CHUNK_BYTES) continue;
    if (!session.isWanted(stream)) return session.breakContent(stream, undefined);
    for (const each of chunk('more')) await write(each);
  }
  if (!session.isWanted(stream)) return session.breakContent(stream, undefined);
  if (lines !== undefined) hold(lines.end());
  const pieces = chunk('last');
  const end = pieces.pop() as Uint8Array;
  for (const each of pieces) await write(each);
  // from here on only the server knows
  const written = write(end);
  session.endContent(stream);
  await written;
}

async function* piecesOf(message: Message): AsyncGenerator<Uint8Array> {
  const ready = message.chunks();
  if (ready === undefined) yield* message;
  else for (const piece of ready) yield typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece;
}

function asSourceFault(error: unknown): PlainwireError {
  if (error instanceof PlainwireError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new MessageError('ATTACHMENT_FAILED', 'attachments', `the source of the message failed: ${text}`, {
    cause: error,
  });
}
