/** Writes a dialogue as a driver would report it, for tests of the formats. */
import type { Reply } from '../../src/errors.ts';
import { PlainwireError } from '../../src/errors.ts';
import type { Protocol, SecretSpan, TlsFacts, Trace } from '../../src/trace/event.ts';
import { Tracer } from '../../src/trace/tracer.ts';

export class Dialogue {
  readonly tracer: Tracer;
  readonly #target: string;
  #phase = 'greeting';
  #roundTrip = 1;

  constructor(trace: Trace, { protocol = 'smtp' as Protocol, connection = 1, target = 'mail.example.com:25' } = {}) {
    this.tracer = new Tracer(trace, protocol, connection);
    this.#target = target;
  }

  open(): this {
    this.tracer.connecting(this.#target);
    this.tracer.connected(this.#target, '192.0.2.1:25');
    return this;
  }

  /** A command; `secret` is the part of it that is one. */
  say(line: string, secret?: string): this {
    const verb = /^[A-Z]+/.exec(line)?.[0];
    this.#phase = (verb ?? this.#phase).toLowerCase();
    return this.bytes(line, this.#phase, verb, secret);
  }

  /** An answer to a challenge. */
  answer(line: string): this {
    return this.bytes(line, 'auth', undefined, line);
  }

  bytes(line: string, phase: string, verb: string | undefined, secret?: string): this {
    const bytes = Buffer.from(`${line}\r\n`);
    const start = secret === undefined ? -1 : line.indexOf(secret);
    const secrets: SecretSpan[] = secret === undefined ? [] : [{ start, end: start + secret.length }];
    this.tracer.sent({ phase, roundTrip: this.#roundTrip++, bytes, secrets }, verb);
    return this;
  }

  content(...pieces: (string | Uint8Array)[]): this {
    this.#phase = 'content';
    for (const piece of pieces) {
      this.tracer.sent(
        { phase: 'content', roundTrip: this.#roundTrip, bytes: Buffer.from(piece), secrets: [] },
        undefined,
      );
    }
    return this;
  }

  hear(...lines: string[]): this {
    const bytes = Buffer.from(lines.map((line) => `${line}\r\n`).join(''));
    this.tracer.received({ phase: this.#phase, roundTrip: this.#roundTrip, bytes, secrets: [] }, parse(lines));
    return this;
  }

  /** A challenge that is secret. */
  challenge(code: string, text: string): this {
    const secrets = [{ start: code.length + 1, end: code.length + 1 + text.length }];
    const bytes = Buffer.from(`${code} ${text}\r\n`);
    this.tracer.received({ phase: 'auth', roundTrip: this.#roundTrip, bytes, secrets }, parse([`${code} ${text}`]));
    return this;
  }

  request(head: string): this {
    this.tracer.sent({ phase: 'request', roundTrip: 1, bytes: Buffer.from(head), secrets: [] }, 'GET');
    return this;
  }

  head(head: string): this {
    this.tracer.received({ phase: 'head', roundTrip: 1, bytes: Buffer.from(head), secrets: [] }, undefined);
    return this;
  }

  body(...pieces: (string | Uint8Array)[]): this {
    for (const piece of pieces) {
      this.tracer.received({ phase: 'body', roundTrip: 1, bytes: Buffer.from(piece), secrets: [] }, undefined);
    }
    return this;
  }

  tls(facts: Partial<TlsFacts> = {}): this {
    this.tracer.tls({ ...TLS, ...facts });
    return this;
  }

  fail(message: string): this {
    this.tracer.error(new PlainwireError('CONNECTION_LOST', message));
    return this;
  }

  close(by: 'us' | 'peer' = 'us'): this {
    this.tracer.closed(by);
    return this;
  }
}

function parse(lines: readonly string[]): Reply {
  const enhanced = /^... ?([245]\.\d+\.\d+) /.exec(lines[0] ?? '')?.[1];
  return {
    code: Number(lines[0]?.slice(0, 3)),
    enhanced,
    lines: lines.map((line) => line.slice(4 + (enhanced === undefined ? 0 : enhanced.length + 1))),
  };
}

/** Facts of a TLS session, as good as any. */
export const TLS: TlsFacts = {
  protocol: 'TLSv1.3',
  cipher: 'TLS_AES_256_GCM_SHA384',
  serverName: 'mail.example.com',
  authorized: true,
  authorizationError: undefined,
  resumed: false,
  alpn: undefined,
  certificate: {
    subject: 'CN=mail.example.com',
    issuer: 'CN=Example CA',
    altNames: ['DNS:mail.example.com'],
    validFrom: new Date('2026-01-01T00:00:00Z'),
    validTo: new Date('2027-01-01T00:00:00Z'),
    fingerprint256: 'AA:BB',
  },
};

/** The dialogue of the seed programs. */
export function seedDialogue(trace: Trace): Dialogue {
  return new Dialogue(trace)
    .open()
    .hear('220 smtp.univ-angers.fr ESMTP Postfix')
    .say('EHLO Gportpers3.ad.univ-angers.fr')
    .hear(
      '250-smtp.univ-angers.fr',
      '250-PIPELINING',
      '250-SIZE 20480000',
      '250-VRFY',
      '250-ETRN',
      '250-ENHANCEDSTATUSCODES',
      '250-8BITMIME',
      '250 DSN',
    )
    .say('MAIL FROM:<serge.tahe@univ-angers.fr> SIZE=99')
    .hear('250 2.1.0 Ok')
    .say('RCPT TO:<serge.tahe@univ-angers.fr>')
    .hear('250 2.1.5 Ok')
    .say('DATA')
    .hear('354 End data with <CR><LF>.<CR><LF>')
    .content(
      'From: serge.tahe@univ-angers.fr\r\nTo: serge.tahe@univ-angers.fr\r\nSubje',
      'ct: test\r\n\r\nligne1\r\nligne2\r\n\r\nligne3\r\n',
      '.\r\n',
    )
    .hear('250 2.0.0 Ok: queued as D4977114358')
    .say('QUIT')
    .hear('221 2.0.0 Bye')
    .close();
}
