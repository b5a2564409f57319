/** Explains HTTP: request line, status line, headers. */
import { type Entry, type Explanation, entryOf, explanation } from './entry.ts';
import { METHODS, OTHER_METHOD, STATUS_CLASSES, STATUSES, TARGETS, VERSIONS } from './http.ts';
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
  return explainRequestLine(line.trim()) ?? explainStatusLine(line.trim());
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const REQUEST = new RegExp(`^(${TOKEN}) (\\S+) (HTTP/\\d(?:\\.\\d)?)$`, 'i');

function explainRequestLine(line: string): Explanation | undefined {
  const [, method = '', target = '', version = ''] = REQUEST.exec(line) ?? [];
  if (version !== '') {
    return explanation(method, methodOf(method) ?? OTHER_METHOD, [
      targetPart(method, target),
      ...versionParts(version),
    ]);
  }
  // as HTTP/0.9 wrote it, and as logs and people do
  const [, bare = ''] = /^([A-Z]+) (?:\/|https?:\/\/)\S*$/.exec(line) ?? [];
  const entry = methodOf(bare);
  return entry === undefined ? undefined : explanation(bare, entry, bare === 'GET' ? versionParts('HTTP/0.9') : []);
}

/** Methods are case-sensitive (RFC 9110 section 9.1): `get` is another one than `GET`. */
function methodOf(method: string): Entry | undefined {
  return method === method.toUpperCase() ? entryOf(METHODS, method) : undefined;
}

/** Which of the four forms of a target it is (RFC 9112 section 3.2). */
function targetPart(method: string, target: string): Explanation {
  const form =
    method === 'CONNECT' ? 'authority' : target === '*' ? 'asterisk' : target.startsWith('/') ? 'origin' : 'absolute';
  return explanation(target, TARGETS[form]);
}

function explainStatusLine(line: string): Explanation | undefined {
  const [, version = '', code = ''] = /^(HTTP\/\d(?:\.\d)?) +([1-5]\d\d)(?: |$)/i.exec(line) ?? [];
  if (version === '') return undefined;
  const entry = STATUSES[code] ?? STATUS_CLASSES[code.charAt(0)];
  return entry === undefined ? undefined : explanation(code, entry, versionParts(version));
}

/** A status by its number; undefined for one that is not registered. */
export function explainStatus(code: string): Explanation | undefined {
  const entry = STATUSES[code];
  return entry === undefined ? undefined : explanation(code, entry);
}

/** The words that HTTP has for numbers that SMTP uses too. */
const REASONS: Readonly<Record<string, string>> = {
  '421': 'misdirected request',
  '451': 'unavailable for legal reasons',
  '500': 'internal server error',
  '501': 'not implemented',
  '502': 'bad gateway',
  '503': 'service unavailable',
  '504': 'gateway timeout',
};

export function isReasonOf(code: string, text: string): boolean {
  return text !== '' && REASONS[code] === text.toLowerCase();
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
  'RFC 9112 section 6.3',
  'It ends after Content-Length bytes, or when the server closes the connection.',
];
