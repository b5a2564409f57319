/** The request, made by hand: the one place where a request becomes bytes, and where CR, LF and NUL are refused. */
import { MessageError } from '../errors.ts';
import type { SecretSpan } from '../trace/event.ts';
import { headSecrets } from '../trace/head-secrets.ts';
import { CREDENTIAL_FIELD, SCHEME } from '../trace/schemes.ts';
import type { HttpVersion } from './body-framing.ts';
import { TOKEN } from './header-block.ts';
import type { HeaderPair } from './raw-headers.ts';
import { requestTarget, type TargetForm } from './target.ts';

/** Pairs keep order, case and repeats; an object is the short form. */
export type HeaderInput = Iterable<HeaderPair> | Readonly<Record<string, string | readonly string[]>>;

/** The fields that are sent unless the caller says otherwise, in this order. */
export type DefaultHeader = 'Host' | 'User-Agent' | 'Accept';

const DEFAULT_HEADERS: readonly DefaultHeader[] = ['Host', 'User-Agent', 'Accept'];

export interface RequestOptions {
  /** Any token; `'GET'` by default. Its case is kept, for methods are case-sensitive. */
  readonly method?: string;
  /** Of the request line; `'1.0'` by default. `'1.1'` also sends `Connection: close`; `'0.9'` is `GET /path` alone. */
  readonly version?: HttpVersion;
  /** Sent in this order and case, after the default ones; one with a default's name takes its place. */
  readonly headers?: HeaderInput;
  /** Which default fields to send. `[]` leaves the two lines of a textbook: the request line and a blank one. */
  readonly defaultHeaders?: readonly DefaultHeader[];
  /** Sent with its Content-Length. A string is sent as UTF-8. */
  readonly body?: string | Uint8Array;
  /** The form of the target; `'absolute'` to a proxy, `'authority'` for CONNECT, otherwise `'origin'`. */
  readonly targetForm?: TargetForm;
  /** The target to the letter, where a URL can't say it: `'/../x'`. */
  readonly target?: string;
  /** Sent as `Authorization: Basic`; takes the place of credentials in the URL. */
  readonly auth?: BasicCredentials;
}

export interface BasicCredentials {
  readonly user: string;
  readonly password: string;
}

/** A request as it goes over the wire. */
export interface PageRequest {
  readonly method: string;
  readonly version: HttpVersion;
  readonly target: string;
  readonly headers: readonly HeaderPair[];
  /** Head and body. */
  readonly bytes: Uint8Array;
  readonly headLength: number;
  /** Where in the bytes credentials and cookies stand. */
  readonly secrets: readonly SecretSpan[];
}

/** How the request travels, beside what the caller asked for. */
export interface Route {
  /** The request goes to an HTTP proxy, which wants the absolute form. */
  readonly viaProxy?: { readonly credentials: BasicCredentials | undefined };
}

/** @throws MessageError that names the field */
export function buildRequest(url: URL, options: RequestOptions = {}, route: Route = {}): PageRequest {
  const { method = 'GET', version = '1.0' } = options;
  if (typeof method !== 'string' || !TOKEN.test(method)) throw refuse(method, 'method', 'not a method');
  if (!VERSIONS.has(version)) throw refuse(version, 'version', "not one of '0.9', '1.0' and '1.1'");
  const target = options.target ?? requestTarget(url, options.targetForm ?? formFor(method, route));
  if (typeof target !== 'string' || !/^[\x21-\x7e\x80-\xff]+$/.test(target)) {
    throw refuse(target, 'target', 'not a request target');
  }
  if (version === '0.9') return simpleRequest(method, target, options);
  const body = typeof options.body === 'string' ? Buffer.from(options.body, 'utf8') : options.body;
  if (body !== undefined && !(body instanceof Uint8Array)) {
    throw new MessageError('BAD_INPUT', 'body', 'expected a string or a Uint8Array');
  }
  const headers = requestHeaders(url, method, version, options, route, body?.length);
  const head = encodeHead(`${method} ${target} HTTP/${version}\r\n`, headers);
  const bytes = body === undefined ? head.bytes : Buffer.concat([head.bytes, body]);
  return { method, version, target, headers, bytes, headLength: head.bytes.length, secrets: head.secrets };
}

