import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What Python's `email` (policy default) reads in a message; see read_back.py. */
export interface PythonView {
  readonly headers: readonly [string, string][];
  readonly subject: string | null;
  readonly defects: readonly string[];
  readonly shape: unknown;
  readonly leaves: readonly Leaf[];
  readonly attachments: readonly Leaf[];
  readonly text: string | null;
  readonly html: string | null;
  readonly groups: Readonly<Record<string, readonly { name: string; members: readonly Person[] }[]>>;
  readonly from: readonly Person[] | null;
  readonly sender: readonly Person[] | null;
  readonly to: readonly Person[] | null;
  readonly cc: readonly Person[] | null;
  readonly bcc: readonly Person[] | null;
  readonly 'reply-to': readonly Person[] | null;
}

export interface Person {
  readonly name: string;
  readonly address: string;
}

export interface Leaf {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly disposition: string | null;
  readonly filename: string | null;
  readonly cid: string | null;
  readonly encoding: string | null;
  readonly base64: string;
}

/** One Python process that reads message after message. */
export class PythonReader {
  readonly #process = spawn('python3', [new URL('read_back.py', import.meta.url).pathname], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  readonly #answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();

  async read(message: Uint8Array): Promise<PythonView> {
    this.#process.stdin.write(`${Buffer.from(message).toString('base64')}\n`);
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error('python3 ended');
    return JSON.parse(answer.value) as PythonView;
  }

  close(): void {
    this.#process.stdin.end();
  }
}
