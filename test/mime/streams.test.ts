import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type ComposeOptions, compose, type MessageInit } from '../../src/mime/index.ts';

const BASE = { from: 'ann@example.com', to: 'bob@example.com', subject: 's', text: 'x\n' } as const;
const failure = (code: string, field: string): unknown =>
  expect.objectContaining({ name: 'MessageError', code, field });

describe('streams that fail', () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(100_000);
    throw new Error('the disk is gone');
  }

  test('half way: the name, the reason, and no end of the message', async () => {
    const message = compose({ ...BASE, attachments: [{ filename: 'big.iso', content: broken() }] });
    let seen = '';
    const read = async (): Promise<void> => {
      for await (const chunk of message) seen += Buffer.from(chunk).toString('latin1');
    };
    await expect(read()).rejects.toThrow(failure('ATTACHMENT_FAILED', 'attachments[0]'));
    await expect(message.bytes()).rejects.toThrow(/"big\.iso" is a stream that has been read already/);
    expect(seen.length).toBeGreaterThan(100_000);
    expect(seen).not.toMatch(/--\r\n$/);
  });

  test('before it is read: the program goes on, and the reader hears of it', async () => {
    const missing = compose({ ...BASE, attachments: [{ filename: 'no.pdf', content: createReadStream('/no/such') }] });
    const event = compose({ ...BASE, icalEvent: { content: createReadStream('/no/such') } });
    const old = new Readable({ autoDestroy: false, read() {} });
    const silent = compose({ ...BASE, raw: old, envelope: { to: 'x@y.z' } });
    old.emit('error', new Error('it was said once'));
    await setTimeout(20);
    await expect(missing.bytes()).rejects.toThrow(/"no\.pdf" could not be read: ENOENT/);
    await expect(event.bytes()).rejects.toThrow(/icalEvent could not be read: ENOENT/);
    await expect(silent.bytes()).rejects.toThrow(/could not be read: it was said once/);
  });

  test('an event that is not sent is let go of, as any stream is', () => {
    for (const icalEvent of [new Readable({ read() {} }), { content: new Readable({ read() {} }) }]) {
      compose({ ...BASE, icalEvent }).release();
      expect(icalEvent instanceof Readable ? icalEvent.destroyed : icalEvent.content.destroyed).toBe(true);
    }
  });

  test('a message in a message: its streams are let go of, it can be read again if it could be alone, and it stays 7bit', async () => {
    const stream = new Readable({ read() {} });
    const open = compose({ ...BASE, attachments: [{ content: stream }] });
    const outer = compose({ ...BASE, attachments: [{ filename: 'inner.eml', content: open }] });
    expect(outer.replayable).toBe(false);
    outer.release();
    expect(stream.destroyed).toBe(true);

    const big = compose({ ...BASE, attachments: [{ content: Buffer.alloc(2_000_000) }, { content: new Blob(['x']) }] });
    const whole = compose({ ...BASE, attachments: [{ content: big }] });
    expect(whole).toMatchObject({ replayable: true, encoding: '7bit' });
    const first = Buffer.from(await whole.bytes());
    expect(Buffer.from(await whole.bytes()).equals(first)).toBe(true);
    expect(first.includes(Buffer.from(await big.bytes()))).toBe(true);

    const global = compose({ ...BASE, from: 'jörg@example.com', attachments: [{ content: new Blob(['x']) }] });
    expect(compose({ ...BASE, attachments: [{ content: global }] }).encoding).toBe('8bit');
  });

  test('a stream that somebody else has read gives no empty file', async () => {
    const ended = Readable.from([Buffer.from('abc')]);
    for await (const _ of ended);
    const closed = Readable.from([Buffer.from('abc')]).destroy();
    const begun = new Blob(['abc']).stream();
    const reader = begun.getReader();
    await reader.read();
    reader.releaseLock();
    for (const content of [ended, closed, begun]) {
      const message = compose({ ...BASE, attachments: [{ filename: 'a.pdf', content }] });
      await expect(message.bytes()).rejects.toThrow(/"a\.pdf" is a stream that has been (?:read|closed) already/);
    }
    const event = Readable.from([Buffer.from('abc')]);
    for await (const _ of event);
    const invitation = compose({ ...BASE, icalEvent: { content: event } });
    await expect(invitation.bytes()).rejects.toThrow(/icalEvent is a stream that has been read already/);
    const twice = Readable.from([Buffer.from('abc')]);
    const message = compose({ ...BASE, attachments: [{ content: twice }, { content: twice }] });
    await expect(message.bytes()).rejects.toThrow(failure('ATTACHMENT_FAILED', 'attachments[1]'));
  });

  test('text in chunks: a character may lie in two of them, and half of one is refused', async () => {
    const made = (...chunks: (string | Uint8Array)[]): Promise<Uint8Array> =>
      compose({ ...BASE, text: '', attachments: [{ filename: 'a', content: Readable.from(chunks) }] }).bytes();
    const whole = Buffer.from(await made('a\ud83d', '', '\ude00b')).toString();
    expect(whole).toContain(`\r\n\r\n${Buffer.from('a😀b').toString('base64')}\r\n`);
    for (const chunks of [['a\ud83d'], ['\ude00'], ['\ud83d', 'a'], ['\ud83d', Buffer.from('a')]]) {
      await expect(made(...chunks)).rejects.toThrow(/"a" .*half a surrogate pair/);
    }
  });

  test('a fetch that gives what is no content, or half a character', async () => {
    const attachments = [{ href: 'https://x.example/a.pdf' }];
    const by = (given: unknown): Promise<Uint8Array> =>
      compose({ ...BASE, attachments }, { fetch: () => given as string, access: { urls: true } }).bytes();
    await expect(by(new Response('x'))).rejects.toThrow(/"a\.pdf" .*is neither a string nor octets/);
    await expect(by('\ud800')).rejects.toThrow(/"a\.pdf" .*half a surrogate pair/);
    expect(Buffer.from(await by(new ArrayBuffer(3))).toString()).toContain('AAAA');
  });

  test('a fetch that fails, or gives nothing', async () => {
    const attachments = [{ href: 'https://x.example/a.pdf' }];
    const by = (fetch: NonNullable<ComposeOptions['fetch']>): Promise<Uint8Array> =>
      compose({ ...BASE, attachments }, { fetch, access: { urls: true } }).bytes();
    await expect(by(() => Promise.reject(new Error('404')))).rejects.toThrow(/"a\.pdf" could not be fetched.*404/);
    await expect(by(async () => null)).rejects.toThrow(failure('ATTACHMENT_FAILED', 'attachments[0]'));
  });
});

