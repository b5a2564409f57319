/** Explains HTTP: request line, status line, headers. */
import { type Entry, type Explanation, entryOf, explanation } from './entry.ts';
import { METHODS, STATUS_CLASSES, STATUSES, VERSIONS } from './http.ts';
import { HEADERS } from './http-headers.ts';

/** A head, first line and headers; undefined where the first line is no line of HTTP. */
export function explainHead(head: string): Explanation | undefined {
  const [first = '', ...rest] = head.split(/\r?\n/);
  const start = explainStart(first);
  if (start === undefined) return undefined;
  const headers = rest.flatMap((line) => explainHeader(line) ?? []);
  return { ...start, parts: [...start.parts, ...headers] };
}

/** A request line or a status line. */
export function explainStart(line: string): Explanation | undefined {
  const request = /^([A-Z]+) (\S+)(?: (HTTP\/\d\.\d))?$/.exec(line.trim());
  if (request !== null) {
    const [, method = '', , version = 'HTTP/0.9'] = request;
    const entry = entryOf(METHODS, method);
    return entry === undefined ? undefined : explanation(method, entry, versionParts(version));
  }
  const status = /^(HTTP\/\d\.\d) +([1-5]\d\d)(?: |$)/.exec(line);
  if (status === null) return undefined;
  const [, version = '', code = ''] = status;
  const entry = entryOf(STATUSES, code) ?? STATUS_CLASSES[code.charAt(0)];
  return entry === undefined ? undefined : explanation(code, entry, versionParts(version));
}

function versionParts(version: string): Explanation[] {
  const entry = entryOf(VERSIONS, version);
  return entry === undefined ? [] : [explanation(version, entry)];
}

/** `Name: value`; undefined for a name that is not known. */
export function explainHeader(line: string): Explanation | undefined {
  const name = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*:/.exec(line)?.[1];
  const entry = name === undefined ? undefined : entryOf(HEADERS, name);
  return name === undefined || entry === undefined ? undefined : explanation(name, entry);
}

/** A body: what ends it depends on the head before. */
export const BODY: Entry = [
  'The body of the answer, byte for byte.',
  'RFC 9112 section 6',
  'It ends after Content-Length bytes, or when the server closes the connection.',
];
