/**
 * What is secret in a transcript of another program, which marks nothing: here, and only here, credentials have to be
 * known by their looks. They are looked for in the whole text first, however its lines are marked, so that each is
 * hidden wherever it stands.
 */
import { Echoes } from './echoes.ts';
import { SCHEME } from './schemes.ts';

const BASE64 = '[A-Za-z0-9+/]{4,}={0,2}';
/** A command, and no line of EHLO's reply, which lists mechanisms. */
const AUTH = new RegExp(`(?<!\\d{3}[ -])\\bAUTH[ \\t]+([\\w-]+)[ \\t]+(${BASE64})(?![\\w-])`, 'i');
const AUTH_LOGIN = /(?<!\d{3}[ -])\bAUTH[ \t]+LOGIN\b(?![ \t]+[A-Z]+(?:[ \t]|$))/i;
/** Words that look like base64 and are none. */
const WORDS = /^(?:NTLM|SKEY|EXTERNAL|QUIT|RSET|NOOP|DATA|STARTTLS|EHLO|HELP|AUTH)$/i;
const CHALLENGE = /(?<!\d)334(?!\d)[ -]?([A-Za-z0-9+/=]*)/;
const LAST_WORD = new RegExp(`(?:^|[\\s'"\\[])(${BASE64})(?:\\\\r\\\\n)?['"\\]]*\\s*$`);
const AUTHORIZATION = /\b(?:Proxy-)?Authorization[ \t]*:[ \t]*(.*?)(?:\\r\\n)?['"\]]*\s*$/i;
const COOKIE = /\b(?:(Set-)?Cookie2?)[ \t]*:[ \t]*(.*?)(?:\\r\\n)?['"\]]*\s*$/i;
const USERINFO = /:\/\/([^\s/?#@"'<>]+)@/g;
/** After a challenge, the answer is one of so many lines: some traces say twice what the server said. */
const ANSWER_WITHIN = 4;

export function secretsIn(transcript: string): Echoes {
  const found = new Echoes();
  const lines = transcript.split(/\r?\n/);
  for (const [at, line] of lines.entries()) {
    const [, mechanism = '', initial = ''] = AUTH.exec(line) ?? [];
    if (isBase64(initial)) found.keep(initial, { mechanism, answer: 1 });
    if (AUTH_LOGIN.test(line)) answers(lines, at, found);
    const challenge = CHALLENGE.exec(line)?.[1];
    if (challenge !== undefined) answer(lines, at, challenge, found);
    const credentials = AUTHORIZATION.exec(line)?.[1];
    if (credentials !== undefined) authorization(credentials, lines[at + 1], found);
    const [, isSet, cookies = ''] = COOKIE.exec(line) ?? [];
    for (const each of isSet === undefined ? cookies.split(/; */) : [cookies.split(';')[0] ?? '']) {
      found.keep(each.slice(each.indexOf('=') + 1), { cookie: true });
    }
    for (const [, user = ''] of line.matchAll(USERINFO)) {
      found.keep(user);
      found.keep(user.slice(user.indexOf(':') + 1));
    }
  }
  return found;
}

function isBase64(word: string): boolean {
  return word.length % 4 === 0 && word.length > 0 && !WORDS.test(word);
}

/** The answer to a challenge: a line that is nothing but base64, whatever marks it. */
function answer(lines: readonly string[], at: number, challenge: string, found: Echoes): void {
  const asksPassword = /^pass/i.test(Buffer.from(challenge, 'base64').toString('latin1'));
  for (const line of lines.slice(at + 1, at + 1 + ANSWER_WITHIN)) {
    if (CHALLENGE.test(line)) continue;
    if (/(?<!\d)[25]\d\d[ -]/.test(line)) return;
    const word = LAST_WORD.exec(line)?.[1] ?? '';
    if (!isBase64(word)) continue;
    return found.keep(word, { mechanism: 'LOGIN', answer: asksPassword ? 2 : 1 });
  }
}

/** A client that does not wait says user and password right behind the command. */
function answers(lines: readonly string[], at: number, found: Echoes): void {
  for (const [index, line] of lines.slice(at + 1, at + 3).entries()) {
    const word = LAST_WORD.exec(line)?.[1] ?? '';
    if (CHALLENGE.test(line) || !isBase64(word)) return;
    found.keep(word, { mechanism: 'LOGIN', answer: index + 1 });
  }
}

function authorization(value: string, next: string | undefined, found: Echoes): void {
  const scheme = SCHEME.exec(value)?.[0] ?? '';
  // a line that is folded goes on in the next
  const folded =
    scheme === '' && SCHEME.test(`${value} x`) ? /(?:^|\s)(\S+?)['"\]]*\s*$/.exec(next ?? '')?.[1] : undefined;
  found.keep(folded ?? value.slice(scheme.length), { scheme: folded === undefined ? scheme.trim() : value.trim() });
}
