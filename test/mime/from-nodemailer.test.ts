import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import MailComposer from 'nodemailer/lib/mail-composer/index.js';
import { afterAll, describe, expect, test } from 'vitest';
import { compose, type MessageInit } from '../../src/mime/index.ts';
import { PythonReader, type PythonView } from './support/python.ts';
import { Readers } from './support/read-back.ts';

/**
 * A message object written for nodemailer is given to both, and Python reads what each made of it: the same structure,
 * people, texts and files. What can't move over is an error that says what to use instead.
 */

const readers = new Readers();
const python = new PythonReader();
afterAll(() => {
  readers.close();
  python.close();
});

const BASE = { from: 'Ann <ann@example.com>', to: 'bob@example.com', subject: 'Moving' } as const;
const EVENT = 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n';
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const LETTER = new URL('../../LICENSE', import.meta.url);
const stream = (text: string): Readable => Readable.from([Buffer.from(text)]);

/** Functions, for a stream is read once. */
const messages: [name: string, make: () => MessageInit][] = [
  ['text', () => ({ text: 'Hello\nthere\n' })],
  ['text and html', () => ({ text: 'Grüße\n', html: '<p>Grüße</p>\n' })],
  ['text as octets', () => ({ text: Buffer.from('Grüße\n'), html: new Uint8Array(Buffer.from('<p>Grüße</p>\n')) })],
  ['text as a stream', () => ({ text: stream('Grüße\n') })],
  // a stream of a file has a path of its own, and is no object that says where the text is
  ['text as a file that is open', () => ({ text: createReadStream(LETTER), html: createReadStream(LETTER) })],
  ['an event as a file that is open', () => ({ text: 'x\n', icalEvent: createReadStream(LETTER) })],
  ['text as an object', () => ({ text: { content: 'Hello\n' }, html: { content: stream('<p>Hello</p>\n') } })],
  [
    'text as a data: URI',
    () => ({ text: { path: 'data:text/plain,Hello%0A' }, html: { href: 'data:text/html;base64,PHA+' } }),
  ],
  ['text in base64', () => ({ text: { content: 'SGVsbG8K', encoding: 'base64' } })],
  [
    'text with headers of its own',
    () => ({ text: { content: 'Hello\n', headers: { 'Content-Language': 'en' } }, html: '<p>' }),
  ],
  ['text given whole', () => ({ text: { raw: 'Content-Type: text/plain\r\n\r\nown\r\n' }, html: '<p>x</p>\n' })],
  [
    'watch face and AMP',
    () => ({ text: 'x\n', watchHtml: '<b>w</b>\n', amp: { content: '<html ⚡4email></html>\n' }, html: '<p>\n' }),
  ],
  [
    'alternatives of any type',
    () => ({
      text: 'x\n',
      html: '<p>\n',
      alternatives: [
        { contentType: 'text/x-web-markdown', content: '**x**\n' },
        { contentType: 'application/json', content: '{"a":1}' },
      ],
    }),
  ],
  ['an event', () => ({ text: 'x\n', icalEvent: { method: 'request', content: EVENT, filename: 'meeting.ics' } })],
  ['an event as a text', () => ({ text: 'x\n', html: '<p>\n', icalEvent: EVENT })],
  ['an event as a stream', () => ({ text: 'x\n', icalEvent: { method: 'PUBLISH', content: stream(EVENT) } })],
  [
    'an event as a data: URI',
    () => ({ text: 'x\n', icalEvent: { path: `data:text/calendar,${encodeURIComponent(EVENT)}` } }),
  ],
  [
    'files of every kind',
    () => ({
      text: 'x\n',
      attachments: [
        { filename: 'a.txt', content: 'hello world!' },
        { filename: 'ä"/.bin', content: Buffer.from([0, 1, 2, 255]) },
        { filename: 'c.txt', content: 'aGVsbG8gd29ybGQh', encoding: 'base64' },
        { filename: 'd.bin', content: '00ff', encoding: 'hex' },
        { filename: 'e.txt', content: stream('hello'), contentType: 'text/plain' },
        { path: 'data:text/plain;base64,aGVsbG8gd29ybGQ=', filename: 'f.txt' },
        { filename: 'license', content: 'x', contentType: 'text/plain' },
        { filename: 'g.html', content: '<p>x</p>', contentDisposition: 'inline' },
        { filename: 'h.txt', content: 'plain\r\n', contentTransferEncoding: '7bit' },
        { filename: 'h2.txt', content: 'plain\r\n', contentTransferEncoding: 'Base64' as 'base64' },
        { filename: 'h3.txt', content: 'x', contentDisposition: 'INLINE' as 'inline' },
        { filename: 'i.txt', content: 'Grüße\r\n', contentTransferEncoding: 'quoted-printable' },
        { raw: 'Content-Type: text/x-own\r\nX-Own: 1\r\n\r\nown\r\n' },
        { raw: Buffer.from('Content-Type: text/x-own\r\n\r\nbuffer\r\n') },
        { filename: 'j.bin', content: 'x', headers: { 'X-Part': ['1', '2'], 'Content-Description': 'Größe' } },
      ],
    }),
  ],
  ['one file, not in a list', () => ({ text: 'x\n', attachments: { filename: 'a.txt', content: 'x' } })],
  [
    'a picture that the html shows',
    () => ({
      html: '<img src="cid:a@b">\n',
      attachments: [{ filename: 'i.png', content: PNG, encoding: 'base64', cid: 'a@b' }],
    }),
  ],
  [
    'all of it',
    () => ({
      text: 'x\n',
      html: '<img src="cid:a@b">\n',
      icalEvent: { method: 'CANCEL', content: EVENT },
      attachments: [
        { filename: 'i.png', content: PNG, encoding: 'base64', cid: 'a@b' },
        { filename: 'a.txt', content: 'x' },
      ],
    }),
  ],
  ['forced base64', () => ({ text: 'Grüße\n', textEncoding: 'base64' })],
  ['forced quoted-printable', () => ({ text: 'Grüße 你好你好\n', encoding: 'quoted-printable' })],
  ['forced base64 by the other name', () => ({ text: 'Grüße\n', encoding: 'base64' })],
  ['forced by its letter', () => ({ text: 'Grüße\n', textEncoding: 'B' })],
  [
    'people in all forms',
    () => ({
      from: { name: 'Jörg "JJ", Müller', address: 'joerg@example.com' },
      sender: 'Office <office@example.com>',
      to: ['a@example.com, "Doe, John" <john@example.com>', { name: 'Zoë', address: 'zoe@example.com' }],
      cc: [['c@example.com'], 'Team: d@example.com, e@example.com;'] as MessageInit['cc'],
      bcc: 'hidden@example.com',
      replyTo: [{ name: '', address: 'f@example.com' }, 'g@example.com'],
      text: 'x\n',
    }),
  ],
  [
    'threads and dates',
    () => ({
      messageId: '<1@example.com>',
      inReplyTo: '<0@example.com>',
      references: ['<00@example.com>', '<0@example.com>'],
      date: new Date(Date.UTC(2026, 1, 3, 4, 5, 6)),
      text: 'x\n',
    }),
  ],
  [
    'references as a text',
    () => ({ references: '<00@example.com> <0@example.com>', date: 'Tue, 03 Feb 2026 04:05:06 +0000', text: 'x\n' }),
  ],
  [
    'headers as an object',
    () => ({ headers: { 'X-A': 'Größe', 'x-b': ['1', '2'], 'X-C': 3, 'X-D': true }, text: 'x\n' }),
  ],
  [
    'headers as a list',
    () => ({
      headers: [
        { key: 'X-A', value: '1' },
        { key: 'X-A', value: '2' },
      ],
      text: 'x\n',
    }),
  ],
  ['headers as one pair', () => ({ headers: { key: 'X-A', value: 'one' }, text: 'x\n' })],
  [
    'a one-time code',
    () => ({ otp: { code: '12"34\\56', origin: 'https://Login.Example.com:443/path?q' }, text: 'x\n' }),
  ],
  [
    'prepared headers',
    () => ({
      headers: {
        'X-Prepared': { prepared: true, value: '=?UTF-8?Q?Gr=C3=B6=C3=9Fe?= <a@example.com>' },
        'X-Folded': { prepared: true, foldLines: true, value: 'word '.repeat(60).trim() },
        'X-Plain': { value: 'Größe' },
        // nodemailer's manual has one that is prepared in name only; no header line may hold it as it is
        'X-Unprepared': { prepared: true, value: 'a really long header or value with non-ascii characters 👮' },
      },
      text: 'x\n',
    }),
  ],
];

