/**
 * Which character encoding a body is in, found as browsers find it (WHATWG HTML, "determining the character encoding"):
 * byte order mark, then Content-Type, then for HTML the first 1,024 bytes' meta elements, then for XML its declaration.
 * Meta elements are html-encoding-sniffer's, which is jsdom's; the decoding itself is TextDecoder's, which has all
 * encodings of the Encoding Standard.
 */
import { createRequire } from 'node:module';
import type sniffHtml from 'html-encoding-sniffer';
import { contentType } from './content-type.ts';
import type { RawHeaders } from './raw-headers.ts';

/** How far a meta element is looked for, by the standard. */
const PRESCAN = 1024;
/** No encoding has this name. */
const NONE = 'none';

export interface Charset {
  /** The encoding's name as TextDecoder has it: `'utf-8'`, `'windows-1252'`. */
  readonly name: string;
  readonly from: 'caller' | 'bom' | 'header' | 'meta' | 'xml' | 'default';
}

export function detectCharset(body: Uint8Array, headers: RawHeaders): Charset {
  const { essence, charset } = contentType(headers);
  const mark = byteOrderMark(body);
  if (mark !== undefined) return { name: mark, from: 'bom' };
  const header = charset === undefined ? undefined : knownCharset(charset);
  if (header !== undefined) return { name: header, from: 'header' };
  const markup = /^(?:text\/(?:html|xml)|application\/(?:.+\+)?xml|)$/.test(essence);
  if (markup) {
    const declared = essence === 'text/html' || essence === '' ? metaCharset(body) : undefined;
    if (declared !== undefined) return { name: declared, from: 'meta' };
    const start = Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, PRESCAN)).toString('latin1');
    const xml = withoutUtf16(encodingName(/^<\?xml\s[^>]*?encoding\s*=\s*(?:"([^"]*)"|'([^']*)')/.exec(start)));
    if (xml !== undefined) return { name: xml, from: 'xml' };
  }
  // what is no HTML is most likely UTF-8 nowadays (JSON must be); what can't be is what Latin-1 means on the web
  return { name: isUtf8(body) ? 'utf-8' : 'windows-1252', from: 'default' };
}

/** The body as text; what can't be decoded becomes U+FFFD, and a byte order mark is left out. */
export function decodeText(body: Uint8Array, charset: string): string {
  const decoder = new TextDecoder(charset);
  // Node 20 reads this one as Latin-1 where it gets it whole: quotes, dashes and the euro became control characters.
  if (decoder.encoding === 'windows-1252') return decoder.decode(body, { stream: true }) + decoder.decode();
  return decoder.decode(body);
}

/** A label as TextDecoder knows it; undefined for one it doesn't. */
export function knownCharset(label: string): string | undefined {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return undefined;
  }
}

function encodingName(match: RegExpExecArray | null): string | undefined {
  const label = match?.[1] ?? match?.[2];
  return label === undefined ? undefined : knownCharset(label.trim());
}

function byteOrderMark([one, two, three]: Uint8Array): string | undefined {
  if (one === 0xef && two === 0xbb && three === 0xbf) return 'utf-8';
  if (one === 0xfe && two === 0xff) return 'utf-16be';
  return one === 0xff && two === 0xfe ? 'utf-16le' : undefined;
}

/** Bytes that could be read so far as ASCII are not UTF-16, whatever they say (the standard's rule). */
function withoutUtf16(name: string | undefined): string | undefined {
  if (name === 'utf-16le' || name === 'utf-16be') return 'utf-8';
  return name === 'x-user-defined' ? 'windows-1252' : name;
}

let sniffer: typeof sniffHtml | undefined;

/** Loaded for the first page that needs it: it takes half as long to load as all the rest of this package together. */
function loadSniffer(): typeof sniffHtml {
  sniffer ??= createRequire(import.meta.url)('html-encoding-sniffer') as typeof sniffHtml;
  return sniffer;
}

/** The first meta element that names an encoding. The byte order mark, which the library would look for, has been. */
function metaCharset(body: Uint8Array): string | undefined {
  const sniff = loadSniffer();
  try {
    const name = sniff(body.subarray(0, PRESCAN), { defaultEncoding: NONE });
    return name === NONE ? undefined : knownCharset(name);
  } catch {
    // it falls over a content attribute that ends in "charset": no such page names an encoding
    return undefined;
  }
}

function isUtf8(body: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(body);
    return true;
  } catch {
    return false;
  }
}