describe('a text that must be read', () => {
  const LINES = 'Grüße \r\n\nlone\n.\r\nFrom me\t\r\nlast';
  const made = (text: string, size: number): Readable => {
    const octets = Buffer.from(text);
    const chunks = Array.from({ length: Math.ceil(octets.length / size) }, (_, index) =>
      octets.subarray(index * size, (index + 1) * size),
    );
    return Readable.from(chunks);
  };
  const bodyOf = async (init: MessageInit): Promise<string> => {
    const text = Buffer.from(await compose({ ...BASE, text: '', ...init }).bytes()).toString();
    const body = text.slice(text.lastIndexOf('\r\n\r\n', text.length - 5) + 4);
    return body.replace(/\r\n--=_[\w-]{24}--\r\n$/, '\r\n');
  };

  test.each([1, 2, 3, 7, 100])('has CRLF in base64, as one at hand has: chunks of %i octets', async (size) => {
    const streamed = await bodyOf({ text: made(LINES, size) });
    expect(Buffer.from(streamed, 'base64').toString()).toBe(LINES.replace(/\r?\n/g, '\r\n'));
    expect(streamed).toBe(await bodyOf({ text: LINES, textEncoding: 'base64' }));
  });

  test.each([1, 2, 3, 7, 100])('goes out in quoted-printable where that is asked for: chunks of %i', async (size) => {
    const whole = await bodyOf({ text: LINES, textEncoding: 'quoted-printable' });
    expect(await bodyOf({ text: made(LINES, size), textEncoding: 'quoted-printable' })).toBe(whole);
    const file = { filename: 'a.txt', contentTransferEncoding: 'quoted-printable' } as const;
    const atHand = await bodyOf({ attachments: { ...file, content: Buffer.from(LINES) } });
    expect(atHand).toContain('=0Alone=0A');
    expect(await bodyOf({ attachments: { ...file, content: made(LINES, size) } })).toBe(atHand);
  });

  test('one line of any length is cut where nothing is lost', async () => {
    const units = [
      'é'.repeat(50),
      'a b ',
      'a       ',
      '\r',
      `${'a'.repeat(74)} `,
      ' ',
      '\t',
      '\n',
      ' \n',
      '.',
      'x\r\n\r',
    ];
    for (const unit of units) {
      const text = unit.repeat(Math.ceil(300_000 / unit.length));
      const content = made(text, 50_000);
      const body = await bodyOf({
        attachments: { filename: 'a', content, contentTransferEncoding: 'quoted-printable' },
      });
      expect(body.split('\r\n').filter((line) => !/^(?:.{0,75}[^ \t])?$/.test(line))).toEqual([]);
      const octets = body
        .replace(/\r\n$/, '')
        .replace(/=\r\n/g, '')
        .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
      expect(Buffer.from(octets, 'latin1').equals(Buffer.from(text))).toBe(true);
    }
  });

  test.each([' ', '\n', '\r', 'x'])('and is not gathered until its end, whatever it is made of: %j', async (unit) => {
    let read = 0;
    const content = async function* (): AsyncGenerator<Uint8Array> {
      for (; read < 100; read++) yield Buffer.alloc(64 * 1024, unit);
    };
    const attachments = { filename: 'a', content: content(), contentTransferEncoding: 'quoted-printable' } as const;
    let ahead = 0;
    let blocks = 0;
    for await (const block of compose({ ...BASE, attachments })) {
      if (block.length < 1000) continue;
      ahead = Math.max(ahead, read - blocks++);
    }
    expect(ahead).toBeLessThan(4);
  });
});
