import { type ParsedMail, simpleParser } from 'mailparser';
import PostalMime, { type Email } from 'postal-mime';
import { expect } from 'vitest';
import type { Message } from '../../../src/mime/index.ts';
import { expectInvariants } from './invariants.ts';
import { PythonReader, type PythonView } from './python.ts';

/** A message as three parsers that are not ours read it. */
export interface Views {
  readonly octets: Uint8Array;
  readonly python: PythonView;
  readonly postal: Email;
  readonly mailparser: ParsedMail;
}

/** Reads messages back; close it when the suite is done. */
export class Readers {
  readonly #python = new PythonReader();

  /** Checks the invariants and that nobody finds a defect, and gives what everybody read. */
  async read(message: Message): Promise<Views> {
    const octets = await message.bytes();
    expectInvariants(octets, { utf8Headers: message.smtpUtf8 });
    expectSameOctets(message, octets);
    const [python, postal, mailparser] = await Promise.all([
      this.#python.read(octets),
      PostalMime.parse(octets, { attachmentEncoding: 'arraybuffer', rfc822Attachments: true }),
      simpleParser(Buffer.from(octets), {
        skipHtmlToText: true,
        skipTextToHtml: true,
        skipTextLinks: true,
        skipImageLinks: true,
      }),
    ]);
    if (!message.smtpUtf8) expect(python.defects).toEqual([]);
    return { octets, python, postal, mailparser };
  }

  close(): void {
    this.#python.close();
  }
}

/** Whichever way a message is read, it is the same octets, and as many as it said. */
function expectSameOctets(message: Message, octets: Uint8Array): void {
  if (message.size !== undefined) expect(message.size).toBe(octets.length);
  const whole = message.inMemory();
  if (whole !== undefined) expect(Buffer.from(whole as string, 'latin1').equals(octets)).toBe(true);
  const chunks = message.chunks();
  if (chunks !== undefined) {
    const all = [...chunks].map((chunk) => (typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk));
    expect(Buffer.concat(all).equals(octets)).toBe(true);
  }
}

/** Texts are compared with LF, and without the one line end that mail may add. */
export function sameText(seen: string | null | undefined | false, meant: string): boolean {
  const normal = (text: string): string => text.replace(/\r\n/g, '\n');
  const [a, b] = [normal(seen || ''), normal(meant)];
  return a === b || a === `${b}\n`;
}
