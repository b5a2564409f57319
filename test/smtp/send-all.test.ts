/** Many messages: no more is taken than can be sent, and each has its answer. */
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { PlainwireError } from '../../src/errors.ts';
import { type DeliveryOutcome, Mailer, type MailerOptions } from '../../src/smtp/index.ts';
import { type MailServer, mailServer } from '../support/mail-server.ts';

const letter = (subject: string, to = 'b@b.example') => ({ from: 'a@a.example', to, subject, text: 'Hi.' });
type Letter = ReturnType<typeof letter>;

function mailerFor(server: MailServer, options: Partial<MailerOptions> = {}): Mailer {
  return new Mailer({ host: '127.0.0.1', port: server.port, security: 'none', timeouts: 10_000, ...options });
}

describe('sendAll', () => {
  it.each([
    ['lock-step', [], 1],
    ['PIPELINING', ['PIPELINING'], 2],
    ['CHUNKING', ['PIPELINING', 'CHUNKING'], 3],
  ])('takes no more than can be on its way, and an answer for each: %s', async (_, offers, connections) => {
    await using server = await mailServer({ offers });
    await using mailer = mailerFor(server, { connections });
    let pulled = 0;
    let most = 0;
    function* source(): Generator<Letter> {
      for (; pulled < 500; pulled += 1) yield letter(`${pulled}`);
    }
    const seen: number[] = [];
    for await (const outcome of mailer.sendAll(source())) {
      expect(outcome.ok).toBe(true);
      seen.push(outcome.index);
      most = Math.max(most, pulled - seen.length);
    }
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_each, n) => n));
    expect(server.messages).toHaveLength(500);
    // so many on their way and as many next in line, for each connection
    expect(most).toBeLessThanOrEqual(connections * 16 + 1);
  });

  it('pulls nothing more while the server is silent', async () => {
    let open: () => void = () => {};
    const opened = new Promise<undefined>((resolve) => (open = () => resolve(undefined)));
    await using server = await mailServer({ onMessage: () => opened });
    await using mailer = mailerFor(server);
    let pulled = 0;
    async function* source(): AsyncGenerator<Letter> {
      for (; pulled < 1_000; pulled += 1) yield letter(`${pulled}`);
    }
    const outcomes = mailer.sendAll(source());
    const first = outcomes.next();
    await server.until(({ messages }) => messages.length === 1);
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    const silent = pulled;
    open();
    expect((await first).value).toMatchObject({ ok: true, index: 0 });
    await outcomes.return();
    await mailer.close();
    expect(silent).toBeLessThanOrEqual(17);
    expect(pulled).toBeLessThanOrEqual(33);
  });

  it('never throws for one message, and goes on', async () => {
    await using server = await mailServer();
    await using mailer = mailerFor(server);
    const letters = [
      letter('0'),
      letter('1', 'no@b.example'),
      letter('2\r\nBcc: x@y'),
      letter('3', 'nonsense'),
      letter('4'),
    ];
    const outcomes: DeliveryOutcome[] = [];
    for await (const outcome of mailer.sendAll(letters)) outcomes.push(outcome);
    outcomes.sort((a, b) => a.index - b.index);
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, false, false, true]);
    expect(outcomes.map((each) => (each.ok ? undefined : (each.error as PlainwireError).name))).toEqual([
      undefined, 'ReplyError', 'MessageError', 'MessageError', undefined,
    ]); // biome-ignore format: a list
    expect(outcomes[1]?.message).toBe(letters[1]);
  });

  it('takes a source of another realm, whose promises are not ours', async () => {
    await using server = await mailServer({});
    await using mailer = mailerFor(server);
    const source = runInNewContext('(async function* (letters) { yield* letters; })')([letter('1'), letter('2')]);
    const seen: boolean[] = [];
    for await (const { ok } of mailer.sendAll(source)) {
      seen.push(ok);
      if (seen.length > 2) break;
    }
    expect(seen).toEqual([true, true]);
  });

  it('throws what the source throws, behind the last answer', async () => {
    await using server = await mailServer();
    await using mailer = mailerFor(server);
    const fault = new Error('the list has a hole');
    function* source(): Generator<Letter> {
      yield letter('0');
      yield letter('1');
      throw fault;
    }
    const seen: number[] = [];
    const run = async (): Promise<void> => {
      for await (const { index } of mailer.sendAll(source())) seen.push(index);
    };
    await expect(run()).rejects.toBe(fault);
    expect(seen).toEqual([0, 1]);
  });

  it('lets go of the source where the caller stops', async () => {
    await using server = await mailServer();
    await using mailer = mailerFor(server);
    let cleaned = false;
    async function* source(): AsyncGenerator<Letter> {
      try {
        for (let n = 0; ; n += 1) yield letter(`${n}`);
      } finally {
        cleaned = true;
      }
    }
    for await (const outcome of mailer.sendAll(source())) if (outcome.index === 3) break;
    await mailer.close();
    expect(cleaned).toBe(true);
  });
});
