/**
 * The server's side of a dialogue as a generator: it yields what it wants, a line, say, or a message's content, and is
 * resumed with it. It sees no socket and no clock.
 */

/** A message as it was received. */
export interface ReceivedMail {
  /** The reverse-path; `''` for the null path. */
  readonly from: string;
  readonly to: readonly string[];
  /** Dots unstuffed, the final dot left out. */
  readonly content: readonly Uint8Array[];
  readonly size: number;
  /** The name that the client gave in EHLO. */
  readonly client: string;
  /** Who is logged in. */
  readonly user: string | undefined;
  readonly smtpUtf8: boolean;
}

/** What became of a message: an id under which it is kept, or why it could not be. */
export type Kept = { readonly id: string } | { readonly failure: string };

/** A line of the client's, without its line end. */
export interface ClientLine {
  readonly text: string;
  /** It was longer than allowed, and `text` is only how it began. */
  readonly tooLong: boolean;
  /** It ended with LF alone (RFC 5321 section 2.3.8 wants CRLF). */
  readonly bareLf: boolean;
}

/** What came between DATA and the final dot. */
export interface ClientContent {
  readonly pieces: readonly Uint8Array[];
  /** How much came, whether it was kept or not. */
  readonly size: number;
  /** A CR or LF stood alone (RFC 5321 section 2.3.8). */
  readonly bareLineEnd: boolean;
}

export type Want =
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'line'; readonly limit: number }
  /** A line that answers a challenge, and is no command. */
  | { readonly kind: 'response'; readonly limit: number }
  | { readonly kind: 'content'; readonly limit: number }
  | { readonly kind: 'octets'; readonly count: number; readonly limit: number }
  | { readonly kind: 'tls' }
  | { readonly kind: 'keep'; readonly mail: ReceivedMail };

export type Answer = ClientLine | ClientContent | Kept | undefined;

export type ServerDialogue<T> = Generator<Want, T, Answer>;

/** A reply of one line or several (RFC 5321 section 4.2.1). */
export function* say(code: number, ...lines: readonly string[]): ServerDialogue<void> {
  const text = lines.map((line, index) => `${code}${index === lines.length - 1 ? ' ' : '-'}${line}\r\n`).join('');
  yield { kind: 'say', text };
}

export function* readLine(limit: number): ServerDialogue<ClientLine> {
  return (yield { kind: 'line', limit }) as ClientLine;
}

export function* readResponse(limit: number): ServerDialogue<ClientLine> {
  return (yield { kind: 'response', limit }) as ClientLine;
}

export function* readContent(limit: number): ServerDialogue<ClientContent> {
  return (yield { kind: 'content', limit }) as ClientContent;
}

/** The octets of a BDAT chunk. */
export function* readOctets(count: number, limit: number): ServerDialogue<ClientContent> {
  return (yield { kind: 'octets', count, limit }) as ClientContent;
}

export function* secure(): ServerDialogue<void> {
  yield { kind: 'tls' };
}

export function* keep(mail: ReceivedMail): ServerDialogue<Kept> {
  return (yield { kind: 'keep', mail }) as Kept;
}
