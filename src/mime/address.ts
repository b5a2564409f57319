import { MessageError } from '../errors.ts';
import { decodedText, decodedWord, joinedWords } from './encoded-word-reader.ts';
import { refuseControls } from './forbidden.ts';
import { isGiven } from './given.ts';
import { excerpt, isAtext, Lexer } from './lexer.ts';
import { finishAddrSpec, type Mailbox, parseMailbox, plainAt, readAddrSpec } from './mailbox.ts';
import { phrase } from './phrase.ts';

/** A mailbox and the name it is shown by; the name may be empty. */
export interface Address extends Mailbox {
  readonly name: string;
}

/** A named list of mailboxes (RFC 5322 section 3.4); it may be empty, as in `Undisclosed recipients:;`. */
export interface Group {
  readonly name: string;
  readonly group: readonly Address[];
}

/**
 * An address as a caller may write it: a string in RFC 5322's form, which may hold a whole list, or an object with one
 * bare address, or a group. Arrays of these may nest.
 */
export type AddressInput =
  | string
  | { readonly name?: string | undefined; readonly address: string }
  | { readonly name: string; readonly group: AddressInput }
  | readonly AddressInput[];

export function isGroup(entry: Address | Group): entry is Group {
  return 'group' in entry;
}

/**
 * Reads an address list by the grammar of RFC 5322 section 3.4, with the UTF-8 of RFC 6532. The obsolete forms of
 * section 4.4 (routes, empty list elements, white space around the dots) are refused; the one exception is a dot in an
 * unquoted name, `Dr. Who <who@example.com>`, which everybody writes.
 */
export function parseAddresses(text: string, field = 'address'): (Address | Group)[] {
  const lexer = new Lexer(text, field);
  const found: (Address | Group)[] = [];
  lexer.skipCfws();
  if (lexer.atEnd) return found;
  // A comment before the first address is its name, as before any other.
  lexer.position = 0;
  do {
    found.push(readAddress(lexer));
  } while (lexer.take(','));
  if (!lexer.atEnd) lexer.fail(`"," or the end of the list is expected here${HINTS[text[lexer.position] ?? ''] ?? ''}`);
  return found;
}

/** What is meant by those who write these signs after an address, and how it is said. */
const HINTS: Readonly<Record<string, string>> = {
  '<': ': a name with "@" in it is put in quotes, or given as { name, address }',
  ';': ': addresses are parted by commas',
};

/**
 * The address, or the list, in RFC 5322's form, as it can be read back: `"Doe, John" <john@example.com>`; ASCII where
 * SMTPUTF8 is not needed. Validated like any other: what is made of it goes into a header.
 */
export function formatAddress(input: AddressInput): string {
  return readAddressInput(input, 'address').map(formatted).join(', ');
}

function formatted(entry: Address | Group): string {
  if (isGroup(entry)) return `${phrase(entry.name).join(' ')}: ${entry.group.map(formatted).join(', ')};`;
  return entry.name === '' ? entry.address : `${phrase(entry.name).join(' ')} <${entry.address}>`;
}

/** Words in one name: more than anybody has, and few enough that a text of quotes alone costs nothing. */
const MAX_WORDS = 1000;

function readAddress(lexer: Lexer, inGroup = false): Address | Group {
  let comment = lexer.skipCfws();
  const words: string[] = [];
  /** What the words say that are encoded; most lists have none. */
  const decoded: (string | undefined)[] = [];
  let quoted = false;
  for (;;) {
    if (words.length > MAX_WORDS) lexer.fail(`a name has more than ${MAX_WORDS} words`);
    if (lexer.text[lexer.position] === '"') {
      words.push(lexer.quotedString());
      quoted = true;
    } else {
      const atom = lexer.dottedAtom();
      if (atom === '') break;
      if (atom.startsWith('=?')) decoded[words.length] = decodedWord(atom);
      words.push(atom);
    }
    comment = lexer.skipCfws() ?? comment;
  }
  const name = words.join(' ');
  switch (lexer.text[lexer.position]) {
    case '<':
      return readAngleAddress(lexer, decoded.length === 0 ? name : joinedWords(words, decoded), comment);
    case ':':
      if (inGroup) lexer.fail('a group stands in a group');
      return readGroup(lexer, decoded.length === 0 ? name : joinedWords(words, decoded));
    case '@': {
      if (words.length > 1) lexer.fail('an address that follows a name must stand between "<" and ">"');
      const mailbox = finishAddrSpec(lexer, name, quoted);
      return named(mailbox, readable(lexer, decodedText(lexer.skipCfws() ?? comment ?? '')));
    }
    default:
      return lexer.fail(words.length === 0 ? 'an address is missing' : `"@" is missing after ${excerpt(name)}`);
  }
}