const both = async (make: () => MessageInit): Promise<[ours: PythonView, theirs: PythonView]> => {
  const ours = await readers.read(compose({ ...BASE, ...make() }));
  const theirs = await new MailComposer({ ...BASE, ...make() } as never).compile().build();
  return [ours.python, await python.read(theirs)];
};

describe('a message object moves over as it is', () => {
  test.each(messages)('%s', async (_, make) => {
    const [ours, theirs] = await both(make);
    expect(ours.shape).toEqual(theirs.shape);
    for (const field of ['subject', 'from', 'sender', 'to', 'cc', 'bcc', 'reply-to', 'text', 'html'] as const) {
      expect(ours[field], field).toEqual(theirs[field]);
    }
    const fileOf = ({ type, filename, base64 }: PythonView['leaves'][0]): unknown => {
      const octets = Buffer.from(base64, 'base64').toString('latin1');
      // Line ends of text are CRLF here, encoded or not (RFC 2045 section 6.8); nodemailer leaves some as they are.
      return { type, filename, content: type.startsWith('text/') ? octets.replaceAll('\r\n', '\n').trimEnd() : octets };
    };
    const files = (view: PythonView): unknown[] =>
      view.leaves.filter(({ type }) => !type.startsWith('text/calendar')).map(fileOf);
    expect(files(ours)).toEqual(files(theirs));
    const headers = (view: PythonView, wanted: RegExp): string[] =>
      view.headers.filter(([name]) => wanted.test(name)).map(([name, value]) => `${name.toLowerCase()}: ${value}`);
    const OWN = /^(?:x-.*|references|in-reply-to|otp-token)$/i;
    expect(headers(ours, OWN)).toEqual(headers(theirs, OWN));
    if ('date' in make()) expect(headers(ours, /^date$/i)).toEqual(headers(theirs, /^date$/i));
  });

  test('whose envelope is the same too', () => {
    const people = messages.find(([name]) => name === 'people in all forms')?.[1]() ?? {};
    const theirs = new MailComposer({ ...BASE, ...people } as never).compile().getEnvelope();
    const ours = compose({ ...BASE, ...people }).envelope;
    expect(ours.to.map(({ address }) => address).sort()).toEqual([...theirs.to].sort());
    const given = compose({
      ...BASE,
      envelope: { from: 'Bounces <b@example.com>', to: 'x@y.z, Z <z@y.z>', cc: ['c@y.z'] },
    });
    expect(given.envelope.from?.address).toBe('b@example.com');
    expect(given.envelope.to.map(({ address }) => address)).toEqual(['x@y.z', 'z@y.z', 'c@y.z']);
  });

  test('false and its like say nothing, so that a field can be given on a condition', async () => {
    const plain = await compose({ ...BASE, messageId: '<1@x>', date: 0, text: 'x' }).bytes();
    const fields =
      'sender cc bcc replyTo inReplyTo references html watchHtml amp icalEvent calendar alternatives attachments headers ' +
      'envelope list priority xMailer otp autoSubmitted dispositionNotificationTo raw attachDataUrls textEncoding encoding flowed dkim ' +
      'normalizeHeaderKey newline disableFileAccess disableUrlAccess';
    for (const nothing of [false, null, undefined, '']) {
      for (const field of fields.split(' ')) {
        const init = { ...BASE, messageId: '<1@x>', date: 0, text: 'x', [field]: nothing } as MessageInit;
        expect(await compose(init).bytes(), field).toEqual(plain);
      }
      const file = { filename: 'x', content: 'x' };
      const made = (more: object): string =>
        compose({ ...BASE, attachments: [{ ...file, ...more }] } as MessageInit).inMemory() as string;
      const part = (more: object): string => made(more).slice(made(more).indexOf('MIME-Version'));
      for (const field of 'path href encoding contentType contentDisposition cid headers httpHeaders raw'.split(' ')) {
        expect(part({ [field]: nothing }), field).toBe(part({}));
      }
      expect(compose({ ...BASE, subject: nothing } as MessageInit).headers.has('subject')).toBe(false);
      expect(compose({ ...BASE, to: ['a@b.c', nothing] } as MessageInit).envelope.to).toHaveLength(1);
    }
  });

  test('a path goes before an href, and both before content', async () => {
    const attachments = [{ content: 'not me', path: 'data:,me', filename: 'a' }];
    const [ours, theirs] = await both(() => ({ attachments }));
    expect(ours.leaves[0]?.base64).toBe(theirs.leaves[0]?.base64);
    expect(ours.leaves[0]?.base64).toBe('bWU=');
    const html = { content: 'not me', path: 'data:text/html,me' };
    expect(compose({ ...BASE, html, attachDataUrls: false }).inMemory()).toMatch(/\r\n\r\nme\r\n$/);
  });

  test('what a field says may stand among the headers too, if it is the same', () => {
    const message = compose({
      ...BASE,
      messageId: '<2@x>',
      inReplyTo: '<1@x>',
      headers: { 'Message-ID': '<2@x>', 'in-reply-to': '<1@x>', Subject: BASE.subject, To: BASE.to },
    });
    for (const name of ['message-id', 'in-reply-to', 'subject', 'to'])
      expect(message.headers.getAll(name)).toHaveLength(1);
    for (const headers of [{ Subject: 'another' }, { To: 'eve@example.com' }, { 'Message-ID': '<3@x>' }]) {
      expect(() => compose({ ...BASE, messageId: '<2@x>', headers })).toThrow(/is given twice/);
    }
  });

  test('names of headers in another case, and in no other name', () => {
    const normalizeHeaderKey = (name: string): string => name.toUpperCase();
    const message = compose({ ...BASE, headers: { 'x-own': '1' }, text: 'x', html: '<p>', normalizeHeaderKey });
    expect(message.inMemory()).toMatch(
      /^DATE: .*\r\nFROM: (?:.|\r\n)*\r\nX-OWN: 1\r\n(?:.|\r\n)*\r\nCONTENT-TYPE: multipart/,
    );
    expect(message.inMemory()).toMatch(/\r\nCONTENT-TRANSFER-ENCODING: 7bit\r\n\r\nx\r\n/);
    expect(() => compose({ ...BASE, normalizeHeaderKey: (name) => `${name}x` })).toThrow(/normalizeHeaderKey.*case/);
    expect(() => compose({ ...BASE, normalizeHeaderKey: () => 'A: b\r\nC' })).toThrow(/normalizeHeaderKey/);
  });

  test('headers of an attachment that is a URL go to the fetch function', async () => {
    const seen: unknown[] = [];
    const fetch = (...given: unknown[]): string => {
      seen.push(...given);
      return 'x';
    };
    const attachments = [{ href: 'https://files.example/a.txt', httpHeaders: { authorization: 'Bearer x' } }];
    await compose({ ...BASE, attachments }, { fetch, access: { urls: true } }).bytes();
    expect(seen).toEqual(['https://files.example/a.txt', { authorization: 'Bearer x' }]);
  });
});

