/** An SMTP or LMTP server whose first connection breaks where it is told to, and that knows how far each message got. */
import { readFileSync } from 'node:fs';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { type Cut, type Passage, passage, Tap, turns } from './tap.ts';

const certificate = (name: string): Buffer =>
  readFileSync(new URL(`../../fixtures/certificates/${name}`, import.meta.url));
export const CA = certificate('ca.pem');
const SECURE = tls.createSecureContext({ key: certificate('localhost.key'), cert: certificate('localhost.pem') });

export interface FaultServerOptions {
  readonly security: 'none' | 'starttls' | 'tls';
  readonly mode: 'lock-step' | 'pipelining' | 'chunking' | 'lmtp';
  /** `'wire'`: the bytes as the network carries them; `'words'`: those of the dialogue, above TLS. */
  readonly layer: 'wire' | 'words';
  readonly cut: Cut | undefined;
}

/** What the server knows of one message on one connection: the codes of the replies that were passed on whole. */
export interface Progress {
  readonly mail: number[];
  readonly rcpt: number[];
  readonly data: number[];
  readonly content: number[];
}

export interface Visit {
  readonly passage: Passage;
  /** Replies before the first message that were passed on whole, by phase. */
  readonly opening: string[];
  readonly messages: Map<string, Progress>;
  secured: boolean;
  /** When the fault happened, or undefined. */
  brokenAt: number | undefined;
  /** The client has let go of the socket. */
  readonly left: Promise<void>;
  /** Heeds a stream that has taken the socket over. */
  readonly watch: (stream: Duplex) => void;
}

export interface FaultServer {
  readonly port: number;
  readonly visits: readonly Visit[];
  /** The messages whose end was received, for somebody, in order. */
  readonly received: readonly string[];
  close(): Promise<void>;
}

