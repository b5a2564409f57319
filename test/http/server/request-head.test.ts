/** A request as a server of HTTP/1.0 reads it, in pieces of any size. */
import { describe, expect, test } from 'vitest';
import { pathOf, REQUEST_HEAD_LIMIT, type RequestHead, RequestReader } from '../../../src/http/server/request-head.ts';

function read(text: string, piece: number): RequestHead | string | undefined {
  const reader = new RequestReader();
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at += piece) {
    const head = reader.push(bytes.subarray(at, at + piece));
    if (head !== undefined) return head;
  }
  return undefined;
}

describe.each([1, 2, 5, 10_000])('in pieces of %i', (piece) => {
  test('a head, its body left where it is', () => {
    const head = 'GET /a?b HTTP/1.1\r\nHost: x\r\nX-Empty:\r\nx-b:  c \r\n\r\n';
    expect(read(`${head}body`, piece)).toEqual({
      method: 'GET',
      target: '/a?b',
      version: 'HTTP/1.1',
      headers: [
        { name: 'Host', value: 'x' },
        { name: 'X-Empty', value: '' },
        { name: 'x-b', value: 'c' },
      ],
      text: head,
    });
  });

  test('bare LF ends lines, too', () => {
    expect(read('HEAD / HTTP/1.0\nHost: x\n\n', piece)).toMatchObject({
      method: 'HEAD',
      headers: [{ name: 'Host', value: 'x' }],
    });
  });

  test('HTTP/0.9 is one line', () => {
    expect(read('GET /old\r\n', piece)).toMatchObject({ method: 'GET', target: '/old', version: 'HTTP/0.9' });
  });

  test.each([
    ['no request line', 'hello\r\n\r\n'],
    ['two spaces', 'GET  / HTTP/1.0\r\n\r\n'],
    ['a version that is none', 'GET / HTTP/x\r\n\r\n'],
    ['a header without a colon', 'GET / HTTP/1.0\r\nHost\r\n\r\n'],
    ['a space before the colon', 'GET / HTTP/1.0\r\nHost : x\r\n\r\n'],
    ['a folded header', 'GET / HTTP/1.0\r\nHost: x\r\n y\r\n\r\n'],
  ])('%s', (_name, text) => {
    expect(read(text, piece)).toEqual(expect.any(String));
  });

  test('a head that does not end', () => {
    const begun = 'GET / HTTP/1.0\r\nX: ';
    expect(read(begun, piece)).toBeUndefined();
  });
});

test('a head without end is given up', () => {
  expect(read(`GET / HTTP/1.0\r\nX: ${'x'.repeat(REQUEST_HEAD_LIMIT)}`, 10_000)).toMatch(/over 65536 bytes/);
});

test.each([
  ['/', '/'],
  ['/a%20b?c#d', '/a b'],
  ['http://x.example/a', '/a'],
  ['http://x.example', '/'],
  ['/%C3%BC', '/ü'],
  ['/%00', undefined],
  ['/%zz', undefined],
  ['*', undefined],
])('the path of %s is %s', (target, path) => {
  expect(pathOf(target)).toBe(path);
});
