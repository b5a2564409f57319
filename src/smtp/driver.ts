/**
 * Drives one session over one connection: writes what the session says, feeds it what comes, sets the deadline of what
 * is awaited. The only part of a session that waits for anything.
 */
import { ConnectionError, type PlainwireError, UnsupportedError, withFacts } from '../errors.ts';
import type { Connection } from '../transport/index.ts';
import { pump } from './content-pump.ts';
import type { Phase } from './deadlines.ts';
import type { Dialogue } from './dialogue.ts';
import { openSession, quit } from './opening.ts';
import type { Settings } from './options.ts';
import { quitAfter, StoppedError } from './quit-after.ts';
import type { ContentStream, Outcome, Run } from './run.ts';
import type { ServerState } from './server-state.ts';
import { Session, type Task } from './session.ts';

/** What the owner of a driver wants to hear. */
export interface DriverEvents {
  /** Something may have changed: another dialogue may begin, or nothing is under way any more. */
  readonly onProgress: () => void;
  /** The connection is gone, for whatever reason. */
  readonly onClosed: () => void;
}

const SILENT: DriverEvents = { onProgress: () => {}, onClosed: () => {} };

export class Driver {
  readonly connection: Connection;
  readonly settings: Settings;
  events: DriverEvents = SILENT;
  #server: ServerState | undefined;
  readonly #session: Session;
  #watched: number | Task | undefined;
  #started: Task | undefined;
  #congested = false;
  #pumping = false;
  #corked = false;

  private constructor(connection: Connection, settings: Settings) {
    this.connection = connection;
    this.settings = settings;
    this.#session = new Session(connection.tracer);
  }

  /** The opening dialogue on a new connection. What it throws has closed the connection. */
  static async open(connection: Connection, settings: Settings): Promise<Driver> {
    const driver = new Driver(connection, settings);
    const opening = openSession({
      name: settings.name ?? addressLiteral(connection.localAddress),
      lmtp: settings.lmtp,
      tls: settings.security === 'tls' ? 'standing' : TLS_MODES[settings.security],
      auth: settings.auth,
      mayAuthenticate: () => driver.mayAuthenticate(),
      authContext: () => driver.authContext(),
      isVerified: () => driver.#isLocal || driver.#isVerified,
    });
    const { quitAfter: stop } = settings;
    const opened = driver.perform(stop === undefined ? opening : quitAfter(opening, stop));
    void driver.#listen();
    try {
      driver.#server = await opened;
      // the server may have taken leave, or broken the rules, right behind its last reply
      driver.refuseOver();
    } catch (error) {
      if (error instanceof StoppedError) await driver.perform(quit()).catch(() => {});
      driver.connection.destroy();
      throw error;
    }
    driver.#settlePace();
    return driver;
  }

  /** @throws what ended the session, though its opening came to an end */
  refuseOver(): void {
    const { fault } = this.#session;
    if (fault === undefined) return;
    const { auth, lmtp } = this.settings;
    throw withFacts(fault, { phase: auth !== undefined ? 'auth' : lmtp ? 'lhlo' : 'ehlo' });
  }

  /** What is known of the server; only after the opening dialogue. */
  get server(): ServerState {
    if (this.#server === undefined) throw new TypeError('the session is not open yet');
    return this.#server;
  }

  /** Whether another dialogue may begin now: the session lets it, and what was written so far has left. */
  get isFree(): boolean {
    return this.#session.isFree && !this.#congested;
  }

  /** How many messages may be under way at once. */
  get depth(): number {
    return this.#session.pace.depth;
  }

  get isBusy(): boolean {
    return this.#session.isBusy;
  }

  get isOver(): boolean {
    return this.#session.fault !== undefined || this.connection.isClosed || this.connection.fault !== undefined;
  }

  /** Begins a dialogue; only where {@link isFree}. */
  begin<T>(dialogue: Dialogue<T>, done: (outcome: Outcome<T>) => void): Run {
    const run = this.#session.begin(dialogue, done);
    this.#work();
    this.#flush();
    return run;
  }

  /** What is begun within `task` is written in one go. */
  together(task: () => void): void {
    if (this.#corked) return task();
    this.#corked = true;
    try {
      task();
    } finally {
      this.#corked = false;
    }
    this.#flush();
  }

  /** Begins a dialogue; its outcome as a promise. */
  perform<T>(dialogue: Dialogue<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.begin(dialogue, (outcome) => (outcome.ok ? resolve(outcome.value) : reject(outcome.error)));
    });
  }

  /** The caller wants no more of this dialogue. */
  abandon(run: Run, fault: PlainwireError): void {
    this.#session.abandon(run, fault);
    this.#settleFault();
  }

  /** Ends everything on this connection at once. */
  abort(fault: PlainwireError): void {
    this.#session.fail(fault);
    this.#settleFault();
  }

  /** @throws UnsupportedError PLAINTEXT_AUTH_REFUSED where credentials would go in clear to another host */
  mayAuthenticate(): void {
    const { connection, settings } = this;
    if (settings.allowPlaintextAuth || this.#isLocal) return;
    if (connection.tls !== undefined && (connection.tls.authorized || !settings.anyPeer)) return;
    throw new UnsupportedError(
      'PLAINTEXT_AUTH_REFUSED',
      `credentials are not shown over ${connection.tls === undefined ? 'an unencrypted' : 'an unverified'} connection to another host (allowPlaintextAuth: true does it all the same)`,
      { phase: 'auth' },
    );
  }

  authContext(): {
    readonly host: string;
    readonly port: number;
    readonly channel: ReturnType<Connection['channelBinding']>;
  } {
    const { target } = this.settings;
    const port = target.kind === 'domain' ? target.port : 'port' in target.endpoint ? target.endpoint.port : 0;
    return { host: this.connection.host, port, channel: this.connection.channelBinding() };
  }

  /** A proxy on this host says nothing of where the other end is. */
  get #isLocal(): boolean {
    return this.settings.proxy === undefined && isLocal(this.connection.remote);
  }

