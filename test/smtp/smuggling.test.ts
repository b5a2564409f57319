/**
 * SMTP smuggling: whatever a message holds, and however it comes in pieces, a server that keeps to RFC 5321 sees one
 * message, and so does one that takes a bare CR or LF for a line end, for none leaves here.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compose, type Message } from '../../src/mime/index.ts';
import { Driver } from '../../src/smtp/driver.ts';
import { quit } from '../../src/smtp/opening.ts';
import { memoryPair } from '../../src/transport/index.ts';
import { type Outcome, raw, send, settings } from '../support/dialogue.ts';

const WAYS = ['DATA, one by one', 'DATA, pipelined', 'BDAT'] as const;
type Way = (typeof WAYS)[number];
const OFFERS: Readonly<Record<Way, string>> = {
  'DATA, one by one': '250 mx\r\n',
  'DATA, pipelined': '250-mx\r\n250 PIPELINING\r\n',
  BDAT: '250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n',
};

interface Received {
  readonly commands: readonly string[];
  /** Everything that came. */
  readonly heard: string;
  /** The content as it crossed the wire; of BDAT, without its commands. */
  readonly wire: string;
  /** The message, dots taken out. */
  readonly message: string;
  readonly outcome: Outcome;
}

/** Sends to a server that reads by the letter: CRLF ends a line, CRLF.CRLF ends DATA, BDAT counts octets. */
async function sendTo(way: Way, message: Message): Promise<Received> {
  const [near, far] = memoryPair();
  const commands: string[] = [];
  let buffered = '';
  let heard = '';
  const more = async (): Promise<boolean> => {
    const chunk = await far.read();
    const text = Buffer.from(chunk ?? []).toString('latin1');
    heard += text;
    buffered += text;
    return chunk !== undefined;
  };
  const take = (octets: number): string => {
    const taken = buffered.slice(0, octets);
    buffered = buffered.slice(octets);
    return taken;
  };
  let wire = '';
  let stuffed = false;
  const serving = (async () => {
    await far.write('220 mx\r\n');
    for (;;) {
      while (!buffered.includes('\r\n')) if (!(await more())) return;
      const line = take(buffered.indexOf('\r\n') + 2).slice(0, -2);
      commands.push(line);
      if (line === 'DATA') {
        await far.write('354 go on\r\n');
        stuffed = true;
        while (!`\r\n${buffered}`.includes('\r\n.\r\n')) if (!(await more())) return;
        wire += take(`\r\n${buffered}`.indexOf('\r\n.\r\n') + 3);
        await far.write('250 ok\r\n');
      } else if (line.startsWith('BDAT')) {
        const octets = Number(line.split(' ')[1]);
        while (buffered.length < octets) if (!(await more())) return;
        wire += take(octets);
        await far.write('250 ok\r\n');
      } else if (line.startsWith('EHLO')) await far.write(OFFERS[way]);
      else await far.write(line === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n');
      if (line === 'QUIT') return await far.close();
    }
  })();
  const driver = await Driver.open(near, settings());
  const outcome = await send(driver, message);
  if (!driver.isOver) await driver.perform(quit()).catch(() => {});
  await driver.connection.close();
  await serving.catch(() => {});
  far.destroy();
  const lines = wire.split('\r\n');
  const body = lines.slice(0, stuffed ? -2 : -1);
  const unstuffed = stuffed ? body.map((line) => (line.startsWith('.') ? line.slice(1) : line)) : body;
  return { commands, heard, wire, message: unstuffed.map((line) => `${line}\r\n`).join(''), outcome };
}

const EXPECTED_COMMANDS: Readonly<Record<Way, RegExp>> = {
  'DATA, one by one': /^EHLO \S+\nMAIL FROM:<ann@example\.com>\nRCPT TO:<bob@example\.com>\nDATA\nQUIT$/,
  'DATA, pipelined': /^EHLO \S+\nMAIL FROM:<ann@example\.com>\nRCPT TO:<bob@example\.com>\nDATA\nQUIT$/,
  BDAT: /^EHLO \S+\nMAIL FROM:<ann@example\.com>\nRCPT TO:<bob@example\.com>\n(?:BDAT \d+\n)*BDAT \d+ LAST\nQUIT$/,
};

/** The input with its line ends made CRLF; in DATA with one at its end. */
function canonical(text: string, way: Way): string {
  const lines = text.replace(/\r\n|\r|\n/g, '\r\n');
  return way === 'BDAT' || lines === '' || lines.endsWith('\r\n') ? lines : `${lines}\r\n`;
}

function holdsBareLineEnd(wire: string): boolean {
  return /\r(?!\n)|(?<!\r)\n/.test(wire);
}

function expectOne(received: Received, way: Way, text: string): void {
  expect(received.outcome.error).toBeUndefined();
  expect(holdsBareLineEnd(received.wire)).toBe(false);
  expect(received.commands.join('\n')).toMatch(EXPECTED_COMMANDS[way]);
  if (way === 'BDAT') expect(received.wire).toBe(canonical(text, way));
  else {
    expect(received.message).toBe(canonical(text, way));
    // one terminator, at the end
    expect(`\r\n${received.wire}`.indexOf('\r\n.\r\n')).toBe(received.wire.length - 3);
  }
}

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text, 'latin1');
}

