import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { describe, expect, test } from 'vitest';
import { MessageError } from '../../src/errors.ts';
import { canonicalField } from '../../src/mime/canonical.ts';
import { compose, type DkimInit, type Message, type MessageInit } from '../../src/mime/index.ts';

/** Signatures as mailauth verifies them; opendkim and dkimpy do so in dkim-verifiers.test.ts. */

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed25519 = generateKeyPairSync('ed25519');
const pem = (key: { export(options: { type: 'pkcs8'; format: 'pem' }): string | Buffer }): string =>
  key.export({ type: 'pkcs8', format: 'pem' }).toString();
const RSA = { domainName: 'example.com', keySelector: 'rsa', privateKey: pem(rsa.privateKey) };
const ED = { domainName: 'example.com', keySelector: 'ed', privateKey: pem(ed25519.privateKey) };
const records: Record<string, string> = {
  'rsa._domainkey.example.com': `v=DKIM1; k=rsa; p=${rsa.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`,
  // RFC 8463 section 4: the 32 octets of the key itself.
  'ed._domainkey.example.com': `v=DKIM1; k=ed25519; p=${ed25519.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64')}`,
};

async function verdicts(octets: Uint8Array): Promise<{ result: string; algo: string }[]> {
  const resolver = async (name: string, type: string): Promise<string[][]> => {
    const record = records[name];
    if (type !== 'TXT' || record === undefined) throw Object.assign(new Error('no such record'), { code: 'ENOTFOUND' });
    return [[record]];
  };
  const { results } = await dkimVerify(Buffer.from(octets), { resolver });
  return results.map((result) => {
    const { status, algo } = result as typeof result & { algo: string };
    return { result: status.result, algo };
  });
}

const BASE: MessageInit = {
  from: 'Jörg <joerg@example.com>',
  to: ['a@example.org', 'Bö <b@example.org>'],
  subject: 'Grüße, with  two spaces and a line that is long enough to be folded somewhere in the middle of it',
  text: 'Hello \n\n  indented\ttext  \nend \n\n\n',
  html: '<p>Grüße</p>\n',
  headers: { 'X-Other': 'not signed' },
};

const FORMS = ['relaxed/relaxed', 'relaxed/simple', 'simple/relaxed', 'simple/simple'] as const;
const bodies: [string, Partial<MessageInit>][] = [
  ['text and html', {}],
  ['an empty body', { text: '', html: '' }],
  ['blank lines only', { text: '\n\n\n', html: '' }],
  ['white space only', { text: ' \t \n \n', html: '' }],
  ['an attachment', { attachments: [{ filename: 'x', content: Buffer.alloc(300_000, 7) }] }],
];

describe.each(FORMS)('%s', (canonicalization) => {
  test.each(bodies)('%s', async (_, init) => {
    const message = compose({ ...BASE, ...init, dkim: { keys: [RSA, ED], canonicalization } });
    const octets = await message.bytes();
    expect(message.size).toBe(octets.length);
    expect(await verdicts(octets)).toEqual([
      { result: 'pass', algo: 'rsa-sha256' },
      { result: 'pass', algo: 'ed25519-sha256' },
    ]);
    expect(Buffer.from(octets).toString('latin1')).toMatch(/h=from\r?\n? ?:from/);
    // Whichever way it is read.
    const whole =
      message.inMemory() ??
      Buffer.concat([...(message.chunks() ?? [])].map((chunk) => Buffer.from(chunk as string, 'latin1')));
    expect(Buffer.from(whole as string, 'latin1').equals(octets)).toBe(true);
  });
});

