import { MessageError } from '../errors.ts';
import { encodedWords, MAX_ENCODED_WORD } from './encoded-word.ts';
import { checkFieldName, wordsField } from './folding.ts';
import { refuseForbidden } from './forbidden.ts';
import { isGiven } from './given.ts';
import { excerpt } from './lexer.ts';
import type { ListInit, ListValue } from './message-init.ts';
import { refuseMisspelt } from './nearest.ts';
import { phrase } from './phrase.ts';

/** RFC 2369, RFC 2919, RFC 8058. A list may have fields of its own; but nobody shows a List-Unsubscibe. */
const KNOWN = ['id', 'help', 'unsubscribe', 'unsubscribe-post', 'subscribe', 'post', 'owner', 'archive'];

/**
 * The fields of a mailing list (RFC 2369, RFC 2919, RFC 8058): `{ unsubscribe: 'https://...' }` is List-Unsubscribe.
 * `unsubscribePost: true` adds what one-click unsubscription needs.
 */
export function listFields(list: ListInit): string {
  let text = '';
  const said = new Set<string>();
  for (const [key, given] of Object.entries(list)) {
    if (!isGiven(given)) continue;
    const field = `list.${key}`;
    const name = fieldName(key, field);
    if (said.has(name)) throw new MessageError('BAD_INPUT', field, `${name} is given twice`);
    said.add(name);
    refuseMisspelt(name.slice('List-'.length), KNOWN, field);
    if (name === 'List-Unsubscribe-Post') {
      checkOneClick(list, field);
      text += `${name}: List-Unsubscribe=One-Click\r\n`;
      continue;
    }
    if (given === true) throw new MessageError('BAD_INPUT', field, 'needs a URL');
    // RFC 2369 section 2: several URLs are one field, and a message has each field once.
    const urls = ([given].flat(2) as readonly ListValue[]).filter(isGiven);
    if (name === 'List-Id' && urls.length > 1) throw new MessageError('BAD_INPUT', field, 'a list has one identifier');
    const words = urls.flatMap((url, index) => urlWords(url, name, field, index < urls.length - 1));
    if (words.length > 0) text += wordsField(name, words, field);
  }
  return text;
}

/** RFC 8058 section 3.1: one click needs an https: URL to post to. What `headers` say of it is the caller's to know. */
function checkOneClick(list: ListInit, field: string): void {
  const [, unsubscribe] = Object.entries(list).find(([key]) => /^unsubscribe$/i.test(key.trim())) ?? [];
  if (unsubscribe === undefined || unsubscribe === null) return;
  const values = [unsubscribe].flat(2) as (ListValue | boolean)[];
  const isHttps = (value: ListValue | boolean): boolean =>
    /^\s*<?https:/i.test(String(typeof value === 'object' ? value?.url : value));
  if (!values.some(isHttps)) throw new MessageError('BAD_INPUT', field, 'needs an https: URL in list.unsubscribe');
}

function fieldName(key: string, field: string): string {
  const dashed = key.trim().replace(/([a-z])([A-Z])/g, '$1-$2');
  const name = `List-${dashed.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase())}`;
  checkFieldName(name, field);
  return name;
}

function urlWords(value: ListValue, name: string, field: string, more: boolean): string[] {
  const url = typeof value === 'string' ? value : value?.url;
  const comment = typeof value === 'string' ? '' : (value?.comment ?? '');
  if (typeof url !== 'string' || url.trim() === '' || typeof comment !== 'string')
    throw new MessageError('BAD_INPUT', field, 'needs a URL');
  refuseForbidden(url, field);
  refuseForbidden(comment, field);
  const end = more ? ',' : '';
  if (name === 'List-Id') {
    const id = url.trim().replace(/^<(.*)>$/, '$1');
    if (!/^[!-;=?-~]+$/.test(id))
      throw new MessageError('BAD_INPUT', field, `${excerpt(url)} is not a list identifier`);
    return [...(comment === '' ? [] : phrase(comment)), `<${id}>${end}`];
  }
  // "NO" is what List-Post says of a list that takes no posts (RFC 2369 section 3.4).
  const place = name === 'List-Post' && url.toUpperCase() === 'NO' ? 'NO' : `<${absolute(url, field)}>`;
  return comment === '' ? [place + end] : [place, ...commentWords(comment, end)];
}

/** A URL as it is; an address becomes a mailto:, a host name an http:, as in nodemailer. */
function absolute(url: string, field: string): string {
  const bare = url.trim().replace(/^<(.*)>$/, '$1');
  const whole = /^[a-z][a-z0-9+.-]*:/i.test(bare) ? bare : bare.includes('@') ? `mailto:${bare}` : `http://${bare}`;
  const ascii = whole.replace(/[^\x21-\x7e]+/gu, (part) => encodeURIComponent(part));
  if (!/[<>]/.test(ascii)) return ascii;
  throw new MessageError('BAD_INPUT', field, `${excerpt(url)} is not a URL`);
}

/** A comment (RFC 5322 section 3.2.2): as it is, escaped, or in encoded words. */
function commentWords(comment: string, end: string): string[] {
  const isPlain = /^[ -~]*$/.test(comment) && !comment.includes('=?');
  if (isPlain) return `(${comment.replace(/[()\\]/g, '\\$&')})${end}`.split(/(?<=[^ ]) (?=[^ ])/);
  // What stands in a comment is no phrase: a quote there is a quote. The parentheses and a comma take their room.
  const longest = MAX_ENCODED_WORD - 3;
  const encoded = encodedWords(comment, longest, longest);
  return encoded.map(
    (word, index) => (index === 0 ? '(' : '') + word + (index === encoded.length - 1 ? `)${end}` : ''),
  );
}
