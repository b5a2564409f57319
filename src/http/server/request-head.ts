/** A request as a server of HTTP/1.0 reads it (RFC 1945 section 5): pure, bytes in, a head out. */

export interface RequestHead {
  readonly method: string;
  /** The path and query as they were sent. */
  readonly target: string;
  /** `'HTTP/0.9'` where the line names none: the answer is then the page alone. */
  readonly version: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** The head as it came, up to its empty line. */
  readonly text: string;
}

/** A head of more than this is none, in bytes. */
export const REQUEST_HEAD_LIMIT = 64 * 1024;

export class RequestReader {
  #text = '';

  /**
   * Takes bytes until the head is whole; what follows it is a body, which nobody here wants. A text says what is wrong.
   */
  push(chunk: Uint8Array): RequestHead | string | undefined {
    this.#text += Buffer.from(chunk).toString('latin1');
    const first = /^(?:\r?\n)*([^\n]*?)\r?\n/.exec(this.#text);
    const simple = /^GET (\S+)$/.exec(first?.[1] ?? '');
    if (first !== null && simple !== null) {
      return { method: 'GET', target: simple[1] ?? '', version: 'HTTP/0.9', headers: [], text: first[0] };
    }
    const end = /\r?\n\r?\n/.exec(this.#text);
    if (end !== null) return parse(this.#text.slice(0, end.index + end[0].length));
    return this.#text.length > REQUEST_HEAD_LIMIT ? `a head of over ${REQUEST_HEAD_LIMIT} bytes` : undefined;
  }
}

function parse(text: string): RequestHead | string {
  const [first = '', ...lines] = text.trim().split(/\r?\n/);
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) (HTTP\/\d\.\d)$/.exec(first);
  if (match === null) return 'the first line is no request line';
  const headers: { name: string; value: string }[] = [];
  for (const line of lines) {
    const field = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line);
    if (field === null) return 'a header is no "Name: value"';
    headers.push({ name: field[1] ?? '', value: field[2] ?? '' });
  }
  return { method: match[1] ?? '', target: match[2] ?? '', version: match[3] ?? '', headers, text };
}

/** The path of a target, decoded: `/a%20b?c` is `/a b`; undefined where it is none. */
export function pathOf(target: string): string | undefined {
  // a client may name the whole URL (RFC 9112 section 3.2.2)
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  try {
    const decoded = decodeURIComponent(path === '' ? '/' : path);
    return decoded.startsWith('/') && !decoded.includes('\0') ? decoded : undefined;
  } catch {
    return undefined;
  }
}
