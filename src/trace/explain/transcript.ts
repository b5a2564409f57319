/** Explains a whole transcript, line by line, in whatever way it is marked; what is secret in it is not shown. */
import type { Echoes } from '../echoes.ts';
import { type Marked, MarkReader } from '../marks.ts';
import { secretLabel } from '../render.ts';
import { secretsIn } from '../transcript-secrets.ts';
import { CONTENT, DOT } from './content.ts';
import { explainEmbedded } from './embedded.ts';
import { type Explanation, explanation } from './entry.ts';
import { type JsonEvent, readJsonLine } from './json-line.ts';
import { explainLine } from './line.ts';
import { Login } from './login.ts';
import { EXTENSIONS, explainCommand, isGreeted } from './smtp.ts';
import { explainTlsLine } from './tls.ts';
import { explainHeader } from './web.ts';

export interface TranscriptLine {
  /** The line as it stands in the transcript, credentials by their size only. */
  readonly text: string;
  readonly explanation: Explanation | undefined;
}

/** One line alone is explained too, out of a log or a bounce: an enhanced status code in it is enough. */
export function explainTranscript(transcript: string): TranscriptLine[] {
  const lines = transcript.replace(/\r?\n$/, '').split(/\r?\n/);
  const reader = new Reader(
    new MarkReader(lines),
    lines.some((line) => MAIL_HEADER.test(line)),
    lines.length > 1,
  );
  const secrets = secretsIn(transcript);
  const read = lines.map((text) => reader.line(text));
  return secrets.isEmpty ? read : read.map((line) => withoutSecrets(line, secrets));
}

/** What the reader has not known for a secret where it stands is hidden all the same where it is one elsewhere. */
function withoutSecrets({ text, explanation }: TranscriptLine, secrets: Echoes): TranscriptLine {
  const told = explanation === undefined ? undefined : explanationWithout(explanation, secrets);
  return { text: secrets.labelled(text), explanation: told };
}

function explanationWithout({ subject, means, parts, ...rest }: Explanation, secrets: Echoes): Explanation {
  return {
    ...rest,
    subject: secrets.labelled(subject),
    means: secrets.labelled(means),
    parts: parts.map((part) => explanationWithout(part, secrets)),
  };
}

/** A header that mail has, and HTTP has not: where one stands, From and Date are the mail's too. */
const MAIL_HEADER = /^(?:Subject|Received|Return-Path|Message-ID|Reporting-MTA|Final-Recipient): /i;

/** The mechanism, and what is said with it, which in a trace may be `<secret, 16 bytes>`. */
const AUTH = /^\S+ +(\S+)(?: +(.+))?$/;
const REPLY = /^([2-5]\d\d)(?:([ -])|$)/;

class Reader {
  readonly #marks: MarkReader;
  readonly #holdsMail: boolean;
  /** What comes first is the first of a dialogue, and no line out of the middle of one. */
  readonly #isWhole: boolean;
  /** The commands whose replies have not come yet, the next one first: with PIPELINING there are several. */
  readonly #owed: string[] = [];
  /** What the reply before answered: in LMTP a message has several (RFC 2033 section 4.2). */
  #answered: string | undefined;
  /** A reply of several lines is under way. */
  #open = false;
  #inContent = false;
  /** The message begins with the next line. */
  #atContent = false;
  /** Octets of a BDAT chunk that are still to come. */
  #chunkLeft = 0;
  #login: Login | undefined;
  /** A challenge stands open: the client's next line answers it. */
  #challenged = false;

  constructor(marks: MarkReader, holdsMail: boolean, isWhole: boolean) {
    this.#marks = marks;
    this.#holdsMail = holdsMail;
    this.#isWhole = isWhole;
  }

