import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PlainwireError, ProtocolError, type Reply } from '../../src/errors.ts';
import { formatReply, makeReply, queueIdOf } from '../../src/smtp/reply.ts';
import { REPLY_BYTES_LIMIT, REPLY_LINE_LIMIT, REPLY_LINES_LIMIT, ReplyParser } from '../../src/smtp/reply-parser.ts';
import { CHUNKINGS, cut } from '../support/chunks.ts';

interface Heard {
  readonly replies: Reply[];
  readonly raws: string[];
  readonly error: unknown;
  readonly hasPartial: boolean;
}

function hear(pieces: Iterable<Uint8Array>): Heard {
  const replies: Reply[] = [];
  const raws: string[] = [];
  const parser = new ReplyParser((reply, raw) => {
    replies.push(reply);
    raws.push(raw);
  });
  let error: unknown;
  try {
    for (const piece of pieces) parser.push(piece);
  } catch (thrown) {
    error = thrown;
  }
  return { replies, raws, error, hasPartial: parser.hasPartial };
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

describe.each(CHUNKINGS)('replies, %s', (chunking) => {
  const parse = (text: string): Heard => hear(cut(bytes(text), chunking));

  it.each([
    ['one line', '250 OK\r\n', [{ code: 250, enhanced: undefined, lines: ['OK'] }]],
    ['no text', '250\r\n', [{ code: 250, enhanced: undefined, lines: [''] }]],
    ['a space and no text', '250 \r\n', [{ code: 250, enhanced: undefined, lines: [''] }]],
    ['a bare LF', '250 OK\n', [{ code: 250, enhanced: undefined, lines: ['OK'] }]],
    ['several lines', '250-a\r\n250-b\r\n250 c\r\n', [{ code: 250, enhanced: undefined, lines: ['a', 'b', 'c'] }]],
    ['lines with no text', '250-\r\n250-\r\n250\r\n', [{ code: 250, enhanced: undefined, lines: ['', '', ''] }]],
    ['a status', '550 5.1.1 No such user\r\n', [{ code: 550, enhanced: '5.1.1', lines: ['No such user'] }]],
    ['a status alone', '250 2.0.0\r\n', [{ code: 250, enhanced: '2.0.0', lines: [''] }]],
    [
      'a status on each line',
      '550-5.7.26 a\r\n550-5.7.26 b\r\n550 5.7.26 c\r\n',
      [{ code: 550, enhanced: '5.7.26', lines: ['a', 'b', 'c'] }],
    ],
    ['a status of another class', '250 5.1.1 odd\r\n', [{ code: 250, enhanced: undefined, lines: ['5.1.1 odd'] }]],
    ['no status, a version', '220 2.0.0beta\r\n', [{ code: 220, enhanced: undefined, lines: ['2.0.0beta'] }]],
    [
      'UTF-8',
      '451 Ungültig \xe2\x82\xac\r\n'.replace('ü', '\xc3\xbc'),
      [{ code: 451, enhanced: undefined, lines: ['Ungültig €'] }],
    ],
    ['Latin-1', '451 Ung\xfcltig\r\n', [{ code: 451, enhanced: undefined, lines: ['Ungültig'] }]],
    [
      'three in a row',
      '250 a\r\n354 b\r\n250 a\r\n',
      [
        { code: 250, enhanced: undefined, lines: ['a'] },
        { code: 354, enhanced: undefined, lines: ['b'] },
        { code: 250, enhanced: undefined, lines: ['a'] },
      ],
    ],
  ])('reads %s', (_, text, expected) => {
    const { replies, raws, error, hasPartial } = parse(text);
    expect(error).toBeUndefined();
    expect(replies).toEqual(expected);
    expect(raws.join('')).toBe(text);
    expect(hasPartial).toBe(false);
  });

  it.each([
    ['mixed codes', '250-a\r\n550 b\r\n'],
    ['four digits', '2500\r\n'],
    ['four digits and text', '2500 OK\r\n'],
    ['an underscore', '250_x\r\n'],
    ['a tab', '250\tOK\r\n'],
    ['a plus', '250+OK\r\n'],
    ['no digits', 'abc hello\r\n'],
    ['two digits', '25 OK\r\n'],
    ['two digits and a line end', '25\r\n'],
    ['an empty line', '\r\n'],
    ['a line end alone', '\n'],
    ['a code below 200', '150 soon\r\n'],
    ['a code above 599', '600 what\r\n'],
    ['a leading zero', '012 what\r\n'],
    ['a leading space', ' 250 OK\r\n'],
    ['digits that are not ASCII', '\xb2\xb5\xb0 OK\r\n'],
    ['a bare CR in the text', '250 a\rb\r\n'],
    ['two CRs', '250 OK\r\r\n'],
    ['a CR behind the code', '250\r\r\n'],
    ['a NUL', '250 a\0b\r\n'],
    ['a NUL behind the code', '250\0\r\n'],
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\n'],
    ['a last line with no code', '250-a\r\nb\r\n'],
    ['text between lines', '250-a\r\n\r\n250 b\r\n'],
  ])('refuses %s', (_, text) => {
    const { replies, error } = parse(text);
    expect(error).toBeInstanceOf(ProtocolError);
    expect((error as PlainwireError).code).toBe('BAD_REPLY');
    expect(replies).toEqual([]);
  });

  it('gives what came before the malformed line', () => {
    const { replies, error } = parse('250 a\r\nrubbish\r\n250 b\r\n');
    expect(replies.map(({ code }) => code)).toEqual([250]);
    expect(error).toMatchObject({ code: 'BAD_REPLY' });
  });

  it.each([
    ['a line without end', `250 ${'x'.repeat(REPLY_LINE_LIMIT)}`],
    ['a long line', `250 ${'x'.repeat(REPLY_LINE_LIMIT)}\r\n`],
    ['a flood of lines', '250-x\r\n'.repeat(REPLY_LINES_LIMIT + 1)],
    ['a flood of bytes', `250-${'x'.repeat(1000)}\r\n`.repeat(REPLY_BYTES_LIMIT / 1000 + 1)],
  ])('ends %s', (_, text) => {
    const { replies, error } = parse(text);
    expect(error).toMatchObject({ name: 'ProtocolError', code: 'LIMIT_EXCEEDED' });
    expect(replies).toEqual([]);
  });

  it('takes a reply that just fits', () => {
    const line = `250 ${'x'.repeat(REPLY_LINE_LIMIT - 6)}\r\n`;
    expect(line.length).toBe(REPLY_LINE_LIMIT);
    expect(parse(line).replies).toHaveLength(1);
    const lines = `${'250-x\r\n'.repeat(REPLY_LINES_LIMIT - 1)}250 x\r\n`;
    expect(parse(lines).replies[0]?.lines).toHaveLength(REPLY_LINES_LIMIT);
  });
});

describe('a reply', () => {
  it('is frozen, and so are its lines', () => {
    const reply = makeReply(250, ['OK']);
    expect(Object.isFrozen(reply)).toBe(true);
    expect(Object.isFrozen(reply.lines)).toBe(true);
  });

  it('is begun and not ended', () => {
    expect(hear([bytes('250-a\r\n')]).hasPartial).toBe(true);
    expect(hear([bytes('25')]).hasPartial).toBe(true);
  });

  it('quotes a long malformed line in part', () => {
    const { error } = hear([bytes(`x${'y'.repeat(1000)}\r\n`)]);
    expect((error as Error).message.length).toBeLessThan(200);
  });

  it('is the same however it was cut', () => {
    const code = fc.integer({ min: 200, max: 599 });
    const text = fc.stringMatching(/^[ -~]{0,40}$/);
    const reply = fc.tuple(code, fc.array(text, { minLength: 1, maxLength: 4 }));
    fc.assert(
      fc.property(fc.array(reply, { maxLength: 5 }), fc.array(fc.nat(200), { maxLength: 8 }), (replies, cuts) => {
        const wire = replies
          .flatMap(([code, lines]) => lines.map((line, n) => `${code}${n === lines.length - 1 ? ' ' : '-'}${line}\r\n`))
          .join('');
        const at = [...new Set(cuts.filter((each) => each < wire.length))].sort((a, b) => a - b);
        const pieces = [0, ...at].map((start, n) => bytes(wire.slice(start, at[n] ?? wire.length)));
        const { replies: heard, error } = hear(pieces);
        expect(error).toBeUndefined();
        expect(heard.map((each) => each.code)).toEqual(replies.map(([code]) => code));
        expect(heard).toEqual(replies.map(([code, lines]) => makeReply(code, lines)));
      }),
      { numRuns: 100 },
    );
  });

  it('never makes the parser throw anything but a ProtocolError', () => {
    const fragments = fc.constantFrom(
      '250',
      '-',
      ' ',
      '\r\n',
      '\n',
      '\r',
      '\0',
      'x',
      '550 ',
      '25',
      '5.1.1 ',
      '\xff',
      '99',
    );
    fc.assert(
      fc.property(fc.array(fragments, { maxLength: 30 }), (pieces) => {
        const { error } = hear(pieces.map(bytes));
        expect(error === undefined || error instanceof ProtocolError).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('is one line for people', () => {
    expect(formatReply(makeReply(550, ['5.1.1 No such user', '5.1.1 ', '5.1.1 try another']))).toBe(
      '550 5.1.1 No such user; try another',
    );
    expect(formatReply(makeReply(250, ['']))).toBe('250');
  });

  it.each([
    ['2.0.0 Ok: queued as 4QZxyz', '4QZxyz'],
    ['OK id=1tXyZ-000000001Zz-0abc', '1tXyZ-000000001Zz-0abc'],
    ['2.0.0 4AB12cde Message accepted for delivery', '4AB12cde'],
    ['4AB12cde Message accepted for delivery', '4AB12cde'],
    ['- 313 byte chunk, total 313\nOK id=1tXyZ-000000001Zz-0abc', '1tXyZ-000000001Zz-0abc'],
    ['OK', undefined],
    ['Message received\nthank you', undefined],
  ])('tells the queue id: %s', (text, expected) => {
    expect(queueIdOf(makeReply(250, text.split('\n')))).toBe(expected);
  });
});
