import zlib, { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageError } from '../../src/errors.ts';
import { decodeText, detectCharset } from '../../src/http/charset.ts';
import {
  contentCodings,
  DECODABLE,
  type DecodeLimits,
  DecodingError,
  decodeBody,
  decodeStream,
} from '../../src/http/decode.ts';
import { RawHeaders } from '../../src/http/raw-headers.ts';

const coded = (value: string): RawHeaders => new RawHeaders([['Content-Encoding', value]]);
const text = Buffer.from('plain '.repeat(1000));

describe('content codings', () => {
  it.each([
    ['gzip', gzipSync(text)],
    ['X-GZip', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['deflate', deflateRawSync(text)],
    ['br', brotliCompressSync(text)],
    ['identity', text],
    ['gzip, br', brotliCompressSync(gzipSync(text))],
    ['gzip, identity', gzipSync(text)],
  ])('%s is undone, in memory and as a stream in any pieces', async (name, body) => {
    expect(decodeBody(body, contentCodings(coded(name)))).toEqual(text);
    for (const size of [1, 7]) {
      const pieces = async function* () {
        yield body.subarray(0, 0);
        for (let at = 0; at < body.length; at += size) yield body.subarray(at, at + size);
      };
      const out: Uint8Array[] = [];
      for await (const piece of decodeStream(pieces(), contentCodings(coded(name)))) out.push(piece);
      expect(Buffer.concat(out)).toEqual(text);
    }
  });

  it('zstd is undone where Node has it, and named where it has not', () => {
    // RFC 8878 by hand: one raw block of five bytes
    const frame = Buffer.concat([Buffer.from('28b52ffd2005290000', 'hex'), Buffer.from('plain')]);
    const has = 'zstdDecompressSync' in zlib;
    expect(DECODABLE.includes('zstd')).toBe(has);
    if (has) expect(Buffer.from(decodeBody(frame, contentCodings(coded('zstd')))).toString()).toBe('plain');
    else expect(() => contentCodings(coded('zstd'))).toThrow(/'zstd'/);
  });

  it('that are unknown, broken or cut short are errors', async () => {
    expect(() => contentCodings(coded('compress'))).toThrow(DecodingError);
    expect(() => contentCodings(coded('gzip, gzip, gzip, gzip'))).toThrow(DecodingError);
    const gzip = contentCodings(coded('gzip'));
    expect(() => decodeBody(Buffer.from('not gzip'), gzip)).toThrow(DecodingError);
    expect(() => decodeBody(gzipSync(text).subarray(0, -4), gzip)).toThrow(DecodingError);
    expect(decodeBody(Buffer.alloc(0), gzip)).toEqual(Buffer.alloc(0));
    const short = async function* () {
      yield gzipSync(text).subarray(0, -4);
    };
    await expect(async () => {
      for await (const _ of decodeStream(short(), gzip));
    }).rejects.toThrow(DecodingError);
  });
});

describe('limits', () => {
  const gzip = contentCodings(coded('gzip'));
  const stream = async (limits: DecodeLimits) => {
    const body = async function* () {
      yield gzipSync(text);
    };
    const out: Uint8Array[] = [];
    for await (const piece of decodeStream(body(), gzip, limits)) out.push(piece);
    return Buffer.concat(out);
  };

  it('may be none, or met to the byte', async () => {
    for (const limits of [{ size: Number.POSITIVE_INFINITY, ratio: Number.POSITIVE_INFINITY }, { size: text.length }]) {
      expect(decodeBody(gzipSync(text), gzip, limits)).toEqual(text);
      expect(await stream(limits)).toEqual(text);
    }
    for (const limits of [{ size: text.length - 1 }, { size: 0 }]) {
      expect(() => decodeBody(gzipSync(text), gzip, limits)).toThrow(/grows beyond/);
      await expect(stream(limits)).rejects.toThrow(/grows beyond/);
    }
  });

  it('are numbers: NaN would switch them off', async () => {
    for (const limits of [{ size: Number.NaN }, { ratio: Number.NaN }, { size: -1 }, { size: '5' }]) {
      const wrong = limits as unknown as DecodeLimits;
      expect(() => decodeBody(gzipSync(text), gzip, wrong)).toThrow(MessageError);
      await expect(stream(wrong)).rejects.toThrow(MessageError);
    }
  });
});

describe('the character encoding', () => {
  const of = (body: string | Uint8Array, type?: string) =>
    detectCharset(
      typeof body === 'string' ? Buffer.from(body, 'latin1') : body,
      new RawHeaders(type === undefined ? [] : [['Content-Type', type]]),
    );

  it('is found by byte order mark, header, markup, and what can be', () => {
    expect(of('\xef\xbb\xbfx', 'text/html; charset=koi8-r')).toEqual({ name: 'utf-8', from: 'bom' });
    expect(of('x', 'text/html; Charset="KOI8-R"')).toEqual({ name: 'koi8-r', from: 'header' });
    expect(of('x', 'text/plain;charset=latin1')).toEqual({ name: 'windows-1252', from: 'header' });
    for (const [type, name] of [
      ['text/html; title="; charset=koi8-r"; charset=gbk', 'gbk'],
      ['text/html;charset="g\\bk"', 'gbk'],
      ['text/html;charset="gbk', 'gbk'],
      ['text/html;charset=;charset=gbk', 'gbk'],
      ['text/html; x=y; Charset = "GBK" ; charset=koi8-r', 'gbk'],
    ] as const) {
      expect(of('x', type), type).toEqual({ name, from: 'header' });
    }
    for (const type of ['text/html; xcharset=gbk', 'text/html; charset', "text/html; charset='gbk'", 'text/html;a="']) {
      expect(of('x', type).from, type).toBe('default');
    }
    const hostile = `text/html${';a="\\'.repeat(20_000)}`;
    const begun = performance.now();
    expect(of('x', hostile).from).toBe('default');
    expect(performance.now() - begun).toBeLessThan(500);
    expect(of('<meta charset=shift_jis>', 'text/html; charset=nonsense')).toEqual({ name: 'shift_jis', from: 'meta' });
    expect(of('<meta charset=shift_jis>', 'text/plain')).toEqual({ name: 'utf-8', from: 'default' });
    expect(of('<?xml version="1.0" encoding="gbk"?>', 'application/atom+xml')).toEqual({ name: 'gbk', from: 'xml' });
    expect(of('\xe9', 'text/plain')).toEqual({ name: 'windows-1252', from: 'default' });
    expect(of('\xc3\xa9')).toEqual({ name: 'utf-8', from: 'default' });
  });

  it('of the web of old has its quotes, dashes and the euro where Latin-1 has control characters', () => {
    const octets = Buffer.from('\x93Don\x92t\x94 \x96 \x80 \xe9\x81', 'latin1');
    for (const name of ['windows-1252', 'latin1'])
      expect(decodeText(octets, name)).toBe('\u201cDon\u2019t\u201d \u2013 \u20ac \u00e9\u0081');
    expect(decodeText(Buffer.alloc(0), 'windows-1252')).toBe('');
  });

  it.each([
    [['text/plain;charset=gbk', 'text/html;charset=koi8-r'], 'koi8-r'],
    [['text/plain;charset=gbk', 'text/plain'], 'gbk'],
    [['text/plain;charset=gbk', 'Text/Plain;x=","'], 'gbk'],
    [['text/plain;charset=gbk', 'text/html'], undefined],
    [['text/plain;charset=gbk', 'text/html', 'text/plain'], undefined],
    [['text/plain;charset=gbk', 'nonsense;charset=koi8-r'], 'gbk'],
    [['text/plain', '*/*;charset=gbk'], undefined],
    [['text/plain;x="', 'text/plain;charset=gbk'], undefined],
    [['text/plain;"', '\\"', '";charset=gbk'], 'gbk'],
    [['charset=gbk', ';charset=koi8-r'], 'koi8-r'],
  ])('of several types, %j, is what the last one means, as in browsers', (types, name) => {
    const fields = types.map((type): [string, string] => ['Content-Type', type]);
    const known = name === undefined ? { from: 'default' } : { name, from: 'header' };
    expect(detectCharset(Buffer.from('x'), new RawHeaders(fields))).toMatchObject(known);
    if (!types.includes('charset=gbk')) {
      const list = new RawHeaders([['Content-Type', types.join(', ')]]);
      expect(detectCharset(Buffer.from('x'), list)).toMatchObject(known);
    }
  });

  it.each([
    ['<!doctype html><html><meta charset="gbk">', 'gbk'],
    ["<META CHARSET='big5' >", 'big5'],
    ['<meta/charset=koi8-u>', 'koi8-u'],
    ['<meta charset=utf-16le>', 'utf-8'],
    ['<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">', 'windows-1251'],
    ['<meta content="a;charset = iso-8859-2" http-equiv=content-type>', 'iso-8859-2'],
    ['<head a="<meta charset=koi8-r>"><p title=">"><meta charset=gbk>', 'gbk'],
    ['<!-- <meta charset="euc-jp"> --><meta charset=big5>', 'big5'],
    ['<meta charset=""><meta charset=nonsense>', undefined],
    ['<meta name=a content="text/html; charset=euc-kr">', undefined],
    ['<metacharset=gbk></meta charset=gbk><a', undefined],
    ['<meta charset=iso-2022-kr>', undefined],
    ['<meta http-equiv=content-type content="text/html; charset">', undefined],
    ['<meta http-equiv=content-type content="charset=">', undefined],
    [`${' '.repeat(1024)}<meta charset=gbk>`, undefined],
  ])('%s', (body, name) => {
    const expected = name === undefined ? { name: 'utf-8', from: 'default' } : { name, from: 'meta' };
    expect(of(body, 'text/html')).toEqual(expected);
  });

  it('is one that can be decoded, whatever the markup', () => {
    const piece = fc.oneof(
      fc.constantFrom('<meta ', 'charset', '=', '"', "'", '>', '<!--', '-->', 'http-equiv=content-type ', 'content='),
      fc.constantFrom('utf-8', 'iso-2022-kr', 'x-user-defined', ';', '/', ' ', '\0', '\xff', '<a '),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (parts) => {
        const { name } = of(parts.join(''), 'text/html');
        expect(new TextDecoder(name).encoding).toBe(name);
      }),
      { numRuns: 1000 },
    );
  });
});
