/**
 * Bytes as text that is safe to show: secrets by their size only, and nothing a peer sends can steer the terminal it
 * is shown on.
 */
import type { ReceivedEvent, SecretSpan, SentEvent } from './event.ts';

/** How a secret shows in every format. */
export function secretLabel(size: number): string {
  return `<secret, ${size} ${size === 1 ? 'byte' : 'bytes'}>`;
}

/** A stretch of bytes, plain or secret. */
export interface Stretch {
  readonly bytes: Uint8Array;
  readonly secret: boolean;
}

/** Cuts bytes at their secret spans, which may be unordered, overlap, or reach over the end. */
export function stretches(bytes: Uint8Array, secrets: readonly SecretSpan[]): Stretch[] {
  if (secrets.length === 0) return bytes.length === 0 ? [] : [{ bytes, secret: false }];
  const cut: Stretch[] = [];
  let position = 0;
  for (const { start, end } of merged(secrets, bytes.length)) {
    if (start > position) cut.push({ bytes: bytes.subarray(position, start), secret: false });
    cut.push({ bytes: bytes.subarray(start, end), secret: true });
    position = end;
  }
  if (position < bytes.length) cut.push({ bytes: bytes.subarray(position), secret: false });
  return cut;
}

function merged(spans: readonly SecretSpan[], length: number): SecretSpan[] {
  const ordered = spans
    .map(({ start, end }) => ({ start: Math.max(0, start), end: Math.min(length, end) }))
    .filter(({ start, end }) => start < end)
    .sort((a, b) => a.start - b.start);
  const result: { start: number; end: number }[] = [];
  for (const span of ordered) {
    const last = result.at(-1);
    if (last !== undefined && span.start < last.end) last.end = Math.max(last.end, span.end);
    else result.push({ ...span });
  }
  return result;
}

/** The bytes as text exactly, secrets replaced: UTF-8 where they are UTF-8, else one character a byte. */
export function plainText(bytes: Uint8Array, secrets: readonly SecretSpan[] = []): string {
  return render(bytes, secrets, (text) => text);
}

/** What was said, decoded: as it crossed the wire, secrets by their size. For a screen, put it through {@link safe}. */
export function textOf({ bytes, secrets }: SentEvent | ReceivedEvent): string {
  return plainText(bytes, secrets);
}

/** The bytes as lines for a screen: CRLF as LF, control characters and bytes that are no text as escapes. */
export function visibleText(bytes: Uint8Array, secrets: readonly SecretSpan[] = []): string {
  return render(bytes, secrets, (text) => safe(text.replaceAll('\r\n', '\n')));
}

function render(bytes: Uint8Array, secrets: readonly SecretSpan[], show: (text: string) => string): string {
  let text = '';
  for (const stretch of stretches(bytes, secrets)) {
    text += stretch.secret ? secretLabel(stretch.bytes.length) : show(decode(stretch.bytes));
  }
  return text;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  }
}

/**
 * Control characters (all but tab and line feed), those that change the direction of writing, and those that nobody
 * sees or that some take for a line end, as `\x1b` or `\u202e`: a reply must not move the cursor, set a window's title, or
 * make a line read as what it is not.
 */
export function safe(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** The same for a text that is to be one line, whatever is in it: a name in a certificate, say. */
export function safeLine(text: string): string {
  return safe(text).replaceAll('\n', '\\n');
}

/** As a class of a regular expression, without line feed and tab. */
export const UNSAFE_CHARACTERS =
  '\\0-\\x08\\x0b-\\x1f\\x7f-\\x9f\\xad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff';

const UNSAFE = new RegExp(`[${UNSAFE_CHARACTERS}]`, 'g');

/** The same for a text of JSON, which escapes only some of them itself. */
export function safeJson(json: string): string {
  return json.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function escaped(character: string): string {
  if (character === '\r') return '\\r';
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** `… 12,345 more bytes`: what stands for content that is left out. */
export function foldLabel(size: number): string {
  return `… ${size.toLocaleString('en-US')} more ${size === 1 ? 'byte' : 'bytes'}`;
}
