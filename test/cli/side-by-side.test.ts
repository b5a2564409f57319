/** What a mismatch of `plainwire listen --replay` looks like. */
import { expect, test } from 'vitest';
import { sideBySide } from '../../src/cli/listen/serve-replay.ts';
import { MismatchError } from '../../src/transport/index.ts';

test('short lines, with a mark where they part', () => {
  expect(sideBySide(new MismatchError(3, 'RCPT TO:<a@b>', 'RCPT TO:<ab>'))).toEqual([
    '*** step 3 is not what was recorded',
    '    expected      | received',
    '    RCPT TO:<a@b> | RCPT TO:<ab>',
    '              ^   |           ^',
  ]);
});

test('long lines, from a little before where they part', () => {
  const same = 'x'.repeat(100);
  const [, , lines = '', marks = ''] = sideBySide(new MismatchError(1, `${same}A${same}`, `${same}B`));
  const [left = '', right = ''] = lines.slice(4).split(' | ');
  const [leftMark = '', rightMark = ''] = marks.slice(4).split(' | ');
  expect(left).toMatch(/^…x{28}Ax{27}$/);
  expect(right.trim()).toMatch(/^…x{28}B$/);
  expect(leftMark.indexOf('^')).toBe(left.indexOf('A'));
  expect(rightMark.indexOf('^')).toBe(right.indexOf('B'));
});

test('a client that has gone, and nothing that steers a terminal', () => {
  expect(sideBySide(new MismatchError(1, 'QUIT', undefined))[2]).toBe('    QUIT     | (the client has closed)');
  expect(sideBySide(new MismatchError(1, 'QUIT', '\u001b[2J'))[2]).toBe('    QUIT     | \\x1b[2J');
});
