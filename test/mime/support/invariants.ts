import { expect } from 'vitest';

/** What holds of every message that plainwire makes, whatever goes into it. */

interface Entity {
  readonly header: readonly string[];
  readonly body: string;
}

/** Checks the octets of a whole message by rules, without any parser's leniency. */
export function expectInvariants(message: Uint8Array, { utf8Headers = false } = {}): void {
  const text = Buffer.from(message).toString('latin1');
  expect(text.endsWith('\r\n'), 'the message ends in CRLF').toBe(true);
  expect(text.replaceAll('\r\n', ''), 'no bare CR or LF').not.toMatch(/[\r\n]/);
  expect(text.includes('\0'), 'no NUL').toBe(false);
  const longest = Math.max(...text.split('\r\n').map((line) => line.length));
  expect(longest, 'the longest line').toBeLessThanOrEqual(998);

  const root = entityOf(text);
  expectHeader(root, utf8Headers);
  const names = root.header
    .join('\r\n')
    .replaceAll(/\r\n[ \t]/g, ' ')
    .split('\r\n')
    .map((field) => field.split(':')[0]?.toLowerCase());
  const count = (name: string): number => names.filter((other) => other === name).length;
  for (const name of ['from', 'date', 'message-id', 'mime-version', 'content-type']) expect(count(name), name).toBe(1);
  for (const name of [
    'subject',
    'to',
    'cc',
    'sender',
    'reply-to',
    'in-reply-to',
    'references',
    'content-transfer-encoding',
  ]) {
    expect(count(name), name).toBeLessThanOrEqual(1);
  }
  expect(count('bcc'), 'bcc').toBe(0);
  expectBody(root, text);
}

function entityOf(text: string): Entity {
  const end = text.startsWith('\r\n') ? 0 : text.indexOf('\r\n\r\n');
  expect(end, 'a blank line').toBeGreaterThanOrEqual(0);
  return { header: text.slice(0, end).split('\r\n'), body: text.slice(end + 4) };
}

function expectHeader(entity: Entity, utf8Headers: boolean): void {
  for (const line of entity.header) {
    if (!utf8Headers) expect(line, 'header lines are ASCII').toMatch(/^[\t -~]*$/);
    expect(line, 'no header line of white space only').not.toMatch(/^[ \t]*$/);
    expect(line, 'a field or its continuation').toMatch(/^(?:[!-9;-~]+:|[ \t]+[^ \t])/);
    for (const [word, charset, encoding, data] of line.matchAll(/=\?([^?]*)\?([^?]*)\?([^?]*)\?=/g)) {
      expect(word.length, word).toBeLessThanOrEqual(75);
      expect(charset).toBe('UTF-8');
      expect(decodes(encoding ?? '', data ?? ''), `${word} decodes on its own`).toBe(true);
    }
    if (line.includes('=?')) expect(line.length, line).toBeLessThanOrEqual(76);
  }
}

function decodes(encoding: string, data: string): boolean {
  const octets =
    encoding === 'B'
      ? Buffer.from(data, 'base64')
      : Buffer.from(
          data
            .replaceAll('_', ' ')
            .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
          'latin1',
        );
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(octets);
    return true;
  } catch {
    return false;
  }
}

function expectBody(entity: Entity, whole: string): void {
  const fields = entity.header
    .join('\r\n')
    .replaceAll(/\r\n[ \t]/g, ' ')
    .split('\r\n');
  const value = (name: string): string =>
    fields
      .find((field) => field.toLowerCase().startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim() ?? '';
  const encoding = value('content-transfer-encoding');
  if (encoding === 'base64' || encoding === 'quoted-printable') {
    for (const line of entity.body.split('\r\n')) {
      expect(line.length, line).toBeLessThanOrEqual(76);
      expect(line, 'no white space at the end of an encoded line').not.toMatch(/[ \t]$/);
      if (encoding === 'base64') expect(line).toMatch(/^[A-Za-z0-9+/]*={0,2}$/);
      else expect(line).toMatch(/^(?:[\t -<>-~]|=[0-9A-F]{2})*=?$/);
    }
  } else if (encoding === '7bit' || encoding === '') {
    expect(entity.body, '7bit is ASCII').toMatch(/^[\0-\x7f]*$/);
  }
  const boundary = /^multipart\/.*boundary="([^"]+)"/i.exec(value('content-type'))?.[1];
  if (boundary === undefined) return;
  expect(['', '7bit', '8bit', 'binary']).toContain(encoding);
  expect(boundary.length).toBeLessThanOrEqual(70);
  const [preamble, ...pieces] = entity.body.split(
    new RegExp(`(?:^|\r\n)--${boundary.replace(/[^\w]/g, '\\$&')}(?=--|\r\n)`),
  );
  expect(preamble, 'preamble').toBe('');
  expect(whole.split(boundary).length - 1, 'the boundary stands where it is one').toBe(pieces.length + 1);
  const last = pieces.pop();
  expect(last?.trimEnd(), 'closing delimiter').toBe('--');
  for (const piece of pieces) {
    const part = entityOf(piece.slice(2));
    expectHeader(part, false);
    expectBody(part, whole);
  }
}