  /** A certificate that is pinned is trusted without regard to its chain. */
  get #isVerified(): boolean {
    const { tls } = this.connection;
    return tls !== undefined && (tls.authorized || this.settings.tls.fingerprint256 !== undefined);
  }

  #settlePace(): void {
    const { capabilities, lmtp } = this.server;
    const { settings } = this;
    const pipelining = settings.pipelining && capabilities.pipelining;
    const chunked = settings.chunking && capabilities.chunking && !lmtp;
    const most = pipelining ? settings.messagesInFlight : 1;
    // with DATA the next message's commands may follow a final dot, but its content waits for a 354: two at a time
    this.#session.pace = { pipelining, depth: chunked ? most : Math.min(2, most) };
  }

  /** Reads until the end, whatever that is. */
  async #listen(): Promise<void> {
    try {
      while (this.#session.fault === undefined) {
        const task = this.#session.task;
        if (task?.step.kind === 'upgrade') await this.#upgrade(task);
        const chunk = await this.connection.read();
        if (chunk === undefined) {
          this.#session.end(
            new ConnectionError('CONNECTION_CLOSED', 'the server closed the connection', { retryable: true }),
          );
        } else {
          // what the replies set free is begun before anything is written: the end of one message and the beginning of
          // the next leave in one write
          this.together(() => {
            this.#session.receive(chunk);
            this.#work();
            this.events.onProgress();
          });
        }
      }
    } catch (error) {
      this.#session.end(error as PlainwireError);
    }
    this.#settleFault();
    this.events.onClosed();
  }

  async #upgrade(task: Task): Promise<void> {
    this.connection.setDeadline('tls', this.settings.deadlines.tls);
    await this.connection.upgrade(this.settings.tls);
    this.#watched = undefined;
    this.#session.resume(task, { ok: true, value: undefined });
    this.#work();
    this.#flush();
  }

  /** Starts work that is due, and goes on reading meanwhile: a server that gives up is heard. */
  #work(): void {
    const task = this.#session.task;
    if (task === undefined || task.step.kind !== 'work' || task === this.#started) return;
    this.#started = task;
    const resume = (outcome: Outcome<void>): void => {
      this.#session.resume(task, outcome);
      this.#work();
      this.#flush();
      this.events.onProgress();
    };
    task.step.work().then(
      () => resume({ ok: true, value: undefined }),
      (error) => resume({ ok: false, error }),
    );
  }

  #flush(): void {
    // what is said on a broken connection has not left: the reader hears of the fault
    if (this.#pumping || this.#corked || this.connection.fault !== undefined) return;
    for (let next = this.#session.take(); next !== undefined; next = this.#session.take()) {
      if (typeof next === 'string') {
        this.#write(next);
      } else {
        void this.#stream(next);
        return;
      }
    }
    this.#watch();
    this.#settleFault();
  }

  #write(bytes: string): void {
    const drained = this.connection.write(bytes);
    if (drained === undefined) return;
    this.#congested = true;
    drained.then(
      () => {
        this.#congested = false;
        this.events.onProgress();
      },
      // the reader hears of the fault
      () => {},
    );
  }

  async #stream(stream: ContentStream): Promise<void> {
    this.#pumping = true;
    this.connection.setDeadline('content', this.settings.deadlines.block);
    await pump(stream, this.#session, this.connection, this.settings.deadlines.block);
    this.#pumping = false;
    this.#watched = undefined;
    this.#flush();
    this.events.onProgress();
  }

  /** The deadline is that of the oldest reply owed; it is not moved while that reply is awaited. */
  #watch(): void {
    const { task } = this.#session;
    const awaited = this.#session.awaited ?? task;
    if (awaited === this.#watched) return;
    this.#watched = awaited;
    // work off the wire is a token that is fetched, or a key derived: the server waits for it as long as for a password
    const phase = task?.step.kind === 'work' ? 'auth' : this.#session.awaitedPhase;
    if (phase === undefined) this.connection.clearDeadline();
    else if (this.#session.isLeft)
      this.connection.setDeadline(phase, Math.min(LEAVING_MS, this.settings.deadlines.quit));
    else this.connection.setDeadline(phase, this.settings.deadlines[phase as Phase]);
  }

  #settleFault(): void {
    const { fault } = this.#session;
    if (fault !== undefined) this.connection.destroy(fault);
  }
}

/** Behind a 421 a server closes, in the time of a round trip: messages wait for that. */
const LEAVING_MS = 2_000;

const TLS_MODES = { starttls: 'required', opportunistic: 'opportunistic', none: 'never' } as const;

/** RFC 5321 section 4.1.3. */
function addressLiteral(address: string | undefined): string {
  if (address === undefined) return 'localhost';
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '');
  return plain.includes(':') ? `[IPv6:${plain}]` : `[${plain}]`;
}

/** This very host: the loopback addresses, and any path. */
function isLocal(remote: string): boolean {
  return /^(127\.|\[::1\]|\[::ffff:127\.)/.test(remote) || !/:\d+$/.test(remote);
}
