/** Messages that are hard to carry, each in one sitting made anew, so that it can be told from those before. */
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { compose, type Message, type MessageInit } from '../../../src/mime/index.ts';
import { CACHE } from './server.ts';

export const READER = 'reader@mail.test';
const WRITER = 'writer@client.test';
const FILE_OCTETS = 5_000_000;

export interface Sample {
  readonly name: string;
  readonly message: Message;
}

/** What a server is able to take. */
export interface Ways {
  /** Octets above 127 in raw messages. */
  readonly eightBit?: boolean;
  /** Addresses that are not ASCII. */
  readonly smtpUtf8?: boolean;
}

/** Every sequence that some server has taken for the end of a message, and what an attacker would put behind it. */
const SMUGGLING = ['\n.\n', '\n.\r\n', '\r.\r', '\r.\r\n', '\r\n.\r', '\r\n.\n', '\r\n.\r\r\n', '\r\r\n.\r\r\n']
  .map(
    (end, n) => `line ${n}${end}MAIL FROM:<attacker@client.test>\r\nRCPT TO:<${READER}>\r\nDATA\r\nSubject: smuggled`,
  )
  .join('\r\n');

/** Five million octets of a file, written once. */
export function bigFile(): string {
  const file = `${CACHE}/big.bin`;
  if (!existsSync(file)) writeFileSync(file, randomBytes(FILE_OCTETS));
  return file;
}

export function sample(name: string, init: MessageInit): Sample {
  const from = init.from ?? WRITER;
  return { name, message: compose({ from, to: READER, messageId: `<${randomUUID()}@client.test>`, ...init }) };
}

export function rawSample(name: string, body: string, header = ''): Sample {
  const id = `<${randomUUID()}@client.test>`;
  const head = `Message-ID: ${id}\r\nFrom: ${WRITER}\r\nTo: ${READER}\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n`;
  const raw = Buffer.from(`${head}Subject: ${name}\r\n${header}\r\n${body}`, 'utf8');
  return { name, message: compose({ raw, envelope: { from: WRITER, to: READER } }) };
}

export function samples({ eightBit = false, smtpUtf8 = false }: Ways = {}): Sample[] {
  const all = [
    sample('plain text', { subject: 'Hello', text: 'Hello,\n\nworld.\n' }),
    sample('words of many scripts', { subject: 'Grüße, 世界, Привет', text: 'ä'.repeat(3000), html: '<p>世界</p>' }),
    sample('dots', { subject: 'dots', text: '.\n..\n...\n.a\n\n.\n\n.' }),
    rawSample('nothing', ''),
    rawSample('no line end', 'the last line has no end'),
    rawSample('a dot, and no line end', '.'),
    rawSample('dots by hand', '.\r\n..\r\n.x\r\n\r\n.\r\n'),
    rawSample('smuggling', `${SMUGGLING}\r\n`),
    rawSample('bare line ends', 'one\ntwo\rthree\n\rfour\r\n\r\rfive\n\n.\n'),
    rawSample('long lines', `${`${'x'.repeat(998)}\r\n`.repeat(3)}.${'y'.repeat(997)}\r\n`),
    sample('attachments', {
      subject: 'The figures',
      text: 'see below',
      html: '<img src="cid:dot"> <b>see below</b>',
      attachments: [
        { filename: 'dot.gif', content: randomBytes(200), cid: 'dot' },
        { filename: 'Zahlen – 表.csv', content: 'a,b\r\n1,2\r\n' },
        { filename: 'note.txt', content: '.\nFrom me\n.\n' },
      ],
    }),
    sample('a file of 5 MB', { subject: 'big', text: 'big', attachments: [{ path: bigFile() }] }),
  ];
  if (eightBit) {
    const utf8 = 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n';
    all.push(rawSample('8bit', 'Grüße an die 世界\r\n.ü\r\n', `MIME-Version: 1.0\r\n${utf8}`));
  }
  if (smtpUtf8) all.push(sample('SMTPUTF8', { from: 'schön@client.test', subject: 'Ünïcode', text: 'hello' }));
  return all;
}
