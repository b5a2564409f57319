/** UDP: datagrams in and out. Each arrives whole or not at all, perhaps twice, perhaps in another order. */
import dgram from 'node:dgram';
import net from 'node:net';
import { ConnectionError, MessageError, PlainwireError, TimeoutError } from '../errors.ts';
import { checkEndpoint, type Endpoint, formatEndpoint, type HostEndpoint } from './endpoint.ts';
import { aborted } from './faults.ts';
import { timerMs } from './timer.ts';

/** What fits into one datagram over IPv4: 65,535 octets less the headers of IP and UDP. */
export const MAX_DATAGRAM = 65_507;

/** Datagrams held for a reader that is not there; past either, new ones are dropped and counted, as UDP itself does. */
const HELD_DATAGRAMS = 1024;
const HELD_BYTES = 8 * 1024 * 1024;

export interface Datagram {
  readonly bytes: Uint8Array;
  readonly from: HostEndpoint;
  /** How many bytes were sent; more than `bytes` holds where the datagram was longer than the limit asked for. */
  readonly size: number;
  readonly truncated: boolean;
}

export interface DatagramOptions {
  /** Of each datagram, this many bytes are kept, as a receive buffer of that size would; all by default. */
  readonly limit?: number;
  /** Closes the socket. */
  readonly signal?: AbortSignal;
}

export interface ReceiveOptions {
  /** Milliseconds to wait; UDP never tells that nothing will come. */
  readonly timeout?: number;
}

interface Waiting {
  readonly resolve: (datagram: Datagram | undefined) => void;
  readonly reject: (error: PlainwireError) => void;
}

export class DatagramSocket implements AsyncDisposable, AsyncIterable<Datagram> {
  readonly #socket: dgram.Socket;
  readonly #limit: number;
  readonly #held: Datagram[] = [];
  #heldBytes = 0;
  #dropped = 0;
  #waiting: Waiting | undefined;
  #fault: PlainwireError | undefined;
  #closed = false;

