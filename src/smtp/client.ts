/** One connection, one dialogue, step by step: for tools, tests and lessons. For an application there is Mailer. */
import { MessageError, type Reply, UnsupportedError } from '../errors.ts';
import { compose, Message, type MessageInit } from '../mime/index.ts';
import type { TlsFacts } from '../trace/event.ts';
import { addAbortListener, removeAbortListener } from '../transport/index.ts';
import { type Credentials, checkCredentials } from './auth/credentials.ts';
import { authenticate } from './authenticate.ts';
import type { Capabilities } from './capabilities.ts';
import { type Command, encode } from './command.ts';
import { Connector } from './connector.ts';
import { type Delivery, failureOf } from './delivery.ts';
import { ask, type Dialogue } from './dialogue.ts';
import type { Driver } from './driver.ts';
import { noop, quit } from './opening.ts';
import { type SmtpOptions, settingsOf } from './options.ts';
import { checkSendOptions, type SendOptions } from './send-options.ts';
import { abortedBy, deliver } from './sending.ts';

export class SmtpClient implements AsyncDisposable {
  readonly #driver: Driver;
  #queue: Promise<unknown> = Promise.resolve();
  /** The last command was answered by a challenge: what the caller says next is secret. */
  #challenged = false;

  private constructor(driver: Driver) {
    this.#driver = driver;
  }

  /**
   * Connects, and goes as far as the options ask: greeting, EHLO, STARTTLS, AUTH.
   * @throws MessageError for the options; ConnectionError, TlsError, TimeoutError, AbortError; ReplyError,
   * UnsupportedError, ProtocolError
   */
  static async connect(server: string | SmtpOptions): Promise<SmtpClient> {
    return new SmtpClient(await new Connector(settingsOf(server)).open());
  }

  /** What the server offers, as of its last EHLO. */
  get capabilities(): Capabilities {
    return this.#driver.server.capabilities;
  }

  /** Facts of the TLS session; undefined in clear. */
  get tls(): TlsFacts | undefined {
    return this.#driver.connection.tls;
  }

  /** The server's address and port, or path. */
  get remote(): string {
    return this.#driver.connection.remote;
  }

  /** @throws MessageError for the credentials, ReplyError AUTH_REFUSED, UnsupportedError AUTH_NOT_OFFERED, PLAINTEXT_AUTH_REFUSED */
  async login(credentials: Credentials): Promise<void> {
    checkCredentials(credentials);
    this.#driver.mayAuthenticate();
    await this.#say(() => authenticate(credentials, this.capabilities, this.#driver.authContext()));
  }

  /** One message; see {@link Mailer.send}. Messages sent at once go out one after another. */
  async send(message: MessageInit | Message, options: SendOptions = {}): Promise<Delivery> {
    checkSendOptions(options);
    const composed = message instanceof Message ? message : compose(message);
    return await this.#delivered(composed, options).catch((error: unknown) => {
      throw failureOf(composed, error);
    });
  }

  /** A message that is aborted while it waits for its turn waits no longer. */
  #delivered(message: Message, options: SendOptions): Promise<Delivery> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(abortedBy(signal));
      const turn = this.#inTurn(() => {
        removeAbortListener(signal, onAbort);
        if (signal?.aborted) throw abortedBy(signal);
        return deliver(this.#driver, message, options);
      });
      if (signal?.aborted) onAbort();
      addAbortListener(signal, onAbort);
      turn.then(resolve, reject);
    });
  }

  /**
   * Any command, as a line without its CRLF, and the reply whatever it is. DATA and BDAT are refused here, for what
   * follows them is not a command; STARTTLS too, for it changes the connection. Behind a 334 the line is the answer to
   * a challenge, and no trace shows it.
   */
  async command(line: string): Promise<Reply> {
    if (typeof line !== 'string') throw new MessageError('BAD_INPUT', 'line', 'expected text');
    return await this.#inTurn(async () => {
      const said: Command = this.#challenged ? { verb: 'RESPONSE', base64: line } : { verb: 'OTHER', line };
      if (said.verb === 'OTHER') refuseIncomplete(line);
      // refused here, a line costs nothing; the session would be dropped for what it can't say
      encode(said);
      const reply = await this.#driver.perform(ask(said));
      this.#challenged = reply.code === 334;
      return reply;
    });
  }

  /** Asks whether the server is still there. */
  async noop(): Promise<Reply> {
    return await this.#say(noop);
  }

  /** Says goodbye and closes; a server that does not answer changes nothing. */
  async quit(): Promise<void> {
    await this.#inTurn(async () => {
      if (!this.#driver.isOver) await this.#driver.perform(quit()).catch(() => {});
      await this.#driver.connection.close();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.quit();
  }

  #say<T>(dialogue: () => Dialogue<T>): Promise<T> {
    return this.#inTurn(() => this.#driver.perform(dialogue()));
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(task, task);
    this.#queue = turn.catch(() => {});
    return turn;
  }
}

/** @throws UnsupportedError for a command that does not stand alone */
function refuseIncomplete(line: string): void {
  const verb = /^\s*([A-Za-z]+)/.exec(line)?.[1]?.toUpperCase();
  if (verb !== 'DATA' && verb !== 'BDAT' && verb !== 'STARTTLS') return;
  throw new UnsupportedError(
    'EXTENSION_NOT_OFFERED',
    `${verb} is not a command that stands alone: use send(), or the option security`,
  );
}