/** Everything by which somebody has ended a message where its sender did not, and the ends of messages themselves. */
const ENDS = [
  '\n.\n', '\n.\r\n', '\r\n.\n', '\r.\r', '\r.\r\n', '\r\n.\r', '\n.\r', '\r.\n', '\r\n.\r\r\n', '\r\r\n.\r\r\n', '\r\n.\r\n',
  '\r\n\r.\r\n', '\n\r.\r\n', '\r\n.\n\r', '\r\n..\r\n', '\n\n.\n\n', '\r\r.\r\r', '\r\n.\r\n.\r\n', '\r\n.\r\n\r\n.\r\n', '\n\r\n.\r\n',
]; // biome-ignore format: a list
const INJECTED = 'MAIL FROM:<eve@example.com>\r\nRCPT TO:<eve@example.com>\r\nDATA\r\nSubject: mine\r\n';
const HEAD = 'Subject: a\r\n\r\nb';

describe.each(WAYS)('%s', (way) => {
  it.each(ENDS)('%j', async (end) => {
    const text = `${HEAD}${end}${INJECTED}${end}`;
    expectOne(await sendTo(way, raw(Buffer.from(text, 'latin1'))), way, text);
    const at = HEAD.length;
    for (let cut = at - 1; cut <= at + end.length + 1; cut += 1)
      expectOne(await sendTo(way, raw(pieces(text.slice(0, cut), text.slice(cut)))), way, text);
    expectOne(await sendTo(way, raw(pieces(text.slice(0, at), ...end, text.slice(at + end.length)))), way, text);
  });

  it.each([
    '',
    '.',
    '..',
    '.\r\n',
    '.\n',
    '\r',
    '\n',
    '\r\n',
    '\r\n.',
    '\n.',
    'a',
    'a\r',
    'a\n',
    'a\r\n.',
    'a\r\n.\r\n',
    'a\r\n\r\n',
  ])('as the whole message: %j', async (text) => {
    // what has no header field is no message to compose(), as a stream it is what it is
    expectOne(await sendTo(way, raw(pieces(text))), way, text);
    expectOne(await sendTo(way, raw(pieces(...text))), way, text);
    expectOne(await sendTo(way, raw(Buffer.from(text, 'latin1'))), way, text);
  });

  it.each(['\r\n\0.\r\n', '\r\n.\0\r\n', '\r\0\n.\r\n', '\r\n.\r\0\n', '\0'])(
    'NUL: %j leaves in no form',
    async (end) => {
      const text = `${HEAD}${end}${INJECTED}`;
      const whole = await sendTo(way, raw(Buffer.from(text, 'latin1')));
      expect(whole.outcome.error).toMatchObject({ name: 'UnsupportedError', mayHaveBeenDelivered: false });
      expect(whole.wire).toBe('');
      const at = HEAD.length;
      const cuts = Array.from(end, (_, n) => [text.slice(0, at + n), text.slice(at + n)]);
      for (const parts of [...cuts, [HEAD, ...end, INJECTED]]) {
        const cutThere = await sendTo(way, raw(pieces(...parts)));
        expect(cutThere.outcome.error).toMatchObject({
          name: 'MessageError',
          code: 'FORBIDDEN_CHARACTER',
          mayHaveBeenDelivered: false,
        });
        expect(cutThere.heard).not.toContain('\0');
        expect(cutThere.commands.filter((line) => line.startsWith('MAIL'))).toHaveLength(1);
      }
    },
  );

  it('anything, in any pieces', async () => {
    const nasty = fc
      .array(fc.constantFrom('\r', '\n', '\r\n', '.', '..', 'a', '\r\n.\r\n', '\n.\n', '\r.\r', 'DATA', '\xff', ' '), {
        maxLength: 30,
      })
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(nasty, fc.array(fc.nat(60), { maxLength: 6 }), async (text, cuts) => {
        const at = [...new Set(cuts.filter((each) => each < text.length))].sort((a, b) => a - b);
        const parts = [0, ...at].map((start, n) => text.slice(start, at[n] ?? text.length));
        expectOne(await sendTo(way, raw(pieces(...parts))), way, text);
        expectOne(await sendTo(way, raw(Buffer.from(text, 'latin1'))), way, text);
      }),
      { numRuns: 40 },
    );
  });

  it('in every part of a message that is composed', async () => {
    for (const end of ENDS) {
      const evil = `${end}${INJECTED}${end}`;
      const bytes = Buffer.from(evil, 'latin1');
      const message = compose({
        from: 'ann@example.com',
        to: 'bob@example.com',
        subject: 'a',
        text: evil,
        html: `<p>${evil}</p>`,
        calendar: { method: 'REQUEST', content: evil },
        attachments: [
          { filename: 'a', content: evil },
          { filename: 'b', content: bytes, contentTransferEncoding: '8bit' },
          { filename: 'c', content: pieces(evil), contentTransferEncoding: '7bit' },
          { filename: 'd', content: pieces(...evil), contentTransferEncoding: '8bit' },
          { filename: 'e', content: evil, contentTransferEncoding: 'quoted-printable' },
          { filename: 'g.eml', content: `Subject: x\r\n\r\n${evil}`, contentType: 'message/rfc822' },
          { filename: 'h.eml', content: pieces('Subject: x\r\n\r\n', ...evil), contentType: 'message/rfc822' },
          { raw: `Content-Type: text/plain\r\n\r\n${evil}` },
          { raw: pieces('Content-Type: text/plain\r\n\r\n', evil) },
        ],
      });
      const { outcome, wire, commands } = await sendTo(way, message);
      expect(outcome.error).toBeUndefined();
      expect(holdsBareLineEnd(wire), JSON.stringify(end)).toBe(false);
      expect(commands.join('\n')).toMatch(EXPECTED_COMMANDS[way]);
      if (way !== 'BDAT') expect(wire.indexOf('\r\n.\r\n')).toBe(wire.length - 5);
    }
  });
});
