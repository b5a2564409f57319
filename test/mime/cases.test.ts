import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { MessageError } from '../../src/errors.ts';
import { compose, type Message, type MessageInit } from '../../src/mime/index.ts';
import { Readers, sameText, type Views } from './support/read-back.ts';

interface Person {
  name: string;
  address: string;
}
interface Case {
  id: string;
  name: string;
  level: 'must' | 'should';
  input: Omit<MessageInit, 'attachments'> & {
    attachments?: { filename: string; contentType: string; contentBase64: string }[];
  };
  expect: {
    subject?: string;
    subjectAlternatives?: string[];
    anySubject?: boolean;
    from?: Person;
    fromNameAlternatives?: string[];
    anyFromName?: boolean;
    addressAlternatives?: string[];
    to?: Person[];
    toCountMax?: number;
    absentHeaders?: string[];
    mayReject?: boolean;
    maxHeaderLine?: number;
    allowUtf8Headers?: boolean;
    text?: string;
    textAlternatives?: string[];
    html?: string;
    attachments?: { filename: string; contentBase64: string; filenameAlternatives?: (string | null)[] }[];
    structure?: string;
    rfc822NotEncoded?: boolean;
  };
}

const file = new URL('../fixtures/cases/mime-builder.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] };
const readers = new Readers();
afterAll(() => readers.close());

describe('the shared cases: what is composed, an independent parser reads back', () => {
  test.each(cases)('$id $name', async ({ input, expect: wanted }) => {
    const attachments = input.attachments?.map(({ contentBase64, ...rest }) => ({
      ...rest,
      content: Buffer.from(contentBase64, 'base64'),
    }));
    let message: Message;
    try {
      message = compose({ ...input, attachments });
    } catch (error) {
      expect(error).toBeInstanceOf(MessageError);
      expect(wanted.mayReject, String(error)).toBe(true);
      return;
    }
    judge(wanted, await readers.read(message));
  });
});

function judge(wanted: Case['expect'], { python, octets }: Views): void {
  if (wanted.subject !== undefined && !wanted.anySubject) {
    expect([wanted.subject, ...(wanted.subjectAlternatives ?? [])]).toContain(python.subject);
  }
  if (wanted.from !== undefined) {
    const from = python.from?.[0];
    if (!wanted.anyFromName) expect([wanted.from.name, ...(wanted.fromNameAlternatives ?? [])]).toContain(from?.name);
    expect([wanted.from.address, ...(wanted.addressAlternatives ?? [])]).toContain(from?.address);
  }
  if (wanted.to !== undefined) expect(python.to).toEqual(wanted.to);
  if (wanted.toCountMax !== undefined) expect(python.to?.length).toBeLessThanOrEqual(wanted.toCountMax);
  const names = python.headers.map(([name]) => name.toLowerCase());
  for (const name of wanted.absentHeaders ?? []) expect(names).not.toContain(name.toLowerCase());
  if (wanted.text !== undefined) {
    const texts = [wanted.text, ...(wanted.textAlternatives ?? [])];
    expect(
      texts.some((text) => sameText(python.text, text)),
      JSON.stringify(python.text),
    ).toBe(true);
  }
  if (wanted.html !== undefined) expect(sameText(python.html, wanted.html)).toBe(true);
  wanted.attachments?.forEach((attachment, index) => {
    const seen = python.attachments[index];
    expect([attachment.filename, ...(attachment.filenameAlternatives ?? [])]).toContain(seen?.filename);
    expect(seen?.base64).toBe(attachment.contentBase64);
  });
  if (wanted.structure !== undefined)
    expect(`multipart/${Object.keys(python.shape as object)[0]}`).toBe(wanted.structure);
  if (wanted.rfc822NotEncoded) {
    expect(Buffer.from(octets).toString('latin1')).toMatch(
      /Content-Type: message\/rfc822(?:.|\r\n(?!\r\n))*\r\n\r\nFrom: x@example.com/,
    );
  }
}