describe('content that must be read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plainwire-dkim-'));
  const path = join(folder, 'data.bin');
  writeFileSync(path, Buffer.alloc(1_000_000, 'plain wire '));

  test('a file is read twice', async () => {
    const message = compose({ ...BASE, attachments: [{ path }], dkim: RSA });
    expect(message.replayable).toBe(true);
    const octets = await message.bytes();
    expect(await message.measure()).toBe(octets.length);
    expect((await verdicts(octets))[0]?.result).toBe('pass');
  });

  test('a stream is kept in a file, which is gone afterwards', async () => {
    const spool = mkdtempSync(join(tmpdir(), 'plainwire-spool-'));
    const content = Readable.from([Buffer.alloc(100_000, 1), Buffer.alloc(57, 2)]);
    const dkim = { ...RSA, spoolFolder: spool };
    const octets = await compose({ ...BASE, attachments: [{ filename: 'x', content }], dkim }).bytes();
    expect((await verdicts(octets))[0]?.result).toBe('pass');
    expect(readdirSync(spool)).toEqual([]);
  });

  test('a file that changes between the two readings ends the message before it is complete', async () => {
    const changing = join(folder, 'changing.bin');
    writeFileSync(changing, Buffer.alloc(600_000, 1));
    const message = compose({ ...BASE, attachments: [{ path: changing }], dkim: RSA });
    let seen = '';
    const read = async (): Promise<void> => {
      for await (const chunk of message) {
        if (seen === '') writeFileSync(changing, Buffer.alloc(600_000, 2));
        seen += Buffer.from(chunk).toString('latin1');
      }
    };
    await expect(read()).rejects.toThrow(expect.objectContaining({ name: 'MessageError', code: 'ATTACHMENT_FAILED' }));
    expect(seen.trimEnd().endsWith('--')).toBe(false);
  });

  test('a raw message at hand is signed with CRLF line ends', async () => {
    const raw = 'From: joerg@example.com\nTo: a@example.org\nSubject: raw\n\nline\nline\n';
    const message = compose({ raw, dkim: RSA });
    expect(message.canonical).toBe(true);
    expect((await verdicts(await message.bytes()))[0]?.result).toBe('pass');
  });
});

describe.each(FORMS)('a raw message, %s', (canonicalization) => {
  test.each([
    [
      'a header that is not UTF-8',
      'From: a@example.com\r\nSubject: Gr\xfc\xdfe \xff\r\nTo: b@example.org\r\n\r\nGr\xfc\xdfe\r\n',
    ],
    ['no blank line behind its header', 'From: a@example.com\r\nTo: b@example.org\r\n'],
    ['no line end at all', 'From: a@example.com\nTo: b@example.org'],
    ['no line end behind its body', 'From: a@example.com\r\n\r\nx'],
  ])('with %s', async (_, raw) => {
    const envelope = { from: 'a@example.com', to: 'b@example.org' };
    const octets = Buffer.from(raw, 'latin1');
    const signed = Buffer.from(await compose({ raw: octets, envelope, dkim: { ...RSA, canonicalization } }).bytes());
    // a line end is what SMTP adds
    const onTheWire = signed.toString('latin1').endsWith('\r\n')
      ? signed
      : Buffer.concat([signed, Buffer.from('\r\n')]);
    expect((await verdicts(onTheWire))[0]?.result).toBe('pass');
    expect(onTheWire.toString('latin1')).toContain(raw.replace(/\r?\n/g, '\r\n'));
    // the same as a stream, wherever it is cut
    for (const size of [1, 7, 1000]) {
      const chunks = (octets.toString('latin1').match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []).map((text) =>
        Buffer.from(text, 'latin1'),
      );
      const stream = compose({ raw: Readable.from(chunks), envelope, dkim: { ...RSA, canonicalization } });
      expect(stream.canonical).toBe(true);
      const read = Buffer.from(await stream.bytes()).toString('latin1');
      // what differs is the time and, by that, the signature
      expect(read.slice(read.indexOf('From: '))).toBe(signed.toString('latin1', signed.indexOf('From: ')));
      expect((await verdicts(Buffer.from(read.endsWith('\r\n') ? read : `${read}\r\n`, 'latin1')))[0]?.result).toBe(
        'pass',
      );
    }
  });
});

