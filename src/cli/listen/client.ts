/** A client of `plainwire listen`: its connection, with the dialogue shown as it goes by. */
import type { Connection, ServerTlsOptions } from '../../transport/index.ts';
import type { Watch } from './watch.ts';

export class Client {
  readonly id: number;
  readonly connection: Connection;
  readonly watch: Watch;
  #ended = false;
  #endedBy: 'client' | 'server' | undefined;

  constructor(id: number, connection: Connection, watch: Watch) {
    this.id = id;
    this.connection = connection;
    this.watch = watch;
  }

  /** Where it comes from; every client of a path comes from the path. */
  get address(): string {
    return this.connection.remote;
  }

  /** The client has said everything. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Who ended the dialogue first; the server where it was cut off. */
  get endedBy(): 'client' | 'server' {
    return this.#endedBy ?? 'server';
  }

  /** The next bytes, undefined at the end. @throws what Connection.read() throws */
  async read(): Promise<Uint8Array | undefined> {
    const chunk = await this.readUnseen();
    if (chunk !== undefined) this.watch.came(chunk);
    return chunk;
  }

  /** The same for one who knows better when to show it. */
  async readUnseen(): Promise<Uint8Array | undefined> {
    await this.watch.caughtUp();
    const chunk = await this.connection.read();
    if (chunk === undefined) {
      this.#ended = true;
      this.#endedBy ??= 'client';
    }
    return chunk;
  }

  /** A promise where the client is slow; a string is sent as UTF-8. @throws what Connection.write() throws */
  write(data: Uint8Array | string): Promise<void> | undefined {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
    this.watch.went(bytes);
    return this.connection.write(bytes);
  }

  /** The TLS handshake as the server. @throws TlsError, ProtocolError BYTES_BEFORE_TLS */
  async secure(tls: ServerTlsOptions): Promise<void> {
    this.connection.setDeadline('tls', HANDSHAKE_TIMEOUT);
    const facts = await this.connection.accept(tls);
    this.connection.clearDeadline();
    this.watch.secured(facts);
  }

  /**
   * Ends the dialogue so that the client gets all of it: a connection that is closed while the client still says
   * something is reset, and takes with it what the client has not read (RFC 1122 section 4.2.2.13).
   * @param reading who reads what it still says, where somebody does
   */
  async partFrom(reading: Promise<unknown> = this.#readOut()): Promise<void> {
    this.#endedBy ??= 'server';
    this.connection.end();
    this.connection.setDeadline('closing', PARTING);
    // a client that breaks off now breaks off nothing
    await reading.catch(() => {});
  }

  async #readOut(): Promise<void> {
    while (!this.#ended && (await this.read()) !== undefined) {
      // it is shown, and answered no more
    }
  }
}

/** In milliseconds. */
const HANDSHAKE_TIMEOUT = 30_000;
const PARTING = 1_000;

/** What a server does with a client; the connection is closed when it has settled. */
export type Serve = (client: Client) => Promise<void>;
