import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ParserOptions, QUIRKS, type Quirk, RESPONSE_LIMITS, ResponseParser } from '../../src/http/index.ts';
import { byteByByte, CHUNKINGS, play, whole } from './play.ts';

const OK = 'HTTP/1.0 200 OK\r\n';
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const ask11: Partial<ParserOptions> = { version: '1.1' };

describe.each(Object.entries(CHUNKINGS))('tolerances, %s', (_, cut) => {
  /** Each quirk alone, with a response that needs it and nothing else. */
  const needs: Record<
    Exclude<Quirk, 'excess-bytes'>,
    [response: string, body: string, options?: Partial<ParserOptions>]
  > = {
    'simple-response': ['<p>hi', '<p>hi', { simpleResponse: 'accept' }],
    'full-response-to-simple-request': [`${OK}\r\nx`, 'x', { version: '0.9' }],
    'leading-blank-lines': [`\r\n\n${OK}\r\nx`, 'x'],
    'bare-lf': ['HTTP/1.0 200 OK\nA: b\n\nx', 'x'],
    'icy-status-line': ['ICY 200 OK\r\n\r\nx', 'x'],
    'odd-version': ['HTTP/1.7 200 OK\r\n\r\nx', 'x'],
    'odd-status': ['HTTP/1.0 999 No\r\n\r\nx', 'x'],
    'missing-reason': ['HTTP/1.0 200\r\n\r\nx', 'x'],
    'reason-whitespace': ['HTTP/1.0 200  OK \r\n\r\nx', 'x'],
    'obsolete-folding': [`${OK}A: b\r\n \t c\r\n\r\nx`, 'x'],
    'repeated-content-length': [`${OK}Content-Length: 1\r\ncontent-length: 1\r\n\r\nx`, 'x'],
    'interim-response': [`HTTP/1.1 100 Continue\r\n\r\n${OK}\r\nx`, 'x'],
    'unasked-chunked': [`${CHUNKED}1\r\nx\r\n0\r\n\r\n`, 'x'],
    'chunked-in-1.0': [`${CHUNKED.replace('1.1', '1.0')}1\r\nx\r\n0\r\n\r\n`, 'x', ask11],
    'content-length-with-chunked': [`${CHUNKED.slice(0, -2)}Content-Length: 9\r\n\r\n1\r\nx\r\n0\r\n\r\n`, 'x', ask11],
    'identity-coding': [`${OK}Transfer-Encoding: Identity\r\n\r\nx`, 'x'],
    'chunk-size-padding': [`${CHUNKED}1  \r\nx\r\n0\r\n\r\n`, 'x', ask11],
    'unasked-keep-alive': [`${OK}Connection: Keep-Alive\r\nContent-Length: 1\r\n\r\nx`, 'x'],
  };

  it.each(Object.entries(needs))('%s', (quirk, [response, body, options]) => {
    const played = play(cut(Buffer.from(response, 'latin1')), options);
    expect(played.error).toBeUndefined();
    expect(played.body.toString()).toBe(body);
    expect(played.quirks).toEqual([quirk]);
  });

  it('a status line of HTTP/0.9 is odd, too', () => {
    expect(play(cut(Buffer.from('HTTP/0.9 200 OK\r\n\r\nx')))).toMatchObject({
      head: { version: '0.9', status: 200 },
      quirks: ['odd-version'],
    });
  });

  it('blank lines before a status line are told from a body that begins with some', () => {
    const read = (response: string) => {
      const { head, body, quirks } = play(cut(Buffer.from(response)), { simpleResponse: 'accept' });
      return [head?.version, body.toString(), ...quirks];
    };
    expect(read('\r\n\nHTTP/1.0 200 OK\r\n\r\nx')).toEqual(['1.0', 'x', 'leading-blank-lines']);
    for (const body of ['\r\n<html>', '\r\n', '\r', '\n\rHTTP/1.0 200 OK\r\n\r\n', '\r\nHTTP/1.0', '\n'.repeat(40)]) {
      expect(read(body), JSON.stringify(body)).toEqual(['0.9', body, 'simple-response']);
    }
  });

  it('all of them have a name and an explanation, and there are no others', () => {
    expect(Object.keys(QUIRKS).sort()).toEqual([...Object.keys(needs), 'excess-bytes'].sort());
  });

  it('a response by the book needs none', () => {
    const response = 'HTTP/1.1 200 \r\nA:b\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx';
    expect(play(cut(Buffer.from(response))).quirks).toEqual([]);
    expect(play(cut(Buffer.from(`${CHUNKED}1 ; a = "b;\\"c" ;d\r\nx\r\n00\r\nT: u\r\n\r\n`)), ask11)).toMatchObject({
      quirks: [],
      trailers: [['T', 'u']],
    });
  });
});

