/** A file name for a page: safe on every file system, and the same for the same URL, always. */
import { createHash } from 'node:crypto';
import { parsePageUrl, publicUrl, requestTarget } from './target.ts';

/** File systems stop at 255 bytes; some room is left for `.part.json`, and for what others may append. */
const LONGEST = 200;

/** Devices of Windows, whatever extension follows. */
const RESERVED = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9]|conin\$|conout\$)(?=\.|$)/;

/**
 * `http://example.com/` is `example.com.html`, `https://example.com:8443/` is `example.com_https_8443.html`. What a name
 * can't say in lower-case letters, digits, dots and hyphens (a path, a query) becomes readable where it can, and a hash
 * of the URL keeps it apart from any other: `example.com_a_b_k3v9x2m1qa5t.html`. No list of names taken is needed, so a
 * million pages cost no memory, and the same list gives the same files a second time.
 * @throws MessageError for what is no URL
 */
export function fileNameFor(url: string | URL, extension = 'html'): string {
  const parsed = parsePageUrl(url);
  const plain = publicUrl(parsed);
  const { hostname, port } = parsed;
  const target = requestTarget(parsed, 'origin');
  const place = `${hostname}${parsed.protocol === 'https:' ? '_https' : ''}${port === '' ? '' : `_${port}`}`;
  const rest = target === '/' ? '' : target;
  // without an underscore of its own, and never twelve characters behind its last one: unlike any name with a hash
  if (rest === '' && /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(hostname) && isSafe(place)) {
    return `${place}.${extension}`;
  }
  const readable = `${place}${rest}`
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '_')
    .replace(/^[._-]+|[._-]+$/g, '')
    .slice(0, LONGEST - 20);
  const stem = isSafe(readable) ? readable : `_${readable}`;
  return `${stem}_${hash(plain)}.${extension}`;
}

function isSafe(name: string): boolean {
  return name.length > 0 && name.length <= LONGEST && !RESERVED.test(name);
}

/** 60 bits, in characters that differ on file systems without case, too. */
function hash(text: string): string {
  const digits = createHash('sha256').update(text).digest().readBigUInt64BE() >> 4n;
  return digits.toString(36).padStart(12, '0');
}
