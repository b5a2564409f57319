import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { MessageError } from '../../src/errors.ts';
import {
  type ComposeOptions,
  compose,
  formatAddress,
  type MessageInit,
  parseAddresses,
  rawMessage,
  replyTo,
  template,
} from '../../src/mime/index.ts';

/**
 * Whatever a program that has no types gives for a field, it is a message or a MessageError: never an error of the
 * language, and never the name of a type in what is sent.
 */

const JUNK: readonly unknown[] = [
  5,
  Number.NaN,
  true,
  false,
  null,
  undefined,
  '',
  'x',
  'a\r\nb',
  '\ud800',
  {},
  [],
  [null],
  [5],
  [[]],
  [{}],
  () => 1,
  Symbol('s'),
  10n,
  new Date(Number.NaN),
  Object.create(null),
  { toString: null },
  new Map([['a', 1]]),
  Promise.resolve(1),
  new Error('x'),
  new Uint8Array(2),
  new ArrayBuffer(2),
  { 0: 'x' },
  new String('a@b.c'),
  globalThis,
  { content: 5 },
  { key: 5 },
  { name: 5, address: 5 },
  { name: 'x', group: 5 },
  { address: 'a@b.c', group: null },
  { url: 5 },
  { prepared: true, value: 5 },
];

const BASE = { from: 'a@b.c', to: 'x@y.z', text: 't', html: '<p>' };
const KEY = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });

/** Everything that a message has a place for. */
const PLACES: Record<string, (value: unknown) => unknown> = { message: (value) => value };
const add = (name: string, fields: string, place: (field: string, value: unknown) => object): void => {
  for (const field of fields.split(' ')) PLACES[`${name}.${field}`] = (value) => ({ ...BASE, ...place(field, value) });
};
const PART = 'content path href encoding contentType contentTransferEncoding headers httpHeaders raw';
add(
  'message',
  'from sender to cc bcc replyTo subject date timeZone messageId inReplyTo references text html watchHtml amp icalEvent ' +
    'calendar alternatives attachments headers list priority xMailer otp autoSubmitted dispositionNotificationTo envelope ' +
    'raw attachDataUrls textEncoding encoding flowed dkim normalizeHeaderKey newline disableFileAccess disableUrlAccess',
  (field, value) => ({ [field]: value }),
);
add('attachment', `${PART} filename contentDisposition cid`, (field, value) => ({
  attachments: [{ content: 'x', filename: 'y', [field]: value }],
}));
add('alternative', `${PART} filename`, (field, value) => ({
  alternatives: [{ content: 'x', contentType: 'text/x', [field]: value }],
}));
add('text', PART, (field, value) => ({ text: { content: 'x', [field]: value } }));
add('event', `${PART} method filename`, (field, value) => ({ icalEvent: { content: 'x', [field]: value } }));
add('envelope', 'from to cc bcc', (field, value) => ({ envelope: { to: 'a@b.c', [field]: value } }));
add(
  'dkim',
  'domainName keySelector privateKey keys headerFieldNames skipFields canonicalization spoolFolder cacheDir hashAlgo',
  (field, value) => ({ dkim: { domainName: 'a.b', keySelector: 's', privateKey: KEY, [field]: value } }),
);
add('key', 'domainName keySelector privateKey', (field, value) => ({
  dkim: { keys: [{ domainName: 'a.b', keySelector: 's', privateKey: KEY, [field]: value }] },
}));
add('header', 'X-A Subject To Date References', (field, value) => ({
  subject: '',
  to: [],
  headers: { [field]: value },
}));
add('list', 'help id unsubscribe unsubscribePost', (field, value) => ({
  list: { unsubscribe: 'https://x.example', [field]: value },
}));
add('address', 'name address group', (field, value) => ({ to: { name: 'x', address: 'a@b.c', [field]: value } }));
add('otp', 'code origin', (field, value) => ({ otp: { code: '1', origin: 'https://x.example', [field]: value } }));
add('inList', 'to references headers attachments', (field, value) => ({ [field]: [value] }));

function isMessageError(error: unknown): boolean {
  return error instanceof MessageError && error.field !== '';
}

describe('junk in a field', () => {
  test.each(Object.keys(PLACES))('%s', async (name) => {
    for (const value of JUNK) {
      try {
        const octets = await compose(PLACES[name]?.(value) as MessageInit).bytes();
        // Boundaries and identifiers are random, and may say anything.
        const text = Buffer.from(octets)
          .toString('latin1')
          .replace(/=_[\w-]{24}|<[\w-]{24}@/g, '');
        expect(text).not.toMatch(/\[object |undefined|NaN|Invalid Date|Symbol\(/);
      } catch (error) {
        if (!isMessageError(error)) throw error;
      }
    }
  });

  test.each<[string, (value: unknown) => unknown]>([
    ['access', (access) => ({ access })],
    ['files', (files) => ({ access: { files } })],
    ['urls', (urls) => ({ access: { urls } })],
    ['fetch', (fetch) => ({ fetch })],
    ['way', (way) => ({ way })],
    ['htmlToText', (htmlToText) => ({ htmlToText })],
    ['wrap', (wrap) => ({ wrap })],
    ['what wrap gives', (value) => ({ wrap: () => value })],
    ['options', (options) => options],
  ])('options: %s', (_, make) => {
    for (const value of JUNK) {
      try {
        compose({ from: 'a@b.c', html: '<p>x' }, make(value) as ComposeOptions).inMemory();
      } catch (error) {
        if (!isMessageError(error)) throw error;
      }
    }
  });

  test.each<[string, (value: never) => unknown]>([
    ['rawMessage()', (value) => rawMessage(value)],
    ['rawMessage(), envelope', (value) => rawMessage('From: a@b.c\r\n\r\n', value)],
    ['replyTo()', (value) => replyTo(value)],
    ['replyTo(), fields', (value) => replyTo({ messageId: value, references: value, subject: value, from: value })],
    ['template()', (value) => template(value).compose({})],
    ['template().compose()', (value) => template(BASE).compose(value)],
    ['parseAddresses()', (value) => parseAddresses(value)],
    ['formatAddress()', (value) => formatAddress(value)],
  ])('%s', (_, call) => {
    for (const value of JUNK) {
      try {
        call(value as never);
      } catch (error) {
        if (!isMessageError(error)) throw error;
      }
    }
  });

  test('an address that was written by hand is validated before it is formatted', () => {
    expect(formatAddress({ name: 'Doe, John', address: 'john@example.com' })).toBe('"Doe, John" <john@example.com>');
    expect(formatAddress(['a@b.c', { name: 'G', group: ['d@e.f'] }])).toBe('a@b.c, G: d@e.f;');
    for (const bad of [
      { name: 'x\r\nBcc: y@z.z', address: 'a@b.c' },
      { name: 'x', address: 'a@b.c>, y@z.z <d@e.f' },
    ]) {
      expect(() => formatAddress(bad)).toThrow(MessageError);
    }
  });

  test('no key is no signature, and is refused', () => {
    for (const dkim of [{ keys: [] }, { keys: {} as [] }, { headerFieldNames: 'from;x' }]) {
      const one = { domainName: 'a.b', keySelector: 's', privateKey: KEY, ...dkim };
      expect(() => compose({ ...BASE, dkim: one })).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
    }
  });
});