describe.each(Object.entries(CHUNKINGS))('errors with their code and offset, %s', (_, cut) => {
  it.each([
    ['EMPTY_RESPONSE', 0, ''],
    ['NOT_HTTP', 0, '<html>'],
    ['NOT_HTTP', 0, 'http/1.0 200 OK\r\n\r\n'],
    ['NOT_HTTP', 43, 'HTTP/1.1 100 Continue\r\nFoo: Bar Bar Bar\r\n\r\n<html>'],
    ['BAD_STATUS_LINE', 0, 'HTTP/2.0 200 OK\r\n\r\n'],
    ['BAD_STATUS_LINE', 0, 'HTTP/1.0 099 OK\r\n\r\n'],
    ['BAD_STATUS_LINE', 0, 'HTTP/1.0 200OK\r\n\r\n'],
    ['BAD_STATUS_LINE', 2, '\r\nHTTP/1.0 20 OK\r\n\r\n'],
    ['BAD_HEADER', 17, `${OK}no colon\r\n\r\n`],
    ['BAD_HEADER', 23, `${OK}A: b\r\nC : d\r\n\r\n`],
    ['BAD_HEADER', 17, `${OK} folded: first\r\n\r\n`],
    ['BAD_HEADER', 17, `${OK}: nameless\r\n\r\n`],
    ['BAD_HEADER', 17, `${OK}a(b): c\r\n\r\n`],
    ['CONTROL_IN_HEAD', 21, `${OK}A: b\0c\r\n\r\n`],
    ['CONTROL_IN_HEAD', 18, `${OK}A\x01: bc\r\n\r\n`],
    ['CONTROL_IN_HEAD', 21, `${OK}A: b\rc\r\n\r\n`],
    ['CONTROL_IN_HEAD', 14, 'HTTP/1.0 200 O\x7f\r\n\r\n'],
    ['BAD_CONTENT_LENGTH', 17, `${OK}Content-Length: -1\r\n\r\n`],
    ['BAD_CONTENT_LENGTH', 17, `${OK}Content-Length: +1\r\n\r\n`],
    ['BAD_CONTENT_LENGTH', 17, `${OK}Content-Length: 0x10\r\n\r\n`],
    ['BAD_CONTENT_LENGTH', 17, `${OK}Content-Length: \r\n\r\n`],
    ['BAD_CONTENT_LENGTH', 17, `${OK}Content-Length: 1 1\r\n\r\n`],
    ['BAD_CONTENT_LENGTH', 17, `${OK}Content-Length: 99999999999999999999\r\n\r\n`],
    ['CONFLICTING_CONTENT_LENGTH', 17, `${OK}Content-Length: 1, 1\r\n\r\n`],
    ['CONFLICTING_CONTENT_LENGTH', 36, `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`],
    ['BAD_CONTENT_LENGTH', 17, `${OK}Content-Length: -1\r\nContent-Length-X: 1\r\n\r\n`],
    ['BAD_CONTENT_LENGTH', 17, `${OK}CONTENT-LENGTH: -1\r\nContent-Length: 1\r\n\r\n`],
    ['BAD_CONTENT_LENGTH', 36, `${OK}Content-Length: 1\r\nContent-Length: -1\r\nContent-Length: 1\r\n\r\n`],
    ['BAD_CONTENT_LENGTH', 17, `${OK}Content-Length: -1\r\nX: a\r\n content-length: 5\r\n\r\n`],
    ['UNKNOWN_TRANSFER_CODING', 17, `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n`],
    ['UNKNOWN_TRANSFER_CODING', 17, `${OK}Transfer-Encoding: gzip\r\nTransfer-Encoding-2: x\r\n\r\n`],
    ['UNKNOWN_TRANSFER_CODING', 45, `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`],
    ['UNKNOWN_TRANSFER_CODING', 17, `${OK}Transfer-Encoding: \r\n\r\n`],
    ['UNKNOWN_TRANSFER_CODING', 17, `${OK}Transfer-Encoding: identity\r\nContent-Length: 1\r\n\r\n`],
    ['UNEXPECTED_UPGRADE', 0, 'HTTP/1.1 101 Switching\r\n\r\n'],
    ['BAD_CHUNK', 47, `${CHUNKED}x\r\n`],
    ['BAD_CHUNK', 47, `${CHUNKED}\r\n`],
    ['BAD_CHUNK', 47, `${CHUNKED}1\nx\r\n`],
    ['BAD_CHUNK', 47, `${CHUNKED}1 2\r\nx\r\n`],
    ['BAD_CHUNK', 47, `${CHUNKED}1;a\0\r\nx\r\n`],
    ['BAD_CHUNK', 47, `${CHUNKED}1;a="\r\nx\r\n`],
    ['BAD_CHUNK', 47, `${CHUNKED}fffffffffffffffff\r\nx\r\n`],
    ['BAD_CHUNK', 51, `${CHUNKED}1\r\nxy\r\n`],
    ['BAD_CHUNK', 51, `${CHUNKED}1\r\nx\n`],
    ['BAD_CHUNK', 54, `${CHUNKED}0\r\nA: b\n\r\n`],
    ['BAD_HEADER', 50, `${CHUNKED}0\r\nA b\r\n\r\n`],
    ['SHORT_HEAD', 6, 'HTTP/1'],
    ['SHORT_HEAD', 17, OK],
    ['SHORT_HEAD', 2, '\r\n'],
    ['SHORT_BODY', 40, `${OK}Content-Length: 5\r\n\r\nab`],
    ['SHORT_BODY', 51, `${CHUNKED}5\r\nx`],
    ['SHORT_BODY', 50, `${CHUNKED}0\r\n`],
  ])('%s at %i: %j', (code, offset, response) => {
    const { error } = play(cut(Buffer.from(response, 'latin1')), ask11);
    expect(error).toMatchObject({ code, offset });
  });
});

