/** The server's side of SMTP: which commands may come when, and what each mistake is told. */
import { describe, expect, test } from 'vitest';
import { converse } from './conversation.ts';

const HELLO = 'EHLO me.example\r\n';
const BEGUN = `${HELLO}MAIL FROM:<a@b.example>\r\n`;

/** The codes behind the greeting and what `before` brings. */
async function answers(said: string, settings = {}): Promise<readonly string[]> {
  const { lines } = await converse(said, { settings });
  return lines.filter((line) => line.charAt(3) === ' ').slice(1);
}

async function lastAnswer(said: string, settings = {}): Promise<string> {
  return (await answers(said, settings)).at(-1) ?? '';
}

describe('the greeting and EHLO', () => {
  test('the server speaks first', async () => {
    expect((await converse('')).lines).toEqual(['220 mx.example ESMTP plainwire']);
  });

  test('EHLO says what there is, HELO nothing', async () => {
    const { lines } = await converse('HELO me\r\nEHLO me.example\r\n', { settings: { startTls: true } });
    expect(lines.slice(1)).toEqual([
      '250 mx.example greets me',
      '250-mx.example greets me.example',
      '250-PIPELINING',
      '250-8BITMIME',
      '250-SMTPUTF8',
      '250-CHUNKING',
      '250-ENHANCEDSTATUSCODES',
      '250-STARTTLS',
      '250 SIZE 1000',
    ]);
  });

  test('AUTH is offered where it is encrypted, or where that is not asked for', async () => {
    const offers = async (settings: object) =>
      (await converse(HELLO, { settings })).lines.includes('250-AUTH PLAIN LOGIN');
    expect(await offers({})).toBe(false);
    expect(await offers({ secure: true })).toBe(true);
    expect(await offers({ plaintextAuth: true })).toBe(true);
  });
});

