/** A pool of connections to one server: messages go in, each goes out once, each gets its own answer. */
import { AbortError, MessageError } from '../errors.ts';
import { compose, Message, type MessageInit } from '../mime/index.ts';
import type { Capabilities } from './capabilities.ts';
import { Connector } from './connector.ts';
import { type Delivery, failureOf } from './delivery.ts';
import { channels } from './diagnostics.ts';
import { refuseOption } from './elsewhere.ts';
import { type SmtpOptions, settingsOf } from './options.ts';
import { Pool } from './pool.ts';
import { Pull } from './pull.ts';
import type { Outcome } from './run.ts';
import { checkSendOptions, type SendOptions } from './send-options.ts';

export interface MailerOptions extends SmtpOptions {
  /** Connections at once at the most; 1 by default. */
  readonly connections?: number;
  /** After as many messages a connection is closed and another takes its place; no limit by default. */
  readonly messagesPerConnection?: number;
  /** Messages a second at the most, over all connections, from the first on. */
  readonly rate?: number;
  /**
   * How often a message is tried again that was surely not delivered and may be later: where there was no connection, or
   * 4yz came before the content; 0 by default.
   */
  readonly retries?: number;
  /** Milliseconds after which a connection with nothing to do is closed; 30,000 by default. */
  readonly idleTimeout?: number;
}

/** What became of one message of {@link Mailer.sendAll}; `index` counts the messages from 0. */
export type DeliveryOutcome =
  | { readonly ok: true; readonly index: number; readonly message: MessageInit | Message; readonly delivery: Delivery }
  | { readonly ok: false; readonly index: number; readonly message: MessageInit | Message; readonly error: unknown };

const POOL_FIELDS = new Set(['connections', 'messagesPerConnection', 'rate', 'retries', 'idleTimeout']);

export class Mailer implements AsyncDisposable {
  readonly #pool: Pool;