describe('responses without a body', () => {
  it.each([
    ['HEAD', '200 OK\r\nContent-Length: 5'],
    ['HEAD', '200 OK\r\nTransfer-Encoding: chunked'],
    ['GET', '204 No Content\r\nContent-Length: 5'],
    ['GET', '304 Not Modified\r\nContent-Length: 1, 2'],
    ['CONNECT', '200 Tunnel\r\nContent-Length: 5'],
  ])('end with their head: %s %j', (method, rest) => {
    expect(play(whole(Buffer.from(`HTTP/1.1 ${rest}\r\n\r\nwhatever`)), { method })).toMatchObject({
      framing: 'none',
      early: true,
      error: undefined,
    });
  });
});

describe('limits', () => {
  const at = (limits: ParserOptions['limits'], response: string) =>
    play(whole(Buffer.from(response)), { limits }).error;

  it('are met to the byte', () => {
    expect(at({ line: 20 }, `${OK}A: ${'x'.repeat(17)}\r\n\r\n`)).toBeUndefined();
    expect(at({ line: 20 }, `${OK}A: ${'x'.repeat(18)}\r\n\r\n`)).toMatchObject({ code: 'LIMIT_EXCEEDED', offset: 37 });
    expect(at({ head: 25 }, `${OK}A: bc\r\n\r\n`)).toMatchObject({ code: 'LIMIT_EXCEEDED', offset: 25 });
    expect(at({ head: 26 }, `${OK}A: bc\r\n\r\n`)).toBeUndefined();
    expect(at({ fields: 2 }, `${OK}A: b\r\nA: b\r\n\r\n`)).toBeUndefined();
    expect(at({ fields: 1 }, `${OK}A: b\r\nA: b\r\n\r\n`)).toMatchObject({ code: 'LIMIT_EXCEEDED', offset: 23 });
    expect(at({ body: 3 }, `${OK}\r\nabc`)).toBeUndefined();
    expect(at({ body: 2 }, `${OK}\r\nabc`)).toMatchObject({ code: 'LIMIT_EXCEEDED', offset: 21 });
    expect(at({ body: 3 }, `${CHUNKED}3\r\nabc\r\n0\r\n\r\n`)).toBeUndefined();
    const second = { code: 'LIMIT_EXCEEDED', offset: 54 };
    expect(at({ body: 3 }, `${CHUNKED}2\r\nab\r\n2\r\ncd\r\n`)).toMatchObject(second);
    expect(at({ interim: 1 }, `HTTP/1.1 100 A\r\n\r\nHTTP/1.1 100 B\r\n\r\n${OK}\r\n`)).toMatchObject({ offset: 18 });
    expect(RESPONSE_LIMITS).toMatchObject({ line: 65_536, head: 262_144, fields: 1_000 });
  });
});

