/**
 * One connection, whatever carries it: a TCP or Unix socket, TLS over it, or one end of an in-memory pair.
 *
 * Reads are pulled, chunk by chunk as they came; writes say when to wait; one absolute deadline and one AbortSignal end
 * every wait. When the connection fails, every wait on it, now and later, ends with the same error, but bytes that came
 * before the fault are still read first.
 */
import net, { type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ConnectionError, PlainwireError, ProtocolError, TimeoutError } from '../errors.ts';
import type { TlsFacts } from '../trace/event.ts';
import type { Tracer } from '../trace/tracer.ts';
import { addAbortListener, removeAbortListener } from './abort-listeners.ts';
import type { ConnectionInit, ConnectTiming } from './connection-init.ts';
import { Deadline } from './deadline.ts';
import { aborted, lost } from './faults.ts';
import { Incoming } from './incoming.ts';
import { type ChannelBinding, channelBinding, type Handshake, handshake, type TlsOptions } from './tls.ts';
import { checkTlsOptions } from './tls-options.ts';
import { type ServerTlsOptions, serverHandshake } from './tls-server.ts';

/** How long close() waits for written bytes to leave before it gives up on them, in milliseconds. */
const CLOSE_LINGER = 2_000;

interface Wait<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: PlainwireError) => void;
}

export class Connection implements AsyncDisposable {
  /** The peer's numeric address and port, or the path of the socket. */
  readonly remote: string;
  readonly host: string;
  readonly tracer: Tracer | undefined;
  #timing: ConnectTiming;
  #stream: Duplex;
  /** What lies below TLS. */
  readonly #socket: Duplex;
  #tls: TlsFacts | undefined;
  readonly #incoming: Incoming;
  /** Whether the socket itself hands on what it reads, and not the stream. */
  readonly #bySocket: boolean;
  #fault: PlainwireError | undefined;
  #closedByUs = false;
  #draining: { promise: Promise<void>; wait: Wait<void> } | undefined;
  #closed: Promise<void> | undefined;
  #isClosed = false;
  #settleClosed: (() => void) | undefined;
  readonly #deadline: Deadline;
  readonly #signal: AbortSignal | undefined;
  readonly #onLate = (phase: string): void =>
    this.destroy(
      new TimeoutError('DEADLINE_PASSED', `the deadline of phase ${phase} passed`, { phase, retryable: true }),
    );
  readonly #onAbort = (): void => this.destroy(aborted(this.#signal, this.#deadline.phase));

