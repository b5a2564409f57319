import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlainwireError } from '../../src/errors.ts';
import { canonicalText, DataEncoder, dataOf } from '../../src/smtp/content.ts';

/** What a server makes of the content: it splits at CRLF only, and takes the stuffed dots out. */
function received(wire: string): string {
  expect(wire.endsWith('.\r\n')).toBe(true);
  const lines = wire.split('\r\n');
  expect(lines.at(-1)).toBe('');
  expect(lines.at(-2)).toBe('.');
  const body = lines.slice(0, -2);
  expect(body).not.toContain('.');
  return body.map((line) => `${line.startsWith('.') ? line.slice(1) : line}\r\n`).join('');
}

function holdsBareLineEnd(wire: string): boolean {
  return /\r(?!\n)|(?<!\r)\n/.test(wire);
}

function streamed(pieces: readonly string[], canonical = false): string {
  const encoder = new DataEncoder(canonical);
  const out = pieces.map((piece) => Buffer.from(encoder.push(Buffer.from(piece, 'latin1'))).toString('latin1'));
  return out.join('') + Buffer.from(encoder.end()).toString('latin1');
}

/** The input with its line ends made CRLF, and one at its end. */
function canonical(text: string): string {
  const lines = text.replace(/\r\n|\r|\n/g, '\r\n');
  return lines === '' || lines.endsWith('\r\n') ? lines : `${lines}\r\n`;
}

describe('a message on its way into DATA', () => {
  it.each([
    ['nothing', '', '.\r\n'],
    ['one line', 'a\r\n', 'a\r\n.\r\n'],
    ['no line end', 'a', 'a\r\n.\r\n'],
    ['a dot', '.', '..\r\n.\r\n'],
    ['a dot line', '.\r\n', '..\r\n.\r\n'],
    ['two dots', '..\r\n', '...\r\n.\r\n'],
    ['dots inside', 'a.b\r\n.c\r\n..d\r\n', 'a.b\r\n..c\r\n...d\r\n.\r\n'],
    ['an empty line at the end', 'a\r\n\r\n', 'a\r\n\r\n.\r\n'],
    ['LF', 'a\n.b\nc', 'a\r\n..b\r\nc\r\n.\r\n'],
    ['CR', 'a\r.b\rc', 'a\r\n..b\r\nc\r\n.\r\n'],
    ['a CR at the end', 'a\r', 'a\r\n.\r\n'],
    ['CR CRLF', 'a\r\r\nb', 'a\r\n\r\nb\r\n.\r\n'],
    ['LF CR', 'a\n\rb', 'a\r\n\r\nb\r\n.\r\n'],
  ])('%s', (_, text, wire) => {
    expect(dataOf(text, false)).toBe(wire);
    for (let at = 0; at <= text.length; at += 1)
      expect(streamed([text.slice(0, at), text.slice(at)]), `cut at ${at}`).toBe(wire);
    expect(streamed([...text]), 'byte by byte').toBe(wire);
  });

  it('trusts a composed message, and still stuffs its dots', () => {
    expect(dataOf('.a\r\n..b\r\n', true)).toBe('..a\r\n...b\r\n.\r\n');
    expect(streamed(['.a\r', '\n', '.', '.b\r\n'], true)).toBe('..a\r\n...b\r\n.\r\n');
  });

  /** Everything by which somebody has ended a message where its sender did not. */
  const SMUGGLED = [
    '\n.\n', '\n.\r\n', '\r\n.\n', '\r.\r', '\r.\r\n', '\r\n.\r', '\n.\r', '\r.\n', '\r\n.\r\r\n', '\r\r\n.\r\r\n',
    '\r\n\r.\r\n', '\n\r.\r\n', '\r\n.\n\r', '\r\n..\r\n', '\r\n.\r\n', '\n\n.\n\n', '\r\r.\r\r', '\r\n.\r\n.\r\n',
  ]; // biome-ignore format: a list

  it.each(SMUGGLED)('%j ends no message, wherever it is cut', (end) => {
    const text = `Subject: a\r\n\r\nbody${end}MAIL FROM:<evil@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n`;
    const wire = dataOf(text, false);
    expect(holdsBareLineEnd(wire)).toBe(false);
    expect(wire.indexOf('\r\n.\r\n')).toBe(wire.length - 5);
    expect(received(wire)).toBe(canonical(text));
    for (let at = 0; at <= text.length; at += 1) {
      expect(streamed([text.slice(0, at), text.slice(at)])).toBe(wire);
      const middle = text.indexOf(end);
      if (at > middle && at < middle + end.length)
        expect(streamed([text.slice(0, middle), text.slice(middle, at), text.slice(at)])).toBe(wire);
    }
    expect(streamed([...text])).toBe(wire);
  });

  it.each(['\0', 'a\0b', '\r\n\0.\r\n', '\r\n.\0\r\n', '\r\0\n.\r\n', '\r\n.\r\0\n'])('%j: NUL is refused', (text) => {
    const isRefusal = (error: unknown): boolean =>
      error instanceof PlainwireError && error.code === 'FORBIDDEN_CHARACTER';
    expect(() => dataOf(text, false)).toThrow(expect.toSatisfy(isRefusal));
    for (let at = 0; at <= text.length; at += 1)
      expect(() => streamed([text.slice(0, at), text.slice(at)])).toThrow(expect.toSatisfy(isRefusal));
  });

  const nasty = fc
    .array(fc.constantFrom('\r', '\n', '\r\n', '.', '..', 'a', '\r\n.\r\n', '\n.\n', 'text', '\xff', ' '), {
      maxLength: 40,
    })
    .map((pieces) => pieces.join(''));

  it('holds no bare CR or LF, one terminator, and the canonical input', () => {
    fc.assert(
      fc.property(nasty, fc.array(fc.nat(100), { maxLength: 6 }), (text, cuts) => {
        const wire = dataOf(text, false);
        expect(holdsBareLineEnd(wire)).toBe(false);
        expect(`\r\n${wire}`.indexOf('\r\n.\r\n')).toBe(wire.length - 3);
        expect(received(wire)).toBe(canonical(text));
        const at = [...new Set(cuts.filter((each) => each < text.length))].sort((a, b) => a - b);
        expect(streamed([0, ...at].map((start, n) => text.slice(start, at[n] ?? text.length)))).toBe(wire);
        expect(dataOf(canonicalText(text), true)).toBe(wire);
      }),
      { numRuns: 500 },
    );
  });

  it('leaves what needs no change as it is', () => {
    const piece = Buffer.from('x'.repeat(1000));
    expect(new DataEncoder(true).push(piece)).toBe(piece);
    expect(new DataEncoder(false).push(piece)).toBe(piece);
  });
});
