/** Other readers of responses, for differential tests: Node's llhttp and Python's http.client. */
import { type ChildProcess, spawn } from 'node:child_process';
import http from 'node:http';
import { createInterface, type Interface } from 'node:readline';
import { Duplex } from 'node:stream';

export interface Verdict {
  readonly ok: boolean;
  readonly status?: number;
  readonly reason?: string;
  /** Names in lower case, in order. */
  readonly headers?: readonly (readonly [string, string])[];
  /** One character a byte. */
  readonly body?: string;
  readonly why?: string;
}

/** What node:http makes of the bytes, followed by the end of the connection. */
export function askNode(bytes: Uint8Array, method: string): Promise<Verdict> {
  return new Promise((resolve) => {
    const wire = new Duplex({
      read() {},
      write(_chunk, _encoding, done) {
        done();
        if (bytes.length > 0) this.push(bytes);
        this.push(null);
      },
    });
    const request = http.request({ createConnection: () => wire, method, headers: { connection: 'close' } });
    const fail = (error: Error): void => {
      wire.destroy();
      resolve({ ok: false, why: (error as NodeJS.ErrnoException).code ?? error.message });
    };
    request.on('error', fail);
    request.on('upgrade', () => fail(new Error('upgrade')));
    request.on('response', (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', fail);
      response.on('aborted', () => fail(new Error('aborted')));
      response.on('end', () => {
        const { rawHeaders } = response;
        const headers = rawHeaders.flatMap((name, i): [string, string][] =>
          i % 2 === 0 ? [[name.toLowerCase(), rawHeaders[i + 1] ?? '']] : [],
        );
        resolve({
          ok: true,
          status: response.statusCode ?? 0,
          reason: response.statusMessage ?? '',
          headers,
          body: Buffer.concat(pieces).toString('latin1'),
        });
      });
    });
    request.end();
  });
}

const SCRIPT = `
import sys, json, base64, io, http.client
class Wire:
    def __init__(self, data): self.data = data
    def makefile(self, mode): return io.BytesIO(self.data)
for line in sys.stdin:
    asked = json.loads(line)
    response = http.client.HTTPResponse(Wire(base64.b64decode(asked['bytes'])), method=asked['method'])
    try:
        response.begin()
        body = response.read()
        said = {'ok': True, 'status': response.status, 'reason': response.reason, 'body': body.decode('latin1'),
                'headers': [[name.lower(), value] for name, value in response.getheaders()]}
    except Exception as error:
        said = {'ok': False, 'why': type(error).__name__}
    print(json.dumps(said), flush=True)
`;

/** One python process that answers many questions. */
export class Python {
  readonly #process: ChildProcess;
  readonly #lines: Interface;
  readonly #answers: AsyncIterator<string>;

  private constructor(process: ChildProcess) {
    this.#process = process;
    this.#lines = createInterface({ input: process.stdout as NodeJS.ReadableStream });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  /** Undefined where there is no python3. */
  static async start(): Promise<Python | undefined> {
    const process = spawn('python3', ['-c', SCRIPT], { stdio: ['pipe', 'pipe', 'ignore'] });
    const started = await new Promise((resolve) => {
      process.once('spawn', () => resolve(true)).once('error', () => resolve(false));
    });
    return started === true ? new Python(process) : undefined;
  }

  async ask(bytes: Uint8Array, method: string): Promise<Verdict> {
    this.#process.stdin?.write(`${JSON.stringify({ bytes: Buffer.from(bytes).toString('base64'), method })}\n`);
    const { value } = await this.#answers.next();
    return JSON.parse(value) as Verdict;
  }

  stop(): void {
    this.#process.kill();
    this.#lines.close();
  }
}
