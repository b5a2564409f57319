import { describe, expect, it } from 'vitest';
import { MessageError } from '../../src/errors.ts';
import {
  buildRequest,
  type DefaultHeader,
  fetchPage,
  type HttpVersion,
  maskedRequest,
  parsePageUrl,
  type RequestOptions,
} from '../../src/http/index.ts';
import { urlCases } from './cases.ts';
import { serve } from './server.ts';

const sent = (url: string, options?: RequestOptions): string =>
  Buffer.from(buildRequest(parsePageUrl(url), options).bytes).toString('latin1');

describe('the request', () => {
  it.each(urlCases.requests)('$id: $url', ({ url, requestLine }) => {
    expect(sent(url).split('\r\n')[0]).toBe(requestLine);
  });

  it('is the bare two lines of a textbook where the caller wants no defaults', () => {
    expect(sent('http://example.com', { defaultHeaders: [] })).toBe('GET / HTTP/1.0\r\n\r\n');
    expect(sent('http://example.com', { version: '0.9' })).toBe('GET /\r\n');
    expect(sent('http://example.com', { defaultHeaders: ['Host'] })).toBe(
      'GET / HTTP/1.0\r\nHost: example.com\r\n\r\n',
    );
  });

  it('keeps order, case and repeats, and lets a header of the caller take the place of a default', () => {
    const headers = [
      ['x-One', '1'],
      ['HOST', 'other'],
      ['x-One', '2'],
    ] as const;
    expect(sent('http://example.com:81/', { headers, version: '1.1', defaultHeaders: ['Host', 'Accept'] })).toBe(
      'GET / HTTP/1.1\r\nAccept: */*\r\nx-One: 1\r\nHOST: other\r\nx-One: 2\r\nConnection: close\r\n\r\n',
    );
  });

  it('has a Content-Length where there is a body, or a method that usually has one', () => {
    expect(sent('http://a/', { method: 'POST', defaultHeaders: [] })).toBe(
      'POST / HTTP/1.0\r\nContent-Length: 0\r\n\r\n',
    );
    expect(sent('http://a/', { method: 'BREW', body: 'ü', defaultHeaders: [] })).toMatch(
      /^BREW .*\r\nContent-Length: 2\r\n\r\n..$/s,
    );
    expect(() => sent('http://a/', { body: 'abc', headers: { 'Content-Length': '5' } })).toThrow(/Content-Length/);
  });

  it('knows the forms of a target', () => {
    const line = (options: RequestOptions): string =>
      sent('http://u:p@example.com/a?b#c', options).split('\r\n')[0] ?? '';
    expect(line({ targetForm: 'absolute' })).toBe('GET http://example.com/a?b HTTP/1.0');
    expect(line({ method: 'CONNECT' })).toBe('CONNECT example.com:80 HTTP/1.0');
    expect(line({ method: 'OPTIONS', targetForm: 'asterisk' })).toBe('OPTIONS * HTTP/1.0');
    expect(line({ target: '/../as/is?' })).toBe('GET /../as/is? HTTP/1.0');
  });

  it('sends an empty query, and no trace of a fragment, be it empty', () => {
    const line = (url: string, options?: RequestOptions): string => sent(url, options).split('\r\n')[0] ?? '';
    expect(line('http://a/?')).toBe('GET /? HTTP/1.0');
    expect(line('http://a/b?#')).toBe('GET /b? HTTP/1.0');
    expect(line('http://a/#')).toBe('GET / HTTP/1.0');
    expect(line('http://u:p@a/b?#', { targetForm: 'absolute' })).toBe('GET http://a/b? HTTP/1.0');
    expect(line('http://a/#', { targetForm: 'absolute' })).toBe('GET http://a/ HTTP/1.0');
    expect(line('http://a/?#?', { targetForm: 'absolute' })).toBe('GET http://a/? HTTP/1.0');
  });

  it('takes credentials from the URL, and marks them and cookies as secret', () => {
    const request = buildRequest(new URL('http://m%C3%A9:p%3A@a/'), {
      headers: { cookie: 'id=1', 'Proxy-Authorization': 'x', 'X-Api-Key': 'my key', 'X-Key': 'a' },
    });
    expect(Buffer.from(request.bytes).toString()).toContain(`Authorization: Basic ${btoa('mÃ©:p:')}\r\n`);
    const masked = Buffer.from(maskedRequest(request)).toString();
    expect(masked).toMatch(
      /cookie: \*{4}\r\nProxy-Authorization: \*\r\nX-Api-Key: \*{6}\r\nX-Key: a\r\nAuthorization: Basic \*+\r\n/,
    );
  });

  it('shows of an authorization no word that is not the name of a scheme, and of a target no user', () => {
    const headers = { Authorization: 'sesame open', 'Proxy-Authorization': 'Bearer abc' };
    const request = buildRequest(new URL('http://a/'), { headers, target: 'http://ada:pw@a/' });
    const masked = Buffer.from(maskedRequest(request)).toString();
    expect(masked).toMatch(/^GET http:\/\/\*{6}@a\/ /);
    expect(masked).toContain('\r\nAuthorization: ***********\r\nProxy-Authorization: Bearer ***\r\n');
  });
});

