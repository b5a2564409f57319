/** One connection of a pool: how many messages it has carried and may carry, and what it does when it has nothing to do. */
import { timerMs } from '../transport/index.ts';
import type { Driver } from './driver.ts';
import { quit } from './opening.ts';

export class Line {
  readonly driver: Driver;
  /** How many messages it may carry: the caller's word, or the server's (RFC 9422 MAILMAX). */
  readonly most: number;
  sent = 0;
  /** It carries no more messages. */
  retiring = false;
  /** It is being asked whether it still stands. */
  checking = false;
  /** Its end has been counted as a try of the message that it came upon; those behind that one have no part in it. */
  blamed = false;
  /** When it last had something to do. */
  idleSince = performance.now();
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(driver: Driver, messagesPerConnection: number) {
    this.driver = driver;
    const { mailMax } = driver.server.capabilities.limits;
    this.most = Math.min(messagesPerConnection, mailMax ?? Number.POSITIVE_INFINITY);
  }

  /** Whether no message has ever been trusted to it, nor any time passed. */
  get isFresh(): boolean {
    return this.sent === 0 && this.#idleTimer === undefined;
  }

  /** Nothing to do: the process may end, and after a while so does the connection. */
  rest(ms: number, onIdle: () => void): void {
    if (this.#idleTimer !== undefined) return;
    this.driver.connection.keepAlive('unref');
    this.#idleTimer = setTimeout(onIdle, timerMs(ms));
    this.#idleTimer.unref();
  }

  /** Something to do, after all. */
  wake(): void {
    if (this.#idleTimer === undefined) return;
    this.forget();
    this.driver.connection.keepAlive('ref');
  }

  /** Its time of rest is over, whatever comes. */
  forget(): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = undefined;
  }

  /** Says goodbye and closes; a server that does not answer changes nothing. */
  async leave(): Promise<void> {
    this.forget();
    const { driver } = this;
    driver.connection.keepAlive('ref');
    if (!driver.isOver) await driver.perform(quit()).catch(() => {});
    await driver.connection.close();
  }
}
