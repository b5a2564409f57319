/** What the side of the client needs to know of an SMTP dialogue: which replies are owed, and what could be said next. */
import { DOT } from '../../trace/explain/content.ts';
import { Login } from '../../trace/explain/login.ts';
import { EXTENSIONS, isGreeted } from '../../trace/explain/smtp.ts';
import { type Explanation, explainLine, type SecretSpan } from '../../trace/index.ts';
import { type Heard, type Hint, NO_SECRETS, type Said } from './speech.ts';

/** Commands whose reply decides what may be said after them (RFC 2920 section 3.1). */
const LAST_OF_BATCH: ReadonlySet<string> = new Set([
  'greeting',
  'ehlo',
  'helo',
  'lhlo',
  'starttls',
  'auth',
  'data',
  'content',
  'vrfy',
  'expn',
  'turn',
  'quit',
]);

/** The command, its mechanism, and what comes with it, which is secret. */
const AUTH = /^(?<command>\s*AUTH\s+(?<mechanism>\S+)\s*)(?<initial>.*)$/is;

/** How much is said before the replies are waited for: nothing, or whatever PIPELINING lets go in one batch. */
export type Pace = 'lock-step' | 'batches';

export class SmtpView {
  readonly protocol = 'smtp';
  /** What each reply that is owed answers, the next one first; the server speaks first. */
  readonly #owed: string[] = ['greeting'];
  #inContent = false;
  /** Octets of a BDAT chunk that are still to be said. */
  #chunkLeft = 0;
  #challenged = false;
  /** A reply of several lines is under way. */
  #open = false;
  /** There was an AUTH in this dialogue. */
  #authSaid = false;
  /** The login under way. */
  #login = new Login('');
  #tlsDue = false;
  #secure = false;
  #stage: 'greeted' | 'ready' | 'mail' | 'rcpt' | 'over' = 'greeted';
  readonly #keywords = new Map<string, string>();
  /** In LMTP each recipient that was accepted gets a reply of its own after the content (RFC 2033 section 4.2). */
  #lmtp = false;
  #accepted = 0;

  /** The server agreed to STARTTLS: the handshake is due, and nothing else. */
  get tlsDue(): boolean {
    return this.#tlsDue;
  }

  /** Every reply that was owed has come. */
  get idle(): boolean {
    return this.#owed.length === 0 && !this.#tlsDue;
  }

  /** The goodbye is said: the server closes. */
  get over(): boolean {
    return this.#stage === 'over' || this.#owed.includes('quit');
  }

  get secure(): boolean {
    return this.#secure;
  }

  offers(keyword: string): boolean {
    return this.#keywords.has(keyword);
  }

