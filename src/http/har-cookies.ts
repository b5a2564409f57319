/** The cookies that a response sets, as HAR lists them beside the headers. */

/** One of `response.cookies` (HAR 1.2). */
export interface HarCookie {
  readonly name: string;
  readonly value: string;
  readonly path?: string;
  readonly domain?: string;
  /** In ISO 8601; left out where the server's date is none. */
  readonly expires?: string;
  readonly httpOnly: boolean;
  readonly secure: boolean;
}

/** One Set-Cookie field, as a browser reads it (RFC 6265 section 5.2); undefined where that would set nothing. */
export function harCookie(field: string): HarCookie | undefined {
  const [pair = '', ...rest] = field.split(';');
  const [name, value] = split(pair);
  if (name === '' || !pair.includes('=')) return undefined;
  const attributes = new Map<string, string>();
  for (const each of rest) {
    const [attribute, text] = split(each);
    attributes.set(attribute.toLowerCase(), text);
  }
  const path = attributes.get('path');
  const domain = attributes.get('domain');
  const expires = new Date(attributes.get('expires') ?? Number.NaN);
  return {
    name,
    value,
    ...(path === undefined ? {} : { path }),
    ...(domain === undefined ? {} : { domain }),
    ...(Number.isNaN(expires.getTime()) ? {} : { expires: expires.toISOString() }),
    httpOnly: attributes.has('httponly'),
    secure: attributes.has('secure'),
  };
}

function split(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  return at === -1 ? [text.trim(), ''] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}
