/** Content-Type as browsers read it: of several, or of a list, what the last one that is a media type says (Fetch). */
import type { RawHeaders } from './raw-headers.ts';

export interface ContentType {
  /** `'text/html'`, in lower case; empty where there is none. */
  readonly essence: string;
  /** The charset parameter, whatever it says. */
  readonly charset: string | undefined;
}

const TYPE = /^[!#$%&'*+\-.^_`|~0-9a-z]+\/[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** A comma within quotes is none that separates; a quote that is not closed goes to the end. */
const ELEMENT = /(?:"(?:[^"\\]|\\.)*\\?"?|[^",])+/g;
const PARAMETER = /;([^;=]*)(?:=[ \t]*(?:"((?:[^"\\]|\\.)*)"?[^;]*|([^;]*)))?/g;

/** Without a charset of its own a type keeps that of the one before, where it is the same type. */
export function contentType(headers: RawHeaders): ContentType {
  const fields = headers.getAll('Content-Type');
  let found: ContentType | undefined;
  for (const [element] of fields.join(',').matchAll(ELEMENT)) {
    const essence = essenceOf(element);
    if (essence === '*/*' || !TYPE.test(essence)) continue;
    const charset = charsetParameter(element) ?? (found?.essence === essence ? found.charset : undefined);
    found = { essence, charset };
  }
  if (found !== undefined) return found;
  // no media type at all: its charset may be meant all the same
  const last = fields.at(-1) ?? '';
  return { essence: essenceOf(last), charset: charsetParameter(last) };
}

function essenceOf(element: string): string {
  return element.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** The first charset parameter that says anything. A quoted string ends at its quote, whatever it holds (WHATWG MIME). */
function charsetParameter(type: string): string | undefined {
  for (const [, name = '', quoted, plain = ''] of type.matchAll(PARAMETER)) {
    if (name.trim().toLowerCase() !== 'charset') continue;
    if (quoted !== undefined) return quoted.replace(/\\(.)/g, '$1').trim();
    if (plain.trim() !== '') return plain.trim();
  }
  return undefined;
}