  /** Whether the next line may be said, or a reply has to be waited for. */
  maySay(pace: Pace): boolean {
    if (this.#tlsDue) return false;
    if (this.#inContent || this.#chunkLeft > 0) return true;
    const last = this.#owed.at(-1);
    return last === undefined || (pace === 'batches' && !LAST_OF_BATCH.has(last));
  }

  /** Octets of a BDAT chunk that are still to come: they are no lines. */
  get chunkLeft(): number {
    return this.#chunkLeft;
  }

  /** The client says some of them. */
  saidChunk(octets: number): Said {
    this.#chunkLeft -= octets;
    return CONTENT;
  }

  /** The client says a line. */
  said(line: string): Said {
    if (this.#chunkLeft > 0) return this.saidChunk(Buffer.byteLength(line) + 2);
    if (this.#inContent) return this.#content(line);
    if (this.#challenged || this.#isStray(line)) return this.#answer(line);
    const [word = '', size = '', last = ''] = line.trim().split(/\s+/);
    const verb = word.toUpperCase();
    // the reply to the last chunk is the reply to the message
    if (verb === 'BDAT' && /^LAST$/i.test(last)) this.#oweContent();
    else this.#owed.push(verb.toLowerCase());
    if (verb === 'LHLO') this.#lmtp = true;
    if (verb === 'BDAT') this.#chunkLeft = Number.parseInt(size, 10) || 0;
    if (verb === 'AUTH') return this.#auth(line);
    return {
      phase: verb === 'BDAT' ? 'content' : verb.toLowerCase(),
      verb,
      secrets: NO_SECRETS,
      more: false,
      explanation: explainLine(line),
    };
  }

  /** Credentials all the same: said behind an AUTH that the server refused, or has not answered yet. */
  #isStray(line: string): boolean {
    return this.#authSaid && /^[A-Za-z0-9+/]{4,}={0,2}$/.test(line) && explainLine(line) === undefined;
  }

  #auth(line: string): Said {
    this.#authSaid = true;
    const { command = line, mechanism = '', initial = '' } = AUTH.exec(line)?.groups ?? {};
    this.#login = new Login(mechanism);
    const explanation = explainLine(command);
    const has = initial !== '' && initial !== '=';
    const parts = has ? this.#login.initial(initial) : [];
    return {
      phase: 'auth',
      verb: 'AUTH',
      secrets: has ? [{ start: Buffer.byteLength(command), end: Buffer.byteLength(line) }] : NO_SECRETS,
      more: false,
      explanation: explanation === undefined ? undefined : { ...explanation, parts: [...explanation.parts, ...parts] },
    };
  }

  #content(line: string): Said {
    const last = line === '.';
    if (last) {
      this.#inContent = false;
      this.#oweContent();
    }
    return last ? { ...CONTENT, explanation: DOT } : CONTENT;
  }

  #oweContent(): void {
    const replies = this.#lmtp ? Math.max(1, this.#accepted) : 1;
    for (let count = 0; count < replies; count += 1) this.#owed.push('content');
  }

  #answer(line: string): Said {
    this.#challenged = false;
    this.#owed.push('auth');
    const secrets = line === '*' || line === '' ? NO_SECRETS : [{ start: 0, end: Buffer.byteLength(line) }];
    return { phase: 'auth', verb: undefined, secrets, more: false, explanation: this.#login.answer(line) };
  }

  /** The server says a line. */
  heard(line: string): Heard {
    const match = /^([2-5]\d\d)(?:([ -])(.*))?$/.exec(line);
    const phase = this.#owed[0] ?? 'command';
    if (match === null) return { phase, more: false, reply: false, secrets: NO_SECRETS, explanation: undefined };
    const [, code = '', separator = ' ', text = ''] = match;
    const isExtension = this.#open && code === '250' && isGreeted(phase);
    if (isExtension) this.#offered(text);
    const explanation = this.#explain(line, isExtension ? EXTENSIONS : phase, code, text);
    const secrets: readonly SecretSpan[] =
      code === '334' && text !== '' ? [{ start: 4, end: Buffer.byteLength(line) }] : NO_SECRETS;
    const more = separator === '-';
    this.#open = more;
    if (!more) {
      this.#owed.shift();
      this.#answered(phase, code);
    }
    return { phase, more, reply: true, secrets, explanation };
  }

  #explain(line: string, phase: string, code: string, text: string): Explanation | undefined {
    const explanation = explainLine(line, phase);
    if (code !== '334' || explanation === undefined) return explanation;
    return { ...explanation, parts: this.#login.challenge(text) };
  }

  /** The handshake is done: what was said before it is forgotten (RFC 3207 section 4.2). */
  secured(): void {
    this.#tlsDue = false;
    this.#secure = true;
    this.#stage = 'greeted';
    this.#keywords.clear();
  }

  /** What could be said now. */
  hints(host: string): Hint[] {
    if (this.#owed.includes('greeting'))
      return [{ line: '', means: 'The server speaks first: wait for its greeting.' }];
    if (this.#inContent) return [{ line: '.', means: 'A dot alone on its line ends the message.' }];
    if (this.#challenged) return [{ line: '*', means: 'Gives up the login; anything else, in base64, answers it.' }];
    return this.#lines(host).map((line) => ({ line, means: explainLine(line)?.means ?? '' }));
  }

  #lines(host: string): string[] {
    switch (this.#stage) {
      case 'greeted':
        return [`EHLO ${host}`, `HELO ${host}`, 'NOOP', 'QUIT'];
      case 'mail':
        return ['RCPT TO:<', 'RSET', 'QUIT'];
      case 'rcpt':
        return ['RCPT TO:<', 'DATA', ...(this.offers('CHUNKING') ? ['BDAT '] : []), 'RSET', 'QUIT'];
      case 'over':
        return [];
      default:
        return [
          ...(this.offers('STARTTLS') && !this.#secure ? ['STARTTLS'] : []),
          ...(this.#keywords.get('AUTH') ?? '').split(/[ =]+/).flatMap((word) => (word === '' ? [] : [`AUTH ${word}`])),
          'MAIL FROM:<',
          ...(this.offers('VRFY') ? ['VRFY '] : []),
          'NOOP',
          'QUIT',
        ];
    }
  }

  #offered(text: string): void {
    const [keyword = ''] = text.split(/[ =]/);
    this.#keywords.set(keyword.toUpperCase(), text.slice(keyword.length + 1));
  }

  #answered(phase: string, code: string): void {
    if (phase === 'data' && code === '354') this.#inContent = true;
    // who did not wait has answered already
    if (phase === 'auth' && code === '334') this.#challenged = this.#owed[0] !== 'auth';
    if (phase === 'starttls' && code === '220') this.#tlsDue = true;
    if (code.startsWith('2')) this.#agreed(phase);
    // whatever came of the message, the transaction is over
    if (phase === 'content') this.#stage = 'ready';
  }

  #agreed(phase: string): void {
    if (phase === 'ehlo' || phase === 'helo' || phase === 'lhlo') this.#stage = 'ready';
    if (phase === 'rset' && this.#stage !== 'greeted') this.#stage = 'ready';
    if (phase === 'mail') {
      this.#stage = 'mail';
      this.#accepted = 0;
    }
    if (phase === 'rcpt') {
      this.#stage = 'rcpt';
      this.#accepted += 1;
    }
    // one login a session (RFC 4954 section 4)
    if (phase === 'auth') this.#keywords.delete('AUTH');
    if (phase === 'quit') this.#stage = 'over';
  }
}

const CONTENT: Said = {
  phase: 'content',
  verb: undefined,
  secrets: NO_SECRETS,
  more: false,
  explanation: undefined,
};