const VERSIONS: ReadonlySet<unknown> = new Set<HttpVersion>(['0.9', '1.0', '1.1']);

function formFor(method: string, route: Route): TargetForm {
  if (method === 'CONNECT') return 'authority';
  return route.viaProxy === undefined ? 'origin' : 'absolute';
}

/** HTTP/0.9: the method, the target, and nothing else (RFC 1945 section 5). */
function simpleRequest(method: string, target: string, options: RequestOptions): PageRequest {
  if (method !== 'GET') throw new MessageError('BAD_INPUT', 'method', 'HTTP/0.9 has GET and nothing else');
  if (options.body !== undefined) throw new MessageError('BAD_INPUT', 'body', 'an HTTP/0.9 request has no body');
  if (options.headers !== undefined && headerPairs(options.headers).length > 0) {
    throw new MessageError('BAD_INPUT', 'headers', 'an HTTP/0.9 request has no headers');
  }
  const bytes = Buffer.from(`GET ${target}\r\n`, 'latin1');
  return { method, version: '0.9', target, headers: [], bytes, headLength: bytes.length, secrets: [] };
}

function requestHeaders(
  url: URL,
  method: string,
  version: HttpVersion,
  options: RequestOptions,
  route: Route,
  bodyLength: number | undefined,
): HeaderPair[] {
  const own = options.headers === undefined ? [] : headerPairs(options.headers);
  const named = new Set<string>();
  for (const [name, value] of own) {
    checkHeader(name, value);
    named.add(name.toLowerCase());
  }
  const headers: HeaderPair[] = [];
  const add = (name: string, value: string): void => {
    if (named.size === 0 || !named.has(name.toLowerCase())) headers.push([name, value]);
  };
  for (const name of defaultHeaders(options)) add(name, defaultValue(name, url));
  headers.push(...own);
  const auth = options.auth ?? urlCredentials(url);
  if (auth !== undefined) add('Authorization', basic(auth));
  if (route.viaProxy?.credentials !== undefined) add('Proxy-Authorization', basic(route.viaProxy.credentials));
  if (!named.has('transfer-encoding')) addContentLength(headers, own, method, bodyLength);
  if (version === '1.1') add('Connection', 'close');
  return headers;
}

function defaultHeaders({ defaultHeaders: wanted = DEFAULT_HEADERS }: RequestOptions): readonly DefaultHeader[] {
  if (wanted === DEFAULT_HEADERS) return wanted;
  const names = Array.isArray(wanted) ? (wanted as readonly unknown[]) : [wanted];
  const unknown = names.find((name) => !(DEFAULT_HEADERS as readonly unknown[]).includes(name));
  if (unknown !== undefined || !Array.isArray(wanted)) {
    throw refuse(unknown ?? wanted, 'defaultHeaders', `expected a list of ${DEFAULT_HEADERS.join(', ')}`);
  }
  return wanted;
}

function addContentLength(
  headers: HeaderPair[],
  own: readonly HeaderPair[],
  method: string,
  bodyLength: number | undefined,
): void {
  const given = own.filter(([name]) => name.toLowerCase() === 'content-length');
  for (const [, value] of given) {
    if (value !== String(bodyLength ?? 0)) {
      const message = `the body has ${bodyLength ?? 0} bytes, not ${value}`;
      throw new MessageError('BAD_INPUT', 'headers.Content-Length', message);
    }
  }
  if (given.length > 0) return;
  // RFC 9110 section 8.6: methods that usually carry a body say so when it is empty, too
  const length = bodyLength ?? (/^(?:POST|PUT|PATCH)$/.test(method) ? 0 : undefined);
  if (length !== undefined) headers.push(['Content-Length', String(length)]);
}

function defaultValue(name: DefaultHeader, url: URL): string {
  if (name === 'Host') return url.host;
  return name === 'Accept' ? '*/*' : 'plainwire';
}