  constructor(socket: dgram.Socket, options: DatagramOptions) {
    this.#socket = socket;
    this.#limit = options.limit ?? MAX_DATAGRAM;
    socket.on('message', (bytes, from) => this.#take(bytes, from));
    socket.on('error', (error) => this.#end(failed(error)));
    options.signal?.addEventListener('abort', () => this.#end(aborted(options.signal, 'receive')), { once: true });
  }

  get endpoint(): HostEndpoint {
    const { address, port } = this.#socket.address();
    return { host: address, port };
  }

  /** `'127.0.0.1:9000'` */
  get address(): string {
    return formatEndpoint(this.endpoint);
  }

  /** How many datagrams came faster than they were read, and were let go. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Sends one datagram; settles when the system has taken it. Whether it arrives, nobody tells.
   * @throws MessageError for more than fits into one, ConnectionError
   */
  async send(data: Uint8Array | string, to: HostEndpoint): Promise<void> {
    checkPlace(to, 1);
    const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
    if (!(bytes instanceof Uint8Array)) throw new MessageError('BAD_INPUT', 'datagram', 'expected text or bytes');
    if (bytes.length > MAX_DATAGRAM)
      throw new MessageError('BAD_INPUT', 'datagram', `${bytes.length} bytes do not fit into one: ${MAX_DATAGRAM} do`);
    if (this.#fault !== undefined || this.#closed) throw this.#fault ?? closed();
    await new Promise<void>((resolve, reject) => {
      this.#socket.send(bytes, to.port, to.host, (error) => (error === null ? resolve() : reject(failed(error))));
    });
  }

  /** The next datagram; undefined when the socket was closed. @throws TimeoutError, AbortError, ConnectionError */
  receive(options: ReceiveOptions = {}): Promise<Datagram | undefined> {
    const held = this.#held.shift();
    if (held !== undefined) {
      this.#heldBytes -= held.bytes.length;
      return Promise.resolve(held);
    }
    if (this.#fault !== undefined) return Promise.reject(this.#fault);
    if (this.#closed) return Promise.resolve(undefined);
    if (this.#waiting !== undefined) throw new TypeError('receive() while another receive() waits');
    const { timeout } = options;
    return new Promise((resolve, reject) => {
      const timer =
        timeout === undefined
          ? undefined
          : setTimeout(() => {
              this.#waiting = undefined;
              reject(
                new TimeoutError('DEADLINE_PASSED', `no datagram within ${timeout} ms`, {
                  phase: 'receive',
                  retryable: true,
                }),
              );
            }, timerMs(timeout));
      this.#waiting = {
        resolve: (datagram) => {
          clearTimeout(timer);
          resolve(datagram);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
    });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Datagram> {
    for (let next = await this.receive(); next !== undefined; next = await this.receive()) yield next;
  }

  async close(): Promise<void> {
    this.#end(undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #take(bytes: Buffer, from: dgram.RemoteInfo): void {
    const kept = bytes.subarray(0, this.#limit);
    const datagram: Datagram = {
      bytes: kept,
      from: { host: from.address, port: from.port },
      size: bytes.length,
      truncated: kept.length < bytes.length,
    };
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      this.#waiting = undefined;
      waiting.resolve(datagram);
    } else if (this.#held.length >= HELD_DATAGRAMS || this.#heldBytes + kept.length > HELD_BYTES) {
      this.#dropped += 1;
    } else {
      this.#held.push(datagram);
      this.#heldBytes += kept.length;
    }
  }

  #end(fault: PlainwireError | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#fault = fault;
    this.#socket.close();
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (fault === undefined) waiting?.resolve(undefined);
    else waiting?.reject(fault);
  }
}

/**
 * Opens a socket for datagrams on an address of this machine; port 0, the default, lets the system choose.
 * @throws MessageError for what can't be, ConnectionError LISTEN_FAILED
 */
export async function bindDatagrams(
  endpoint: HostEndpoint = { host: '0.0.0.0', port: 0 },
  options: DatagramOptions = {},
): Promise<DatagramSocket> {
  checkPlace(endpoint, 0);
  const { limit = MAX_DATAGRAM } = options;
  if (!Number.isInteger(limit) || limit < 0)
    throw new MessageError('BAD_INPUT', 'limit', `${limit} is no size in bytes`);
  if (options.signal?.aborted) throw aborted(options.signal, 'bind');
  const socket = dgram.createSocket(net.isIPv6(endpoint.host) ? 'udp6' : 'udp4');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close();
      reject(
        new ConnectionError(
          'LISTEN_FAILED',
          `can't receive datagrams on ${formatEndpoint(endpoint)}: ${error.code ?? error.message}`,
          { cause: error, phase: 'bind' },
        ),
      );
    });
    socket.bind(endpoint.port, endpoint.host, () => {
      socket.removeAllListeners('error');
      resolve();
    });
  });
  return new DatagramSocket(socket, options);
}

/** Node knows no datagrams on paths; it would take one for no address at all, which is every one of this machine. */
function checkPlace(place: Endpoint, lowest: 0 | 1): void {
  if ('path' in place) throw new MessageError('BAD_INPUT', 'path', 'datagrams go to a host and port, and to no path');
  checkEndpoint(place, lowest);
}

function failed(error: Error): PlainwireError {
  if (error instanceof PlainwireError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? error.message;
  const phase = code === 'ENOTFOUND' || code === 'EAI_AGAIN' ? 'lookup' : 'send';
  return new ConnectionError(
    phase === 'lookup' ? 'NAME_NOT_FOUND' : 'CONNECTION_LOST',
    `the datagram could not be sent: ${code}`,
    { cause: error, phase, retryable: true },
  );
}

function closed(): ConnectionError {
  return new ConnectionError('CONNECTION_CLOSED', 'the socket was closed by this side');
}
