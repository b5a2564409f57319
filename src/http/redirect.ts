/** Where a redirect leads, and what the next request may carry (RFC 9110 section 15.4). */
import { type ErrorFacts, PlainwireError } from '../errors.ts';
import { CREDENTIAL_FIELD } from '../trace/schemes.ts';
import type { TlsOptions } from '../transport/index.ts';
import type { PageOptions } from './options.ts';
import type { Page } from './page.ts';
import type { RawHeaders } from './raw-headers.ts';
import { headerPairs } from './request.ts';

/** A redirect that is not followed, though redirects were asked for. `pages` are the answers up to and with it. */
export class RedirectError extends PlainwireError {
  override name = 'RedirectError';
  readonly pages: readonly Page[];
  /** Where it would have led, as the server wrote it. */
  readonly location: string;

  constructor(message: string, location: string, pages: readonly Page[], facts: ErrorFacts = {}) {
    super('REDIRECT_REFUSED', message, { phase: 'redirect', ...facts });
    this.location = location;
    this.pages = pages;
  }
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * The Location of a redirect; none where the response is no redirect, or its Location is empty, which leads nowhere.
 * Several that differ are the caller's to judge.
 */
export function redirectLocations(status: number, headers: RawHeaders): readonly string[] {
  if (!REDIRECTS.has(status)) return [];
  return [...new Set(headers.getAll('Location'))].filter((location) => location !== '');
}

/**
 * The URL a Location means, seen from the page that has it. Its bytes are UTF-8 where they can be. A space should not
 * be there at all; in a query it is sent as `+`, as curl does, for a query is what forms are sent in. `http:/host/` with
 * one slash names a host, as curl has it: no http URL is without one (RFC 9110 section 4.2.1).
 */
export function resolveLocation(location: string, base: URL): URL {
  const bytes = Buffer.from(location, 'latin1');
  const text = isUtf8(bytes) ? bytes.toString('utf8') : percentEncoded(location);
  const [start = '', ...query] = text.split(/(?=\?)/);
  const sent = start.replace(/^(https?):\/(?![/\\])/i, '$1://') + query.join('').replaceAll(' ', '+');
  const url = new URL(sent, base);
  // credentials are the caller's to give, never the server's
  url.username = '';
  url.password = '';
  return url;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function percentEncoded(latin1: string): string {
  return latin1.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);
}

const ABOUT_THE_BODY = /^(?:content-.*|transfer-encoding)$/i;

/**
 * What of a request goes on to the next hop. 303 makes it a GET, 301 and 302 make a POST one, as every browser does;
 * a GET has no body. A change of origin drops credentials, cookies, and what else only the first origin was to see.
 */
export function onwardRequest(options: PageOptions, status: number, from: URL, to: URL): PageOptions {
  const { method = 'GET', body, headers, auth, tls, target: _target, ...rest } = options;
  const toGet = status === 303 ? method !== 'HEAD' && method !== 'GET' : status <= 302 && method === 'POST';
  const sameOrigin = from.origin === to.origin;
  const kept = (headers === undefined ? [] : headerPairs(headers)).filter(([name]) => {
    if (toGet && ABOUT_THE_BODY.test(name)) return false;
    return sameOrigin || !(CREDENTIAL_FIELD.test(name) || name.toLowerCase() === 'host');
  });
  return {
    ...rest,
    method: toGet ? 'GET' : method,
    headers: kept,
    ...(body === undefined || toGet ? {} : { body }),
    ...(auth === undefined || !sameOrigin ? {} : { auth }),
    ...(tls === undefined ? {} : { tls: sameOrigin ? tls : forAnyServer(tls) }),
  };
}

/** A client certificate is a credential, too; a name to ask for and a session belong to one server. */
function forAnyServer(options: TlsOptions): TlsOptions {
  const {
    cert: _cert,
    key: _key,
    pfx: _pfx,
    passphrase: _phrase,
    servername: _name,
    sessions: _sessions,
    ...rest
  } = options;
  return rest;
}
