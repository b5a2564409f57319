/** What the pool does as time goes by: rate, and a look at an idle connection before it is trusted. */
import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Mailer, type MailerOptions } from '../../src/smtp/index.ts';
import { Queue } from '../../src/smtp/queue.ts';
import { type MailServer, mailServer, SILENCE } from '../support/mail-server.ts';

const LETTER = { from: 'a@a.example', to: 'b@b.example', subject: 's', text: 't' };

function mailerFor(server: MailServer, options: Partial<MailerOptions> = {}): Mailer {
  return new Mailer({ host: '127.0.0.1', port: server.port, security: 'none', timeouts: 10_000, ...options });
}

describe('rate', () => {
  it.each([
    [1, []],
    [3, []],
    [1, ['PIPELINING']],
    [2, ['PIPELINING', 'CHUNKING']],
  ])('is kept over all of %i connections from the first message on (%j)', async (connections, offers) => {
    await using server = await mailServer({ offers });
    const begun: number[] = [];
    await using mailer = mailerFor(server, {
      connections,
      rate: 100,
      trace: (event) => {
        if (event.kind === 'sent' && Buffer.from(event.bytes).includes('MAIL FROM')) begun.push(performance.now());
      },
    });
    const started = performance.now();
    await Promise.all(Array.from({ length: 12 }, () => mailer.send(LETTER)));
    expect(begun).toHaveLength(12);
    // a busy machine makes them late; nothing may make one early
    for (const [n, at] of begun.entries()) expect(at - started).toBeGreaterThanOrEqual(n * 10);
  });

  it('does not hold up what there is room for', async () => {
    await using server = await mailServer();
    await using mailer = mailerFor(server, { rate: 0.01 });
    // one in a hundred seconds: the first is that one
    await mailer.send(LETTER);
    const second = mailer.send(LETTER).catch((error: unknown) => error);
    await mailer.close({ abort: true });
    expect(await second).toMatchObject({ code: 'ABORTED', mayHaveBeenDelivered: false });
    expect(server.messages).toHaveLength(1);
  });
});

describe('an idle connection', () => {
  afterEach(() => void vi.useRealTimers());

  it('is asked whether it stands before a message is trusted to it, when some time has passed', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    await using server = await mailServer();
    await using mailer = mailerFor(server);
    await mailer.send(LETTER);
    vi.advanceTimersByTime(9_000);
    await mailer.send(LETTER);
    expect(server.lines).not.toContain('NOOP');
    vi.advanceTimersByTime(11_000);
    await mailer.send(LETTER);
    expect(server.lines.filter((line) => line === 'NOOP')).toHaveLength(1);
    expect(server.sessions).toHaveLength(1);
    await mailer.close();
  });

  it.each(['421 4.4.2 too long idle', '500 what?'])('is replaced where the answer is %s', async (reply) => {
    vi.useFakeTimers({ toFake: ['performance'] });
    await using server = await mailServer({ answer: (line) => (line === 'NOOP' ? reply : undefined) });
    await using mailer = mailerFor(server);
    await mailer.send(LETTER);
    vi.advanceTimersByTime(11_000);
    await mailer.send(LETTER);
    expect(server.messages.map(({ session }) => session)).toEqual([0, 1]);
    await mailer.close();
  });
});

describe('an idle connection that is silently gone', () => {
  afterEach(() => void vi.useRealTimers());

  it('is not waited for as long as a server may take for a command', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    await using server = await mailServer({ answer: (line) => (line === 'NOOP' ? SILENCE : undefined) });
    const mailer = mailerFor(server, { timeouts: {} });
    await mailer.send(LETTER);
    vi.advanceTimersByTime(11_000);
    const sent = mailer.send(LETTER);
    await server.until(({ lines }) => lines.includes('NOOP'));
    vi.advanceTimersByTime(10_001);
    await sent;
    expect(server.messages.map(({ session }) => session)).toEqual([0, 1]);
    await mailer.close();
  });
});

describe('one signal for many messages', () => {
  it('has one listener, and none when they are done', async () => {
    await using server = await mailServer();
    await using mailer = mailerFor(server, { connections: 2 });
    const caller = new AbortController();
    const { signal } = caller;
    const most: number[] = [];
    const count = () => getEventListeners(signal, 'abort').length;
    const sent = Array.from({ length: 50 }, () => mailer.send(LETTER, { signal }).then(() => most.push(count())));
    await Promise.all(sent);
    expect(Math.max(...most)).toBeLessThanOrEqual(1);
    expect(count()).toBe(0);
    const last = Array.from({ length: 20 }, () => mailer.send(LETTER, { signal }).catch((error: unknown) => error));
    caller.abort();
    for (const each of await Promise.all(last)) expect(each).toMatchObject({ code: 'ABORTED' });
  });
});

describe('the queue', () => {
  it('is first in, first out, and keeps its order when something is put back or leaves', () => {
    const queue = new Queue<{ n: number }>();
    const items = Array.from({ length: 5_000 }, (_, n) => ({ n }));
    for (const item of items) queue.push(item);
    const taken: number[] = [];
    for (let n = 0; n < 3_000; n += 1) taken.push(queue.next()?.n ?? -1);
    expect(taken).toEqual(items.slice(0, 3_000).map(({ n }) => n));
    queue.putBack(items[2_999] as { n: number }, ({ n }) => n < 2_999);
    queue.remove(items[3_500] as { n: number });
    queue.remove(items[0] as { n: number });
    expect(queue.size).toBe(2_000);
    expect(queue.next()?.n).toBe(2_999);
    const rest = queue.takeAll().map(({ n }) => n);
    expect(rest).toEqual(
      items
        .slice(3_000)
        .map(({ n }) => n)
        .filter((n) => n !== 3_500),
    );
    expect([queue.isEmpty, queue.next(), queue.size]).toEqual([true, undefined, 0]);
  });

  it('puts back in the order in which they came', () => {
    const queue = new Queue<{ n: number }>();
    for (const each of [1, 0, 2]) queue.putBack({ n: each }, ({ n }) => n < each);
    expect([queue.next()?.n, queue.next()?.n, queue.next()?.n, queue.next()]).toEqual([0, 1, 2, undefined]);
  });
});
