/** The server's side of SMTP: messages, whole to the byte however they arrive, and never longer or shorter. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { converse } from './conversation.ts';

const ENVELOPE = 'EHLO me.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nRCPT TO:<e@f.example>\r\n';
const PIECES = [undefined, 1, 2, 3, 7];

describe.each(PIECES)('in pieces of %s', (piece) => {
  const size = piece === undefined ? {} : { piece };

  test('a message with dots, and what follows it', async () => {
    const said = `${ENVELOPE}DATA\r\nSubject: x\r\n\r\n..one\r\n...two\r\na.b\r\n.\r\nNOOP\r\nQUIT\r\n`;
    const { mails, codes, lines } = await converse(said, size);
    expect(mails).toEqual([
      {
        from: 'a@b.example',
        to: ['c@d.example', 'e@f.example'],
        text: 'Subject: x\r\n\r\n.one\r\n..two\r\na.b\r\n',
        size: 32,
        client: 'me.example',
        user: undefined,
        smtpUtf8: false,
      },
    ]);
    expect(codes).toEqual([220, 250, 250, 250, 250, 354, 250, 250, 221]);
    expect(lines).toContain('250 2.0.0 Message queued as 1');
  });

  test('an empty message', async () => {
    const { mails } = await converse(`${ENVELOPE}DATA\r\n.\r\n`, size);
    expect(mails.map(({ text }) => text)).toEqual(['']);
  });

  test('chunks, with anything in them', async () => {
    const said = `${ENVELOPE}BDAT 6\r\na\r\n.\r\nBDAT 3\r\n\0\xff\nBDAT 0 LAST\r\nNOOP\r\n`;
    const { mails, codes } = await converse(said, size);
    expect(mails.map(({ text }) => text)).toEqual(['a\r\n.\r\n\0\xff\n']);
    expect(codes).toEqual([220, 250, 250, 250, 250, 250, 250, 250, 250]);
  });

  test.each([
    ['a line that ends with LF', 'a\nb\r\n'],
    ['a CR alone', 'a\rb\r\n'],
    ['a dot behind LF', 'a\n.\r\nMAIL FROM:<x@y.example>\r\n'],
    ['a dot before LF', 'a\r\n.\nMAIL FROM:<x@y.example>\r\n'],
    ['a dot between CRs', 'a\r.\rMAIL FROM:<x@y.example>\r\n'],
    ['a dot and CR, and no LF', 'a\r\n.\rb\r\n'],
  ])('%s ends no message, and spoils it', async (_name, content) => {
    const { mails, lines } = await converse(`${ENVELOPE}DATA\r\n${content}.\r\nNOOP\r\n`, size);
    expect(mails).toEqual([]);
    expect(lines.slice(-2)).toEqual([
      '554 5.6.0 In a message CR and LF come together or not at all',
      '250 2.0.0 I am here',
    ]);
  });

  test('a message that is too big is read to its end, and refused', async () => {
    const content = 'x'.repeat(98).concat('\r\n');
    const fits = await converse(`${ENVELOPE}DATA\r\n${content.repeat(10)}.\r\nNOOP\r\n`, size);
    expect(fits.codes.slice(-2)).toEqual([250, 250]);
    expect(fits.mails).toHaveLength(1);
    const tooBig = await converse(`${ENVELOPE}DATA\r\n${content.repeat(10)}x\r\n.\r\nNOOP\r\n`, size);
    expect(tooBig.codes.slice(-2)).toEqual([552, 250]);
    expect(tooBig.mails).toEqual([]);
  });

  test('so are chunks, whose octets never become commands', async () => {
    const octets = 'RSET\r\n'.repeat(100);
    const { codes, mails } = await converse(
      `${ENVELOPE}BDAT 600\r\n${octets}BDAT 600\r\n${octets}BDAT 6 LAST\r\nRSET\r\nNOOP\r\n`,
      size,
    );
    expect(codes.slice(5)).toEqual([250, 552, 503, 250]);
    expect(mails).toEqual([]);
  });

  test('chunks with no message begun are read, too', async () => {
    const { codes } = await converse('EHLO me\r\nBDAT 6 LAST\r\nRSET\r\nNOOP\r\n', size);
    expect(codes).toEqual([220, 250, 503, 250]);
  });
});

test('a batch is answered in one write', async () => {
  const { writes, codes } = await converse(`${ENVELOPE}DATA\r\n`);
  expect(codes).toHaveLength(6);
  // the greeting is said before anything is read
  expect(writes).toBe(2);
});

test('BDAT of no number ends it: what follows could be anything', async () => {
  const { codes } = await converse(`${ENVELOPE}BDAT x\r\nNOOP\r\n`);
  expect(codes.slice(5)).toEqual([501]);
});

test('DATA does not go with chunks', async () => {
  const { codes } = await converse(`${ENVELOPE}BDAT 1\r\nxDATA\r\nRCPT TO:<g@h.example>\r\n`);
  expect(codes.slice(5)).toEqual([250, 503, 503]);
});

test('a message that could not be kept is one for later', async () => {
  const keep = async () => ({ failure: 'no room' });
  const { lines } = await converse(`${ENVELOPE}DATA\r\n.\r\n`, { keep });
  expect(lines.at(-1)).toBe('451 4.3.0 The message could not be kept: no room');
});

test('any text, stuffed as a client does, comes out as it went in, in any pieces', async () => {
  const line = fc.string({ unit: fc.constantFrom('.', '..', 'a', ' ', 'ü', '-'), maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 8 }), fc.integer({ min: 1, max: 12 }), async (lines, piece) => {
      const text = Buffer.from(lines.map((each) => `${each}\r\n`).join('')).toString('latin1');
      const stuffed = text.replace(/^\./gm, '..');
      const { mails } = await converse(`${ENVELOPE}DATA\r\n${stuffed}.\r\n`, { piece });
      expect(mails.map((mail) => mail.text)).toEqual([text]);
    }),
    { numRuns: 100 },
  );
});
