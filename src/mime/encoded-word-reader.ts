import { TextDecoder } from 'node:util';

/** An encoded word (RFC 2047 section 2), with a language perhaps (RFC 2231 section 5). */
const ENCODED_WORD = /^=\?([\w.:+-]+)(?:\*[\w-]*)?\?([BQ])\?([^? ]*)\?=$/i;

/** The text of an encoded word; undefined if it is none, or is in a charset that nobody here knows, or holds a control. */
export function decodedWord(word: string): string | undefined {
  const [, charset = '', encoding, data = ''] = ENCODED_WORD.exec(word) ?? [];
  if (encoding === undefined) return undefined;
  const octets = encoding.toUpperCase() === 'B' ? Buffer.from(data, 'base64') : fromQ(data);
  try {
    const decoder = decoderOf(charset.toLowerCase());
    if (decoder === undefined) return undefined;
    const text = textOf(octets, decoder);
    // A line end that somebody hid in a name stays hidden.
    return /[\0-\x1f\x7f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function textOf(octets: Uint8Array, decoder: TextDecoder): string {
  // Node 20 reads this one as Latin-1 where it gets it whole: quotes, dashes and the euro became control characters.
  if (decoder.encoding === 'windows-1252') return decoder.decode(octets, { stream: true }) + decoder.decode();
  return decoder.decode(octets);
}

/** A text with encoded words between its others, as a subject and a comment have them (RFC 2047 section 5). */
export function decodedText(text: string): string {
  if (!text.includes('=?')) return text;
  const words = text.split(/[ \t]+/);
  return joinedWords(words, words.map(decodedWord));
}

const decoders = new Map<string, TextDecoder | undefined>();
const MAX_DECODERS = 16;

/** What reads the charset, if anything here does; finding that out costs more than reading the word. */
function decoderOf(charset: string): TextDecoder | undefined {
  if (decoders.has(charset)) return decoders.get(charset);
  let decoder: TextDecoder | undefined;
  try {
    decoder = new TextDecoder(charset, { fatal: true, ignoreBOM: true });
  } catch {
    decoder = undefined;
  }
  if (decoders.size >= MAX_DECODERS) decoders.clear();
  decoders.set(charset, decoder);
  return decoder;
}

function fromQ(data: string): Buffer {
  const octets = data
    .replaceAll('_', ' ')
    .replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(octets, 'latin1');
}

/**
 * The words of a name as one text. Between two encoded words stands nothing (RFC 2047 section 6.2): they are pieces of
 * one. What looks like one in quotes is not one, and `decoded` has no text for it.
 */
export function joinedWords(words: readonly string[], decoded: readonly (string | undefined)[]): string {
  let text = '';
  words.forEach((word, index) => {
    const isPiece = decoded[index] !== undefined && decoded[index - 1] !== undefined;
    text += (index === 0 || isPiece ? '' : ' ') + (decoded[index] ?? word);
  });
  return text;
}