function readAngleAddress(lexer: Lexer, name: string, before: string | undefined): Address {
  lexer.take('<');
  lexer.skipCfws();
  const mailbox = readAddrSpec(lexer);
  lexer.skipCfws();
  if (!lexer.take('>')) lexer.fail('">" is missing');
  const comment = lexer.skipCfws() ?? before;
  // `bob@example.com (Bob)` is how names were written before RFC 822; a real name goes before a comment.
  return named(mailbox, readable(lexer, name === '' ? decodedText(comment ?? '') : name));
}

function readGroup(lexer: Lexer, name: string): Group {
  if (name === '') lexer.fail('a group has no name');
  readable(lexer, name);
  lexer.take(':');
  lexer.skipCfws();
  const members: Address[] = [];
  if (!lexer.take(';')) {
    do {
      members.push(readAddress(lexer, true) as Address);
    } while (lexer.take(','));
    if (!lexer.take(';')) lexer.fail('a group is not closed with ";"');
  }
  lexer.skipCfws();
  return { name, group: members };
}

/** A name that was read, if it can be shown. */
function readable(lexer: Lexer, name: string): string {
  if (name !== '') refuseControls(name, lexer.field);
  return name;
}

function named(mailbox: Mailbox, name: string): Address {
  return { name, address: mailbox.address, local: mailbox.local, domain: mailbox.domain, ascii: mailbox.ascii };
}

/** Lists that were read lately: nearly every message has the same author. Bounded, and dropped as a whole when full. */
const lately = new Map<string, readonly (Address | Group)[]>();
const MAX_LATELY = 1000;
const MAX_LATELY_LENGTH = 256;

/** The list that an address field holds, validated; the same text gives the same list. */
export function readAddressField(input: AddressInput, field: string): readonly (Address | Group)[] {
  if (typeof input !== 'string' || input.length > MAX_LATELY_LENGTH) return readAddressInput(input, field);
  const known = lately.get(input);
  if (known !== undefined) return known;
  const list = Object.freeze(readAddressInput(input, field));
  if (lately.size >= MAX_LATELY) lately.clear();
  lately.set(input, list);
  return list;
}

/** Arrays of arrays are flattened; nobody nests deeper than this by intent, and one that holds itself never ends. */
const MAX_DEPTH = 16;

/** Validates what a caller gave for an address field, whatever its form, into one flat list. */
export function readAddressInput(
  input: AddressInput,
  field: string,
  found: (Address | Group)[] = [],
  depth = 0,
): (Address | Group)[] {
  if (depth > MAX_DEPTH) throw new MessageError('BAD_INPUT', field.slice(0, 60), `nests deeper than ${MAX_DEPTH}`);
  if (typeof input === 'string') {
    const plain = plainAddress(input);
    if (plain !== undefined) found.push(plain);
    else if (isBare(input)) found.push(named(parseMailbox(input, field), ''));
    else for (const entry of parseAddresses(input, field)) found.push(entry);
  } else if (Array.isArray(input)) {
    const list = input as readonly AddressInput[];
    for (let index = 0; index < list.length; index++) {
      const entry = list[index];
      // the name of each place in a long list would cost more than the addresses themselves
      const plain = typeof entry === 'string' ? plainAddress(entry) : undefined;
      if (plain !== undefined) found.push(plain);
      else if (isGiven(entry)) readAddressInput(entry, `${field}[${index}]`, found, depth + 1);
    }
  } else if (typeof input === 'object' && input !== null) {
    found.push(readAddressObject(input as { name?: unknown; address?: unknown; group?: unknown }, field, depth));
  } else {
    throw new MessageError('BAD_INPUT', field, `an address is expected, not a ${typeof input}`);
  }
  return found;
}

function readAddressObject(
  input: { name?: unknown; address?: unknown; group?: unknown },
  field: string,
  depth: number,
): Address | Group {
  const name = input.name ?? '';
  if (typeof name !== 'string') throw new MessageError('BAD_INPUT', `${field}.name`, 'is not a string');
  refuseControls(name, `${field}.name`);
  if (input.group !== undefined) {
    if (name === '') throw new MessageError('BAD_ADDRESS', `${field}.name`, 'a group has no name');
    const members = readAddressInput(input.group as AddressInput, `${field}.group`, [], depth + 1);
    return { name, group: members.filter((member): member is Address => !isGroup(member) || refuseNesting(field)) };
  }
  if (typeof input.address !== 'string') throw new MessageError('BAD_INPUT', `${field}.address`, 'is not a string');
  return named(parseMailbox(input.address, `${field}.address`), name);
}

function refuseNesting(field: string): never {
  throw new MessageError('BAD_ADDRESS', `${field}.group`, 'a group stands in a group');
}

/** The address that nearly every one is, at once; undefined for any that has to be read. */
function plainAddress(text: string): Address | undefined {
  const at = plainAt(text);
  if (at === -1) return undefined;
  return { name: '', address: text, local: text.slice(0, at), domain: text.slice(at + 1), ascii: true };
}

/** True if the text can only be one bare address: no name, no list, no comment, no quotes. */
function isBare(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code !== 0x2e && code !== 0x40 && !isAtext(code)) return false;
  }
  return text !== '';
}
