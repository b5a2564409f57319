import { File } from 'node:buffer';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import PostalMime from 'postal-mime';
import { afterAll, describe, expect, test } from 'vitest';
import { type Attachment, compose, type MessageInit } from '../../src/mime/index.ts';
import { Readers } from './support/read-back.ts';

const readers = new Readers();
afterAll(() => readers.close());
const BASE = { from: 'ann@example.com', to: 'bob@example.com', subject: 's' } as const;
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const failure = (code: string, field: string): unknown =>
  expect.objectContaining({ name: 'MessageError', code, field });

describe('attachments', () => {
  test('a File brings its name and its type, a Blob its type; what the caller says goes first', async () => {
    const file = new File(['a,b\n'], 'folder/Übersicht.csv', { type: 'text/csv;charset=utf-8' }) as unknown as Blob;
    const attachments: Attachment[] = [
      { content: file },
      { content: file, filename: 'other.txt', contentType: 'text/plain' },
      { content: new Blob(['{}'], { type: 'application/json' }), filename: 'x.bin' },
      { content: new Blob(['x']) },
      { content: new Blob(['x'], { type: 'not a type' }), filename: 'x.pdf' },
    ];
    const { python } = await readers.read(compose({ ...BASE, text: 'x', attachments }));
    expect(python.attachments.map(({ type, filename }) => [type, filename])).toEqual([
      ['text/csv', 'Übersicht.csv'],
      ['text/plain', 'other.txt'],
      ['application/json', 'x.bin'],
      ['application/octet-stream', null],
      ['application/pdf', 'x.pdf'],
    ]);
    expect(python.attachments[0]?.base64).toBe(Buffer.from('a,b\n').toString('base64'));
  });

  test('a file by a file: URL; other views of memory', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'plainwire-content-')), 'a b.txt');
    writeFileSync(path, 'x');
    const attachments: Attachment[] = [
      { path: pathToFileURL(path) },
      { content: new Uint16Array([0x4241]) as unknown as Uint8Array, filename: 'view' },
      { content: new ArrayBuffer(2) as unknown as Uint8Array, filename: 'buffer' },
    ];
    const { python } = await readers.read(compose({ ...BASE, text: 'x', attachments }));
    expect(
      python.attachments.map(({ filename, base64 }) => [filename, Buffer.from(base64, 'base64').toString()]),
    ).toEqual([
      ['a b.txt', 'x'],
      ['view', 'AB'],
      ['buffer', '\0\0'],
    ]);
  });

  test('a composed message is attached as a message, and never encoded', async () => {
    const inner = compose({
      ...BASE,
      subject: 'Größe',
      text: 'inside\n',
      attachments: [{ content: 'x', filename: 'x.txt' }],
    });
    const { octets, python } = await readers.read(
      compose({ ...BASE, text: 'x', attachments: [{ content: inner, filename: 'forwarded.eml' }] }),
    );
    expect(python.shape).toEqual({ mixed: ['text/plain', 'message/rfc822'] });
    expect(Buffer.from(octets).includes(Buffer.from(await inner.bytes()))).toBe(true);
    const utf8 = compose({ ...BASE, from: 'jörg@example.com', text: 'x' });
    expect(compose({ ...BASE, attachments: [{ content: utf8 }] }).headers.get('content-type')).toBe('message/global');
  });

  test.each(['base64', 'quoted-printable'] as const)('a message in a message is not to be sent in %s', (encoding) => {
    const attachment: Attachment = {
      content: 'From: a@b.c\n\nx',
      filename: 'm.eml',
      contentTransferEncoding: encoding,
    };
    expect(() => compose({ ...BASE, attachments: [attachment] })).toThrow(
      failure('BAD_INPUT', 'attachments[0].contentTransferEncoding'),
    );
  });

  test('what holds entities of its own is not encoded either, and a multipart says its boundary', async () => {
    const report = 'Reporting-MTA: dns; mx.example.com\r\n\r\nFinal-Recipient: rfc822; a@b.c\r\nAction: failed\r\n';
    const mixed = '--x\r\nContent-Type: text/plain\r\n\r\nin\r\n--x--\r\n';
    const attachments: Attachment[] = [
      { content: report, contentType: 'message/delivery-status' },
      { content: mixed, contentType: 'multipart/mixed; boundary=x' },
    ];
    const { octets, python } = await readers.read(compose({ ...BASE, text: 'x', attachments }));
    expect(python.shape).toMatchObject({ mixed: ['text/plain', 'message/delivery-status', { mixed: ['text/plain'] }] });
    expect(Buffer.from(octets).toString()).toContain(report);
    expect(() => compose({ ...BASE, attachments: [{ content: mixed, contentType: 'multipart/mixed' }] })).toThrow(
      failure('BAD_INPUT', 'attachments[0].contentType'),
    );
  });

  test('a file that is the whole message comes back as it was, whatever its encoding', async () => {
    for (const contentTransferEncoding of [undefined, 'base64', 'quoted-printable', 'binary'] as const) {
      for (const content of ['no line end', 'a line\r\n', 'a\n', ' ', '']) {
        for (const given of [Buffer.from(content), new Blob([content])]) {
          // a lone LF in binary is what it is, and no message of lines
          if (contentTransferEncoding === 'binary' && content === 'a\n') continue;
          const attachments = { filename: 'a.bin', content: given, contentTransferEncoding };
          const { python } = await readers.read(compose({ ...BASE, attachments }));
          expect(Buffer.from(python.leaves[0]?.base64 ?? '', 'base64').toString()).toBe(content);
          if (contentTransferEncoding === 'base64') expect(python.shape).toBe('application/octet-stream');
        }
      }
    }
  });

  test('a string says the charset that it has', async () => {
    const charset = (contentType: string, content: string | Uint8Array): string | undefined =>
      /charset=([\w-]+)/.exec(
        compose({ ...BASE, attachments: [{ content, contentType }] }).headers.get('content-type') ?? '',
      )?.[1];
    expect(charset('text/plain; charset=iso-8859-1', 'Grüße')).toBe('utf-8');
    expect(charset('application/xml; charset=utf-16', 'x')).toBe('utf-8');
    expect(charset('text/plain; charset=us-ascii', 'x')).toBe('us-ascii');
    expect(charset('text/plain; charset=iso-8859-1', Buffer.from('Grüße', 'latin1'))).toBe('iso-8859-1');
  });

  test.each([
    ['base64', 'data:image/png;base64,AAAA'],
    ['base64', 'QQ==QQ=='],
    ['base64', 'QQ==\nQQ=='],
    ['base64', 'A'],
    ['base64', 'AAE\r\nCA\r\n'],
    ['base64url', 'AAECA'],
    ['base64url', 'a.b'],
    ['hex', '0g'],
    ['hex', '00 11'],
    ['hex', '001'],
    ['latin1', '1 €'],
  ])('content that is not in %s as it says is refused, for half of it would be sent: %s', (encoding, content) => {
    expect(() => compose({ ...BASE, attachments: [{ content, encoding }] })).toThrow(
      failure('BAD_INPUT', 'attachments[0].content'),
    );
    const lines = 'AAEC\r\nAw==\r\n';
    expect(compose({ ...BASE, attachments: [{ content: lines, encoding: 'base64' }] }).inMemory()).toContain(
      'AAECAw==',
    );
  });

  test('a message from a file or a stream is attached in lines, not encoded', async () => {
    const eml = join(mkdtempSync(join(tmpdir(), 'plainwire-eml-')), 'm.eml');
    writeFileSync(eml, 'From: x@example.com\nSubject: inner\n\nGrüße\n');
    const message = compose({ ...BASE, text: 'x', attachments: [{ path: eml }] });
    expect(message.encoding).toBe('8bit');
    const text = Buffer.from((await readers.read(message)).octets).toString('utf8');
    expect(text).toContain('Content-Type: message/rfc822');
    expect(text).toContain('\r\n\r\nFrom: x@example.com\r\nSubject: inner\r\n\r\nGrüße\r\n');
  });
});

