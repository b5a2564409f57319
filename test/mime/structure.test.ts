import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, test } from 'vitest';
import { type Attachment, compose, type MessageInit } from '../../src/mime/index.ts';
import { Readers } from './support/read-back.ts';

const readers = new Readers();
afterAll(() => readers.close());

const BASE = { from: 'Ann <ann@example.com>', to: 'bob@example.com', subject: 'Pictures' } as const;
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const LOGO: Attachment = { filename: 'logo.png', content: PNG, cid: 'logo' };
const FILE: Attachment = { filename: 'a.bin', content: Buffer.from([0, 1, 2, 255]) };
const EVENT = 'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n';
const folder = mkdtempSync(join(tmpdir(), 'plainwire-test-'));

const cases: [name: string, init: MessageInit, shape: unknown][] = [
  ['nothing', {}, 'text/plain'],
  ['text', { text: 'x' }, 'text/plain'],
  ['html', { html: '<p>x' }, 'text/html'],
  ['text and html', { text: 'x', html: '<p>x' }, { alternative: ['text/plain', 'text/html'] }],
  [
    'html and an image it shows',
    { html: '<img src="cid:logo">', attachments: [LOGO] },
    { related: ['text/html', 'image/png'] },
  ],
  [
    'text, html, an image it shows, and a file',
    { text: 'x', html: '<img src="cid:logo">', attachments: [LOGO, FILE] },
    { mixed: [{ alternative: ['text/plain', { related: ['text/html', 'image/png'] }] }, 'application/octet-stream'] },
  ],
  ['text and a file', { text: 'x', attachments: [FILE] }, { mixed: ['text/plain', 'application/octet-stream'] }],
  ['a file alone', { attachments: [FILE] }, 'application/octet-stream'],
  ['two files', { attachments: [FILE, LOGO] }, { mixed: ['application/octet-stream', 'image/png'] }],
  [
    'text and an image with a cid that nothing shows',
    { text: 'x', attachments: [LOGO] },
    { mixed: ['text/plain', 'image/png'] },
  ],
  [
    'an event',
    { text: 'x', icalEvent: { method: 'request', content: EVENT } },
    { mixed: [{ alternative: ['text/plain', 'text/calendar'] }, 'application/ics'] },
  ],
  ['an event without a file', { calendar: { content: EVENT, filename: false } }, 'text/calendar'],
  [
    'amp, watch face and another alternative',
    {
      text: 'x',
      watchHtml: '<b>w</b>',
      amp: '<html ⚡4email></html>',
      html: '<p>x',
      alternatives: [{ contentType: 'text/x-web-markdown', content: '**x**' }],
    },
    { alternative: ['text/plain', 'text/watch-html', 'text/x-amp-html', 'text/html', 'text/x-web-markdown'] },
  ],
  [
    'an attached message',
    { text: 'x', attachments: [{ filename: 'm.eml', content: 'From: x@example.com\nSubject: inner\n\nbody\n' }] },
    { mixed: ['text/plain', 'message/rfc822'] },
  ],
  [
    'a part given whole',
    { text: 'x', attachments: [{ raw: 'Content-Type: text/x-own\r\n\r\nown' }] },
    { mixed: ['text/plain', 'text/x-own'] },
  ],
  [
    'data: images',
    {
      html: `<img src="data:image/png;base64,${PNG.toString('base64')}"><img src='data:image/png;base64,${PNG.toString('base64')}'>`,
      attachDataUrls: true,
    },
    { related: ['text/html', 'image/png'] },
  ],
];

describe('content makes the structure', () => {
  test.each(cases)('%s', async (_, init, shape) => {
    const { python, postal, mailparser } = await readers.read(compose({ ...BASE, ...init }));
    expect(python.shape).toEqual(shape);
    expect(postal.subject).toBe('Pictures');
    expect(mailparser.subject).toBe('Pictures');
  });
});

