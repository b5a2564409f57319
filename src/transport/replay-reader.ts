/** What the client of a played dialogue says: by lines, and where it says no lines, by octets. */
import type { Connection } from './connection.ts';
import { LINE_LIMIT } from './lines.ts';

const LF = 0x0a;
const CR = 0x0d;

export class ReplayReader {
  readonly #connection: Connection;
  #held: Buffer = Buffer.alloc(0);

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The next line without its end, or what there is of one when the client ends; undefined where there is nothing. */
  async line(longest: number): Promise<string | undefined> {
    const limit = Math.max(LINE_LIMIT, longest);
    let seen = 0;
    for (;;) {
      const end = this.#held.indexOf(LF, seen);
      if (end !== -1) return this.#take(end, 1);
      seen = this.#held.length;
      if (seen > limit || !(await this.#more())) return this.#held.length === 0 ? undefined : this.#take(seen, 0);
    }
  }

  /** So many octets, or fewer when the client ends; undefined where there is nothing. */
  async octets(count: number): Promise<Buffer | undefined> {
    while (this.#held.length < count && (await this.#more())) {
      // goes on until there are enough
    }
    const taken = this.#held.subarray(0, count);
    this.#held = this.#held.subarray(taken.length);
    return taken.length === 0 && count > 0 ? undefined : taken;
  }

  #take(length: number, end: number): string {
    const line = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length + end);
    return (line.at(-1) === CR && end === 1 ? line.subarray(0, -1) : line).toString('utf8');
  }

  /** A client that breaks off has nothing more to say. */
  async #more(): Promise<boolean> {
    const chunk = await this.#connection.read().catch(() => undefined);
    if (chunk === undefined) return false;
    this.#held = this.#held.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#held, chunk]);
    return true;
  }
}
