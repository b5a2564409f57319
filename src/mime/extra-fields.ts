import { MessageError } from '../errors.ts';
import { checkFieldName, extensionField } from './folding.ts';
import { excerpt } from './lexer.ts';
import type { HeadersInit, HeaderValue } from './message-init.ts';

/** What the message says by its own fields, or plainwire by what it makes of them. */
const OWN = new Set([
  'from',
  'sender',
  'reply-to',
  'to',
  'cc',
  'bcc',
  'subject',
  'date',
  'message-id',
  'in-reply-to',
  'references',
  'mime-version',
  'content-type',
  'content-transfer-encoding',
  'content-disposition',
  'content-id',
]);

/** The caller's own header fields, in order, as lines. */
export function extraFields(init: HeadersInit | undefined, field: string): string {
  if (init === undefined || init === null) return '';
  let text = '';
  for (const [name, value, path] of entries(init, field)) {
    checkFieldName(name, path);
    if (OWN.has(name.toLowerCase())) {
      throw new MessageError(
        'BAD_INPUT',
        path,
        `${name} is not for headers to say: there is a field for it, or plainwire makes it`,
      );
    }
    text += extensionField(name, valueText(value, path), path);
  }
  return text;
}

function* entries(init: HeadersInit, field: string): Generator<[name: string, value: HeaderValue, path: string]> {
  if (Array.isArray(init)) {
    const list = init as readonly { key: string; value: HeaderValue }[];
    for (const [index, entry] of list.entries()) {
      if (typeof entry?.key !== 'string')
        throw new MessageError('BAD_INPUT', `${field}[${index}].key`, 'is not a string');
      yield [entry.key, entry.value, `${field}[${index}]`];
    }
    return;
  }
  for (const [name, given] of Object.entries(init)) {
    const values = Array.isArray(given) ? (given as readonly HeaderValue[]) : [given as HeaderValue | undefined];
    for (const value of values) {
      if (value !== undefined && value !== null) yield [name, value, pathOf(field, name)];
    }
  }
}

/** The path of a field as an error names it; a name that is no name is shown escaped. */
function pathOf(field: string, name: string): string {
  return /^[\w-]+$/.test(name) ? `${field}.${name}` : `${field}[${excerpt(name)}]`;
}

function valueText(value: HeaderValue, field: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'object' && value !== null && typeof value.value === 'string') return value.value;
  throw new MessageError('BAD_INPUT', field, 'is not a string');
}