describe('what arrives', () => {
  test('a name with anything in it comes back equal, and stands in clear only where it is harmless', async () => {
    const names = [
      '../../etc/passwd',
      'a/b.txt',
      'C:\\temp\\b.txt',
      '"quoted".txt',
      'invoice\u202efdp.exe',
      'a\u2066b\u2069.txt',
      'a\x1b[31m\x7f\x85.txt',
    ];
    for (const filename of names) {
      const message = compose({ ...BASE, attachments: [{ filename, content: 'x' }] });
      const { python, postal, mailparser } = await readers.read(message);
      expect(python.attachments[0]?.filename).toBe(filename);
      expect(postal.attachments[0]?.filename).toBe(filename);
      expect(mailparser.attachments[0]?.filename).toBe(filename);
      const inClear = [...(message.inMemory() as string).matchAll(/name="([^"]*)"/g)].map(([, name]) => name);
      // one plain name, for readers that know no RFC 2231
      expect(inClear).toEqual([expect.stringMatching(/^[\w.\-+ ()@,]+$/)]);
    }
  });

  test('the name of an alternative is its own, with no disposition to say it', async () => {
    const filename = 'Grüße "an"/alle.md';
    const alternatives = [{ filename, content: 'x', contentType: 'text/x-web-markdown' }];
    const message = compose({ ...BASE, text: 'x', alternatives });
    const { python, postal } = await readers.read(message);
    expect(python.leaves[1]).toMatchObject({ type: 'text/x-web-markdown', disposition: null, filename });
    expect(postal.attachments[0]?.filename).toBe(filename);
    expect(() => compose({ ...BASE, alternatives: [{ filename: 'a\r\nb', content: 'x' }] })).toThrow(
      expect.objectContaining({ code: 'FORBIDDEN_CHARACTER', field: 'alternatives[0].filename' }),
    );
  });

  test('a name in the contentType is the name of a file that has no other', async () => {
    const contentType = 'application/pdf; name="the figures.pdf"';
    const read = async (more: object): Promise<unknown> =>
      (await readers.read(compose({ ...BASE, text: 'x', attachments: [{ content: 'x', contentType, ...more }] })))
        .python.leaves[1]?.filename;
    expect(await read({})).toBe('the figures.pdf');
    expect(await read({ filename: 'other.pdf' })).toBe('other.pdf');
  });

  test('texts, names, addresses, filenames and bytes come back from all three', async () => {
    const { python, postal, mailparser } = await readers.read(
      compose({
        from: { name: 'Jörg "JJ" Müller', address: 'joerg@example.com' },
        to: ['Zoë <zoe@example.com>', { name: "O'Neil, Pat", address: 'pat@bücher.example' }],
        cc: 'team@example.com',
        bcc: 'secret@example.com',
        replyTo: 'Helpdesk (24/7) <help@example.com>',
        subject: 'Änderung: 10 € für 🍕 – „jetzt“',
        text: 'Grüße\nzweite Zeile  \n\tTab\n',
        html: '<p>Grüße <b>äöü</b></p>',
        attachments: [{ filename: 'Übersicht "2026"/März.pdf', content: PNG }],
      }),
    );
    expect(python.from).toEqual([{ name: 'Jörg "JJ" Müller', address: 'joerg@example.com' }]);
    expect(python.to).toEqual([
      { name: 'Zoë', address: 'zoe@example.com' },
      { name: "O'Neil, Pat", address: 'pat@xn--bcher-kva.example' },
    ]);
    expect(python['reply-to']).toEqual([{ name: 'Helpdesk', address: 'help@example.com' }]);
    expect(python.bcc).toBeNull();
    expect(python.subject).toBe('Änderung: 10 € für 🍕 – „jetzt“');
    expect(python.text).toBe('Grüße\nzweite Zeile  \n\tTab\n');
    expect(python.attachments[0]?.filename).toBe('Übersicht "2026"/März.pdf');

    expect(postal.from).toMatchObject({ name: 'Jörg "JJ" Müller', address: 'joerg@example.com' });
    expect(postal.to?.[1]).toMatchObject({ name: "O'Neil, Pat", address: 'pat@xn--bcher-kva.example' });
    expect(postal.subject).toBe('Änderung: 10 € für 🍕 – „jetzt“');
    expect(postal.html).toContain('<p>Grüße <b>äöü</b></p>');
    expect(postal.attachments[0]?.filename).toBe('Übersicht "2026"/März.pdf');
    expect(Buffer.from(postal.attachments[0]?.content as ArrayBuffer).equals(PNG)).toBe(true);

    expect(mailparser.from?.value[0]).toMatchObject({ name: 'Jörg "JJ" Müller', address: 'joerg@example.com' });
    expect(mailparser.text).toBe('Grüße\nzweite Zeile  \n\tTab\n');
    expect(mailparser.attachments[0]?.content.equals(PNG)).toBe(true);
  });

  test('content of every kind is the same file', async () => {
    writeFileSync(join(folder, 'data.bin'), PNG);
    const attachments: Attachment[] = [
      { filename: '0', content: PNG },
      { filename: '1', content: PNG.toString('base64'), encoding: 'base64' },
      { filename: '2', content: PNG.toString('hex'), encoding: 'hex' },
      { filename: '3', content: new Blob([PNG]) },
      { filename: '4', content: new Blob([PNG]).stream() },
      { filename: '5', content: Readable.from([PNG.subarray(0, 5), PNG.subarray(5)]) },
      { filename: '6', path: join(folder, 'data.bin') },
      { filename: '7', path: `data:image/png;base64,${PNG.toString('base64')}` },
      { filename: '8', href: 'https://files.example/data.bin' },
      { filename: '9', content: new Uint8Array(PNG) },
    ];
    const fetch = async (url: string) => (url === 'https://files.example/data.bin' ? new Blob([PNG]).stream() : null);
    const message = compose({ ...BASE, text: 'x', attachments }, { fetch, access: { urls: true } });
    expect(message.inMemory()).toBeUndefined();
    expect(message.chunks()).toBeUndefined();
    const { python } = await readers.read(message);
    expect(python.attachments.map(({ filename }) => filename)).toEqual(attachments.map(({ filename }) => filename));
    for (const { base64 } of python.attachments) expect(base64).toBe(PNG.toString('base64'));
  });

  test('a file named by path alone has its name and its type', async () => {
    const path = join(folder, 'Straße.csv');
    writeFileSync(path, 'a,b\n');
    const { python } = await readers.read(compose({ ...BASE, text: 'x', attachments: [{ path }] }));
    expect(python.attachments[0]).toMatchObject({
      filename: 'Straße.csv',
      type: 'text/csv',
      base64: Buffer.from('a,b\n').toString('base64'),
    });
  });

  test('an attached message is not encoded, whatever is in it', async () => {
    const inner = 'From: x@example.com\nSubject: inner\n\nGrüße\n';
    const message = compose({ ...BASE, text: 'x', attachments: [{ filename: 'm.eml', content: inner }] });
    expect(message.encoding).toBe('8bit');
    const { octets, python } = await readers.read(message);
    expect(Buffer.from(octets).toString('utf8')).toContain(
      '\r\nContent-Transfer-Encoding: 8bit\r\nContent-Disposition: attachment; filename="m.eml"\r\n\r\nFrom: x@',
    );
    expect(Buffer.from(octets).toString('utf8')).toContain('Subject: inner\r\n\r\nGrüße\r\n');
    expect(python.attachments).toHaveLength(1);
  });

  test('groups, several authors, undisclosed recipients', async () => {
    const message = compose({
      from: ['ann@example.com', 'Bob <bob@example.com>'],
      to: ['Größe XL: c@example.com, Dee <d@example.com>;', { name: 'Nobody', group: [] }],
      text: 'x',
    });
    expect(message.envelope.from?.address).toBe('ann@example.com');
    expect(message.envelope.to.map(({ address }) => address)).toEqual(['c@example.com', 'd@example.com']);
    const { python } = await readers.read(message);
    expect(python.sender).toEqual([{ name: '', address: 'ann@example.com' }]);
    const { to } = python.groups;
    expect(to).toEqual([
      {
        name: 'Größe XL',
        members: [
          { name: '', address: 'c@example.com' },
          { name: 'Dee', address: 'd@example.com' },
        ],
      },
      { name: 'Nobody', members: [] },
    ]);
  });

  test('UTF-8 mailboxes make an SMTPUTF8 message with U-labels, and only the addresses are raw', async () => {
    const message = compose({ from: 'Jörg <jörg@bücher.example>', to: 'b@example.com', subject: 'Ä', text: 'x' });
    expect(message.smtpUtf8).toBe(true);
    expect(message.envelope.from?.address).toBe('jörg@bücher.example');
    const { octets, postal } = await readers.read(message);
    expect(Buffer.from(octets).toString('utf8')).toContain('From: =?UTF-8?B?SsO2cmc=?= <jörg@bücher.example>\r\n');
    expect(postal.from?.address).toBe('jörg@bücher.example');
    expect(message.headers.get('subject')).toBe('=?UTF-8?B?w4Q=?=');
  });

  test.each(['from', 'sender', 'to', 'cc', 'replyTo', 'dispositionNotificationTo'])(
    'a UTF-8 mailbox makes an SMTPUTF8 message wherever it stands: %s',
    async (field) => {
      const init = { from: 'a@example.com', text: 'x', [field]: { name: 'G', group: ['Jörg <jörg@bücher.example>'] } };
      const one = { ...init, [field]: field === 'sender' ? 'jörg@bücher.example' : init[field as 'from'] };
      const message = compose(one);
      const octets = Buffer.from(await message.bytes());
      expect(octets.toString('utf8')).toContain('jörg@bücher.example');
      expect([message.smtpUtf8, message.size]).toEqual([true, octets.length]);
    },
  );

  test('8bit and binary where the way allows it', async () => {
    const init = { ...BASE, text: 'Grüße\n', attachments: [FILE] };
    const eight = compose(init, { way: '8bit' });
    expect(eight.encoding).toBe('8bit');
    expect((await readers.read(eight)).python.text).toBe('Grüße\n');
    const binary = compose(init, { way: 'binary' });
    expect(binary.encoding).toBe('binary');
    expect(Buffer.from(await binary.bytes()).includes(Buffer.from([0, 1, 2, 255]))).toBe(true);
    expect(compose(init).encoding).toBe('7bit');
  });

  test('format=flowed of a million spaces takes no time', () => {
    const start = process.cpuUsage().user;
    compose({ ...BASE, flowed: true, text: `${' '.repeat(1_000_000)}x` });
    expect(process.cpuUsage().user - start).toBeLessThan(1_000_000);
  });

  test('format=flowed, with and without DelSp', async () => {
    const text = `${'word '.repeat(40)}end\n>not a quote\n-- \nsig\n${'長'.repeat(100)}\n`;
    const flowed = (await readers.read(compose({ ...BASE, text, flowed: true }))).python;
    expect(flowed.leaves[0]?.parameters).toMatchObject({ format: 'flowed' });
    expect(flowed.text).toMatch(/word \n/);
    expect(flowed.text).toMatch(/\n >not a quote\n-- \nsig\n/);
    const delsp = (await readers.read(compose({ ...BASE, text, flowed: 'delsp' }))).python;
    expect(delsp.leaves[0]?.parameters).toMatchObject({ format: 'flowed', delsp: 'yes' });
    expect(unflowed(delsp.text ?? '')).toBe(text);
    // a line of its own with two hyphens and a space would be the mark of a signature
    const dashes = (await readers.read(compose({ ...BASE, text: `-- ${'a'.repeat(90)} b\n`, flowed: true }))).python;
    expect(dashes.text).toBe(`-- ${'a'.repeat(90)} \nb\n`);
  });

  test('text from html, on request', async () => {
    const { loadHtmlToText } = await import('../../src/mime/index.ts');
    const message = compose({ ...BASE, html: '<h1>Hi</h1><p>there</p>' }, { htmlToText: await loadHtmlToText() });
    const { python } = await readers.read(message);
    expect(python.shape).toEqual({ alternative: ['text/plain', 'text/html'] });
    expect(python.text).toContain('there');
  });
});

/** What a reader of RFC 3676 with DelSp makes of it. */
function unflowed(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/^ /, ''))
    .join('\n')
    .replace(/(?<!\n--) \n/g, '');
}
