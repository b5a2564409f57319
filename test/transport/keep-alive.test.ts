/** What keeps a process from ending: a connection that is let rest does not, nor what is left of its deadlines. */
import { expect, test } from 'vitest';
import { Connection, streamPair } from '../../src/transport/index.ts';

const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

test('the timer of a deadline that was cleared keeps no process from ending where the connection is not to', () => {
  const [near, far] = streamPair();
  far.on('error', () => {});
  const connection = new Connection({ stream: near, remote: 'a', host: 'a' });
  const before = timers();
  connection.setDeadline('reply', 60_000);
  connection.clearDeadline();
  connection.keepAlive('unref');
  expect(timers()).toBe(before);
  // an earlier one needs a timer of its own
  connection.setDeadline('reply', 30_000);
  expect(timers()).toBe(before);
  connection.keepAlive('ref');
  expect(timers()).toBe(before + 1);
  connection.destroy();
  expect(timers()).toBe(before);
});
