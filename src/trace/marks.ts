/**
 * Who says a line of a transcript. It may be marked in any of the ways that traces are: as a `.wire` file, `C: ` and
 * `S: ` as in the RFCs and as nodemailer logs, our arrows, swaks, smtplib, curl's `> ` and `< `, PHPMailer, Exim; with
 * the time before it, or without; or not at all, for then each line is judged by its look.
 */

export type Side = 'client' | 'server' | 'fact' | 'unknown';

export interface Marked {
  readonly side: Side;
  /** What was said, without its mark. */
  readonly text: string;
  /** The mark itself; empty where there is none. */
  readonly mark: string;
}

const MARKS: readonly (readonly [RegExp, Side])[] = [
  [/^--> \[/, 'client'],
  [/^<-- \[/, 'server'],
  [/^(?:C: |C- |C~ |>>> | ?-> | ?~> |--> |> |CLIENT -> SERVER: | *SMTP>> )/, 'client'],
  [/^(?:S: |S- |<<< |<- +|<~ +|<\*\* |<~\* |<-- |< |SERVER -> CLIENT: | *SMTP<< )/, 'server'],
  [/^[\d.]+ ms #\d+ --> /, 'client'],
  [/^[\d.]+ ms #\d+ <-- /, 'server'],
  [/^(?:[\d.]+ ms #\d+ === |=== |\*\*\* |-- |\* |# |#$|reply: retcode|data: \(|connect: )/, 'fact'],
  [/^send: (?=b?['"])/, 'client'],
  [/^reply: (?=b?['"])/, 'server'],
];

/** What only a line of a dialogue looks like, whether marked or not. */
const DIALOGUE = /^(?:[2-5]\d\d(?:[ -]|$)|(?:EHLO|HELO|LHLO|MAIL|RCPT)(?: |$)|HTTP\/\d|\S+ \S+ HTTP\/\d)/i;

/** A line that tells whether its transcript is marked: a fence, a title or a quoted mail does not. */
function isSpoken({ side, text, mark }: Marked): boolean {
  if (side === 'fact') return false;
  const certain = side !== 'unknown' && mark !== '> ' && mark !== '< ';
  return certain || DIALOGUE.test(text);
}

/** Reads the lines of one transcript, one after another. */
export class MarkReader {
  /** Whether the transcript is marked at all: where one line is, all are, and others say nothing. */
  readonly isMarked: boolean;
  /** An opened bracket of `--> [`: the lines that follow belong to it, up to the one that closes it. */
  #open: 'client' | 'server' | undefined;
  /** The program that connects is still speaking itself. */
  #preamble = false;
  /** The code of a reply that goes on in the next line. */
  #continues: string | undefined;

  constructor(lines: readonly string[]) {
    const first = lines.map(mark).find((line) => isSpoken(line) || (lines.length === 1 && line.side !== 'fact'));
    this.isMarked = first !== undefined && first.side !== 'unknown';
  }

  read(line: string, inContent: boolean): Marked {
    const marked = this.#read(line, inContent);
    this.#continues = marked.side === 'server' ? /^([2-5]\d\d)-/.exec(marked.text)?.[1] : undefined;
    return marked;
  }

  /** In a message a bracket may end any line; what closes it there stands alone, after the last line end. */
  #read(line: string, inContent: boolean): Marked {
    if (!this.isMarked) return { side: this.#isChatter(line) ? 'fact' : 'unknown', text: line, mark: '' };
    const open = this.#open;
    const marked = open === undefined ? mark(line) : { side: open, text: line, mark: '' };
    if (marked.side === 'unknown') return this.#continued(line.trim()) ?? { ...marked, side: 'fact' };
    if (marked.side === 'fact') return marked;
    if (open === undefined && !marked.mark.endsWith('[')) return marked;
    const closes = inContent ? marked.text === ']' : marked.text.endsWith(']');
    this.#open = closes ? undefined : marked.side;
    return closes ? { ...marked, text: marked.text.slice(0, -1) } : marked;
  }

  /** What telnet and openssl say of themselves: before the dialogue begins, and when it is over. */
  #isChatter(line: string): boolean {
    if (/^(?:Trying [\da-f.:]+\.\.\.$|CONNECTED\()/i.test(line)) this.#preamble = true;
    else if (DIALOGUE.test(line)) this.#preamble = false;
    return this.#preamble || /^(?:Connection closed by .+|closed)$/.test(line);
  }

  /** PHPMailer and nodemailer mark the first line of a reply only. */
  #continued(text: string): Marked | undefined {
    const code = /^([2-5]\d\d)(?:[ -]|$)/.exec(text)?.[1];
    return code !== undefined && code === this.#continues ? { side: 'server', text, mark: '' } : undefined;
  }
}

/** What stands before a line: the time, as in logs, `curl --trace-time` and a verbose smtplib, and nodemailer's level. */
const PREFIX =
  /^\[?(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?\]?:? +(?:(?:TRACE|DEBUG|INFO) +(?:\[[^\]]*\] +)?)?(?=\S)/;

/** What nodemailer has to say of itself. */
const LEVEL = /^\[[^\]]+\] (?:TRACE|DEBUG|INFO) /;

function mark(line: string): Marked {
  const text = line.replace(PREFIX, '');
  const marked = markOf(text);
  if (marked.side !== 'unknown') return marked;
  return { side: LEVEL.test(line) ? 'fact' : 'unknown', text: line, mark: '' };
}

function markOf(text: string): Marked {
  // an editor that strips spaces at the end of a line leaves the mark of an empty line without its own
  if (text === 'C:' || text === 'S:') return { side: text === 'C:' ? 'client' : 'server', text: '', mark: `${text} ` };
  for (const [pattern, side] of MARKS) {
    const found = pattern.exec(text)?.[0];
    if (found === undefined) continue;
    const rest = text.slice(found.length);
    return { side, text: plain(found, rest), mark: found };
  }
  return { side: 'unknown', text, mark: '' };
}

/** What was said, of what stands behind a mark. */
function plain(mark: string, rest: string): string {
  if (mark === 'C~ ') return unpatterned(rest);
  if (/^(?:send|reply): $/.test(mark)) return unquoted(rest);
  // the heading of a hex dump
  return / ms #/.test(mark) ? rest.replace(/, \d+ bytes, round trip \d+$/, '') : rest;
}

/** A pattern as the line that it stands for, as far as it is one; a secret stays `.+`. */
function unpatterned(pattern: string): string {
  return pattern.replace(/^\^|\$$/g, '').replace(/\\(.)/g, '$1');
}

/** What Python's repr() quoted. */
function unquoted(literal: string): string {
  const inner = /^b?(['"])(.*)\1/.exec(literal)?.[2] ?? literal;
  return inner
    .replace(/\\(r|n|t|\\|'|")/g, (_whole, c: string) => ({ r: '\r', n: '\n', t: '\t' })[c] ?? c)
    .replace(/\r\n$/, '');
}
