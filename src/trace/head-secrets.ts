/** Where in the head of a response secrets stand: what it gives a client to identify itself with. */
import type { SecretSpan } from './event.ts';

/** A cookie's value (RFC 6265 section 4.1), up to its attributes; of one with no name, all of it. */
const COOKIE = /^(set-cookie2?[ \t]*:[ \t]*(?:[^=;\r\n]*=)?)((?:[^;\r\n]|\r?\n[ \t])*)/gim;
/** The user's part of a URL (RFC 3986 section 3.2.1): of `Location`, most likely. */
const USERINFO = /(:\/\/)([^\s/?#@"'<>]+)@/g;

export function headSecrets(head: Uint8Array): readonly SecretSpan[] {
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1');
  const spans = [COOKIE, USERINFO].flatMap((pattern) =>
    Array.from(text.matchAll(pattern), ({ index, 1: before = '', 2: secret = '' }) => {
      const start = index + before.length;
      return { start, end: start + secret.length };
    }),
  );
  return spans.filter(({ start, end }) => start < end);
}