describe('order and grammar', () => {
  test.each([
    ['mail before a name', 'MAIL FROM:<a@b.example>\r\n', '503 5.5.1 Say EHLO first'],
    ['a recipient before mail', `${HELLO}RCPT TO:<c@d.example>\r\n`, '503 5.5.1 Say MAIL first'],
    ['DATA before mail', `${HELLO}DATA\r\n`, '503 5.5.1 Say MAIL first'],
    ['DATA with no recipient', `${BEGUN}DATA\r\n`, '554 5.5.1 No recipient was taken'],
    [
      'mail within mail',
      `${BEGUN}MAIL FROM:<a@b.example>\r\n`,
      '503 5.5.1 A message has begun already; RSET would forget it',
    ],
    ['no name', 'EHLO\r\n', '501 5.5.4 Say your name: EHLO and a domain'],
    ['a command nobody knows', 'WHAT\r\n', '500 5.5.2 I do not know that command; HELP lists what I know'],
    ['an empty line', '\r\n', '500 5.5.2 I do not know that command; HELP lists what I know'],
    ['a bare LF', 'NOOP\n', '500 5.5.2 A line ends with CR and LF, and this one with LF alone'],
    ['a control character', 'NOOP \x07\r\n', '500 5.5.2 A control character has no place in a command'],
    ['a bare CR', 'NOOP a\rb\r\n', '500 5.5.2 A control character has no place in a command'],
    ['a long line', `NOOP ${'x'.repeat(3000)}\r\n`, '500 5.5.2 A command line has at most 2048 octets'],
    ['an argument too many', 'RSET now\r\n', '501 5.5.4 No argument is expected'],
    ['no colon', `${HELLO}MAIL <a@b.example>\r\n`, '501 5.5.4 FROM:<address> is expected'],
    ['no brackets', `${HELLO}MAIL FROM:a@b.example\r\n`, '501 5.5.4 an address in < and > is expected'],
    ['the null path for a recipient', `${BEGUN}RCPT TO:<>\r\n`, '501 5.5.4 a recipient needs an address'],
    ['a parameter nobody knows', `${HELLO}MAIL FROM:<a@b.example> X=1\r\n`, '555 5.5.4 I do not know the parameter X'],
    ['a parameter twice', `${HELLO}MAIL FROM:<a@b.example> SIZE=1 SIZE=2\r\n`, '501 5.5.4 SIZE stands twice'],
    ['a size that is none', `${HELLO}MAIL FROM:<a@b.example> SIZE=x\r\n`, '501 5.5.4 SIZE is a number'],
    [
      'a size that is too big',
      `${HELLO}MAIL FROM:<a@b.example> SIZE=1001\r\n`,
      '552 5.3.4 A message has at most 1000 bytes here',
    ],
    ['STARTTLS that is not offered', `${HELLO}STARTTLS\r\n`, '502 5.5.1 STARTTLS is not offered here'],
    ['AUTH in clear', `${HELLO}AUTH PLAIN\r\n`, '538 5.7.11 Encrypt the connection first'],
    ['EXPN', 'EXPN list\r\n', '502 5.5.1 I know EXPN, and do not do it'],
  ])('%s', async (_name, said, answer) => {
    expect(await lastAnswer(said)).toBe(answer);
  });

  test.each([
    ['the null path', `${HELLO}MAIL FROM:<>\r\n`],
    ['lower case', 'ehlo me\r\nmail from:<a@b.example>\r\n'],
    ['a space after the colon', `${HELLO}MAIL FROM: <a@b.example>\r\n`],
    ['8BITMIME and a size', `${HELLO}MAIL FROM:<a@b.example> BODY=8BITMIME SIZE=1000\r\n`],
    ['a quoted local part with a bracket', `${HELLO}MAIL FROM:<"a>b"@c.example>\r\n`],
    ['a source route', `${BEGUN}RCPT TO:<@one.example,@two.example:c@d.example>\r\n`],
    ['the postmaster', `${BEGUN}RCPT TO:<Postmaster>\r\n`],
    ['NOOP with words', 'NOOP are you there\r\n'],
    ['RSET', `${BEGUN}RSET\r\n`],
  ])('%s is taken', async (_name, said) => {
    expect(await lastAnswer(said)).toMatch(/^250 /);
  });

  test('an address beyond ASCII needs SMTPUTF8', async () => {
    const utf8 = Buffer.from('<jörg@d.example>').toString('latin1');
    expect(await lastAnswer(`${HELLO}MAIL FROM:${utf8}\r\n`)).toMatch(/^553 5\.6\.7 /);
    expect(await lastAnswer(`${BEGUN}RCPT TO:${utf8}\r\n`)).toMatch(/^553 5\.6\.7 /);
    expect(await lastAnswer(`${HELLO}MAIL FROM:${utf8} SMTPUTF8\r\nRCPT TO:${utf8}\r\n`)).toBe(
      '250 2.1.5 Recipient ok',
    );
  });

  test('recipients are refused by name, in any case, and the others not', async () => {
    const said = `${BEGUN}RCPT TO:<Nobody@d.example>\r\nRCPT TO:<c@d.example>\r\n`;
    expect((await answers(said, { refused: new Set(['nobody@d.example']) })).slice(2)).toEqual([
      '550 5.1.1 There is no such mailbox here',
      '250 2.1.5 Recipient ok',
    ]);
  });

  test('there is an end of recipients, and it is one for now', async () => {
    const said = BEGUN + Array.from({ length: 1001 }, (_each, index) => `RCPT TO:<c${index}@d.example>\r\n`).join('');
    expect((await answers(said)).slice(-2)).toEqual([
      '250 2.1.5 Recipient ok',
      '452 4.5.3 A message has at most 1000 recipients here',
    ]);
  });

  test('after twenty mistakes it is over', async () => {
    const { codes } = await converse('WHAT\r\n'.repeat(30));
    expect(codes).toEqual([220, ...Array<number>(20).fill(500), 421]);
  });

  test('after QUIT nothing is answered', async () => {
    expect((await converse('QUIT\r\nNOOP\r\n')).codes).toEqual([220, 221]);
  });
});

