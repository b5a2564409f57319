/**
 * A transcript read back as the events of a trace: of a `.wire` file with its times, facts of TLS and sizes of secrets;
 * of any other transcript, what was said and in which order. For pictures and explanations of dialogues that are over.
 */
import { type ErrorCode, PlainwireError, type Reply } from '../errors.ts';
import type { Echoes } from './echoes.ts';
import type { Protocol, SecretSpan, TlsFacts, TraceEvent } from './event.ts';
import { headSecrets } from './head-secrets.ts';
import { MarkReader } from './marks.ts';
import { unescapedBytes } from './transcript.ts';
import { secretsIn } from './transcript-secrets.ts';

/** Every connection of the transcript, one after another. */
export function eventsOf(transcript: string): TraceEvent[] {
  const lines = transcript.replace(/\r?\n$/, '').split(/\r?\n/);
  const marks = new MarkReader(lines);
  const events: TraceEvent[] = [];
  const secrets = secretsIn(transcript);
  const keep = (event: TraceEvent): void => void events.push(secrets.isEmpty ? event : withoutSecrets(event, secrets));
  let reader = new ConnectionReader(1, keep);
  for (const line of lines) {
    const said = marks.read(line, reader.inContent);
    const opening = said.side === 'fact' ? /^# (SMTP|LMTP|HTTP|RAW) dialogue with (.+)$/.exec(line) : null;
    if (opening !== null) {
      if (reader.hasBegun) {
        reader.end();
        reader = new ConnectionReader(reader.connection + 1, keep);
      }
      reader.open((opening[1] ?? '').toLowerCase() as Protocol, opening[2] ?? '');
    } else if (said.side === 'fact') {
      reader.fact(line);
    } else {
      if (said.mark === 'C~ ' && reader.wasSaid(line.slice(3))) continue;
      const isWire = /^[CS][:-] $/.test(said.mark);
      const bytes = isWire ? unescapedBytes(said.text) : Buffer.from(said.text, 'utf8');
      reader.line(said.side, /^[CS]- $/.test(said.mark) ? bytes : Buffer.concat([bytes, CRLF]));
    }
  }
  reader.end();
  return events;
}

/** What the reader has not known for a secret where it stands is hidden all the same where it is one elsewhere. */
function withoutSecrets(event: TraceEvent, secrets: Echoes): TraceEvent {
  if (event.kind !== 'sent' && event.kind !== 'received') return event;
  const found = secrets.find(event.bytes);
  if (found.length === 0) return event;
  const bytes = Uint8Array.from(event.bytes);
  for (const { start, end } of found) bytes.fill(0x2a, start, end);
  const hidden = { bytes, secrets: [...event.secrets, ...found] };
  if (event.kind === 'sent' || event.reply === undefined) return { ...event, ...hidden };
  return {
    ...event,
    ...hidden,
    reply: { ...event.reply, lines: event.reply.lines.map((line) => secrets.hidden(line)) },
  };
}

const CRLF = Buffer.from('\r\n');
const SECRET = /<secret, ([\d,]+) bytes?>/;
const NOTHING: readonly SecretSpan[] = [];

/** A command that is owed a reply, by the phase that the reply will be in. */
const PHASE_OF_VERB: Readonly<Record<string, string>> = { BDAT: 'content' };

/** Follows one dialogue, so that each line is known for what it is. */
class ConnectionReader {
  readonly connection: number;
  readonly #emit: (event: TraceEvent) => void;
  #protocol: Protocol | undefined;
  #target = '';
  #time = 0;
  #roundTrip = 1;
  #heard = false;
  #closed = false;
  hasBegun = false;
  /** The phases of the replies that are owed. */
  readonly #owed: string[] = ['greeting'];
  #content: 'none' | 'dots' | 'head' | 'body' = 'none';
  /** Octets of a chunk that are still to come. */
  #chunk = 0;
  #challenged = false;
  /** The lines of a reply or of a head that is not complete. */
  #reply: Buffer[] = [];
  #head: Buffer[] = [];
  /** What the comment above says a pattern stands for. */
  #shown: string | undefined;

  constructor(connection: number, emit: (event: TraceEvent) => void) {
    this.connection = connection;
    this.#emit = emit;
  }

  /** Whether the next line of the client's is one of a message. */
  get inContent(): boolean {
    return this.#content === 'dots';
  }

  open(protocol: Protocol, target: string): void {
    this.#protocol = protocol;
    this.#target = target;
    this.hasBegun = true;
    this.#emit({ kind: 'connecting', ...this.#base(), target });
  }

  /** A comment or an action of a `.wire` file; of other transcripts, facts say nothing here. */
  fact(line: string): void {
    const time = /^# (\d+(?:\.\d+)?) ms$/.exec(line)?.[1];
    if (time !== undefined) {
      this.#time = Number(time);
      return;
    }
    const remote = /^# connected to (.+)$/.exec(line)?.[1];
    if (remote !== undefined) this.#emit({ kind: 'connected', ...this.#base(), target: this.#target, remote });
    else if (line === '-- tls') this.#tls();
    else if (line === '-- close' || line === '-- reset') this.#close('peer');
    else if (line === '# closed by the client') this.#close('us');
    else if (line.startsWith('# ')) this.#comment(line.slice(2));
  }