  constructor(init: ConnectionInit) {
    this.remote = init.remote;
    this.host = init.host;
    this.tracer = init.tracer;
    this.#timing = init.timing ?? { lookup: 0, connect: 0, tls: 0 };
    this.#signal = init.signal;
    this.#deadline = init.deadline ?? new Deadline();
    this.#deadline.onPassed = this.#onLate;
    const { memory } = init;
    this.#incoming = new Incoming(memory, init.delivery ?? 'at-once', this.#onTaken);
    this.#bySocket = memory !== undefined;
    memory?.deliverTo(this.#onData);
    this.#stream = init.stream;
    this.#socket = init.stream;
    this.#listen();
    if (this.#signal?.aborted) this.#onAbort();
    else addAbortListener(this.#signal, this.#onAbort);
  }

  /** Facts of the TLS session; undefined while the connection is in clear. */
  get tls(): TlsFacts | undefined {
    return this.#tls;
  }

  get timing(): ConnectTiming {
    return this.#timing;
  }

  /** The error that ended the connection, if one did. */
  get fault(): PlainwireError | undefined {
    return this.#failure();
  }

  /** Settles when the connection is closed, whoever closed it; never rejects. */
  get closed(): Promise<void> {
    // made only where somebody asks: hardly anybody does
    this.#closed ??= this.#isClosed
      ? Promise.resolve()
      : new Promise((resolve) => {
          this.#settleClosed = resolve;
        });
    return this.#closed;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether bytes have come that nobody has read. */
  get hasUnread(): boolean {
    return !this.#incoming.isEmpty || this.#stream.readableLength > 0;
  }

  /**
   * The next bytes, as they came: a chunk is whatever the network made of the peer's writes, and says nothing about
   * where a line or a message ends. Undefined at the end of the peer's data. Where the connection reads into memory that
   * is used again, the chunk is the reader's until the next read().
   * @throws ConnectionError | TimeoutError | AbortError | TlsError
   */
  read(): Promise<Uint8Array | undefined> {
    const incoming = this.#incoming;
    const chunk = incoming.next();
    if (chunk !== undefined) return Promise.resolve(chunk);
    if (incoming.hasEnded) return Promise.resolve(undefined);
    const fault = this.#failure();
    if (fault !== undefined) return Promise.reject(fault);
    if (incoming.isAwaited) throw new TypeError('read() while another read() waits');
    return incoming.wait();
  }

  /** Puts bytes back, to be read first: for one who read past what was meant for it. */
  unread(chunk: Uint8Array): void {
    this.#incoming.putBack(chunk);
  }

  /**
   * Hands bytes to the peer; a string holds one byte a character (latin1). Undefined when more may be written at once,
   * otherwise a promise that settles when the backlog has drained. Faults show in the next wait.
   */
  write(data: Uint8Array | string): Promise<void> | undefined {
    const fault = this.#failure();
    if (fault !== undefined) return Promise.reject(fault);
    const flowing = typeof data === 'string' ? this.#stream.write(data, 'latin1') : this.#stream.write(data);
    // a stream that has handed everything to the system says "wait" all the same where it was much
    return flowing || this.hasLeft ? undefined : this.drained();
  }

  /** Hands several pieces over in one call of the system; the same as {@link write} otherwise. */
  writeAll(pieces: readonly Uint8Array[]): Promise<void> | undefined {
    const [only, another] = pieces;
    if (only === undefined) return undefined;
    if (another === undefined) return only.length === 0 ? undefined : this.write(only);
    const fault = this.#failure();
    if (fault !== undefined) return Promise.reject(fault);
    const stream = this.#stream;
    stream.cork();
    for (const piece of pieces) if (piece.length > 0) stream.write(piece);
    stream.uncork();
    return this.hasLeft ? undefined : this.drained();
  }

  /** Whether all that was written is with the system, which has copies of its own. */
  get hasLeft(): boolean {
    return this.#stream.writableLength === 0;
  }

  /** Whether memory may be written anew once its bytes have left: where no trace and no peer in this process holds it. */
  get keepsNothing(): boolean {
    return this.tracer === undefined && this.#socket instanceof net.Socket;
  }

  /** Settles when what was written has left far enough that more may follow. */
  drained(): Promise<void> {
    const fault = this.#failure();
    if (fault !== undefined) return Promise.reject(fault);
    if (!this.#stream.writableNeedDrain) return Promise.resolve();
    if (this.#draining === undefined) {
      let wait!: Wait<void>;
      const promise = new Promise<void>((resolve, reject) => {
        wait = { resolve, reject };
      });
      // the writer may have gone away by the time the fault comes: the reader reports it then
      promise.catch(() => {});
      this.#draining = { promise, wait };
      this.#stream.once('drain', this.#onDrain);
    }
    return this.#draining.promise;
  }

  /**
   * Sets the moment, `ms` from now, by which what is being waited for must have come. When it passes, the connection is
   * destroyed and every wait rejects with a {@link TimeoutError} that names the phase. Each call replaces the one before.
   */
  setDeadline(phase: string, ms: number): void {
    this.#deadline.set(phase, ms);
  }

  clearDeadline(): void {
    this.#deadline.clear();
  }

  /** Says that we have said everything (half-close); reading goes on. */
  end(): void {
    if (!this.#stream.writableEnded) this.#stream.end();
  }

  /**
   * Encrypts the connection from here on: the TLS handshake as the client. Refuses when bytes from before the handshake
   * are still unread, for they would be taken for bytes from after it (the STARTTLS command injection, CVE-2011-0411).
   * @throws MessageError for the options; ProtocolError BYTES_BEFORE_TLS, TlsError, and what read() throws
   */
  async upgrade(options: TlsOptions = {}): Promise<TlsFacts> {
    checkTlsOptions(options);
    return this.#secure((clear) => handshake(clear, this.host, options));
  }

  /** The same as the server: waits for the client's handshake, and refuses bytes from before it as upgrade() does. */
  async accept(options: ServerTlsOptions): Promise<TlsFacts> {
    return this.#secure((clear) => serverHandshake(clear, options));
  }

  async #secure(start: (clear: Duplex) => Handshake): Promise<TlsFacts> {
    const before = this.#failure();
    if (before !== undefined) throw before;
    if (this.#incoming.isAwaited) throw new TypeError('a TLS handshake while a read() waits');
    this.refuseUnread();
    const started = performance.now();
    const clear = this.#stream;
    this.#unlisten(clear);
    this.#incoming.leaveMemory();
    const secure = start(clear);
    this.#stream = secure.stream;
    try {
      // a fault of the stream below, the deadline or the signal ends the handshake too
      await Promise.race([secure.done, this.#incoming.wait()]);
      this.#incoming.stopWaiting();
      this.#stream = secure.stream;
      this.#tls = secure.facts();
      this.#listen();
    } catch (error) {
      const fault = error instanceof PlainwireError ? error : secure.failure(error);
      this.destroy(fault);
      this.#finish('us');
      throw this.#fault ?? fault;
    }
    this.#timing = { ...this.#timing, tls: performance.now() - started };
    this.tracer?.tls(this.#tls);
    return this.#tls;
  }

  /** What can tie a login to this TLS session (RFC 9266, RFC 5929); undefined in clear. */
  channelBinding(): ChannelBinding | undefined {
    return channelBinding(this.#stream);
  }

  /** The local address that the connection is made from; undefined where there is none. */
  get localAddress(): string | undefined {
    return (this.#socket as Partial<Socket>).localAddress;
  }

  /** The address that was reached: the proxy's, where there is one; undefined where there is none. */
  get remoteAddress(): string | undefined {
    return (this.#socket as Partial<Socket>).remoteAddress;
  }

  /** Whether this connection alone keeps the process from ending. */
  keepAlive(how: 'ref' | 'unref'): void {
    this.#deadline.keepAlive(how);
    (this.#socket as Partial<Socket>)[how]?.();
  }

  /** @throws ProtocolError BYTES_BEFORE_TLS when anything came that nobody has read; the connection is done for then */
  protected refuseUnread(): void {
    if (!this.hasUnread) return;
    const fault = new ProtocolError(
      'BYTES_BEFORE_TLS',
      'the peer sent bytes in clear where the TLS handshake was due',
      {
        phase: 'tls',
      },
    );
    this.destroy(fault);
    throw fault;
  }

  /** Reads no more, not even the peer's end: for a connection that is only waiting to be closed. */
  stopReading(): void {
    this.#stream.pause();
  }

  /** Closes: what was written still leaves, within a short time; nothing more is read. */
  async close(): Promise<void> {
    if (this.#isClosed || this.#stream.destroyed) return this.closed;
    this.#fail(undefined, 'us');
    const stream = this.#stream;
    this.#unlistenData(stream);
    stream.resume();
    stream.end(() => stream.destroy());
    const linger = setTimeout(() => stream.destroy(), CLOSE_LINGER);
    await this.closed;
    clearTimeout(linger);
  }

  /** Closes at once, and lets every wait end with the error. */
  destroy(error?: PlainwireError): void {
    this.#fail(error, 'us');
    this.#stream.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #listen(): void {
    const stream = this.#stream;
    if (!this.#bySocket || stream !== this.#socket) stream.on('data', this.#onData);
    stream.on('end', this.#onEnd);
    if (this.#draining !== undefined) stream.once('drain', this.#onDrain);
    stream.on('error', this.#onError);
    stream.on('close', this.#onClose);
  }

  #unlisten(stream: Duplex): void {
    this.#unlistenData(stream);
    stream.off('drain', this.#onDrain);
    stream.off('close', this.#onClose);
  }

  #unlistenData(stream: Duplex): void {
    stream.off('data', this.#onData);
    stream.off('end', this.#onEnd);
  }

  readonly #onData = (chunk: Uint8Array): void => {
    this.#incoming.push(chunk);
    if (this.#incoming.isFull) this.#stream.pause();
  };

  readonly #onTaken = (): void => {
    if (this.#stream.isPaused() && !this.#incoming.isFull) this.#stream.resume();
  };

  readonly #onEnd = (): void => this.#incoming.end();

  readonly #onDrain = (): void => {
    this.#draining?.wait.resolve();
    this.#draining = undefined;
  };

  readonly #onError = (error: Error): void => {
    this.#fail(lost(error, this.#deadline.phase), 'peer');
  };

  readonly #onClose = (): void => {
    if (!this.#incoming.hasEnded && !this.#closedByUs && this.#fault === undefined) {
      this.#fail(new ConnectionError('CONNECTION_LOST', 'the connection is gone', { retryable: true }), 'peer');
    }
    this.#finish('peer');
  };

  /** The fault, made only where somebody asks: most connections are closed by us, in peace, and an error is dear. */
  #failure(): PlainwireError | undefined {
    if (this.#fault === undefined && this.#closedByUs) {
      this.#fault = new ConnectionError('CONNECTION_CLOSED', 'the connection was closed by this side');
    }
    return this.#fault;
  }

  /** Ends every wait; without an error, because this side closed. */
  #fail(error: PlainwireError | undefined, by: 'us' | 'peer'): void {
    if (this.#fault === undefined && !this.#closedByUs) {
      this.#fault = error;
      this.#closedByUs = error === undefined;
      if (error !== undefined && error.code !== 'CONNECTION_CLOSED') this.tracer?.error(error);
    }
    if (this.#incoming.isAwaited || this.#draining !== undefined) {
      const fault = this.#failure() ?? new ConnectionError('CONNECTION_CLOSED', 'the connection is closed');
      this.#incoming.fail(fault);
      this.#draining?.wait.reject(fault);
      this.#draining = undefined;
    }
    this.#deadline.stop();
    if (by === 'us') this.#reportClose('us');
  }

  #reported = false;

  #reportClose(by: 'us' | 'peer'): void {
    if (this.#reported) return;
    this.#reported = true;
    this.tracer?.closed(by);
  }

  #finish(by: 'us' | 'peer'): void {
    this.#isClosed = true;
    this.#deadline.stop();
    removeAbortListener(this.#signal, this.#onAbort);
    this.#reportClose(by);
    this.#settleClosed?.();
  }
}
