/**
 * Encoded words (RFC 2047): text that is not ASCII, carried in a header as `=?UTF-8?Q?...?=` or `=?UTF-8?B?...?=`.
 * No word is longer than 75 characters, none holds half a character, and none splits what a reader sees as one: a
 * letter and its accents, an emoji and its modifiers, a flag.
 */

/** RFC 2047 section 2. */
export const MAX_ENCODED_WORD = 75;
/** What `=?UTF-8?Q?` and `?=` take of it. */
const FRAME = 12;

/** What goes into a Q word as it is: the letters, digits and signs that section 5 (3) allows even in a phrase. */
const Q_PLAIN = /[A-Za-z0-9!*+/-]/;
/** What each octet is in a Q word. */
const Q_TEXT = Array.from({ length: 256 }, (_, octet) => {
  const char = String.fromCharCode(octet);
  if (Q_PLAIN.test(char)) return char;
  return char === ' ' ? '_' : `=${octet.toString(16).toUpperCase().padStart(2, '0')}`;
});

/** Characters that belong to the one before them: marks, joiners, variation selectors, skin tones, tags. */
const EXTENDS = /^(?:\p{M}|[\u200c\u200d]|[\u1160-\u11ff]|\p{Emoji_Modifier}|[\u{e0020}-\u{e007f}])/u;
const REGIONAL = /^\p{Regional_Indicator}/u;
const ZERO_WIDTH_JOINER = 0x200d;

/**
 * The text as encoded words, to be separated by white space that a reader drops. The first word is at most `first`
 * characters long, so that it fits behind the name of its field, and the others `longest`.
 */
export function encodedWords(text: string, first: number = MAX_ENCODED_WORD, longest = MAX_ENCODED_WORD): string[] {
  const bytes = Buffer.from(text, 'utf8');
  const lengthInQ = qLength(bytes);
  const lengthInB = Math.ceil(bytes.length / 3) * 4;
  const useQ = lengthInQ <= lengthInB;
  const encode = useQ ? encodeQ : encodeB;
  if (Math.min(lengthInQ, lengthInB) + FRAME <= first) return [encode(bytes)];
  const cost = useQ ? qLength : octetLength;
  const room = (limit: number): number => (useQ ? limit - FRAME : Math.floor((limit - FRAME) / 4) * 3);
  const words: string[] = [];
  let rest = text;
  while (rest !== '') {
    const end = fittingEnd(rest, cost, room(words.length === 0 ? first : longest));
    words.push(encode(Buffer.from(rest.slice(0, end), 'utf8')));
    rest = rest.slice(end);
  }
  return words;
}

/** How much of the text fits into the room, in UTF-16 units; never nothing. */
function fittingEnd(text: string, cost: (bytes: Uint8Array) => number, room: number): number {
  let used = 0;
  let end = 0;
  for (const char of text) {
    used += cost(Buffer.from(char, 'utf8'));
    if (used > room && end > 0) return wholeCharactersEnd(text, end);
    end += char.length;
  }
  return end;
}

/** The last place at or before `end` that is between two characters as a reader sees them; `end` if there is none. */
function wholeCharactersEnd(text: string, end: number): number {
  let place = end;
  while (place > 0 && !isBetweenCharacters(text, place)) {
    place -= isLowSurrogate(text.charCodeAt(place - 1)) ? 2 : 1;
  }
  return place > 0 ? place : end;
}

function isBetweenCharacters(text: string, place: number): boolean {
  const after = text.slice(place, place + 2);
  if (EXTENDS.test(after) || text.charCodeAt(place - 1) === ZERO_WIDTH_JOINER) return false;
  if (!REGIONAL.test(after)) return true;
  // Flags are pairs of regional indicators: a break is between two flags if an even number of them stands before it.
  let before = 0;
  for (let index = place - 2; index >= 0 && REGIONAL.test(text.slice(index, index + 2)); index -= 2) before += 1;
  return before % 2 === 0;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}

function encodeB(bytes: Buffer): string {
  return `=?UTF-8?B?${bytes.toString('base64')}?=`;
}

function encodeQ(bytes: Buffer): string {
  let encoded = '';
  for (let index = 0; index < bytes.length; index++) encoded += Q_TEXT[bytes[index] as number];
  return `=?UTF-8?Q?${encoded}?=`;
}

function qLength(bytes: Uint8Array): number {
  let length = 0;
  for (let index = 0; index < bytes.length; index++) length += (Q_TEXT[bytes[index] as number] as string).length;
  return length;
}

function octetLength(bytes: Uint8Array): number {
  return bytes.length;
}
