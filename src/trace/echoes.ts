/**
 * What was secret when it was said is secret when it comes back: a server may quote the line it refuses, and a page the
 * request it got. Nothing is guessed here: the very bytes that were marked are looked for, and what they carry in base64.
 */
import type { SecretSpan } from './event.ts';
import { plainText } from './render.ts';

/** What is shorter stands in a text by chance. */
const SHORTEST = 4;
/** What is shorter than this counts only where it stands alone: a password `pass` is not hidden in `passed`. */
const UNMISTAKABLE = 8;
/** As much of a longer one is enough: who quotes a line may cut it off. */
const TELLING = 10;

/** Of something said, what is heeded here. */
interface Heeded {
  readonly phase: string;
  readonly bytes: Uint8Array;
  readonly secrets: readonly SecretSpan[];
}

export class Echoes {
  readonly #needles: Buffer[] = [];
  #mechanism = '';
  /** How many answers to challenges there were in this login. */
  #answers = 0;

  /** Nothing secret has been said yet. */
  get isEmpty(): boolean {
    return this.#needles.length === 0;
  }

  /** Keeps what is secret in what is said. */
  learn({ bytes, secrets, phase }: Heeded, verb: string | undefined): void {
    const text = Buffer.from(bytes).toString('latin1');
    if (verb === 'AUTH' || phase === 'auth') this.#login(text, verb);
    for (const { start, end } of secrets) {
      const secret = text.slice(start, end);
      const scheme = /(\S+) +$/.exec(text.slice(0, start))?.[1]?.toLowerCase() ?? '';
      this.#add(secret);
      // cookies, by their values; a short one is a setting, and no secret
      if (scheme !== 'cookie:') for (const each of this.#carried(secret, scheme)) this.#add(each);
      else for (const each of secret.split(/; */)) this.keep(each.slice(each.indexOf('=') + 1), { cookie: true });
    }
  }

  /** Keeps one secret out of a text that marks none. */
  keep(secret: string, how: { mechanism?: string; answer?: number; scheme?: string; cookie?: boolean } = {}): void {
    // one that is hidden already, in our own traces and recordings
    if (/^<secret, [\d,]+ bytes?>$|^\.\+$|^\*+$/.test(secret)) return;
    if (how.cookie === true && secret.length < UNMISTAKABLE) return;
    const bytes = Buffer.from(secret, 'utf8').toString('latin1');
    this.#mechanism = how.mechanism?.toUpperCase() ?? '';
    this.#answers = how.answer ?? 0;
    this.#add(bytes);
    if (how.cookie !== true) for (const each of this.#carried(bytes, how.scheme?.toLowerCase() ?? '')) this.#add(each);
  }

  /** Where in the bytes something secret stands. */
  find(bytes: Uint8Array): SecretSpan[] {
    const found: SecretSpan[] = [];
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (const needle of this.#needles) {
      const telling = needle.subarray(0, TELLING);
      for (let at = all.indexOf(telling); at >= 0; at = all.indexOf(telling, at + 1)) {
        let size = telling.length;
        while (size < needle.length && all[at + size] === needle[size]) size += 1;
        const end = at + size;
        if (needle.length < UNMISTAKABLE && (isWord(all[at - 1]) || isWord(all[end]))) continue;
        found.push({ start: at, end });
      }
    }
    return found;
  }

  /** How many bytes at the end may be the beginning of something secret, of which the rest is to come. */
  begun(bytes: Uint8Array): number {
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let most = 0;
    for (const needle of this.#needles) {
      for (let size = Math.min(needle.length - 1, all.length); size > most; size -= 1) {
        if (all.subarray(all.length - size).equals(needle.subarray(0, size))) most = size;
      }
    }
    // one that is whole may end as it begins: it is not to be cut there
    if (most > 0) {
      for (const { start, end } of this.find(bytes).sort((one, other) => other.start - one.start)) {
        if (start < all.length - most && end > all.length - most) most = all.length - start;
      }
    }
    return most;
  }

  /** The text with whatever is secret in it as asterisks. */
  hidden(text: string): string {
    const bytes = Buffer.from(text, 'utf8');
    const spans = this.find(bytes);
    if (spans.length === 0) return text;
    for (const { start, end } of spans) bytes.fill('*', start, end);
    return bytes.toString('utf8');
  }

  /** The text with whatever is secret in it by its size. */
  labelled(text: string): string {
    const bytes = Buffer.from(text, 'utf8');
    const spans = this.find(bytes);
    return spans.length === 0 ? text : plainText(bytes, spans);
  }

  #login(text: string, verb: string | undefined): void {
    if (verb === 'AUTH') {
      const [, mechanism = '', initial] = text.trim().split(/\s+/);
      this.#mechanism = mechanism.toUpperCase();
      this.#answers = initial === undefined ? 0 : 1;
    } else this.#answers += 1;
  }

  /** What a secret has in it that is one of its own, as one character a byte. */
  #carried(secret: string, scheme: string): string[] {
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(secret)) return [];
    const decoded = Buffer.from(secret, 'base64').toString('latin1');
    if (scheme === 'basic') return [decoded.slice(decoded.indexOf(':') + 1)];
    switch (this.#mechanism) {
      case 'PLAIN':
        return [decoded.slice(decoded.lastIndexOf('\0') + 1)];
      case 'LOGIN':
        // the first answer is the name of the user, which a server may well repeat
        return this.#answers > 1 ? [decoded] : [];
      default:
        return [decoded, /\bauth=\S+ ([^\x01]+)/i.exec(decoded)?.[1] ?? '', / (\S+)$/.exec(decoded)?.[1] ?? ''];
    }
  }

  /** As it is, and as it stands in a quoted string and in a URL. */
  #add(secret: string): void {
    for (const form of [secret, JSON.stringify(secret).slice(1, -1), percentEncoded(secret)]) {
      const needle = Buffer.from(form, 'latin1');
      if (needle.length >= SHORTEST && !this.#needles.some((each) => each.equals(needle))) this.#needles.push(needle);
    }
  }
}

/** What encodeURIComponent() makes of the text whose bytes these are. */
function percentEncoded(secret: string): string {
  return secret.replace(
    /[^\w.~!*'()-]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

function isWord(byte: number | undefined): boolean {
  return byte !== undefined && /\w/.test(String.fromCharCode(byte));
}