describe('data: images in the html', () => {
  const image = `data:image/png;base64,${PIXEL}`;
  const forms: [string, string][] = [
    ['double quotes', `<img src="${image}">`],
    ['single quotes', `<IMG alt='a' SRC = '${image}'>`],
    ['no quotes', `<img src=${image} alt=x>`],
    ['white space in quotes', `<img src=" data:image/png;base64,${PIXEL.replace(/.{20}/g, '$&\n ')} ">`],
    ['after an image that is elsewhere', `<img src="cid:other"><img src="${image}">`],
  ];
  test.each(forms)('%s', async (_, html) => {
    for (const given of [html, Buffer.from(html), { content: html }] as MessageInit['html'][]) {
      const { python } = await readers.read(compose({ ...BASE, html: given, attachDataUrls: true }));
      expect(python.shape).toEqual({ related: ['text/html', 'image/png'] });
      expect(python.leaves[1]?.base64).toBe(PIXEL);
      expect(python.html).not.toContain('data:');
      expect(python.html).toContain(`cid:${python.leaves[1]?.cid?.slice(1, -1)}`);
    }
  });

  test.each(['data:image/png;base64,!!', 'data:image/png,%zz', 'data:image/@@,x', 'data:image/png'])(
    'a broken one stays in the html: %s',
    (uri) => {
      const html = `<img src="${uri}"><img src="${image}">`;
      const text = compose({ ...BASE, html, attachDataUrls: true }).inMemory() as string;
      expect(text).toContain(`<img src="${uri}">`);
      expect(text.match(/image-\d/g)).toContain('image-1');
      expect(() => compose({ ...BASE, attachments: [{ path: uri }] })).toThrow(
        expect.objectContaining({ code: 'BAD_INPUT' }),
      );
    },
  );

  test.each([
    [`"data:image/svg+xml;utf8,<svg xmlns='x'><g id='a b'/></svg>"`, "<svg xmlns='x'><g id='a b'/></svg>"],
    [`'data:image/svg+xml;charset=utf-8,%3Csvg xmlns="x"/%3E'`, '<svg xmlns="x"/>'],
  ])('a drawing that is written out: %s', async (src, drawing) => {
    const { python } = await readers.read(compose({ ...BASE, html: `<img src=${src}>`, attachDataUrls: true }));
    expect(python.shape).toEqual({ related: ['text/html', 'image/svg+xml'] });
    expect(Buffer.from(python.leaves[1]?.base64 ?? '', 'base64').toString()).toBe(drawing);
  });

  test.each([`<img data-src="${image}">`, `<img src="data:image/svg+xml,<svg>&lt;&amp;</svg>">`])(
    'what is not the src of an image, or would have to be read as html first, stays: %s',
    (html) => {
      expect(compose({ ...BASE, html, attachDataUrls: true }).inMemory()).toContain(html);
    },
  );

  test('html that must be read first is refused rather than sent as it is', () => {
    const html = new Blob(['<p>']);
    expect(() => compose({ ...BASE, html, attachDataUrls: true })).toThrow(failure('BAD_INPUT', 'attachDataUrls'));
  });

  test('a page of unclosed tags takes no time', () => {
    const start = process.cpuUsage().user;
    for (const html of ['<img ', '<img src="', `<img src='data:image/`, '<img src="data:image/x '])
      compose({ ...BASE, html: html.repeat(50_000), attachDataUrls: true });
    expect(process.cpuUsage().user - start).toBeLessThan(1_000_000);
  });
});

