/** What a trace hides of the head of a response. */
import { expect, test } from 'vitest';
import { headSecrets } from '../../src/trace/head-secrets.ts';

function hidden(head: string): string[] {
  return headSecrets(Buffer.from(head, 'latin1')).map(({ start, end }) => head.slice(start, end));
}

test.each([
  ['the value of a cookie, without its attributes', 'Set-Cookie: sid=abc=d; Path=/; HttpOnly\r\n', ['abc=d']],
  ['in whatever case, and with no space', 'set-cookie:sid=abc\r\nSET-COOKIE2 : b="x y"; c=d\r\n', ['abc', '"x y"']],
  ['a cookie with no name', 'Set-Cookie: abc; Secure\r\n', ['abc']],
  ['one that goes on in the next line', 'Set-Cookie: a=b\r\n c; d\r\nX: y\r\n', ['b\r\n c']],
  ['after bare line feeds', 'HTTP/1.0 200 OK\nSet-Cookie: a=b\nX: y\n\n', ['b']],
  ['user and password of a URL', 'Location: https://ada:pw@example.com/?a=b@c\r\nX: y@z\r\n', ['ada:pw']],
  ['nothing of an ordinary head', 'HTTP/1.1 200 OK\r\nLocation: http://a.example/b@c\r\nCookie-Policy: a=b\r\n', []],
  ['nothing of a cookie that is taken back', 'Set-Cookie: sid=; Max-Age=0\r\n', []],
])('%s', (_name, head, secrets) => {
  expect(hidden(head)).toEqual(secrets);
});