describe('STARTTLS', () => {
  test('what was said before it is forgotten, and what came with it put back', async () => {
    const { lines, unread } = await converse(`${HELLO}STARTTLS\r\nMAIL FROM:<a@b.example>\r\n`, {
      settings: { startTls: true },
    });
    expect(lines.at(-1)).toBe('220 2.0.0 Begin the TLS handshake');
    expect(unread).toBe('MAIL FROM:<a@b.example>\r\n');
  });

  test('line by line: EHLO again, with AUTH and without STARTTLS', async () => {
    const said = `${HELLO}STARTTLS\r\nMAIL FROM:<a@b.example>\r\nEHLO me\r\nSTARTTLS\r\n`;
    // a piece for each line, as one that waits for the replies would say it
    const { lines } = await converse(said, { settings: { startTls: true }, piece: 1 });
    expect(lines).toContain('503 5.5.1 Say EHLO first');
    expect(lines).toContain('250-AUTH PLAIN LOGIN');
    expect(lines.at(-1)).toBe('503 5.5.1 The connection is encrypted already');
    expect(lines.filter((line) => line.includes('STARTTLS'))).toHaveLength(1);
  });
});

describe('AUTH', () => {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const login = { user: 'ada', password: 'pässword' };
  const settings = { secure: true, login };

  test.each([
    ['PLAIN at once', `AUTH PLAIN ${base64('\0ada\0pässword')}\r\n`, [235]],
    ['PLAIN when asked', `AUTH PLAIN\r\n${base64('\0ada\0pässword')}\r\n`, [334, 235]],
    ['LOGIN', `AUTH LOGIN\r\n${base64('ada')}\r\n${base64('pässword')}\r\n`, [334, 334, 235]],
    ['LOGIN with the name at once', `AUTH LOGIN ${base64('ada')}\r\n${base64('pässword')}\r\n`, [334, 235]],
    ['a wrong password', `AUTH PLAIN ${base64('\0ada\0password')}\r\n`, [535]],
    ['a wrong name', `AUTH PLAIN ${base64('\0eve\0pässword')}\r\n`, [535]],
    ['giving up', 'AUTH PLAIN\r\n*\r\n', [334, 501]],
    ['no base64', 'AUTH PLAIN ada\r\n', [501]],
    ['no three parts', `AUTH PLAIN ${base64('ada')}\r\n`, [501]],
    ['an empty answer', 'AUTH PLAIN =\r\n', [501]],
    ['a mechanism nobody knows', 'AUTH X\r\n', [504]],
    ['a second time', `AUTH PLAIN ${base64('\0ada\0pässword')}\r\nAUTH PLAIN\r\n`, [235, 503]],
    ['an answer that is too long', `AUTH PLAIN\r\n${'A'.repeat(13_000)}\r\n`, [334, 500]],
  ])('%s', async (_name, said, codes) => {
    expect((await converse(HELLO + said, { settings })).codes.slice(2)).toEqual(codes);
  });

  test('where a login is wanted, no mail is taken without', async () => {
    expect(await lastAnswer(BEGUN, settings)).toBe('530 5.7.0 Log in first');
    expect(await lastAnswer(`${HELLO}AUTH PLAIN ${base64('\0ada\0pässword')}\r\nMAIL FROM:<>\r\n`, settings)).toMatch(
      /^250/,
    );
  });

  test('where none is, any login is right', async () => {
    const said = `${HELLO}AUTH PLAIN ${base64('\0eve\0x')}\r\nMAIL FROM:<>\r\n`;
    expect((await converse(said, { settings: { secure: true } })).codes).toEqual([220, 250, 235, 250]);
  });
});