test('an envelope of nodemailer says its size and 8BITMIME too: both are found out, and neither changes a thing', () => {
  const envelope = { from: 'b@example.com', to: ['a@example.net'], size: 5, use8BitMime: true };
  for (const init of [
    { ...BASE, envelope },
    { raw: 'From: b@example.com\r\n\r\nx\r\n', envelope },
  ]) {
    const message = compose(init);
    expect(message.envelope).toMatchObject({ from: { address: 'b@example.com' }, to: [{ address: 'a@example.net' }] });
    expect([message.encoding, message.size]).toEqual(['7bit', (message.inMemory() as string).length]);
  }
});

describe('what is elsewhere here: the error says where', () => {
  test.each<[Record<string, unknown>, string, RegExp]>([
    [{ dsn: { notify: 'success' } }, 'dsn', /send\(message, \{ dsn \}\)/],
    [{ signal: new AbortController().signal }, 'signal', /send\(message, \{ signal \}\)/],
    [{ requireTLSExtensionEnabled: true }, 'requireTLSExtensionEnabled', /requireTls/],
    [{ auth: { user: 'a' } }, 'auth', /Mailer/],
    [{ baseBoundary: 'x' }, 'baseBoundary', /random/],
    [{ boundaryPrefix: 'x' }, 'boundaryPrefix', /random/],
    [{ otp: { code: '1' } }, 'otp.origin', /string/],
    [{ otp: { code: '1', origin: 'http://example.com' } }, 'otp.origin', /https/],
    [{ otp: { code: '1', origin: 'https://example.com@evil.example' } }, 'otp.origin', /https/],
    [{ otp: { code: '1\r\n', origin: 'https://example.com' } }, 'otp.code', /printable/],
    [{ otp: { kode: '1' } }, 'otp.kode', /"code"/],
    [{ otp: true }, 'otp', /object/],
    [{ envelope: { to: 'a@b.c', sise: 5 } }, 'envelope.sise', /"size"/],
    [{ envelope: { to: 'a@b.c', dsn: {} } }, 'envelope.dsn', /send\(/],
    [{ attachments: [{ href: 'https://x.example/', tls: {} }] }, 'attachments[0].tls', /fetch function/],
    [{ text: { content: 'x', filename: 'a.txt' } }, 'text.filename', /alternatives/],
    [{ text: { contnet: 'x' } }, 'text.contnet', /"content"/],
    [{ icalEvent: { content: 'x', metod: 'REQUEST' } }, 'icalEvent.metod', /nearest/],
    [{ html: { content: 'x', headers: { 'Content-Type': 'a/b' } } }, 'html.headers.Content-Type', /contentType/],
    [{ attachments: [{ content: { path: '/x' } }] }, 'attachments[0].content', /path/],
    [{ attachments: 'x.pdf' }, 'attachments', /array/],
    [{ encoding: 'hex', text: '00' }, 'encoding', /\{ content, encoding \}/],
    [{ textEncoding: 'uuencode' }, 'textEncoding', /quoted-printable/],
    [{ newline: 'linux' }, 'newline', /CRLF/],
    [{ priority: 'urgent' }, 'priority', /high, normal or low/],
    [{ raw: 'From: a@b.c\r\n\r\nx', attachments: [{ content: 'x' }] }, 'attachments', /raw/],
    [{ raw: { path: '/etc/passwd' } }, 'raw', /stream/],
    [{ raw: 5 }, 'raw', /neither a string/],
    [{ raw: 'a\ud800' }, 'raw', /surrogate/],
    [{ attachments: [{ filename: 'report.pdf', path: undefined }] }, 'attachments[0]', /has no content/],
    [{ html: { path: '' } }, 'html', /has no content/],
    [{ icalEvent: { method: 'REQUEST' } }, 'icalEvent', /has no content/],
    [{ attachments: [{ path: 'file://elsewhere/a.txt' }] }, 'attachments[0].path', /not the URL of a file/],
    [{ attachments: [{ path: 'file:///a%2fb' }] }, 'attachments[0].path', /not the URL of a file/],
    [{ attachments: [{ raw: { path: '/etc/passwd' } }] }, 'attachments[0].raw', /path/],
    [{ headers: { key: 'X', value: '1', more: '2' }, subject: 5 }, 'subject', /string/],
    [{ headers: { 'X-A': { prepared: true, value: 'a\r\nX-Evil: 1' } } }, 'headers.X-A', /line feed|carriage return/],
    [{ headers: { 'X-A': { prepared: true, value: 'a\r\n \r\n b' } } }, 'headers.X-A', /carriage return/],
    [{ headers: { 'X-A': { prepared: true, value: 'é\r\nX-Evil: 1' } } }, 'headers.X-A', /carriage return/],
    [{ dkim: { domainName: 'a.b', keySelector: 'c', privateKey: '-', hashAlgo: 'sha1' } }, 'dkim.privateKey', /PEM/],
    [{ list: { unsubscribe: 'mailto:a@b.c', unsubscribePost: true } }, 'list.unsubscribePost', /https/],
  ])('%j', (init, field, hint) => {
    expect(() => compose({ ...BASE, text: 'x', ...init } as MessageInit)).toThrow(
      expect.objectContaining({ name: 'MessageError', field, message: expect.stringMatching(hint) }),
    );
  });
});
