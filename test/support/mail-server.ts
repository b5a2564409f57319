/** A mail server for tests: it takes everything, and its replies, its silence and its TLS are the test's to change. */
import { readFileSync } from 'node:fs';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';

const file = (name: string): Buffer => readFileSync(new URL(`../fixtures/certificates/${name}`, import.meta.url));
export const CA = file('ca.pem');
export const CERTIFICATE = { key: file('localhost.key'), cert: file('localhost.pem') };

/** What a test may do in place of the usual reply: another one, without its last CRLF, or none. */
export type Answer = string | undefined | Promise<string | undefined>;
/** No reply at all. */
export const SILENCE = '';

export interface MailServerOptions {
  /** EHLO keywords. */
  readonly offers?: readonly string[];
  readonly security?: 'none' | 'starttls' | 'tls';
  readonly tls?: tls.TLSSocketOptions;
  readonly lmtp?: boolean;
  /** A Unix domain socket in place of a port. */
  readonly path?: string;
  /** Where it listens; 127.0.0.1 by default. */
  readonly host?: string;
  /** {@link SILENCE} for none. */
  readonly greeting?: string | ((session: ServerSession) => string);
  /** Milliseconds by which replies come late: one way of a network that is far. */
  readonly delay?: number;
  /** Another answer to a line; undefined for the usual one. */
  readonly answer?: (line: string, session: ServerSession) => Answer;
  /** Another answer to a message. */
  readonly onMessage?: (message: ServerMessage, session: ServerSession) => Answer;
  readonly onConnection?: (session: ServerSession) => void;
}

export interface ServerMessage {
  readonly from: string;
  readonly to: readonly string[];
  /** The content, dots unstuffed. */
  readonly text: string;
  /** The number of the connection it came over. */
  readonly session: number;
}

export interface MailServer extends AsyncDisposable {
  readonly port: number;
  readonly sessions: readonly ServerSession[];
  readonly messages: readonly ServerMessage[];
  /** Every line of every session, in the order they came. */
  readonly lines: readonly string[];
  /** Connections that stand now. */
  readonly open: number;
  /** Settles when the n-th thing of a kind has come. */
  until(condition: (server: MailServer) => boolean): Promise<void>;
}

export async function mailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const sessions: ServerSession[] = [];
  const messages: ServerMessage[] = [];
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  // one for all connections: a session can only be resumed where the keys of its ticket are known
  const context = tls.createSecureContext({ ...CERTIFICATE, ...options.tls });
  const changed = (): void => {
    for (const check of waiting) check();
  };
  const server = net.createServer({ noDelay: true }, (socket) => {
    const session = new ServerSession(socket, options, sessions.length, { messages, lines, changed, context });
    sessions.push(session);
    socket.on('close', changed);
    options.onConnection?.(session);
    session.begin();
    changed();
  });
  await new Promise<void>((resolve) => {
    if (options.path === undefined) server.listen(0, options.host ?? '127.0.0.1', resolve);
    else server.listen(options.path, resolve);
  });
  const address = server.address();
  const port = address === null || typeof address === 'string' ? 0 : address.port;
  const self: MailServer = {
    port,
    sessions,
    messages,
    lines,
    get open() {
      return sessions.filter(({ socket }) => !socket.destroyed).length;
    },
    until: (condition) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (!condition(self)) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        for (const { socket } of sessions) socket.destroy();
        server.close(() => resolve());
      }),
  };
  return self;
}

interface Shared {
  readonly messages: ServerMessage[];
  readonly lines: string[];
  readonly changed: () => void;
  readonly context: tls.SecureContext;
}

export class ServerSession {
  readonly socket: net.Socket;
  /** Counts from 0. */
  readonly number: number;
  readonly lines: string[] = [];
  /** How often bytes came in: about as often as the client wrote. */
  reads = 0;
  /** How often the client had to wait for a reply before it said what it said last. */
  roundTrips = 0;
  /** Nothing that the client says is heeded any more. */
  deaf = false;
  secure: tls.TLSSocket | undefined;
  stream: Duplex;
  readonly #options: MailServerOptions;
  readonly #shared: Shared;
  #heardOf = 0;
  #input = '';
  #working = false;
  #expects: 'command' | 'data' | 'answer' | { readonly octets: number; readonly last: boolean } = 'command';
  #onAnswer: (line: string) => void = () => {};
  #from = '';
  #to: string[] = [];
  #content = '';

  constructor(socket: net.Socket, options: MailServerOptions, number: number, shared: Shared) {
    this.socket = socket;
    this.stream = socket;
    this.number = number;
    this.#options = options;
    this.#shared = shared;
  }

