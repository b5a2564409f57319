/** Explains a whole transcript, line by line, in whatever way it is marked; what is secret in it is not shown. */
import { MarkReader } from '../marks.ts';
import { secretLabel } from '../render.ts';
import type { Explanation } from './entry.ts';
import { explainLine } from './index.ts';
import { Login } from './login.ts';
import { explainCommand } from './smtp.ts';

export interface TranscriptLine {
  /** The line as it stands in the transcript, credentials by their size only. */
  readonly text: string;
  readonly explanation: Explanation | undefined;
}

export function explainTranscript(transcript: string): TranscriptLine[] {
  const lines = transcript.replace(/\r?\n$/, '').split(/\r?\n/);
  const reader = new Reader(new MarkReader(lines));
  return lines.map((text) => reader.line(text));
}

class Reader {
  readonly #marks: MarkReader;
  #phase: string | undefined;
  #inContent = false;
  #login: Login | undefined;
  /** A challenge stands open: the client's next line answers it. */
  #challenged = false;

  constructor(marks: MarkReader) {
    this.#marks = marks;
  }

  line(text: string): TranscriptLine {
    const said = this.#marks.read(text, this.#inContent);
    if (said.side === 'fact') return { text, explanation: undefined };
    const isReply = said.side === 'server' || (said.side === 'unknown' && /^[2-5]\d\d(?:[ -]|$)/.test(said.text));
    if (this.#inContent && said.side !== 'server') {
      if (isEnd(said.text)) {
        this.#inContent = false;
        this.#phase = 'content';
      }
      return { text, explanation: undefined };
    }
    if (isReply) return { text, explanation: this.#reply(said.text) };
    if (this.#challenged) {
      this.#challenged = false;
      const explanation = (this.#login ?? new Login('')).answer(said.text);
      return { text: said.text === '*' ? text : hidden(text, said.text), explanation };
    }
    return this.#command(text, said.text);
  }

  #reply(text: string): Explanation | undefined {
    this.#inContent = /^354(?: |$)/.test(text);
    this.#challenged = /^334(?: |$)/.test(text);
    const explanation = explainLine(text, this.#phase);
    if (!this.#challenged || explanation === undefined) return explanation;
    return { ...explanation, parts: (this.#login ?? new Login('')).challenge(text.slice(4)) };
  }

  #command(text: string, said: string): TranscriptLine {
    const explanation = explainLine(said, this.#phase);
    const command = explainCommand(said);
    if (command !== undefined) this.#phase = command.subject.toLowerCase();
    if (command?.subject === 'AUTH') {
      const [, mechanism = '', initial] = said.trim().split(/ +/);
      this.#login = new Login(mechanism);
      if (initial !== undefined && initial !== '=') {
        const parts = [...command.parts, ...this.#login.initial(initial)];
        return { text: hidden(text, initial), explanation: { ...command, parts } };
      }
    }
    const header = /^((?:Proxy-)?Authorization:\s*\S+\s+|(?:Set-)?Cookie:\s*)(\S.*)$/i.exec(said);
    return { text: header === null ? text : hidden(text, header[2] ?? ''), explanation };
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
