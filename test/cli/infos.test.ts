/** `infos.txt`: what it may say, and what is said of one that is not right. */
import { describe, expect, test } from 'vitest';
import { parseInfos } from '../../src/cli/infos.ts';
import { infosMessage } from '../../src/cli/infos-message.ts';
import { compose } from '../../src/mime/index.ts';

const SEED = `smtp.univ-angers.fr, serge.tahe@univ-angers.fr , serge.tahe@univ-angers.fr
Subject: test

ligne1
ligne2

ligne3
`;

async function composed(text: string, encoding: BufferEncoding = 'utf8'): Promise<string> {
  const bytes = Buffer.from(text, encoding);
  const message = compose(infosMessage(parseInfos(text, 'infos.txt'), bytes, 'infos.txt'));
  return Buffer.from(await message.bytes()).toString(encoding);
}

describe('parsing', () => {
  test('the file of the first program', () => {
    expect(parseInfos(SEED, 'infos.txt')).toMatchObject({
      server: 'smtp.univ-angers.fr',
      sender: 'serge.tahe@univ-angers.fr',
      recipient: 'serge.tahe@univ-angers.fr',
      headers: [{ name: 'Subject', value: 'test', line: 2 }],
      body: 'ligne1\nligne2\n\nligne3\n',
    });
  });

  test.each(['\r\n', '\n', '\r'])('line ends %j, and a byte order mark', (end) => {
    const infos = parseInfos(`\ufeff${SEED.replaceAll('\n', end)}`, 'infos.txt');
    expect(infos.server).toBe('smtp.univ-angers.fr');
    expect(infos.body).toBe('ligne1\nligne2\n\nligne3\n');
  });

  test('folded headers, and no body', () => {
    const infos = parseInfos('h, a@b.example, c@d.example\nSubject: one\n  two\nX-A:b', 'f');
    expect(infos.headers.map(({ name, value }) => [name, value])).toEqual([
      ['Subject', 'one two'],
      ['X-A', 'b'],
    ]);
    expect(infos.body).toBe('');
  });

  test.each([
    ['', 'f:1: expected "server, sender, recipient", and the line is empty'],
    ['\nSubject: x\n', 'f:1: expected "server, sender, recipient", and the line is empty'],
    [
      'smtp.example.com\n',
      'f:1: expected "server, sender, recipient", 3 fields with commas between them, and found 1 field',
    ],
    [
      'a, b, c, d\n',
      'f:1: expected "server, sender, recipient", 3 fields with commas between them, and found 4 fields',
    ],
    ['h, , c@d\n', 'f:1: expected "server, sender, recipient", and the sender is empty'],
    [', a@b, c@d\n', 'f:1: expected "server, sender, recipient", and the server is empty'],
    ['h, a@b, \n', 'f:1: expected "server, sender, recipient", and the recipient is empty'],
    [
      'h, a@b, c@d\nHello Bob\n',
      'f:2: expected a header, "Name: value", or the empty line before the body, not "Hello Bob"',
    ],
    [
      'h, a@b, c@d\nA: b\nBad Name: x\n',
      'f:3: expected a header, "Name: value", or the empty line before the body, not "Bad Name: x"',
    ],
    [
      'h, a@b, c@d\n folded\n',
      'f:2: expected a header, "Name: value", or the empty line before the body, not " folded"',
    ],
  ])('%j', (text, message) => {
    expect(() => parseInfos(text, 'f')).toThrow(message);
  });

  test.each(['not-an-address', 'a@b@c', 'a b@c.example', '<a@b.example'])('the sender %s', (sender) => {
    const infos = parseInfos(`h, ${sender}, c@d.example\n`, 'f');
    expect(() => infosMessage(infos, Buffer.alloc(0), 'f')).toThrow(/^f:1: the sender: /);
  });
});

describe('the message', () => {
  test('is the lines of the file, with From and To before them, Date and Message-ID after them', async () => {
    const text = await composed(SEED);
    expect(text).toMatch(
      /^From: serge\.tahe@univ-angers\.fr\r\nTo: serge\.tahe@univ-angers\.fr\r\nSubject: test\r\nDate: \w{3}, .* \+0000\r\nMessage-ID: <[\w-]+@univ-angers\.fr>\r\n\r\nligne1\r\nligne2\r\n\r\nligne3\r\n$/,
    );
  });

  test('keeps what the file says itself, and hides Bcc', async () => {
    const text = await composed(
      'h, a@b.example, c@d.example\nfrom: A <a@b.example>\nBcc: x@y.example,\n z@y.example\nTO: all\nDate: d\nMessage-Id: <m>\n\nhi',
    );
    expect(text).toBe('from: A <a@b.example>\r\nTO: all\r\nDate: d\r\nMessage-Id: <m>\r\n\r\nhi');
  });

  test('beyond ASCII is encoded as mail needs it', async () => {
    const text = await composed('h, a@b.example, c@d.example\nSubject: Grüße\nX-Mine: y\n\nSchöne Grüße\n');
    expect(text).toMatch(/Subject: =\?utf-8\?/i);
    expect(text).toMatch(/MIME-Version: 1\.0/i);
    expect(text).toMatch(/X-Mine: y/i);
    expect(text).toMatch(/^[\0-\x7f]*$/);
  });

  test('with a Content-Type of its own goes byte for byte', async () => {
    const text = await composed(
      'h, a@b.example, c@d.example\nContent-Type: text/plain; charset=iso-8859-1\n\nSchöne Grüße\n',
      'latin1',
    );
    expect(text).toContain('\r\n\r\nSchöne Grüße\r\n');
  });
});