describe('the parser', () => {
  it('gives the same result and the same offsets however odd pieces are cut, with limits that are met', () => {
    const part = fc.constantFrom(
      ...['HTTP/1.1 200 OK', 'HTTP/1.0 404', 'ICY 200 OK', 'HTTP/1.1 100 C', 'HTTP/1.1 204 x', 'HTTP', '/1.1', '\n'],
      ...[
        '\r\n',
        '\r\n\r\n',
        '\r',
        ' ',
        '\t',
        'A: b',
        ' fold',
        'hello',
        '\0',
        '<html>',
        '0\r\n\r\n',
        '0\r\nX: y\r\n\r\n',
      ],
      ...['Content-Length: 5', 'Transfer-Encoding: chunked', '5\r\nhello\r\n', '3;a=b\r\nabc\r\n'],
      ...[`${OK}Transfer-Encoding: chunked\r\n\r\n`, `${OK}Content-Length: 5\r\n\r\n`, `${OK}\r\n`],
    );
    const tight = { line: 30, head: 60, fields: 2, interim: 1, blankLines: 2, chunkExtensions: 4, body: 7 };
    const ways: Partial<ParserOptions>[] = [
      {},
      { limits: tight },
      { version: '0.9' },
      { simpleResponse: 'accept' },
      { method: 'HEAD' },
    ];
    fc.assert(
      fc.property(fc.array(part, { maxLength: 9 }), fc.constantFrom(...ways), fc.nat(), (parts, options, at) => {
        const bytes = Buffer.from(parts.join(''), 'latin1');
        const cut = bytes.length === 0 ? 0 : at % bytes.length;
        const result = (pieces: Iterable<Uint8Array>) => {
          const { error, ...rest } = play(pieces, options);
          return { ...rest, error: error && { code: error.code, offset: error.offset } };
        };
        const reference = result(whole(bytes));
        expect(result(byteByByte(bytes))).toEqual(reference);
        expect(result([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(reference);
      }),
      { numRuns: 600 },
    );
  });

  it('hands out views of the body, not copies, and knows where the parts are', () => {
    const parser = new ResponseParser({ method: 'GET', version: '1.0' });
    const bytes = Buffer.from(`\r\n${OK}Content-Length: 3\r\n\r\nabcdef`);
    const body = parser.push(bytes).find(({ kind }) => kind === 'body');
    expect(body).toMatchObject({ kind: 'body' });
    expect(body?.kind === 'body' && body.bytes.buffer).toBe(bytes.buffer);
    expect([parser.headStart, parser.headEnd, parser.length, parser.state]).toEqual([2, 40, 43, 'done']);
    expect([...parser.quirks]).toEqual(['leading-blank-lines', 'excess-bytes']);
    expect([...parser.push(bytes), ...parser.finish()]).toEqual([]);
  });

  it('says whether only the end of the connection can end a response', () => {
    const parser = new ResponseParser({ method: 'GET', version: '1.0' });
    expect(parser.needsEnd).toBe(false);
    parser.push(Buffer.from(`${OK}\r\n`));
    expect(parser.needsEnd).toBe(true);
    expect(parser.finish().map(({ kind }) => kind)).toEqual(['end']);
  });
});