describe('what a caller writes as a URL', () => {
  it.each([
    ['example.com', 'http://example.com/'],
    ['localhost:8080/x', 'http://localhost:8080/x'],
    ['HTTPS://Example.COM', 'https://example.com/'],
    ['bücher.example', 'http://xn--bcher-kva.example/'],
    ['http://a/b c?d e', 'http://a/b%20c?d%20e'],
    ['[::1]:80', 'http://[::1]/'],
  ])('%s means %s', (input, url) => {
    expect(parsePageUrl(input).href).toBe(url);
  });

  it.each([
    ...['file:///etc/passwd', 'ftp://a/', 'javascript:alert(1)', 'http://', '', 'http://a:99999/', 'mailto:x'],
    ...['/etc/passwd', './a', '../a', ' /a'],
  ])('%j is refused', (input) => {
    expect(() => parsePageUrl(input)).toThrow(MessageError);
  });
});

describe('header injection', () => {
  const bad = ['\r\nEvil: 1', '\nEvil: 1', '\rEvil: 1', '\0', '\x7f', '\r\n\r\nGET /2 HTTP/1.0\r\n\r\n'];
  const ways: Record<string, (text: string) => [string, RequestOptions]> = {
    url: (text) => [`/x${text}`, {}],
    'header value': (text) => ['', { headers: { 'X-A': `1${text}` } }],
    'header name': (text) => ['', { headers: [[`X-A${text}`, '1']] }],
    method: (text) => ['', { method: `GET${text}` }],
    target: (text) => ['', { target: `/${text}` }],
    version: (text) => ['', { version: `1.0${text}` as HttpVersion }],
    'default header': (text) => ['', { defaultHeaders: [`Host${text}` as DefaultHeader] }],
    user: (text) => ['', { auth: { user: `me${text}`, password: '' } }],
    password: (text) => ['', { auth: { user: 'me', password: `x${text}` } }],
    'credentials of the URL': (text) => [`@${encodeURIComponent(text)}:x@`, {}],
  };
  it.each(Object.keys(ways))('through the %s is refused by name, and nothing is sent', async (way) => {
    await using server = await serve('HTTP/1.0 200 OK\r\n\r\n');
    for (const text of bad) {
      const [path, options] = ways[way]?.(text) ?? ['', {}];
      const url = path.startsWith('@') ? server.url.replace('//', `//${path.slice(1)}`) : `${server.url}${path}`;
      const error = await fetchPage(url, options).catch((fault: unknown) => fault);
      expect(error, JSON.stringify(text)).toBeInstanceOf(MessageError);
      expect((error as MessageError).code).toBe('FORBIDDEN_CHARACTER');
      expect((error as MessageError).field).toMatch(/^(?:url|target|method|headers|version|defaultHeaders|auth)/);
    }
    expect(server.requests).toEqual([]);
  });

  it('has no way through credentials, and none through other characters', () => {
    expect(() => sent('http://a/', { headers: { A: 'ł' } })).toThrow(/headers\.A/);
    expect(() => sent('http://a/', { headers: { 'A B': '1' } })).toThrow(MessageError);
    expect(() => sent('http://a/', { method: 'G T' })).toThrow(/method/);
    expect(() => sent('http://a/', { target: '/a b' })).toThrow(/target/);
  });

  it.each([
    ['headers.A', { headers: { A: 1 } }],
    ['headers.A', { headers: { A: undefined } }],
    ['headers.A', { headers: [['A', null]] }],
    ['headers', { headers: 'A: b' }],
    ['headers', { headers: ['A: b'] }],
    ['body', { body: {} }],
    ['body', { body: 5 }],
    ['auth.password', { auth: { user: 'me' } }],
    ['auth.user', { auth: { password: 'x' } }],
    ['method', { method: 5 }],
    ['target', { target: 5 }],
    ['version', { version: '2' }],
    ['version', { version: 1.1 }],
    ['defaultHeaders', { defaultHeaders: ['Cookie'] }],
    ['defaultHeaders', { defaultHeaders: 'Host' }],
    ['targetForm', { targetForm: 'orign' }],
  ])('what is not of its kind is refused by name: %s, %j', (field, options) => {
    // as from JavaScript, which has no types to stop it
    let fault: unknown;
    try {
      buildRequest(new URL('http://a/'), options as unknown as RequestOptions);
    } catch (error) {
      fault = error;
    }
    expect(fault).toBeInstanceOf(MessageError);
    expect((fault as MessageError).field).toBe(field);
  });
});