describe('fields that few messages have', () => {
  test.each([
    ['high', ['1 (Highest)', 'High', 'High', 'urgent']],
    ['low', ['5 (Lowest)', 'Low', 'Low', 'non-urgent']],
    ['normal', [undefined, undefined, undefined, undefined]],
  ] as const)('priority %s in every dialect', (priority, values) => {
    const { headers } = compose({ ...BASE, priority });
    expect(['x-priority', 'x-msmail-priority', 'importance', 'priority'].map((name) => headers.get(name))).toEqual(
      values,
    );
  });

  test('one-click unsubscription needs an https: URL; where headers say it, that is theirs', () => {
    const get = (init: MessageInit): string | undefined => compose(init).headers.get('list-unsubscribe-post');
    const unsubscribe = ['mailto:u@example.com', 'https://example.com/u'];
    expect(get({ ...BASE, list: { unsubscribe: [unsubscribe], unsubscribePost: true } })).toBe(
      'List-Unsubscribe=One-Click',
    );
    expect(get({ ...BASE, list: { 'Unsubscribe-Post': 'List-Unsubscribe=One-Click' } })).toBe(
      'List-Unsubscribe=One-Click',
    );
    expect(() => get({ ...BASE, list: { unsubscribe: { url: 'http://example.com' }, unsubscribePost: true } })).toThrow(
      failure('BAD_INPUT', 'list.unsubscribePost'),
    );
  });

  test('a DKIM key as octets, or locked', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const plain = privateKey.export({ type: 'pkcs8', format: 'pem' });
    const locked = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'words' });
    const sign = (key: unknown): unknown =>
      compose({
        ...BASE,
        dkim: { domainName: 'example.com', keySelector: 's', privateKey: key, cacheDir: false, hashAlgo: 'sha256' },
      } as MessageInit).inMemory();
    expect(sign(Buffer.from(plain))).toMatch(/^DKIM-Signature/);
    expect(sign({ key: locked, passphrase: 'words' })).toMatch(/^DKIM-Signature/);
    expect(() => sign({ key: locked, passphrase: 'wrong' })).toThrow(failure('BAD_INPUT', 'dkim.privateKey'));
    expect(() => sign({ key: locked })).toThrow(failure('BAD_INPUT', 'dkim.privateKey'));
    expect(() => sign({ key: {} })).toThrow(failure('BAD_INPUT', 'dkim.privateKey'));
  });

  test('an event that is given as a whole part is that part', () => {
    const raw = 'Content-Type: text/calendar; method=REPLY\r\n\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n';
    const text = compose({ ...BASE, text: 'x', icalEvent: { raw } }).inMemory() as string;
    expect(text.split(raw)).toHaveLength(2);
    expect(text).not.toContain('invite.ics');
  });

  test('a text in octets has the charset that is said beside it; a string is UTF-8, whatever is said', async () => {
    const octets = Buffer.from('Gr\xfc\xdfe\r\n', 'latin1');
    const contentType = 'text/html; charset=ISO-8859-1';
    for (const content of [octets, Readable.from([octets]), new Blob([octets])]) {
      const html = await new PostalMime().parse(await compose({ ...BASE, html: { content, contentType } }).bytes());
      expect(html.html?.trim()).toBe('Gr\u00fc\u00dfe');
    }
    const of = (content: string | Uint8Array, type: string): string =>
      compose({ ...BASE, text: { content, contentType: type } }).inMemory() as string;
    expect(of(Buffer.from('x', 'utf16le'), 'text/plain; charset=utf-16le')).toMatch(/charset=utf-16le\r\n.*base64/);
    expect(of('Grüße', contentType)).toMatch(/text\/plain; charset=utf-8\r\n/);
    expect(of(Buffer.from('x'), 'text/plain; charset="a b"')).toMatch(/text\/plain; charset=utf-8\r\n/);
    expect(of(Buffer.from('x'), 'junk')).toMatch(/text\/plain; charset=utf-8\r\n/);
  });

  test('an event is what it says of itself, if nothing else is said', () => {
    const event = (line: string): string => `BEGIN:VCALENDAR\nVERSION:2.0\n${line}\nEND:VCALENDAR\n`;
    const method = (icalEvent: MessageInit['icalEvent']): string | undefined =>
      /text\/calendar; charset=utf-8; method=(\S+)/.exec(
        compose({ ...BASE, text: 'x', icalEvent }).inMemory() as string,
      )?.[1];
    expect(method(event('METHOD:REQUEST'))).toBe('REQUEST');
    expect(method(Buffer.from(event('method;X-A=b: cancel')))).toBe('CANCEL');
    expect(method({ content: event('METHOD:REQUEST'), method: 'reply' })).toBe('REPLY');
    expect(method(event('X-METHOD:REQUEST'))).toBe('PUBLISH');
    expect(method(event('METHOD:'))).toBe('PUBLISH');
    expect(method(Buffer.from([0xff]))).toBe('PUBLISH');
  });

  test('format=flowed of a text that is given as octets or in an object; never asked for in vain', () => {
    const text = 'word '.repeat(40).trim();
    const flowed = /format=flowed\r\n(?:.*\r\n)*?\r\n(?:word ){14}\r\n/;
    for (const given of [text, Buffer.from(text), { content: text, headers: { 'Content-Language': 'en' } }]) {
      expect(compose({ ...BASE, text: given, flowed: true }).inMemory()).toMatch(flowed);
    }
    for (const init of [
      { text: new Blob([text]), flowed: true },
      { text, flowed: 'yes' as 'delsp' },
    ] as const) {
      expect(() => compose({ ...BASE, ...init })).toThrow(failure('BAD_INPUT', 'flowed'));
    }
  });

  test('text made of html that is given as octets or in an object', () => {
    const htmlToText = (html: string): string => html.replace(/<[^>]*>/g, '');
    for (const html of [Buffer.from('<p>x</p>'), { content: '<p>x</p>' }]) {
      expect(compose({ ...BASE, html }, { htmlToText }).inMemory()).toMatch(/\r\n\r\nx\r\n--/);
    }
  });
});
