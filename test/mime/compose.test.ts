import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  type Attachment,
  type ComposeOptions,
  compose,
  type MessageInit,
  parseAddresses,
  rawMessage,
  replyTo,
  template,
} from '../../src/mime/index.ts';
import { Readers } from './support/read-back.ts';

const readers = new Readers();
afterAll(() => readers.close());
const BASE = { from: 'ann@example.com', to: 'bob@example.com', subject: 's', text: 'x\n' } as const;
const textOf = (init: MessageInit): string => compose(init).inMemory() as string;
const failure = (code: string, field: string): unknown =>
  expect.objectContaining({ name: 'MessageError', code, field });

describe('fields', () => {
  test.each<[MessageInit, string, string]>([
    [{ attachements: [] } as MessageInit, 'attachements', 'attachments'],
    [{ Subject: 'x' } as MessageInit, 'Subject', 'subject'],
    [{ bbc: 'x' } as MessageInit, 'bbc', 'bcc'],
    [{ attachments: [{ fileName: 'x' } as Attachment] }, 'attachments[0].fileName', 'filename'],
    [{ attachments: [{ content: 'x' }, { contnet: 'x' } as Attachment] }, 'attachments[1].contnet', 'content'],
    [{ envelope: { rcpt: 'x' } } as MessageInit, 'envelope.rcpt', 'cc'],
  ])('%j is unknown: the error names the nearest known one', (init, field, nearest) => {
    expect(() => compose({ ...BASE, ...init })).toThrow(failure('UNKNOWN_FIELD', field));
    expect(() => compose({ ...BASE, ...init })).toThrow(`"${nearest}"`);
  });

  test('Bcc is in the envelope and nowhere else', () => {
    for (const init of [
      { bcc: 'secret@example.net' },
      { headers: { Bcc: 'secret@example.net' } },
      { headers: [{ key: 'bcc', value: 'secret@example.net' }] },
    ]) {
      const message = compose({ ...BASE, ...init });
      expect(message.envelope.to.map(({ address }) => address)).toEqual(['bob@example.com', 'secret@example.net']);
      expect(message.inMemory()).not.toMatch(/secret|bcc/i);
    }
  });

  test('Date and Message-ID are made when missing, and kept when given', () => {
    const first = compose(BASE);
    expect(first.messageId).toMatch(/^<[\w-]{24}@example\.com>$/);
    expect(first.headers.get('message-id')).toBe(first.messageId);
    expect(compose(BASE).messageId).not.toBe(first.messageId);
    expect(Math.abs(Date.parse(first.headers.get('date') ?? '') - Date.now())).toBeLessThan(2000);
    const given = compose({ ...BASE, messageId: 'id@here', date: '2026-02-03T04:05:06+02:00' });
    expect(given.messageId).toBe('<id@here>');
    expect(given.headers.get('date')).toBe('Tue, 03 Feb 2026 04:05:06 +0200');
    expect(compose({ ...BASE, date: new Date(0), timeZone: -90 }).headers.get('date')).toBe(
      'Wed, 31 Dec 1969 22:30:00 -0130',
    );
    expect(compose({ ...BASE, date: 0 }).headers.get('date')).toBe('Thu, 01 Jan 1970 00:00:00 +0000');
    expect(() => compose({ ...BASE, date: 'yesterday' })).toThrow(failure('BAD_INPUT', 'date'));
    for (const messageId of ['no-at-sign', 'a b@c', '.a@b', 'a@b@c', 'a@', 'a,b@c', '(a)@b', 'ä@b']) {
      expect(() => compose({ ...BASE, messageId }), messageId).toThrow(failure('BAD_INPUT', 'messageId'));
    }
    // What others have made of it goes into the thread all the same.
    expect(compose({ ...BASE, references: 'no-at-sign (a)@b' }).headers.get('references')).toBe('<no-at-sign> <(a)@b>');
    expect(compose({ ...BASE, from: 'jörg@bücher.example' }).messageId).toMatch(/@xn--bcher-kva\.example>$/);
    expect(compose({ ...BASE, from: 'ann@[192.0.2.1]' }).messageId).toMatch(/@\[192\.0\.2\.1\]>$/);
  });

  test.each([
    ['2026-07-01T12:00:00Z', 'Europe/Berlin', 'Wed, 01 Jul 2026 12:00:00 +0000'],
    [Date.UTC(2026, 6, 1, 12), 'Europe/Berlin', 'Wed, 01 Jul 2026 14:00:00 +0200'],
    [Date.UTC(2026, 11, 31, 23, 30), 'Europe/Berlin', 'Fri, 01 Jan 2027 00:30:00 +0100'],
    [Date.UTC(2026, 6, 1, 12), 'America/St_Johns', 'Wed, 01 Jul 2026 09:30:00 -0230'],
    [Date.UTC(2026, 6, 1, 12), 'Asia/Kathmandu', 'Wed, 01 Jul 2026 17:45:00 +0545'],
    [Date.UTC(2026, 6, 1, 12), 'UTC', 'Wed, 01 Jul 2026 12:00:00 +0000'],
  ])('a date in a zone by its name: %s in %s', (date, timeZone, text) => {
    expect(compose({ ...BASE, date, timeZone }).headers.get('date')).toBe(text);
    for (const zone of ['Europe/Berlln', 'x\r\n', 1.5, 1440, {}, true]) {
      expect(() => compose({ ...BASE, date, timeZone: zone as string })).toThrow(failure('BAD_INPUT', 'timeZone'));
    }
  });

  test('headers: in order, repeated, lifted into their fields, and never what plainwire makes', () => {
    const message = compose({
      from: 'ann@example.com',
      headers: [
        { key: 'X-B', value: '1' },
        { key: 'X-A', value: { prepared: true, value: '2' } },
        { key: 'X-B', value: '3' },
        { key: 'In-Reply-To', value: '<a@b>' },
      ],
      text: 'x',
    });
    expect([...message.headers].map(([name]) => name).join(' ')).toMatch(/In-Reply-To X-B X-A X-B MIME-Version/);
    expect(message.headers.getAll('x-b')).toEqual(['1', '3']);
    expect(() => compose({ ...BASE, headers: { 'Content-Type': 'text/plain' } })).toThrow(
      failure('BAD_INPUT', 'headers.Content-Type'),
    );
    expect(() => compose({ ...BASE, headers: { subject: 'twice' } })).toThrow(failure('BAD_INPUT', 'headers.subject'));
    expect(() => compose({ ...BASE, xMailer: 'a', headers: { 'x-mailer': 'b' } })).toThrow(/x-mailer is given twice/);
    expect(() => compose({ ...BASE, list: { id: 'a.b' }, headers: { 'List-ID': '<c.d>' } })).toThrow(/given twice/);
    expect(() => compose({ ...BASE, list: { help: 'https://a.b', Help: 'https://c.d' } })).toThrow(/given twice/);
    for (const name of ['List-Unsubscribe', 'Auto-Submitted', 'Importance', 'Content-Language']) {
      const headers = { [name]: 'a', [name.toLowerCase()]: 'b' };
      expect(() => compose({ ...BASE, headers })).toThrow(/given twice/);
      expect(() => compose({ ...BASE, headers: { [name]: ['a', 'b'] } })).toThrow(/given twice/);
    }
    expect(compose({ ...BASE, headers: { 'X-Tag': ['a', 'b'], 'x-tag': 'c' } }).headers.getAll('x-tag')).toHaveLength(
      3,
    );
    const urgent = compose({ ...BASE, priority: 'high', headers: { 'X-Priority': '1', 'X-A': '1', 'X-B': false } });
    expect(urgent.headers.getAll('x-priority')).toEqual(['1 (Highest)']);
    expect([urgent.headers.has('x-a'), urgent.headers.has('x-b')]).toEqual([true, false]);
    expect(() => compose({ ...BASE, headers: { 'X Y': '1' } })).toThrow(failure('BAD_INPUT', 'headers["X Y"]'));
    const token = 'x'.repeat(500);
    expect(textOf({ ...BASE, headers: { 'X-Token': token } })).toContain(`X-Token: ${token}\r\n`);
  });

  test.each(['x, é (y) "z"', 'a.b "q" Ü', '=?utf-8?q?a?=', `${'ü'.repeat(40)} ${'x'.repeat(90)}`, 'é'.repeat(200)])(
    'a comment beside the URL of a list says what was given, with no quotes of a phrase: %j',
    (comment) => {
      const list = { help: [{ url: 'https://example.com/help', comment }, 'https://example.com/other'] };
      const field = /List-Help:(?:.*\r\n[ \t])*.*/.exec(textOf({ ...BASE, list }))?.[0] ?? '';
      for (const line of field.split('\r\n')) expect(line.length).toBeLessThanOrEqual(76);
      const [, words = ''] = /> \((.*)\), </.exec(field.replaceAll('\r\n', '')) ?? [];
      for (const word of words.split(' ')) expect(word).toMatch(/^=\?UTF-8\?[QB]\?[^? ()"]+\?=$/);
      expect(parseAddresses(`${words} <a@b.c>`)).toMatchObject([{ name: comment }]);
    },
  );

  test('lists, priority, automatic, notification', () => {
    const message = compose({
      ...BASE,
      priority: 'high',
      autoSubmitted: 'auto-generated',
      dispositionNotificationTo: 'ann@example.com',
      list: {
        id: { url: 'list.example.com', comment: 'Größe (XL)' },
        help: 'help@example.com',
        unsubscribe: [['https://example.com/u?1', { url: 'mailto:u@example.com', comment: 'by (mail)' }]],
        unsubscribePost: true,
        post: 'NO',
      },
    });
    const get = (name: string): string | undefined => message.headers.get(name);
    expect(get('importance')).toBe('High');
    expect(get('x-priority')).toBe('1 (Highest)');
    expect(get('auto-submitted')).toBe('auto-generated');
    expect(get('disposition-notification-to')).toBe('ann@example.com');
    expect(get('list-id')).toMatch(/^=\?UTF-8\?[QB]\?.*<list\.example\.com>$/);
    expect(get('list-help')).toBe('<mailto:help@example.com>');
    expect(get('list-unsubscribe')).toBe('<https://example.com/u?1>, <mailto:u@example.com> (by \\(mail\\))');
    expect(get('list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click');
    expect(get('list-post')).toBe('NO');
    // One field of each name, whatever the list in the list (RFC 2369 section 2).
    const list = { unsubscribe: ['https://example.com/u', 'u@example.com'], owner: '', help: [false, null, ''] };
    const few = compose({ ...BASE, list } as unknown as MessageInit);
    expect(few.headers.getAll('list-unsubscribe')).toEqual(['<https://example.com/u>, <mailto:u@example.com>']);
    expect([few.headers.has('list-owner'), few.headers.has('list-help')]).toEqual([false, false]);
    expect(() => compose({ ...BASE, list: { id: ['a.b', 'c.d'] } })).toThrow(failure('BAD_INPUT', 'list.id'));
    expect(() => compose({ ...BASE, list: { help: { url: ' ' } } })).toThrow(failure('BAD_INPUT', 'list.help'));
    expect(() => compose({ ...BASE, list: { unsubscibe: 'https://x.example' } })).toThrow(
      failure('UNKNOWN_FIELD', 'list.unsubscibe'),
    );
    expect(compose({ ...BASE, list: { software: 'https://x.example' } }).headers.has('list-software')).toBe(true);
    expect(compose({ ...BASE, autoSubmitted: 'no' }).headers.get('auto-submitted')).toBe('no');
  });

  test('a reply goes into the thread', () => {
    const original = compose({ ...BASE, messageId: '<3@x>', references: '<1@x> <2@x>', replyTo: 'list@example.com' });
    const reply = replyTo({
      messageId: original.messageId,
      references: original.headers.get('references'),
      subject: 'Q',
      from: 'a@b.c',
      replyTo: 'list@example.com',
    });
    expect(reply).toEqual({
      to: 'list@example.com',
      subject: 'Re: Q',
      inReplyTo: '<3@x>',
      references: ['<1@x>', '<2@x>', '<3@x>'],
    });
    expect(compose({ from: 'me@x.y', ...reply, text: 'A' }).headers.get('references')).toBe('<1@x> <2@x> <3@x>');
    expect(replyTo({ messageId: '2@x', inReplyTo: '<1@x>', subject: 'RE: Q' })).toEqual({
      subject: 'RE: Q',
      inReplyTo: '<2@x>',
      references: ['<1@x>', '<2@x>'],
    });
  });

  test('a message that was composed, or came in, is answered as it is', () => {
    const subject = 'Über die Größe einer Überschrift, die in einer Zeile keinen Platz hat und in zwei Stücken ankommt';
    const init = { from: 'Zoë <zoe@x.y>', to: 'me@x.y', subject, messageId: '<2@x>', references: '<1@x>', text: 'Q' };
    const received = rawMessage(compose(init).inMemory() as string);
    for (const original of [compose(init), received]) {
      const reply = compose({ from: 'me@x.y', ...replyTo(original), text: 'A' });
      expect(parseAddresses(reply.headers.get('to') ?? '')).toMatchObject([{ name: 'Zoë', address: 'zoe@x.y' }]);
      expect(reply.headers.get('references')).toBe('<1@x> <2@x>');
      expect(replyTo(original).subject).toBe(`Re: ${subject}`);
    }
    expect(replyTo(compose({ ...init, replyTo: ['a@x.y', 'b@x.y'] })).to).toBe('a@x.y, b@x.y');
  });

  test('a stranger whose fields are broken is answered all the same', () => {
    const original = {
      messageId: '<ok@x>',
      references: ['<a b@c> <1@x>,<2@x><3@x>', '<ü@x>', `<${'x'.repeat(2000)}>`, ''],
      subject: 'line\r\none\0',
      from: { value: [{ name: 'Ann', address: 'ann@x.y' }], text: 'as mailparser has it' },
    };
    const reply = replyTo(original);
    expect(reply.references).toEqual(['<1@x>', '<2@x>', '<3@x>', '<ok@x>']);
    const message = compose({ ...reply, from: 'me@x.y' });
    expect(message.headers.get('subject')).toBe('Re: line one');
    expect(message.headers.get('to')).toBe('Ann <ann@x.y>');
    expect(replyTo({ messageId: 'no identifier', subject: 'x' })).not.toHaveProperty('inReplyTo');
  });

  test('a message for nobody can be composed', () => {
    expect(compose({ from: 'a@b.c' }).envelope.to).toEqual([]);
    expect(() => compose({ to: 'a@b.c' })).toThrow(failure('BAD_INPUT', 'from'));
  });

  test('the envelope as given: null reverse-path, each mailbox once', () => {
    const { envelope } = compose({ ...BASE, envelope: { from: '', to: 'x@y.z', cc: ['X@y.z', 'x@Y.z'] } });
    expect(envelope.from).toBeUndefined();
    expect(envelope.to.map(({ address }) => address)).toEqual(['x@y.z', 'X@y.z']);
  });
});

describe('access', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plainwire-access-'));
  const inside = join(folder, 'inside');
  mkdirSync(inside);
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  writeFileSync(join(inside, 'public.txt'), 'public');
  symlinkSync(join(folder, 'secret.txt'), join(inside, 'link.txt'));
  symlinkSync(join(inside, 'public.txt'), join(inside, 'good-link.txt'));
  const bytes = (path: string, options: ComposeOptions, init: MessageInit = {}): Promise<Uint8Array> =>
    Promise.resolve().then(() => compose({ ...BASE, ...init, attachments: [{ path }] }, options).bytes());

  test('a folder holds what may be read, links resolved first', async () => {
    const options = { access: { files: inside } };
    for (const path of ['public.txt', join(inside, 'public.txt'), join(inside, 'good-link.txt'), './public.txt']) {
      await expect(bytes(path, options)).resolves.toBeInstanceOf(Uint8Array);
    }
    for (const path of [
      '../secret.txt',
      join(folder, 'secret.txt'),
      join(inside, 'link.txt'),
      '/etc/hostname',
      inside,
      '../nothing.txt',
    ]) {
      await expect(bytes(path, options), path).rejects.toThrow(failure('ACCESS_DENIED', 'attachments[0]'));
    }
  });

  test('no files, no URLs, and nothing is opened by compose itself', async () => {
    await expect(bytes(join(inside, 'public.txt'), { access: { files: false } })).rejects.toThrow(
      failure('ACCESS_DENIED', 'attachments[0].path'),
    );
    await expect(bytes(join(inside, 'public.txt'), {}, { disableFileAccess: true })).rejects.toThrow(
      failure('ACCESS_DENIED', 'attachments[0].path'),
    );
    await expect(bytes('https://example.com/x', {})).rejects.toThrow(failure('ACCESS_DENIED', 'attachments[0]'));
    await expect(bytes('https://example.com/x', { access: { urls: true } })).rejects.toThrow(
      failure('BAD_INPUT', 'attachments[0]'),
    );
    const fetch = (): never => expect.unreachable('nothing is fetched');
    await expect(
      bytes('https://example.com/x', { access: { urls: true }, fetch }, { disableUrlAccess: true }),
    ).rejects.toThrow(failure('ACCESS_DENIED', 'attachments[0]'));
    expect(compose({ ...BASE, attachments: [{ path: '/does/not/exist' }] }).size).toBeUndefined();
  });

  test.each([
    [{ acces: { files: false } }, 'options.acces'],
    [{ access: { file: false } }, 'options.access.file'],
    [{ access: { url: false } }, 'options.access.url'],
    [{ access: { files: '' } }, 'options.access.files'],
    [{ access: { files: 0 } }, 'options.access.files'],
    [{ access: { urls: 'no' } }, 'options.access.urls'],
    [{ access: 'none' }, 'options.access'],
    [{ way: '9bit' }, 'options.way'],
    [{ fetch: 'https://x' }, 'options.fetch'],
  ])('a slip of the pen in the settings leaves no door open: %j', (options, field) => {
    for (const make of [compose, template]) {
      expect(() => make(BASE, options as unknown as ComposeOptions)).toThrow(expect.objectContaining({ field }));
    }
  });

  test('raw and html read nothing by themselves', () => {
    for (const raw of [{ path: '/etc/passwd' }, { href: 'http://localhost/' }]) {
      expect(() => compose({ ...BASE, raw } as unknown as MessageInit)).toThrow(failure('ACCESS_DENIED', 'raw'));
      expect(() => compose({ ...BASE, attachments: [{ raw }] } as unknown as MessageInit)).toThrow(
        failure('BAD_INPUT', 'attachments[0].raw'),
      );
    }
    const html = '<img src="/etc/passwd"><img src="file:///etc/passwd"><img src="http://localhost/">';
    expect(textOf({ ...BASE, html, attachDataUrls: true })).toContain(html);
  });

  test('a file that is missing, a folder, or changed: an error with its name', async () => {
    await expect(bytes(join(folder, 'no.txt'), {})).rejects.toThrow(/"no\.txt" could not be read: ENOENT/);
    await expect(bytes(folder, {})).rejects.toThrow(failure('ATTACHMENT_FAILED', 'attachments[0]'));
    const growing = join(folder, 'growing.txt');
    writeFileSync(growing, Buffer.alloc(1_000_000));
    const message = compose({ ...BASE, attachments: [{ path: growing }] });
    const read = async (): Promise<void> => {
      for await (const _ of message) appendFileSync(growing, 'more');
    };
    await expect(read()).rejects.toThrow(/grew while it was read/);
  });
});

describe('raw messages', () => {
  const raw =
    'From: Ann <ann@example.com>\r\nTo: b@x.y\r\nBcc: c@x.y,\r\n d@x.y\r\nMessage-ID: <1@x>\r\n\r\nBcc: not a header\nbare\r';
  test('go out as they are; only who is read from Bcc is taken out', async () => {
    const given = compose({ raw, envelope: { from: 'e@x.y', to: 'f@x.y' } });
    expect(Buffer.from(await given.bytes()).toString()).toBe(raw);
    expect(given).toMatchObject({ canonical: false, messageId: '<1@x>', encoding: '7bit' });
    const read = rawMessage(raw);
    expect(read.envelope.from?.address).toBe('ann@example.com');
    expect(read.envelope.to.map(({ address }) => address)).toEqual(['b@x.y', 'c@x.y', 'd@x.y']);
    expect(Buffer.from(await read.bytes()).toString()).toBe(raw.replace('Bcc: c@x.y,\r\n d@x.y\r\n', ''));
    const encoded = { content: Buffer.from(raw).toString('base64'), encoding: 'base64' };
    expect(compose({ raw: encoded }).envelope.to).toHaveLength(3);
    expect(() => compose({ raw: { contents: raw } as unknown as string })).toThrow(
      failure('UNKNOWN_FIELD', 'raw.contents'),
    );
    expect(() => rawMessage(new Blob([raw]))).toThrow(failure('BAD_INPUT', 'envelope'));
    expect(Buffer.from(await rawMessage(new Blob([raw]), { to: 'f@x.y' }).bytes()).toString()).toBe(raw);
  });
});

describe('templates', () => {
  const init: MessageInit = {
    ...BASE,
    html: '<p>Grüße</p>',
    attachments: [{ filename: 'terms.pdf', content: Buffer.alloc(100_000, 3) }],
  };
  test('the same content in two places is a part of its own in each', async () => {
    const shared = { filename: 'a.md', contentType: 'text/x-web-markdown', content: '# é' };
    const octets = Buffer.from('<p>x');
    const twice = { ...BASE, text: octets, html: octets, attachments: [shared], alternatives: [shared] };
    const { python } = await readers.read(template(twice).compose({}));
    expect(python.shape).toEqual((await readers.read(compose(twice))).python.shape);
    expect(python.attachments).toHaveLength(1);
  });

  test('only what differs is made anew, and every message is whole', async () => {
    const letter = template(init);
    const ann = letter.compose({ to: 'ann@example.org' });
    const bob = letter.compose({ to: 'bob@example.org', text: 'Dear Bob\n', headers: { 'X-Id': '2' } });
    expect(ann.messageId).not.toBe(bob.messageId);
    expect(ann.envelope.to[0]?.address).toBe('ann@example.org');
    const [first, second] = [await readers.read(ann), await readers.read(bob)];
    expect(first.python.text).toBe('x\n');
    expect(second.python.text).toBe('Dear Bob\n');
    expect(second.python.attachments[0]?.base64).toBe(Buffer.alloc(100_000, 3).toString('base64'));
    expect(() => letter.compose({ too: 'x' } as MessageInit)).toThrow(failure('UNKNOWN_FIELD', 'too'));
    expect((await readers.read(letter.compose({ attachments: [] }))).python.attachments).toEqual([]);
    const whole = template({ raw: 'Subject: x\r\n\r\nwhole', from: 'a@b.c' }).compose({ to: 'd@e.f' });
    expect(Buffer.from(await whole.bytes()).toString()).toBe('Subject: x\r\n\r\nwhole');
    expect(whole.envelope.to[0]?.address).toBe('d@e.f');
  });
});

describe('what a letter for many costs', () => {
  test('the attachment is encoded once, and the same octets go out with every message', () => {
    const letter = template({ ...BASE, html: '<p>x</p>', attachments: [{ content: Buffer.alloc(100_000, 3) }] });
    const encoded = (to: string, init: MessageInit = {}): unknown =>
      [...(letter.compose({ to, ...init }).chunks() ?? [])].find((chunk) => typeof chunk !== 'string');
    const first = encoded('a@example.org');
    expect((first as Uint8Array).length).toBeGreaterThan(100_000);
    expect(encoded('b@example.org')).toBe(first);
    expect(encoded('c@example.org', { text: 'Dear C\n' })).toBe(first);
    expect(encoded('d@example.org', { dkim: undefined, subject: 'Other' })).toBe(first);
  });
});

describe('wrap', () => {
  test('a part signed by openssl is verified by openssl', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'plainwire-smime-'));
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    const openssl = (args: string[], input = ''): Buffer =>
      execFileSync('openssl', args, { input, stdio: ['pipe', 'pipe', 'ignore'] });
    openssl([
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=Ann/emailAddress=ann@example.com',
      '-keyout',
      key,
      '-out',
      certificate,
    ]);
    const wrap = (entity: Uint8Array): Uint8Array =>
      openssl(['smime', '-sign', '-signer', certificate, '-inkey', key], Buffer.from(entity).toString('latin1'));
    const message = compose({ ...BASE, text: 'Many greetings, viele Grüße\n', html: '<p>x</p>' }, { wrap });
    const octets = await message.bytes();
    expect(message.headers.get('content-type')).toContain('multipart/signed');
    const verified = openssl(['smime', '-verify', '-CAfile', certificate], Buffer.from(octets).toString('latin1'));
    expect(verified.toString()).toContain('Gr=C3=BC=C3=9Fe');
    expect(() => compose(BASE, { wrap: () => 'Subject: x\r\n\r\n' })).toThrow(failure('BAD_INPUT', 'wrap'));
  });
});