export function urlCredentials(url: URL): BasicCredentials | undefined {
  if (url.username === '' && url.password === '') return undefined;
  return { user: percentDecoded(url.username), password: percentDecoded(url.password) };
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new MessageError('BAD_INPUT', 'url', 'the credentials are not percent-encoded UTF-8', { cause });
  }
}

/** RFC 7617, with UTF-8; section 2 has no control characters in user or password, and no colon in the user. */
function basic({ user, password }: BasicCredentials): string {
  for (const [field, text] of Object.entries({ 'auth.user': user, 'auth.password': password })) {
    if (typeof text !== 'string') throw new MessageError('BAD_INPUT', field, 'expected a string');
    // what is refused is not quoted: it may be a password
    if (/[\0-\x1f\x7f]/.test(text)) throw new MessageError('FORBIDDEN_CHARACTER', field, 'a control character');
  }
  if (user.includes(':')) throw new MessageError('BAD_INPUT', 'auth.user', 'a user name with a colon is not for Basic');
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
}

export function headerPairs(input: HeaderInput): HeaderPair[] {
  if (typeof input !== 'object' || input === null) {
    throw new MessageError('BAD_INPUT', 'headers', 'expected an object, or a list of pairs');
  }
  if (Symbol.iterator in input) {
    return Array.from(input as Iterable<HeaderPair>, (pair) => {
      if (!Array.isArray(pair)) throw new MessageError('BAD_INPUT', 'headers', 'expected pairs of name and value');
      return pair;
    });
  }
  return Object.entries(input as Record<string, string | readonly string[]>).flatMap(([name, value]) =>
    // what is no string is refused with the name of its field when the head is made
    (Array.isArray(value) ? (value as readonly string[]) : [value as string]).map((each): HeaderPair => [name, each]),
  );
}

/** The same options for more than one request: headers that can be read once would be those of the first one alone. */
export function forSeveral<Options extends RequestOptions>(options: Options): Options {
  const { headers } = options;
  return headers === undefined || Array.isArray(headers) ? options : { ...options, headers: headerPairs(headers) };
}

function checkHeader(name: string, value: string): void {
  if (typeof name !== 'string' || !TOKEN.test(name)) throw refuse(name, 'headers', 'not a field name');
  const field = `headers.${name}`;
  if (typeof value !== 'string') throw new MessageError('BAD_INPUT', field, 'the value is not a string');
  if (/[\0-\x08\x0a-\x1f\x7f]|[^\0-\xff]/.test(value))
    throw refuse(value, field, 'a character no field value can hold');
}

function refuse(given: unknown, field: string, what: string): MessageError {
  const text = String(given);
  const code = /[\0-\x1f\x7f]|[^\0-\xff]/.test(text) ? 'FORBIDDEN_CHARACTER' : 'BAD_INPUT';
  return new MessageError(code, field, `${what}: ${JSON.stringify(text)}`);
}

function encodeHead(line: string, headers: readonly HeaderPair[]): { bytes: Buffer; secrets: SecretSpan[] } {
  let text = line;
  const secrets = line.includes('@') ? [...headSecrets(Buffer.from(line, 'latin1'))] : [];
  for (const [name, value] of headers) {
    text += `${name}: `;
    if (name.length >= 6 && CREDENTIAL_FIELD.test(name)) {
      // of an authorization the scheme may be seen, for it explains the rest
      const scheme = SCHEME.exec(value)?.[0].length ?? 0;
      secrets.push({ start: text.length + scheme, end: text.length + value.length });
    }
    text += `${value}\r\n`;
  }
  return { bytes: Buffer.from(`${text}\r\n`, 'latin1'), secrets };
}

/** The request with its secrets overwritten, for archives and for people to read. */
export function maskedRequest(request: PageRequest): Uint8Array {
  if (request.secrets.length === 0) return request.bytes;
  const bytes = Uint8Array.from(request.bytes);
  for (const { start, end } of request.secrets) bytes.fill(0x2a, start, end);
  return bytes;
}
