/** A client of `plainwire listen` that a test plays itself, byte by byte. */
import { connect, type Socket } from 'node:net';

/** A client of the test's own. */
export class Peer {
  readonly #socket: Socket;
  #text = '';
  #ended = false;
  #wake: (() => void)[] = [];

  constructor(to: number | string) {
    this.#socket = typeof to === 'number' ? connect({ port: to, host: '127.0.0.1' }) : connect({ path: to });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (text) => this.#heard(String(text)));
    this.#socket.on('close', () => {
      this.#ended = true;
      this.#heard('');
    });
    this.#socket.on('error', () => {});
  }

  #heard(text: string): void {
    this.#text += text;
    for (const each of this.#wake.splice(0)) each();
  }

  say(text: string): void {
    this.#socket.write(text, 'latin1');
  }

  end(): void {
    this.#socket.end();
  }

  breakOff(): void {
    this.#socket.resetAndDestroy();
  }

  /** Everything heard so far, when it holds this. */
  async hears(expected: string): Promise<string> {
    while (!this.#text.includes(expected)) {
      if (this.#ended) throw new Error(`it ended without ${expected}, having said ${this.#text}`);
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
    return this.#text;
  }

  async all(): Promise<string> {
    while (!this.#ended) await new Promise<void>((resolve) => this.#wake.push(resolve));
    return this.#text;
  }
}
