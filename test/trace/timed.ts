/** Dialogues as events with times of the test's own: a network with a known round trip, and a server with known pauses. */
import type { Reply } from '../../src/errors.ts';
import type { Protocol, TlsFacts, TraceEvent } from '../../src/trace/event.ts';
import { TLS } from './dialogue.ts';

export interface Said {
  readonly say: string;
  readonly verb?: string;
  readonly phase: string;
  readonly secret?: string;
}

export class TimedDialogue {
  readonly events: TraceEvent[] = [];
  readonly #oneWay: number;
  readonly #connection: number;
  readonly #protocol: Protocol;
  time = 0;
  #roundTrip = 1;
  #heard = false;

  constructor({ oneWay = 12, connection = 1, protocol = 'smtp' as Protocol } = {}) {
    this.#oneWay = oneWay;
    this.#connection = connection;
    this.#protocol = protocol;
  }

  open(target = 'mail.example.com:587'): this {
    this.#add({ kind: 'connecting', target });
    this.time += 2 * this.#oneWay;
    this.#add({ kind: 'connected', target, remote: '192.0.2.1:587' });
    return this;
  }

  /** Everything is said at once; then come the answers, after the server's pause. */
  exchange(said: readonly Said[], replies: readonly (readonly [phase: string, ...lines: string[]])[], pause = 1): this {
    for (const { say, verb, phase, secret } of said) this.say(say, phase, verb, secret);
    this.time += 2 * this.#oneWay + pause;
    for (const [phase, ...lines] of replies) this.hear(phase, lines);
    return this;
  }

  say(text: string, phase: string, verb?: string, secret?: string): this {
    this.time += 0.02;
    if (this.#heard) this.#roundTrip += 1;
    this.#heard = false;
    const bytes = Buffer.from(text.endsWith('\n') ? text : `${text}\r\n`);
    const start = secret === undefined ? -1 : text.indexOf(secret);
    const secrets = secret === undefined ? [] : [{ start, end: start + secret.length }];
    for (const span of secrets) bytes.fill('*', span.start, span.end);
    this.#add({ kind: 'sent', phase, roundTrip: this.#roundTrip, bytes, secrets, verb });
    return this;
  }

  hear(phase: string, lines: readonly string[]): this {
    this.time += 0.05;
    this.#heard = true;
    const bytes = Buffer.from(lines.map((line) => `${line}\r\n`).join(''));
    const reply = this.#protocol === 'http' ? undefined : replyOf(lines);
    this.#add({ kind: 'received', phase, roundTrip: this.#roundTrip, bytes, secrets: [], reply });
    return this;
  }

  tls(facts: Partial<TlsFacts> = {}): this {
    this.time += 2 * this.#oneWay + 4;
    this.#add({ kind: 'tls', facts: { ...TLS, ...facts } });
    return this;
  }

  close(): this {
    this.time += 0.2;
    this.#add({ kind: 'closed', by: 'us' });
    return this;
  }

  #add(event: Record<string, unknown>): void {
    const base = { time: this.time, connection: this.#connection, protocol: this.#protocol };
    this.events.push({ ...base, ...event } as unknown as TraceEvent);
  }
}

function replyOf(lines: readonly string[]): Reply {
  const [first = ''] = lines;
  const enhanced = /^\d{3}[ -]([245]\.\d+\.\d+) /.exec(first)?.[1];
  return { code: Number(first.slice(0, 3)), enhanced, lines: lines.map((line) => line.slice(4)) };
}

/** A mail to two recipients, one of them refused, after STARTTLS and AUTH: in lock-step, or in batches. */
export function submission(pace: 'lock-step' | 'pipelined', oneWay = 12): TimedDialogue {
  const dialogue = new TimedDialogue({ oneWay });
  const secret = Buffer.from('\0ada\0secret-secret').toString('base64');
  dialogue
    .open()
    .exchange([], [['greeting', '220 mail.example.com ESMTP']])
    .exchange(
      [{ say: 'EHLO client.example.com', verb: 'EHLO', phase: 'ehlo' }],
      [['ehlo', '250-mail.example.com', '250-PIPELINING', '250-SIZE 20480000', '250-STARTTLS', '250 8BITMIME']],
    )
    .exchange(
      [{ say: 'STARTTLS', verb: 'STARTTLS', phase: 'starttls' }],
      [['starttls', '220 2.0.0 Ready to start TLS']],
    )
    .tls()
    .exchange(
      [{ say: 'EHLO client.example.com', verb: 'EHLO', phase: 'ehlo' }],
      [['ehlo', '250-mail.example.com', '250-PIPELINING', '250-AUTH PLAIN SCRAM-SHA-256', '250 8BITMIME']],
    )
    .exchange(
      [{ say: `AUTH PLAIN ${secret}`, verb: 'AUTH', phase: 'auth', secret }],
      [['auth', '235 2.7.0 Authentication successful']],
    );
  const said: Said[] = [
    { say: 'MAIL FROM:<ada@example.com> SIZE=219', verb: 'MAIL', phase: 'mail' },
    { say: 'RCPT TO:<grace@example.org>', verb: 'RCPT', phase: 'rcpt' },
    { say: 'RCPT TO:<nobody@example.org>', verb: 'RCPT', phase: 'rcpt' },
    { say: 'DATA', verb: 'DATA', phase: 'data' },
  ];
  const replies: (readonly [string, string])[] = [
    ['mail', '250 2.1.0 Ok'],
    ['rcpt', '250 2.1.5 Ok'],
    ['rcpt', '550 5.1.1 <nobody@example.org>: no such user here'],
    ['data', '354 End data with <CR><LF>.<CR><LF>'],
  ];
  if (pace === 'pipelined') dialogue.exchange(said, replies, 4);
  else for (const [at, each] of said.entries()) dialogue.exchange([each], replies.slice(at, at + 1));
  const message =
    'From: Ada <ada@example.com>\r\nTo: grace@example.org\r\nSubject: The figures\r\n\r\nThey are attached.\r\n.\r\n';
  return dialogue
    .exchange([{ say: message, phase: 'content' }], [['content', '250 2.0.0 Ok: queued as D4977114358']], 60)
    .exchange([{ say: 'QUIT', verb: 'QUIT', phase: 'quit' }], [['quit', '221 2.0.0 Bye']])
    .close();
}

/** So many events, in batches. */
export function long(events: number): TimedDialogue {
  const dialogue = new TimedDialogue({ oneWay: 8 }).open().exchange([], [['greeting', '220 mail.example.com ESMTP']]);
  for (let message = 0; dialogue.events.length < events; message += 1) {
    const to = Array.from({ length: 8 }, (_none, at) => `RCPT TO:<user${message}.${at}@example.org>`);
    dialogue.exchange(
      [
        { say: `MAIL FROM:<list${message}@example.com>`, verb: 'MAIL', phase: 'mail' },
        ...to.map((say) => ({ say, verb: 'RCPT', phase: 'rcpt' })),
      ],
      [
        ['mail', '250 2.1.0 Ok'],
        ...to.map((_rcpt, at) => ['rcpt', at === 3 ? '550 5.1.1 no such user' : '250 2.1.5 Ok'] as const),
      ],
    );
  }
  return dialogue.close();
}
