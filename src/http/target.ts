/** From what a caller writes to the URL it means, and to the target in the request line (RFC 9112 section 3.2). */
import { MessageError } from '../errors.ts';

/**
 * `origin`: path and query, the usual one. `absolute`: the whole URL, to a proxy. `authority`: host and port, for
 * CONNECT. `asterisk`: the server as a whole, for OPTIONS.
 */
export type TargetForm = 'origin' | 'absolute' | 'authority' | 'asterisk';

/**
 * Reads `'http://example.com/'`, `'example.com'`, `'localhost:8080/path'`. The URL standard drops line ends from a URL
 * and takes control characters at its ends for nothing; here they are refused, for whoever put them there meant no URL.
 * @throws MessageError that names `url`
 */
export function parsePageUrl(input: string | URL, field = 'url'): URL {
  if (typeof input !== 'string') {
    if (input instanceof URL) return checkScheme(input, field);
    throw new MessageError('BAD_INPUT', field, `expected a string or a URL, not ${String(input)}`);
  }
  const control = /[\0-\x1f\x7f]/.exec(input);
  if (control !== null) {
    const shown = control[0].charCodeAt(0).toString(16).padStart(2, '0');
    throw new MessageError('FORBIDDEN_CHARACTER', field, `the control character 0x${shown} has no place in a URL`);
  }
  try {
    return checkScheme(new URL(withScheme(input, field)), field);
  } catch (cause) {
    if (cause instanceof MessageError) throw cause;
    throw new MessageError('BAD_INPUT', field, `not a URL: '${input}'`, { cause });
  }
}

function withScheme(input: string, field: string): string {
  if (/^https?:\/\//.test(input)) return input;
  // a path would become a host: /etc/passwd would be asked of a machine called etc
  if (/^\s*\.{0,2}\/(?!\/)/.test(input)) throw new MessageError('BAD_INPUT', field, `a path is no URL: '${input}'`);
  return hasScheme(input) ? input : `http://${input}`;
}

/** `localhost:8080` is a host with its port; `mailto:you` has a scheme. */
function hasScheme(text: string): boolean {
  const match = /^\s*[A-Za-z][A-Za-z0-9+.-]*:(.*)$/.exec(text);
  return match !== null && !/^[0-9]+(?:$|[/?#])/.test(match[1] ?? '');
}

function checkScheme(url: URL, field: string): URL {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new MessageError('BAD_INPUT', field, `only http: and https: are fetched, not ${url.protocol}`);
  }
  return url;
}

/** The URL without what must not leave or be kept: credentials and fragment. */
export function publicUrl(url: URL): string {
  const { href } = url;
  // an empty fragment is one all the same, though `hash` does not say so
  if (url.username === '' && url.password === '' && url.hash === '' && !href.endsWith('#')) return href;
  const copy = new URL(url);
  copy.username = '';
  copy.password = '';
  copy.hash = '';
  return copy.href;
}

export function requestTarget(url: URL, form: TargetForm): string {
  switch (form) {
    case 'origin':
      return originForm(url);
    case 'absolute':
      return publicUrl(url);
    case 'authority':
      return `${url.hostname}:${portOf(url)}`;
    case 'asterisk':
      return '*';
    default:
      throw new MessageError(
        'BAD_INPUT',
        'targetForm',
        `expected origin, absolute, authority or asterisk, not '${form}'`,
      );
  }
}

/** `http://example.com/?` asks for `/?`: an empty query is one all the same, though `search` does not say so. */
function originForm(url: URL): string {
  const { pathname, search } = url;
  if (search !== '') return `${pathname}${search}`;
  return publicUrl(url).endsWith('?') ? `${pathname}?` : pathname;
}

export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

/** The host to connect to: an IPv6 literal without its brackets. */
export function hostOf(url: URL): string {
  return url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
}
