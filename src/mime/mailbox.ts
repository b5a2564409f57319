import { domainToASCII, domainToUnicode } from 'node:url';
import { MessageError } from '../errors.ts';
import { excerpt, Lexer } from './lexer.ts';

/** One mailbox, validated when made and never checked again: what may stand between `<` and `>` in MAIL and RCPT. */
export interface Mailbox {
  /** The address as it goes over the wire: the local part, quoted if it must be, `@`, the domain as A-labels. */
  readonly address: string;
  /** The local part as the address has it, with its quotes if it needs them. */
  readonly local: string;
  /** The domain: A-labels, a domain literal, or U-labels where the local part is not ASCII and SMTPUTF8 is meant. */
  readonly domain: string;
  /** True if the mailbox can be named to a server that does not offer SMTPUTF8 (RFC 6531). */
  readonly ascii: boolean;
}

/** RFC 5321 section 4.5.3.1.2. */
export const MAX_DOMAIN = 255;
/**
 * RFC 5321 section 4.5.3.1.1 has every server take 64. Longer ones are in use (return paths that carry a recipient's
 * address), and the server is the one to judge; but an address can't be folded, so a header line bounds it.
 */
export const MAX_LOCAL_PART = 255;

const DOT_ATOM = /^[^.]+(?:\.[^.]+)*$/;
const LDH_DOMAIN = /^(?:[A-Za-z0-9_](?:[\w-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9_](?:[\w-]{0,61}[A-Za-z0-9_])?$/;
/** A dot-atom at a domain in letters, digits, hyphens and underscores: nearly every address there is. */
const PLAIN_MAILBOX =
  /^[\w!#$%&'*+\-/=?^`{|}~]+(?:\.[\w!#$%&'*+\-/=?^`{|}~]+)*@(?:[A-Za-z0-9_](?:[\w-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9_](?:[\w-]{0,61}[A-Za-z0-9_])?$/;
const A_LABEL = /(?:^|\.)xn--/i;
const NON_ASCII = /[^\0-\x7f]/;
/** RFC 6532 lets them through; but raw in a header a control, separator or unassigned character only does harm. */
const UNFIT_FOR_LOCAL = /[\p{Cc}\p{Cf}\p{Cn}\p{Z}]/u;
const IPV4 = /^(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;
/** RFC 5321 section 4.1.3: a tag, a colon, and printable characters but brackets and backslash. */
const TAGGED_LITERAL = /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?:[!-Z^-~]+$/;

/** Where the `@` is of a mailbox that needs no reading; -1 for any other text. */
export function plainAt(text: string): number {
  return text.length <= MAX_DOMAIN && PLAIN_MAILBOX.test(text) ? text.indexOf('@') : -1;
}

/** Reads one bare address, `local@domain`, with nothing around it but white space. */
export function parseMailbox(text: string, field: string): Mailbox {
  const at = plainAt(text);
  if (at !== -1) return { address: text, local: text.slice(0, at), domain: text.slice(at + 1), ascii: true };
  const lexer = new Lexer(text, field);
  lexer.skipCfws();
  if (lexer.atEnd) lexer.fail('an address is missing');
  const mailbox = readAddrSpec(lexer);
  lexer.skipCfws();
  if (!lexer.atEnd) lexer.fail('one address is expected here, and there is more');
  return mailbox;
}

/** Reads an addr-spec (RFC 5322 section 3.4.1) where the lexer stands. */
export function readAddrSpec(lexer: Lexer): Mailbox {
  if (lexer.text[lexer.position] === '@') lexer.fail('a route or an address without a local part is not accepted');
  const quoted = lexer.text[lexer.position] === '"';
  const local = quoted ? lexer.quotedString() : lexer.dottedAtom();
  return finishAddrSpec(lexer, local, quoted);
}

/** The rest of an addr-spec whose local part has been read: `@` and the domain. */
export function finishAddrSpec(lexer: Lexer, local: string, quoted: boolean): Mailbox {
  const localPart = localPartOf(lexer, local, quoted);
  lexer.skipCfws();
  if (!lexer.take('@')) lexer.fail('"@" is missing');
  lexer.skipCfws();
  const domain = readDomain(lexer);
  return makeMailbox(localPart, domain, lexer.field);
}

function localPartOf(lexer: Lexer, local: string, quoted: boolean): string {
  if (local.length > MAX_LOCAL_PART) lexer.fail(`the local part is longer than ${MAX_LOCAL_PART} characters`);
  if (UNFIT_FOR_LOCAL.test(quoted ? local.replaceAll(' ', '') : local)) {
    lexer.fail('the local part holds a control or formatting character');
  }
  if (!quoted) {
    if (local === '') lexer.fail('the local part is missing');
    if (!DOT_ATOM.test(local)) lexer.fail('the local part begins or ends with a dot, or has two in a row');
    return local;
  }
  const isDotAtom = /^[\w!#$%&'*+\-/=?^`{|}~.]+$/.test(local) && DOT_ATOM.test(local);
  return isDotAtom ? local : `"${local.replace(/["\\]/g, '\\$&')}"`;
}

function readDomain(lexer: Lexer): string {
  const start = lexer.position;
  if (lexer.text[start] === '[') {
    const end = lexer.text.indexOf(']', start);
    if (end === -1) lexer.fail('a domain literal is not closed');
    lexer.position = end + 1;
    return lexer.text.slice(start, end + 1);
  }
  const domain = lexer.dottedAtom();
  if (domain === '') lexer.fail('the domain is missing');
  return domain;
}

function makeMailbox(local: string, domain: string, field: string): Mailbox {
  const ascii = !NON_ASCII.test(local);
  const wire = domain.startsWith('[') ? checkedLiteral(domain, field) : toAsciiDomain(domain, field);
  // An internationalised local part needs SMTPUTF8 anyway, and RFC 6531 section 3.2 then wants U-labels.
  const shown = ascii || !A_LABEL.test(wire) ? wire : domainToUnicode(wire) || wire;
  return { address: `${local}@${shown}`, local, domain: shown, ascii };
}

function checkedLiteral(literal: string, field: string): string {
  const inner = literal.slice(1, -1);
  const isAddress = /^IPv6:/i.test(inner) ? isIpv6(inner.slice(5)) : IPV4.test(inner) || TAGGED_LITERAL.test(inner);
  if (literal.length <= MAX_DOMAIN && isAddress) return literal;
  throw new MessageError('BAD_ADDRESS', field, `${excerpt(literal)} is not a domain literal (RFC 5321 section 4.1.3)`);
}

function isIpv6(text: string): boolean {
  return /^[0-9A-Fa-f:.]{2,45}$/.test(text) && URL.canParse(`http://[${text}]/`);
}

/** The domain as A-labels (UTS 46, by Node's own tables), checked to be one that DNS and SMTP can carry. */
export function toAsciiDomain(domain: string, field: string): string {
  const ascii = NON_ASCII.test(domain) ? toALabels(domain) : domain;
  if (ascii.length > MAX_DOMAIN) {
    throw new MessageError('BAD_ADDRESS', field, `the domain is longer than ${MAX_DOMAIN} octets`);
  }
  if (LDH_DOMAIN.test(ascii)) return ascii;
  throw new MessageError('BAD_ADDRESS', field, `${excerpt(domain)} is not a domain name`);
}

function toALabels(domain: string): string {
  // domainToASCII takes its input for the host of a URL: what URL syntax gives a meaning to must not reach it, and
  // a host that ends in a number would come back as an IPv4 address that nobody wrote.
  if (/[^\w.\-\u0080-\u{10ffff}]/u.test(domain)) return '';
  const ascii = domainToASCII(domain);
  return /(?:^|\.)\d+$/.test(ascii) ? '' : ascii;
}
