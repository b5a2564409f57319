import { expect, test } from 'vitest';
import { withoutCredentials } from '../../src/cli/get/report.ts';

test('what is reported is without credentials, wherever they stand', () => {
  for (const [text, shown] of [
    ['http://me:secret@a.test/x', 'http://a.test/x'],
    ['me:secret@a.test/x', 'a.test/x'],
    ['HTTPS://me@a.test', 'HTTPS://a.test'],
    [
      'a redirect to http://me:secret@a.test/ and http://you:other@b.test',
      'a redirect to http://a.test/ and http://b.test',
    ],
    ['http://a.test/x@y?z=a@b', 'http://a.test/x@y?z=a@b'],
    ['no connection to a.test:80', 'no connection to a.test:80'],
  ] as const) {
    expect(withoutCredentials(text)).toBe(shown);
  }
});

test('however long a text a server has had a say in, it takes no time to report it', () => {
  const begun = performance.now();
  for (const part of ['a-', 'a.', 'a+', '://', '@', 'x://y', 'a:']) withoutCredentials(part.repeat(100_000));
  expect(performance.now() - begun).toBeLessThan(1_000);
});