  /**
   * Checks the options and opens nothing: the first message does.
   * @throws MessageError that names the option
   */
  constructor(server: string | MailerOptions) {
    const settings = settingsOf(server, POOL_FIELDS);
    const options: MailerOptions = typeof server === 'string' ? {} : server;
    this.#pool = new Pool(new Connector(settings), {
      connections: whole('connections', options.connections ?? 1, 1),
      messagesPerConnection:
        options.messagesPerConnection === undefined
          ? Number.POSITIVE_INFINITY
          : whole('messagesPerConnection', options.messagesPerConnection, 1),
      spacing: options.rate === undefined ? 0 : 1000 / positive('rate', options.rate),
      retries: whole('retries', options.retries ?? 0, 0),
      idleTimeout: positive('idleTimeout', options.idleTimeout ?? 30_000),
      inFlight: settings.messagesInFlight,
      signal: settings.signal,
    });
  }

  /**
   * Sends one message. Resolves when the server has taken it for one recipient or more; `rejected` names the others.
   * @throws MessageError before anything is sent; UnsupportedError; ReplyError, ConnectionError, TlsError, TimeoutError,
   * AbortError, ProtocolError, each with the account of the recipients and with `mayHaveBeenDelivered`
   */
  send(message: MessageInit | Message, options: SendOptions = NO_OPTIONS): Promise<Delivery> {
    return new Promise((resolve, reject) => {
      if (options !== NO_OPTIONS) checkSendOptions(options);
      this.#begin(message, options, (outcome) => (outcome.ok ? resolve(outcome.value) : reject(outcome.error)));
    });
  }

  /** @throws MessageError, and ConnectionError where the mailer is closed: `done` is not called then */
  #begin(message: MessageInit | Message, options: SendOptions, done: (outcome: Outcome<Delivery>) => void): void {
    const composed = message instanceof Message ? message : compose(message);
    if (composed.envelope.to.length === 0) {
      composed.release();
      throw new MessageError('NO_RECIPIENTS', 'to', 'the message has no recipient: give to, cc, bcc or envelope.to');
    }
    const settle = (outcome: Outcome<Delivery>): void => {
      if (outcome.ok) {
        if (channels.delivery.hasSubscribers) channels.delivery.publish({ delivery: outcome.value });
        return done(outcome);
      }
      const error = failureOf(composed, outcome.error);
      if (channels.error.hasSubscribers) channels.error.publish({ error, messageId: composed.messageId });
      done({ ok: false, error });
    };
    try {
      this.#pool.add(composed, options, settle);
    } catch (error) {
      throw failureOf(composed, error);
    }
  }

  /**
   * Sends many messages, and says what became of each, as soon as it is known. Takes no more from `messages` than can be
   * on its way; one that fails is an outcome, not an exception. What `messages` itself throws is thrown, after the last outcome.
   */
  async *sendAll(
    messages: Iterable<MessageInit | Message> | AsyncIterable<MessageInit | Message>,
    options: SendOptions = NO_OPTIONS,
  ): AsyncGenerator<DeliveryOutcome, void, undefined> {
    checkSendOptions(options);
    checkIterable(messages);
    const ready: DeliveryOutcome[] = [];
    let wake: () => void = () => {};
    let index = 0;
    let underWay = 0;
    let sourceFault: { readonly error: unknown } | undefined;
    const source = new Pull<MessageInit | Message>(messages, () => wake());
    const room = (): Promise<void> => new Promise((resolve) => (wake = resolve));
    const settle = (outcome: DeliveryOutcome): void => {
      underWay -= 1;
      ready.push(outcome);
      wake();
    };
    const begin = (message: MessageInit | Message): void => {
      const at = index;
      index += 1;
      underWay += 1;
      try {
        this.#begin(message, options, (outcome) =>
          settle(
            outcome.ok
              ? { ok: true, index: at, message, delivery: outcome.value }
              : { ok: false, index: at, message, error: outcome.error },
          ),
        );
      } catch (error) {
        settle({ ok: false, index: at, message, error });
      }
    };
    let isDone = false;
    try {
      while (!isDone || underWay > 0 || ready.length > 0) {
        for (let outcome = ready.shift(); outcome !== undefined; outcome = ready.shift()) yield outcome;
        let next: IteratorResult<MessageInit | Message> | undefined;
        try {
          next = isDone || underWay >= this.#pool.capacity ? undefined : source.next();
        } catch (error) {
          sourceFault = { error };
          isDone = true;
        }
        if (next?.done === true) isDone = true;
        else if (next !== undefined) begin(next.value);
        else if (ready.length === 0 && (!isDone || underWay > 0)) await room();
      }
    } finally {
      if (!isDone) source.end();
    }
    if (sourceFault !== undefined) throw sourceFault.error;
  }

  /** Opens a connection where none stands, and says what the server offers. @throws as {@link send} */
  async verify(): Promise<Capabilities> {
    return await this.#pool.verify();
  }

  /** Waits for what is under way, then says goodbye; with `abort`, for nothing. Later calls of send() are refused. */
  async close(how: { readonly abort?: boolean } = {}): Promise<void> {
    checkClosing(how);
    if (how.abort === true) this.#pool.abort(new AbortError('ABORTED', 'the mailer was closed'));
    await this.#pool.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

const NO_OPTIONS: SendOptions = {};

/** Who wants nothing to be waited for, and says it in another word, would wait. */
function checkClosing(how: { readonly abort?: boolean }): void {
  if (typeof how !== 'object' || how === null) throw new MessageError('BAD_INPUT', 'close', 'expected an object');
  for (const name of Object.keys(how)) if (name !== 'abort') refuseOption('close', name, ['abort'], 'close.');
  if (how.abort !== undefined && typeof how.abort !== 'boolean')
    throw new MessageError('BAD_INPUT', 'close.abort', 'expected true or false');
}

/** One message is not many, and a text is many characters. */
function checkIterable(messages: unknown): void {
  const isIterable =
    typeof messages === 'object' &&
    messages !== null &&
    (Symbol.iterator in messages || Symbol.asyncIterator in messages) &&
    !ArrayBuffer.isView(messages);
  if (!isIterable) throw new MessageError('BAD_INPUT', 'messages', 'expected an iterable of messages');
}

function whole(field: string, value: number, least: number): number {
  if (!Number.isInteger(value) || value < least)
    throw new MessageError('BAD_INPUT', field, `expected a whole number from ${least}, not ${value}`);
  return value;
}

function positive(field: string, value: number): number {
  if (!(value > 0) || !Number.isFinite(value))
    throw new MessageError('BAD_INPUT', field, `expected a number above 0, not ${value}`);
  return value;
}