test('a raw stream that is signed: kept in a file that is gone afterwards, and with a header that ends', async () => {
  const spoolFolder = mkdtempSync(join(tmpdir(), 'plainwire-spool-'));
  const envelope = { from: 'a@example.com', to: 'b@example.org' };
  const dkim = { ...RSA, spoolFolder };
  const signed = (raw: NonNullable<MessageInit['raw']>): Message => compose({ raw, envelope, dkim });
  const text = `From: a@example.com\nSubject: x\n\n${'body\n'.repeat(100_000)}`;
  const blob = signed(new Blob([text]));
  expect([blob.replayable, signed(Readable.from([text])).replayable]).toEqual([true, false]);
  for (let time = 0; time < 2; time++) expect((await verdicts(await blob.bytes()))[0]?.result).toBe('pass');
  const endless = signed(Readable.from(Array.from({ length: 40 }, () => Buffer.alloc(64 * 1024, 'x\n'))));
  await expect(endless.bytes()).rejects.toThrow(expect.objectContaining({ code: 'BAD_INPUT', field: 'raw' }));
  const broken = signed(
    (async function* () {
      yield text;
      throw new Error('the disk is gone');
    })(),
  );
  await expect(broken.bytes()).rejects.toThrow(/the disk is gone/);
  for await (const _ of signed(Readable.from([text]))) break;
  expect(readdirSync(spoolFolder)).toEqual([]);
});

test('relaxed takes spaces and tabs from the ends of a field, and no other octet that a program may take for a space', () => {
  expect(canonicalField('Subject \t:\t \xa0\xc2\xa0x\u0085 \r\n', 'relaxed')).toBe('subject:\xa0\xc2\xa0x\u0085\r\n');
});

describe('what a signature protects', () => {
  const signed = (dkim: DkimInit): Message => compose({ ...BASE, dkim });
  const changed = async (dkim: DkimInit, from: string | RegExp, to: string): Promise<string | undefined> => {
    const text = Buffer.from(await signed(dkim).bytes()).toString('latin1');
    expect(text).toMatch(from);
    return (await verdicts(Buffer.from(text.replace(from, to), 'latin1')))[0]?.result;
  };

  test('a changed body or header fails, and so does an added From or Subject', async () => {
    expect(await changed(RSA, 'indented', 'invented')).not.toBe('pass');
    expect(await changed(RSA, /^To: /m, 'To: c@example.org, ')).not.toBe('pass');
    expect(await changed(RSA, /^From: /m, 'From: evil@example.net\r\nFrom: ')).not.toBe('pass');
    expect(await changed(RSA, /^Subject: /m, 'Subject: evil\r\nSubject: ')).not.toBe('pass');
  });

  test('fields that are skipped or not signed may change', async () => {
    expect(await changed(RSA, 'not signed', 'changed')).toBe('pass');
    expect(await changed({ ...RSA, skipFields: 'to:cc' }, /^To: /m, 'To: c@example.org, ')).toBe('pass');
    expect(await changed({ ...RSA, headerFieldNames: 'from:subject' }, /^To: /m, 'To: c@example.org, ')).toBe('pass');
  });
});

describe('settings', () => {
  test.each<[string, DkimInit, string]>([
    ['a typo', { ...RSA, keySelecter: 'x' } as DkimInit, 'dkim.keySelecter'],
    ['no domain', { keySelector: 'x', privateKey: RSA.privateKey }, 'dkim.domainName'],
    ['a domain with a line end', { ...RSA, domainName: 'example.com\r\nX-Evil: 1' }, 'dkim.domainName'],
    ['a selector that is none', { ...RSA, keySelector: 'a b' }, 'dkim.keySelector'],
    ['no key', { ...RSA, privateKey: 'secret words' }, 'dkim.privateKey'],
    ['a key in a list', { keys: [RSA, { ...ED, privateKey: '' }] }, 'dkim.keys[1].privateKey'],
  ])('%s is an error that names the field, and holds no key', (_, dkim, field) => {
    expect(() => compose({ ...BASE, dkim })).toThrow(expect.objectContaining({ field }));
    try {
      compose({ ...BASE, dkim });
    } catch (error) {
      expect(error).toBeInstanceOf(MessageError);
      expect(String(error)).not.toContain('secret words');
    }
  });

  test('an RSA key that is too short', () => {
    const short = pem(generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey);
    expect(() => compose({ ...BASE, dkim: { ...RSA, privateKey: short } })).toThrow(/1024/);
  });
});

test('one key need not stand in a list', async () => {
  const octets = await compose({ ...BASE, text: 'x', dkim: { keys: RSA } }).bytes();
  expect(await verdicts(octets)).toEqual([{ result: 'pass', algo: 'rsa-sha256' }]);
  expect(() => compose({ ...BASE, text: 'x', dkim: { keys: [] } })).toThrow(/dkim.keys: holds no key/);
});