export async function faultServer(options: FaultServerOptions): Promise<FaultServer> {
  const visits: Visit[] = [];
  const received: string[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    let leave = (): void => {};
    const left = new Promise<void>((resolve) => (leave = resolve));
    const watch = (stream: Duplex): void => {
      for (const event of ['end', 'error', 'close']) stream.on(event, leave);
    };
    watch(socket);
    const first = visits.length === 0;
    const state = passage(first ? options.cut : undefined, () => {
      visit.brokenAt = performance.now();
      if (options.cut?.fault === 'reset') socket.resetAndDestroy();
    });
    const visit: Visit = {
      passage: state,
      opening: [],
      messages: new Map(),
      secured: false,
      brokenAt: undefined,
      left,
      watch,
    };
    visits.push(visit);
    new Conversation(socket, options, visit, received).begin();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    visits,
    received,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** The server's side of one connection. */
class Conversation {
  readonly #socket: net.Socket;
  readonly #options: FaultServerOptions;
  readonly #visit: Visit;
  readonly #received: string[];
  #stream: Duplex;
  readonly #replies: { readonly text: string; readonly whole: () => void }[] = [];
  #input = '';
  #expects: 'command' | 'data' | number = 'command';
  #current: { readonly id: string; readonly progress: Progress; accepted: string[] } | undefined;

  constructor(socket: net.Socket, options: FaultServerOptions, visit: Visit, received: string[]) {
    this.#socket = socket;
    this.#options = options;
    this.#visit = visit;
    this.#received = received;
    this.#stream = socket;
  }

  begin(): void {
    const { security, layer } = this.#options;
    if (security === 'tls') return this.#secure(layer === 'wire' ? this.#tap(this.#socket) : this.#socket);
    this.#listen(this.#tap(this.#socket));
    this.#greet();
  }

  #tap(below: Duplex): Tap {
    return new Tap(below, this.#visit.passage);
  }

  #listen(stream: Duplex): void {
    this.#stream = stream;
    // the client may be gone: what it made of that is looked at from its side
    stream.on('error', () => {});
    stream.on('data', this.#onData);
    stream.on('end', () => stream.end());
  }

  #secure(below: Duplex): void {
    const secured = new tls.TLSSocket(below, { isServer: true, secureContext: SECURE });
    this.#visit.watch(secured);
    secured.once('secure', () => {
      this.#visit.secured = true;
      this.#listen(this.#options.layer === 'words' ? this.#tap(secured) : secured);
      if (this.#options.security === 'tls') void this.#greetSecured();
    });
  }

  /** With TLS 1.3 the session tickets go first, of which nobody tells when they have left. */
  async #greetSecured(): Promise<void> {
    this.#visit.passage.busy = true;
    await turns(4);
    this.#visit.passage.busy = false;
    this.#greet();
  }

  #upgrade(): void {
    if (this.#visit.passage.deaf) return;
    const tap = this.#stream as Tap;
    tap.off('data', this.#onData);
    if (this.#options.layer === 'wire') return this.#secure(tap);
    tap.detach();
    this.#secure(this.#socket);
  }

  #greet(): void {
    this.#open('greeting', '220 hi');
  }

  #open(phase: string, reply: string, then: () => void = () => {}): void {
    this.#say(reply, () => {
      this.#visit.opening.push(phase);
      then();
    });
  }

  /** `whole` is called where every byte of the reply was passed on. */
  #say(reply: string, whole: () => void): void {
    this.#replies.push({ text: `${reply}\r\n`, whole });
    if (!this.#visit.passage.busy) void this.#reply();
  }

  /** One reply after the other: what is written at once may be encrypted as one, and pass as one. */
  async #reply(): Promise<void> {
    const state = this.#visit.passage;
    state.busy = true;
    for (let next = this.#replies.shift(); next !== undefined; next = this.#replies.shift()) {
      const { text, whole } = next;
      const before = state.offered;
      const fault = await new Promise((resolve) => this.#stream.write(text, resolve));
      while (!fault && state.offered === before && !this.#stream.destroyed) await turns(1);
      if (!fault && state.offered > before && state.offered === state.sent) whole();
    }
    state.busy = false;
  }

  /** A reply that belongs to a message. */
  #answer(to: number[], code: number): void {
    this.#say(`${code} ok`, () => to.push(code));
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#input += chunk.toString('latin1');
    while (this.#takeOne()) {}
  };

  #takeOne(): boolean {
    if (this.#expects === 'command') {
      const end = this.#input.indexOf('\r\n');
      if (end === -1) return false;
      const line = this.#input.slice(0, end);
      this.#input = this.#input.slice(end + 2);
      this.#command(line);
      return true;
    }
    let length: number;
    if (this.#expects === 'data') {
      const end = this.#input.startsWith('.\r\n') ? 0 : this.#input.indexOf('\r\n.\r\n') + 2;
      if (end === 1) return false;
      length = end + 3;
    } else {
      if (this.#input.length < this.#expects) return false;
      length = this.#expects;
    }
    this.#input = this.#input.slice(length);
    this.#expects = 'command';
    this.#taken();
    return true;
  }

  #command(line: string): void {
    const verb = line.split(' ', 1)[0] ?? '';
    const { security, mode } = this.#options;
    switch (verb) {
      case 'EHLO':
      case 'LHLO': {
        const offers = ['hi', 'AUTH PLAIN'];
        if (security === 'starttls' && !this.#visit.secured) offers.push('STARTTLS');
        if (mode !== 'lock-step') offers.push('PIPELINING');
        if (mode === 'chunking') offers.push('CHUNKING');
        const lines = offers.map((offer, n) => `250${n === offers.length - 1 ? ' ' : '-'}${offer}`);
        return this.#open(verb.toLowerCase(), lines.join('\r\n'));
      }
      case 'STARTTLS':
        return this.#open('starttls', '220 go', () => this.#upgrade());
      case 'AUTH':
        return this.#open('auth', '235 ok');
      case 'MAIL':
        return this.#mail(line);
      case 'RCPT':
        return this.#rcpt(line);
      case 'DATA':
        return this.#data();
      case 'BDAT':
        this.#expects = Number(line.split(' ')[1]);
        return;
      case 'QUIT':
        return this.#say('221 bye', () => this.#stream.end());
      default:
        return this.#say('250 ok', () => {});
    }
  }

  #mail(line: string): void {
    const id = /<(\w+)@/.exec(line)?.[1] ?? '';
    const progress: Progress = { mail: [], rcpt: [], data: [], content: [] };
    this.#visit.messages.set(id, progress);
    this.#current = { id, progress, accepted: [] };
    this.#answer(progress.mail, 250);
  }

  #rcpt(line: string): void {
    const to = /<(\w+)@/.exec(line)?.[1] ?? '';
    const refused = to.startsWith('no');
    if (!refused) this.#current?.accepted.push(to);
    if (this.#current !== undefined) this.#answer(this.#current.progress.rcpt, refused ? 550 : 250);
  }

  #data(): void {
    const current = this.#current;
    if (current === undefined) return;
    // RFC 2033 section 4.2: LMTP has no content for nobody; with SMTP some servers want it, and get a lone dot
    const refused = this.#options.mode === 'lmtp' && current.accepted.length === 0;
    if (!refused) this.#expects = 'data';
    this.#answer(current.progress.data, refused ? 503 : 354);
  }

  /** The end of a content has been received. */
  #taken(): void {
    const current = this.#current;
    if (current === undefined) return;
    this.#current = undefined;
    const { id, progress, accepted } = current;
    if (accepted.length > 0) this.#received.push(id);
    const verdicts = this.#options.mode === 'lmtp' ? accepted : [accepted[0] ?? 'no'];
    for (const to of verdicts) this.#answer(progress.content, to.startsWith('no') || to.startsWith('full') ? 554 : 250);
  }
}