  begin(): void {
    this.socket.on('error', () => {});
    if (this.#options.security === 'tls') return this.startTls(() => this.#greet());
    this.#listen();
    this.#greet();
  }

  /** Says a reply, or several lines of one, or anything else. */
  say(text: string): void {
    if (this.#options.delay === undefined) {
      if (!this.stream.destroyed) this.stream.write(`${text}\r\n`);
      return;
    }
    const round = this.roundTrips;
    setTimeout(() => {
      if (this.stream.destroyed) return;
      this.stream.write(`${text}\r\n`);
      // what has arrived by now was said before this could be heard
      setImmediate(() => (this.#heardOf = Math.max(this.#heardOf, round)));
    }, this.#options.delay);
  }

  /** Sends a challenge, or whatever it is, and takes the next line for the answer to it. */
  async ask(text: string): Promise<string> {
    const answer = new Promise<string>((resolve) => (this.#onAnswer = resolve));
    this.#expects = 'answer';
    this.say(text);
    return await answer;
  }

  startTls(then: () => void = () => {}): void {
    this.socket.removeAllListeners('data');
    const secure = new tls.TLSSocket(this.socket, {
      isServer: true,
      secureContext: this.#shared.context,
      ...this.#options.tls,
    });
    this.secure = secure;
    this.stream = secure;
    secure.on('error', () => {});
    secure.once('secure', () => {
      this.#listen();
      then();
    });
  }

  #greet(): void {
    const { greeting: given = '220 mail.example.com' } = this.#options;
    const greeting = typeof given === 'string' ? given : given(this);
    if (greeting !== SILENCE) this.say(greeting);
  }

  #listen(): void {
    this.stream.on('data', (chunk: Buffer) => {
      this.reads += 1;
      this.roundTrips = Math.max(this.roundTrips, this.#heardOf + 1);
      this.#input += chunk.toString('latin1');
      this.#shared.changed();
      if (this.#expects === 'answer') this.#takeAnswer();
      else if (!this.#working) void this.#work();
    });
  }

  #takeAnswer(): void {
    const line = this.#takeLine();
    if (line === undefined) return;
    this.#expects = 'command';
    this.#onAnswer(line);
  }

  async #work(): Promise<void> {
    this.#working = true;
    while (!this.deaf && (await this.#takeOne())) {}
    this.#working = false;
  }

  #takeLine(): string | undefined {
    const end = this.#input.indexOf('\r\n');
    if (end === -1) return undefined;
    const line = this.#input.slice(0, end);
    this.#input = this.#input.slice(end + 2);
    this.lines.push(line);
    this.#shared.lines.push(line);
    this.#shared.changed();
    return line;
  }

  async #takeOne(): Promise<boolean> {
    if (this.#expects === 'command') {
      const line = this.#takeLine();
      if (line === undefined) return false;
      const answer = await this.#options.answer?.(line, this);
      if (answer === undefined) await this.#command(line);
      else if (answer !== SILENCE) this.say(answer);
      return true;
    }
    if (this.#expects === 'data') {
      const isEmpty = this.#content === '' && this.#input.startsWith('.\r\n');
      const end = isEmpty ? 0 : this.#input.indexOf('\r\n.\r\n') + 2;
      if (end === 1) {
        // what may be the beginning of the end is looked at again with what follows
        this.#hold(this.#input.length - 4);
        return false;
      }
      this.#hold(end);
      this.#input = this.#input.slice(3);
      this.#content = this.#content.replaceAll(/^\./gm, '');
      await this.#message();
      return true;
    }
    if (this.#expects === 'answer') return false;
    const { octets, last } = this.#expects;
    const left = octets - this.#hold(octets);
    this.#expects = left > 0 ? { octets: left, last } : 'command';
    if (left > 0) return false;
    if (last) await this.#message();
    else this.say('250 ok');
    return true;
  }

  /** Moves so many octets, or as many as there are, from what came in to the content. */
  #hold(octets: number): number {
    const part = this.#input.slice(0, Math.max(0, octets));
    this.#content += part;
    this.#input = this.#input.slice(part.length);
    return part.length;
  }

  async #command(line: string): Promise<void> {
    const verb = line.split(' ', 1)[0]?.toUpperCase() ?? '';
    const address = /<([^>]*)>/.exec(line)?.[1] ?? '';
    switch (verb) {
      case 'EHLO':
      case 'LHLO':
        return this.#hello();
      case 'STARTTLS':
        this.say('220 go');
        return this.startTls();
      case 'AUTH':
        return this.say('235 ok');
      case 'MAIL':
        this.#from = address;
        this.#to = [];
        this.#content = '';
        return this.say('250 ok');
      case 'RCPT':
        if (/^no/.test(address)) return this.say('550 no such user');
        this.#to.push(address);
        return this.say('250 ok');
      case 'DATA':
        if (this.#to.length === 0) return this.say('554 no valid recipients');
        this.#content = '';
        this.#expects = 'data';
        return this.say('354 go');
      case 'BDAT':
        this.#expects = { octets: Number(line.split(' ')[1]), last: / LAST$/i.test(line) };
        return;
      case 'QUIT':
        this.say('221 bye');
        if (this.#options.delay === undefined) this.stream.end();
        return;
      default:
        return this.say('250 ok');
    }
  }

  #hello(): void {
    const { offers = [], security } = this.#options;
    const starttls = security === 'starttls' && this.secure === undefined ? ['STARTTLS'] : [];
    const lines = ['mail.example.com', ...offers, ...starttls];
    this.say(lines.map((text, n) => `250${n === lines.length - 1 ? ' ' : '-'}${text}`).join('\r\n'));
  }

  async #message(): Promise<void> {
    this.#expects = 'command';
    const message = { from: this.#from, to: this.#to, text: this.#content, session: this.number };
    this.#to = [];
    if (message.to.length === 0) return this.say('554 no valid recipients');
    this.#shared.messages.push(message);
    this.#shared.changed();
    const answer = await this.#options.onMessage?.(message, this);
    if (answer === SILENCE) return;
    if (answer !== undefined) return this.say(answer);
    for (const _ of this.#options.lmtp === true ? message.to : ['all']) this.say('250 ok');
  }
}