  line(text: string): TranscriptLine {
    const event = readJsonLine(text);
    if (event !== undefined) return { text, explanation: this.#event(event) };
    return this.#line(text, this.#marks.read(text, this.#inContent));
  }

  /** The first line says what the event is; what the others say are parts of it. */
  #event({ side, lines }: JsonEvent): Explanation | undefined {
    const [first, ...others] = lines.flatMap((text) => this.#line(text, { side, text, mark: '' }).explanation ?? []);
    return first === undefined ? undefined : { ...first, parts: [...first.parts, ...others] };
  }

  #line(text: string, said: Marked): TranscriptLine {
    if (said.side === 'fact') return { text, explanation: explainTlsLine(text, true) };
    if (this.#inContent && said.side !== 'server') return this.#content(text, said.text);
    if (said.side === 'server') return { text, explanation: this.#heard(said.text) };
    if (said.side === 'unknown' && REPLY.test(said.text)) return { text, explanation: this.#heard(said.text) };
    if (this.#chunkLeft > 0) {
      this.#chunkLeft -= Buffer.byteLength(said.text) + 2;
      return { text, explanation: undefined };
    }
    if (this.#challenged) return this.#answer(text, said.text);
    return this.#command(text, said.text, said.side === 'client');
  }

  /** Of a message the first line and the last are explained: what stands between is the sender's own. */
  #content(text: string, said: string): TranscriptLine {
    const isFirst = this.#atContent;
    this.#atContent = false;
    if (isEnd(said)) {
      this.#inContent = false;
      this.#owed.push('content');
    }
    if (said === '.') return { text, explanation: DOT };
    return { text, explanation: isFirst ? explanation('content', CONTENT) : undefined };
  }

  #heard(text: string): Explanation | undefined {
    const [, code = '', separator = ''] = REPLY.exec(text) ?? [];
    if (code === '') return explainLine(text);
    this.#chunkLeft = 0;
    const phase = this.#phaseOf(code, text);
    const explanation = explainLine(text, this.#open && code === '250' && isGreeted(phase) ? EXTENSIONS : phase);
    this.#open = separator === '-';
    if (!this.#open) {
      const answered = this.#owed.shift() ?? phase;
      // a transcript need not show the content
      this.#answered = code === '354' ? 'content' : answered;
      this.#inContent = code === '354';
      this.#atContent = this.#inContent;
      this.#challenged = code === '334';
    }
    if (code !== '334' || explanation === undefined) return explanation;
    return { ...explanation, parts: (this.#login ?? new Login('')).challenge(text.slice(4)) };
  }

  /** What a reply with this code answers; a 220 out of turn greets another connection. */
  #phaseOf(code: string, text: string): string | undefined {
    const phase = this.#owed[0] ?? this.#answered;
    if (code === '220' && phase === undefined) return this.#greets(text) ? 'greeting' : undefined;
    if (code === '220' && phase !== undefined && phase !== 'starttls' && phase !== 'xclient') return 'greeting';
    return phase;
  }

  /** A 220 that answers nothing: a greeting names the protocol, and has no enhanced code (RFC 2034 section 4). */
  #greets(text: string): boolean {
    return /\b(?:E?SMTP|LMTP)\b/i.test(text) || (this.#isWhole && !/^220[ -]2\.\d|\bTLS\b/i.test(text));
  }

  #answer(text: string, said: string): TranscriptLine {
    this.#challenged = false;
    this.#owed.push('auth');
    const explanation = (this.#login ?? new Login('')).answer(said);
    return { text: said === '*' ? text : hidden(text, said), explanation };
  }

  #command(text: string, said: string, isSaid: boolean): TranscriptLine {
    // the end of a message that the transcript does not show, or shows the last line of alone
    if (said === '.' && (isSaid || !this.#isWhole)) return this.#content(text, said);
    const explanation = this.#explain(said, isSaid);
    const command = explainCommand(said);
    if (command !== undefined) this.#owe(command.subject, said);
    else if (isSaid && explanation === undefined) this.#owed.push('command');
    if (command?.subject === 'AUTH') {
      const [, mechanism = '', initial] = AUTH.exec(said.trim()) ?? [];
      this.#login = new Login(mechanism);
      if (initial !== undefined && initial !== '=') {
        const parts = [...command.parts, ...this.#login.initial(initial)];
        return { text: hidden(text, initial), explanation: { ...command, parts } };
      }
    }
    const header = /^((?:Proxy-)?Authorization:\s*\S+\s+|(?:Set-)?Cookie:\s*)(\S.*)$/i.exec(said);
    return { text: header === null ? text : hidden(text, header[2] ?? ''), explanation };
  }

  #explain(said: string, isSaid: boolean): Explanation | undefined {
    if (this.#holdsMail && !isSaid && explainHeader(said) !== undefined) return undefined;
    return explainLine(said) ?? (isSaid ? undefined : explainEmbedded(said));
  }

  #owe(verb: string, said: string): void {
    const [, size = '', last = ''] = said.trim().split(/ +/);
    if (verb === 'BDAT') this.#chunkLeft = Number.parseInt(size, 10) || 0;
    this.#owed.push(verb === 'BDAT' && /^LAST$/i.test(last) ? 'content' : verb.toLowerCase());
  }
}

/** The line with its secret, the last of what it says, by its size; one that is hidden already stays as it is. */
function hidden(text: string, secret: string): string {
  const at = text.lastIndexOf(secret);
  if (secret === '' || at < 0 || /^<secret, [\d,]+ bytes?>$/.test(secret) || secret === '.+') return text;
  return text.slice(0, at) + secretLabel(Buffer.byteLength(secret)) + text.slice(at + secret.length);
}

/** The end of a message: the dot, or the whole message as one string, as smtplib shows it. */
function isEnd(text: string): boolean {
  return text === '.' || text.endsWith('\r\n.\r\n') || text.endsWith('\r\n.');
}
