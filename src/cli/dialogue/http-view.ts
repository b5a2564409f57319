/** What the side of the client needs to know of an HTTP dialogue: one request, one response. */
import { headSecrets } from '../../trace/head-secrets.ts';
import { type Explanation, explainLine, type SecretSpan } from '../../trace/index.ts';
import { CREDENTIAL_FIELD } from '../../trace/schemes.ts';
import { type Heard, type Hint, NO_SECRETS, type Said } from './speech.ts';

type Place = 'start' | 'head' | 'body';

/** The name of a field and what parts it from its value. */
const FIELD = /^([^:\s]+)\s*:\s*/;

export class HttpView {
  readonly protocol = 'http';
  #request: Place = 'start';
  #response: Place = 'start';
  #method: string | undefined;
  readonly #fields = new Set<string>();
  /** The field said last is a credential: a line that is folded under it is, too (RFC 9112 section 5.2). */
  #inCredential = false;

  /** The server has begun to answer. */
  get answered(): boolean {
    return this.#response !== 'start';
  }

  said(line: string): Said {
    const place = this.#request;
    if (place === 'start') this.#method = /^\S+/.exec(line)?.[0];
    // A request of HTTP/0.9 is one line, and nothing follows it (RFC 1945 section 4.1).
    this.#request = place === 'start' && /^GET \S+$/.test(line) ? 'body' : next(place, line);
    this.#fields.add(fieldOf(line));
    if (place === 'body') {
      return { phase: 'body', verb: undefined, secrets: NO_SECRETS, more: false, explanation: undefined };
    }
    return {
      phase: 'head',
      verb: this.#method,
      secrets: this.#secretsOf(line),
      more: this.#request !== 'body',
      explanation: place === 'head' && line === '' ? END_OF_HEAD : explainLine(line),
    };
  }

  heard(line: string): Heard {
    const place = this.#response;
    this.#response = next(place, line);
    if (place === 'body')
      return { phase: 'body', more: false, reply: false, secrets: NO_SECRETS, explanation: undefined };
    return {
      phase: 'head',
      more: this.#response !== 'body',
      reply: false,
      secrets: headSecrets(Buffer.from(line, 'utf8')),
      explanation: place === 'head' && line === '' ? START_OF_BODY : explainLine(line),
    };
  }

  #secretsOf(line: string): readonly SecretSpan[] {
    const isFolded = /^[ \t]/.test(line);
    const [start = '', name = ''] = FIELD.exec(line) ?? [];
    if (!isFolded) this.#inCredential = CREDENTIAL_FIELD.test(name);
    if (!this.#inCredential) return headSecrets(Buffer.from(line, 'utf8'));
    return [{ start: start.length, end: Buffer.byteLength(line) }];
  }

  hints(host: string): Hint[] {
    if (this.#request === 'start') return ['GET / HTTP/1.0', 'HEAD / HTTP/1.0'].map(explained);
    if (this.#request === 'body') return [];
    const fields = [`Host: ${host}`, 'User-Agent: plainwire', 'Accept: */*'];
    return [
      ...fields.filter((line) => !this.#fields.has(fieldOf(line))).map(explained),
      { line: '', means: 'An empty line ends the head.' },
    ];
  }
}

function explained(line: string): Hint {
  return { line, means: explainLine(line)?.means ?? '' };
}

function fieldOf(line: string): string {
  return line.split(':')[0]?.toLowerCase() ?? '';
}

function next(place: Place, line: string): Place {
  if (place === 'start') return 'head';
  return place === 'head' && line === '' ? 'body' : place;
}

const END_OF_HEAD: Explanation = {
  subject: '(an empty line)',
  means: 'The head of the request ends here.',
  next: 'The server answers; a body would follow only if Content-Length announced it.',
  source: 'RFC 1945 section 5',
  parts: [],
};

const START_OF_BODY: Explanation = {
  subject: '(an empty line)',
  means: 'The head of the answer ends here; what follows is the body.',
  next: 'It ends after Content-Length bytes, or when the server closes.',
  source: 'RFC 1945 section 6',
  parts: [],
};
