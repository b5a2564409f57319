/** A person, or a file, as the server: each line goes to the client in focus; `bye` ends the dialogue with it. */
import { safe } from '../../trace/index.ts';
import type { Client } from './client.ts';

export interface DeskOptions {
  /** Shows a line to whoever sits there. */
  readonly print: (text: string) => void;
  /** The client in focus has changed. */
  readonly onFocus: (client: Client | undefined) => void;
}

const HELP = [
  'A line goes to the client in focus, with CRLF. bye ends the dialogue with it.',
  '/2 puts client 2 in focus, /list lists them all, //x says /x.',
];

export class Desk {
  readonly #options: DeskOptions;
  readonly #clients = new Map<number, Client>();
  /** What ends the dialogue with each. */
  readonly #endings = new Map<Client, () => void>();
  #focus: Client | undefined;
  #silent = false;
  #met = false;
  #waiting: (() => void)[] = [];

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  get focus(): Client | undefined {
    return this.#focus;
  }

  /** Hears a client until it is told bye; where nobody will say anything more, until it ends. */
  readonly serve = async (client: Client): Promise<void> => {
    const ended = new Promise<void>((resolve) => this.#endings.set(client, resolve));
    this.#clients.set(client.id, client);
    this.#met = true;
    if (this.#focus === undefined) this.#turnTo(client);
    const heard = this.#hear(client);
    // it ends with the connection, whatever comes first
    heard.catch(() => {});
    try {
      await Promise.race([heard, ended.then(() => client.partFrom(heard))]);
    } finally {
      this.#dismiss(client);
    }
  };

  /** Nothing more is said to this one. */
  #dismiss(client: Client): void {
    this.#clients.delete(client.id);
    this.#endings.get(client)?.();
    this.#endings.delete(client);
    if (this.#focus === client) this.#turnTo(this.#clients.values().next().value);
  }

  async #hear(client: Client): Promise<void> {
    while ((await client.read()) !== undefined) this.#changed();
    this.#changed();
    if (this.#silent || !this.#clients.has(client.id)) return;
    client.watch.fact('the client has said everything; bye ends the dialogue');
    // a client that waits for an answer can't be told from one that is gone, until something is said to it
    await client.connection.closed;
  }

  /** A line was typed. */
  say(line: string): void {
    const command = /^\/(\d+|list|help)$/.exec(line)?.[1];
    if (command === 'list') this.#list();
    else if (command === 'help') for (const text of HELP) this.#options.print(text);
    else if (command !== undefined) this.#choose(Number(command));
    else if (this.#focus === undefined) this.#options.print('nobody is there');
    else if (line === 'bye') this.#dismiss(this.#focus);
    else this.#focus.write(`${line.replace(/^\/\//, '/')}\r\n`)?.catch(() => {});
  }

  /**
   * Settles when a line that nobody types has its turn: when somebody is in focus, and in SMTP the last line of a reply
   * when a reply is owed.
   */
  async turnOf(line: string): Promise<void> {
    for (;;) {
      const client = this.#focus;
      if (client !== undefined) {
        const { smtp } = client.watch.view;
        const waits = smtp?.idle === true && /^[2-5]\d\d(?: |$)/.test(line);
        if (!waits || client.ended) return;
      }
      await this.#change();
    }
  }

  /** Settles when somebody has come, and nobody is left. */
  async nobody(): Promise<void> {
    while (!this.#met || this.#focus !== undefined) await this.#change();
  }

  /** Settles when a client has come, gone, or said something. */
  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #changed(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Nothing more will be said: clients that have said everything may go, and so may the others then. */
  fallSilent(): void {
    this.#silent = true;
    for (const [client, end] of this.#endings) if (client.ended) end();
  }

  #choose(id: number): void {
    const client = this.#clients.get(id);
    if (client === undefined) this.#options.print(`there is no client ${id}`);
    else this.#turnTo(client);
  }

  #list(): void {
    if (this.#clients.size === 0) this.#options.print('nobody is there');
    for (const client of this.#clients.values()) {
      this.#options.print(`${client === this.#focus ? '*' : ' '} ${client.id}  ${safe(client.address)}`);
    }
  }

  #turnTo(client: Client | undefined): void {
    this.#focus = client;
    this.#options.onFocus(client);
    this.#changed();
  }
}
