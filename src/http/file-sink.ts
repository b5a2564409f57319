/** Writes pieces to a file while the next ones are read; what waits is bounded. */
import { type FileHandle, open } from 'node:fs/promises';

/** So many bytes may wait to be written before the writer has to: enough to keep a disk busy, little enough to hold. */
const BACKLOG = 256 * 1024;
/** A smaller piece is copied, and waits with others; a bigger one is waited for. */
const SMALL = 32 * 1024;

export class FileSink {
  readonly #file: FileHandle;
  #waiting: Uint8Array[] = [];
  #backlog = 0;
  #writing: Promise<void> | undefined;
  #fault: { readonly error: unknown } | undefined;
  /** Bytes written or on their way. */
  length: number;

  private constructor(file: FileHandle, length: number) {
    this.#file = file;
    this.length = length;
  }

  /** `from` bytes of the file are kept, the rest is cut off. */
  static async open(path: string, from: number): Promise<FileSink> {
    const file = await open(path, from === 0 ? 'w' : 'r+');
    if (from > 0) await file.truncate(from);
    return new FileSink(file, from);
  }

  /** When this settles, or at once where it is undefined, more may be written, and the piece's memory be used again. */
  write(piece: Uint8Array): Promise<void> | undefined {
    if (this.#fault !== undefined) throw this.#fault.error;
    const isSmall = piece.length < SMALL;
    this.#waiting.push(isSmall ? Uint8Array.from(piece) : piece);
    this.#backlog += piece.length;
    this.length += piece.length;
    this.#writing ??= this.#flush();
    return isSmall && this.#backlog <= BACKLOG ? undefined : this.#writing;
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
    if (this.#fault !== undefined) throw this.#fault.error;
  }

  async #flush(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const pieces = this.#waiting;
        this.#waiting = [];
        const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
        await this.#writeAll(pieces, this.length - this.#backlog);
        this.#backlog -= length;
      }
    } catch (error) {
      this.#fault = { error };
      this.#waiting = [];
    }
    this.#writing = undefined;
  }

  /** Many pieces in one call to the system, which may take fewer bytes than it was given. */
  async #writeAll(pieces: Uint8Array[], position: number): Promise<void> {
    let left = pieces;
    while (left.length > 0) {
      const { bytesWritten } = await this.#file.writev(left, position);
      position += bytesWritten;
      left = without(left, bytesWritten);
    }
  }
}

function without(pieces: readonly Uint8Array[], taken: number): Uint8Array[] {
  const left: Uint8Array[] = [];
  for (const piece of pieces) {
    if (taken < piece.length) left.push(taken === 0 ? piece : piece.subarray(taken));
    taken = Math.max(0, taken - piece.length);
  }
  return left;
}
