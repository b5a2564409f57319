import { MessageError } from '../errors.ts';
import { dateField } from './date-time.ts';
import { isGiven } from './given.ts';
import { excerpt } from './lexer.ts';
import type { HeaderInit, HeadersInit, HeaderValue, PreparedValue } from './message-init.ts';

/** One header field as a caller gave it, and what an error calls it. */
export interface HeaderEntry {
  readonly key: string;
  readonly value: HeaderValue;
  readonly path: string;
}

/** The fields of `headers`, whichever form it has, in order; those without a value are left out. */
export function headerEntries(headers: HeadersInit | undefined | null, field: string): HeaderEntry[] {
  if (!isGiven(headers)) return [];
  if (typeof headers !== 'object') throw new MessageError('BAD_INPUT', field, 'is neither an object nor an array');
  const found: HeaderEntry[] = [];
  const add = (key: string, given: HeaderInit['value'], path: string): void => {
    const values = Array.isArray(given) ? (given as readonly HeaderValue[]) : [given as HeaderValue | undefined];
    for (const value of values)
      if (value !== undefined && value !== null && value !== false) found.push({ key, value, path });
  };
  if (Array.isArray(headers)) {
    (headers as readonly HeaderInit[]).forEach((entry, index) => {
      if (typeof entry?.key !== 'string') {
        throw new MessageError('BAD_INPUT', `${field}[${index}].key`, 'is not a string');
      }
      add(entry.key, entry.value, `${field}[${index}]`);
    });
  } else if (isOne(headers)) {
    add(headers.key, headers.value, field);
  } else {
    for (const [name, given] of Object.entries(headers)) add(name, given as HeaderInit['value'], pathOf(field, name));
  }
  return found;
}

/** `{ key, value }` is one field, as in nodemailer, and not two of these names. */
function isOne(headers: HeadersInit): headers is HeaderInit {
  return 'key' in headers && 'value' in headers && typeof headers.key === 'string' && Object.keys(headers).length === 2;
}

/** The path of a field as an error names it; a name that is no name is shown escaped. */
function pathOf(field: string, name: string): string {
  return /^[\w-]+$/.test(name) ? `${field}.${name}` : `${field}[${excerpt(name)}]`;
}

/** The value as the text that it stands for. */
export function valueText(value: HeaderValue, field: string): string {
  if (typeof value === 'string') return value;
  if (Number.isFinite(value) || typeof value === 'boolean') return String(value);
  if (value instanceof Date) return dateField(value, 'utc');
  if (typeof value === 'object' && value !== null && typeof value.value === 'string') return value.value;
  throw new MessageError('BAD_INPUT', field, 'is not a string');
}

/** A value that brings its own encoding, and perhaps its own folding. */
export function isPrepared(value: HeaderValue): value is PreparedValue & { prepared: true } {
  return typeof value === 'object' && value !== null && !(value instanceof Date) && value.prepared === true;
}