  /** Takes the comment above a pattern for what was said, where it is a line that the pattern fits, with no secret. */
  wasSaid(pattern: string): boolean {
    const shown = this.#shown;
    if (shown === undefined || SECRET.test(shown) || !fits(pattern, shown)) return false;
    this.#shown = undefined;
    this.line('client', Buffer.from(`${shown}\r\n`));
    return true;
  }

  /** What went wrong, or what the line below stands for. */
  #comment(text: string): void {
    const [, code, message = ''] = /^([A-Z]+(?:_[A-Z]+)+): (.+)$/.exec(text) ?? [];
    if (code === undefined) this.#shown = text;
    else {
      this.end();
      this.#emit({ kind: 'error', ...this.#base(), error: new PlainwireError(code as ErrorCode, message) });
    }
  }

  line(side: 'client' | 'server' | 'unknown', bytes: Buffer): void {
    this.hasBegun = true;
    const text = bytes.toString('latin1');
    if (side === 'server' || (side === 'unknown' && this.#looksLikeServer(text))) this.#server(bytes);
    else this.#client(bytes, text);
  }

  end(): void {
    this.#flushHead('sent');
    this.#flushReply();
  }

  #looksLikeServer(text: string): boolean {
    if (this.#content === 'dots' || this.#chunk > 0) return false;
    if (this.#protocol === 'http') return this.#heard || this.#reply.length > 0 || text.startsWith('HTTP/');
    return /^(?:[2-5]\d\d(?:[ -]|\r\n)|HTTP\/)/.test(text);
  }

  #base(): { time: number; connection: number; protocol: Protocol } {
    return { time: this.#time, connection: this.connection, protocol: this.#protocol ?? 'smtp' };
  }

  #close(by: 'us' | 'peer'): void {
    this.end();
    if (this.#closed) return;
    this.#closed = true;
    this.#emit({ kind: 'closed', ...this.#base(), by });
  }

  #tls(): void {
    this.#emit({ kind: 'tls', ...this.#base(), facts: tlsFactsOf(this.#shown ?? '') });
    this.#shown = undefined;
  }

  #client(bytes: Buffer, text: string): void {
    if (this.#protocol === undefined && /^[A-Z]+ \S+ HTTP\/\d/.test(text)) this.#protocol = 'http';
    if (this.#protocol === 'http') return this.#request(bytes, text);
    if (this.#content === 'dots') {
      // smtplib shows a message as one line
      if (text === '.\r\n' || text.endsWith('\r\n.\r\n')) this.#content = 'none';
      this.#sent(bytes, 'content', undefined, NOTHING);
      return;
    }
    if (this.#chunk > 0) {
      this.#chunk -= bytes.length;
      this.#sent(bytes, 'content', undefined, NOTHING);
      return;
    }
    if (this.#challenged && this.#owed.length === 0) {
      this.#challenged = false;
      this.#owed.push('auth');
      const whole = text.trimEnd();
      return this.#hidden(bytes, 'auth', undefined, whole === '*' ? undefined : whole);
    }
    const [word = '', second = '', initial] = text.trimEnd().split(/ +/);
    const verb = /^[A-Za-z]+$/.test(word) ? word.toUpperCase() : '';
    const phase = PHASE_OF_VERB[verb] ?? verb.toLowerCase();
    this.#owed.push(phase);
    if (verb === 'BDAT') this.#chunk = Number.parseInt(second, 10) || 0;
    this.#hidden(bytes, phase, verb, verb === 'AUTH' && initial !== '=' ? initial : undefined);
  }

  /** A line whose secret is at its end. Its size is that of the comment above, or its own. */
  #hidden(bytes: Buffer, phase: string, verb: string | undefined, secret: string | undefined): void {
    const shown = this.#shown;
    this.#shown = undefined;
    if (secret === undefined) return this.#sent(bytes, phase, verb, NOTHING);
    const told = SECRET.exec(bytes.toString('latin1')) ?? (secret === '.+' ? SECRET.exec(shown ?? '') : null);
    const size = told === null ? secret.length : Number(told[1]?.replaceAll(',', ''));
    const start = told !== null && secret !== '.+' ? told.index : bytes.length - 2 - secret.length;
    const masked = Buffer.concat([bytes.subarray(0, start), Buffer.alloc(size, '*'), CRLF]);
    this.#sent(masked, phase, verb, [{ start, end: start + size }]);
  }

  #request(bytes: Buffer, text: string): void {
    if (this.#content === 'body') return this.#sent(bytes, 'body', undefined, NOTHING);
    const shown = this.#shown;
    this.#shown = undefined;
    const secret = /^(?:(?:proxy-)?authorization:\s*\S+\s+|cookie:\s*)(\S.*)\r\n$/i.exec(text)?.[1];
    if (secret === undefined) this.#head.push(bytes);
    else {
      const told = SECRET.exec(text) ?? SECRET.exec(shown ?? '');
      const label = told?.[0] ?? `<secret, ${secret.length} bytes>`;
      this.#head.push(Buffer.from(text.slice(0, text.length - 2 - secret.length) + label, 'latin1'), CRLF);
    }
    if (text === '\r\n') {
      this.#flushHead('sent');
      this.#content = 'body';
    }
  }

  #server(bytes: Buffer): void {
    this.#flushHead('sent');
    if (this.#protocol === undefined && bytes.subarray(0, 5).toString('latin1') === 'HTTP/') this.#protocol = 'http';
    if (this.#protocol === 'http') return this.#response(bytes);
    // curl shows no message at all
    if (this.#content === 'dots') this.#content = 'none';
    this.#reply.push(bytes);
    if (/^\d\d\d-/.test(bytes.toString('latin1'))) return;
    this.#flushReply();
  }

  #response(bytes: Buffer): void {
    if (this.#reply.length === 0 && this.#heard && !bytes.subarray(0, 5).equals(HTTP)) {
      this.#received(bytes, 'body', undefined, NOTHING);
      return;
    }
    this.#reply.push(bytes);
    if (bytes.equals(CRLF)) this.#flushReply();
  }

  #flushHead(kind: 'sent'): void {
    if (this.#head.length === 0) return;
    const bytes = Buffer.concat(this.#head);
    this.#head = [];
    if (kind === 'sent') this.#sent(bytes, 'head', /^[A-Z]+/.exec(bytes.toString('latin1'))?.[0], NOTHING);
  }

  #flushReply(): void {
    if (this.#reply.length === 0) return;
    const bytes = Buffer.concat(this.#reply);
    this.#reply = [];
    if (this.#protocol === 'http') return this.#received(bytes, 'head', undefined, headSecrets(bytes));
    const reply = replyOf(bytes);
    const phase = this.#owed.shift() ?? 'idle';
    this.#challenged = reply?.code === 334;
    if (reply?.code === 354) {
      this.#content = 'dots';
      this.#owed.push('content');
    }
    const challenge = this.#challenged ? bytes.toString('latin1').trimEnd().slice(4) : '';
    const hides = challenge !== '' && !PROMPT.test(Buffer.from(challenge, 'base64').toString('latin1'));
    this.#received(bytes, phase, reply, hides ? [{ start: 4, end: 4 + challenge.length }] : NOTHING);
  }

  #sent(bytes: Buffer, phase: string, verb: string | undefined, secrets: readonly SecretSpan[]): void {
    if (this.#heard) this.#roundTrip += 1;
    this.#heard = false;
    this.#emit({ kind: 'sent', ...this.#base(), phase, roundTrip: this.#roundTrip, bytes, secrets, verb });
  }

  #received(bytes: Buffer, phase: string, reply: Reply | undefined, secrets: readonly SecretSpan[]): void {
    this.#heard = true;
    const masked = Buffer.from(bytes);
    for (const { start, end } of secrets) masked.fill('*', start, end);
    const base = { ...this.#base(), phase, roundTrip: this.#roundTrip, bytes: masked, secrets };
    this.#emit({ kind: 'received', ...base, reply });
  }
}

function fits(pattern: string, line: string): boolean {
  try {
    return new RegExp(pattern, 'i').test(line);
  } catch {
    return false;
  }
}

const HTTP = Buffer.from('HTTP/');
/** What LOGIN asks for is no secret. */
const PROMPT = /^(?:user ?name|password):?\0?$/i;

function replyOf(bytes: Buffer): Reply | undefined {
  const lines = bytes.toString('utf8').replace(/\r\n$/, '').split('\r\n');
  const code = /^\d\d\d/.exec(lines[0] ?? '')?.[0];
  if (code === undefined) return undefined;
  const enhanced = /^\d\d\d[ -]([245]\.\d{1,3}\.\d{1,3})(?: |$)/.exec(lines[0] ?? '')?.[1];
  const skip = enhanced === undefined ? 4 : enhanced.length + 5;
  return { code: Number(code), enhanced, lines: lines.map((line) => line.slice(skip)) };
}

/** What the comment above `-- tls` says, in the words of the trace that wrote it. */
function tlsFactsOf(summary: string): TlsFacts {
  const told = /^(\S+), (\S+), (?:certificate of (.+)|no certificate), (?:(verified)|NOT verified: (.+))$/.exec(
    summary,
  );
  const [, protocol = 'TLS', cipher = 'unknown cipher', subject, verified, error] = told ?? [];
  return {
    protocol,
    cipher,
    serverName: undefined,
    authorized: verified !== undefined,
    authorizationError: verified === undefined ? (error ?? 'not told') : undefined,
    resumed: false,
    alpn: undefined,
    certificate:
      subject === undefined
        ? undefined
        : { subject, issuer: '', altNames: [], validFrom: EPOCH, validTo: EPOCH, fingerprint256: '' },
  };
}

const EPOCH = new Date(0);
