/** Writes pieces to a file while the next ones are read; what waits is bounded. */
import { type FileHandle, open } from 'node:fs/promises';

/** So much may wait to be written before the writer has to. */
const BACKLOG = 1024 * 1024;

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

  /** Undefined when more may be written at once. The piece must not change afterwards. */
  write(piece: Uint8Array): Promise<void> | undefined {
    if (this.#fault !== undefined) throw this.#fault.error;
    this.#waiting.push(piece);
    this.#backlog += piece.length;
    this.length += piece.length;
    this.#writing ??= this.#flush();
    return this.#backlog > BACKLOG ? this.#writing : undefined;
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
        let position = this.length - this.#backlog;
        for (const piece of pieces) {
          await this.#writeAll(piece, position);
          position += piece.length;
          this.#backlog -= piece.length;
        }
      }
    } catch (error) {
      this.#fault = { error };
      this.#waiting = [];
    }
    this.#writing = undefined;
  }

  async #writeAll(piece: Uint8Array, position: number): Promise<void> {
    let at = 0;
    while (at < piece.length) {
      const { bytesWritten } = await this.#file.write(piece, at, piece.length - at, position + at);
      at += bytesWritten;
    }
  }
}
