/** How often a client has to wait: counted by a server that is some way off. */
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { Mailer, type MailerOptions } from '../../src/smtp/index.ts';
import { type MailServerOptions, mailServer } from '../support/mail-server.ts';

const COMMON: MailerOptions = { host: '127.0.0.1', security: 'none', name: 'c.example', timeouts: 10_000 };

function* letters(count: number): Generator<{ from: string; to: string; subject: string; text: string }> {
  for (let n = 0; n < count; n += 1) yield { from: 'a@a.example', to: 'b@b.example', subject: `${n}`, text: 'Hi.' };
}

/** Sends messages to a server that is far, and counts. */
async function count(server: MailServerOptions, mailer: Partial<MailerOptions>, messages = 100) {
  await using far = await mailServer({ delay: 4, ...server });
  await using near = new Mailer({ ...COMMON, port: far.port, ...mailer });
  for await (const outcome of near.sendAll(letters(messages))) expect(outcome).toMatchObject({ ok: true });
  await near.close();
  expect(far.messages).toHaveLength(messages);
  expect(far.sessions).toHaveLength(1);
  const [session] = far.sessions;
  return { roundTrips: session?.roundTrips ?? 0, reads: session?.reads ?? 0 };
}

describe('round trips', () => {
  it('PIPELINING: one a message, and four to begin and to end', async () => {
    const { roundTrips, reads } = await count({ offers: ['PIPELINING'] }, {});
    expect(roundTrips).toBeLessThanOrEqual(104);
    // EHLO, MAIL to DATA, then each end with the next beginning, the last end, QUIT
    expect(reads).toBeLessThanOrEqual(104);
  });

  it('CHUNKING, 16 in flight: twelve for a hundred messages', async () => {
    const { roundTrips } = await count({ offers: ['PIPELINING', 'CHUNKING'] }, { messagesInFlight: 16 });
    expect(roundTrips).toBeLessThanOrEqual(12);
  });

  it('CHUNKING, one in flight: one a message, and one message in doubt at the most', async () => {
    const { roundTrips } = await count({ offers: ['PIPELINING', 'CHUNKING'] }, { messagesInFlight: 1 }, 20);
    expect(roundTrips).toBeLessThanOrEqual(24);
    expect(roundTrips).toBeGreaterThanOrEqual(20);
  });

  it('PIPELINING, one in flight: two a message, and none begins before the reply to the one before', async () => {
    const { roundTrips } = await count({ offers: ['PIPELINING'] }, { messagesInFlight: 1 }, 10);
    expect(roundTrips).toBeGreaterThanOrEqual(20);
    expect(roundTrips).toBeLessThanOrEqual(24);
  });

  it('neither: four a message, lock-step', async () => {
    const { roundTrips } = await count({}, {}, 10);
    expect(roundTrips).toBe(10 * 4 + 2);
  });

  it('no more where the caller wants neither', async () => {
    const offers = ['PIPELINING', 'CHUNKING'];
    expect((await count({ offers }, { pipelining: 'off', chunking: 'off' }, 10)).roundTrips).toBe(42);
    expect((await count({ offers }, { chunking: 'off' }, 10)).roundTrips).toBeLessThanOrEqual(14);
  });
});

/** A server that reads nothing while what it has said is not read: each side would wait for the other for ever. */
async function stubbornServer(offers: readonly string[]): Promise<net.Server> {
  const server = net.createServer({ highWaterMark: 1024 }, (socket) => {
    socket.on('error', () => {});
    let input = '';
    let content = 0;
    socket.write('220 hi\r\n');
    const say = (text: string): void => {
      if (socket.write(`${text}\r\n`)) return;
      socket.pause();
      socket.once('drain', () => socket.resume());
    };
    // a long reply to each, so that the way back is full long before the way there is empty
    const ok = `250 ${'x'.repeat(480)}`;
    socket.on('data', (chunk) => {
      input += chunk.toString('latin1');
      for (;;) {
        if (content > 0) {
          if (input.length < content) return;
          input = input.slice(content);
          content = 0;
          say(ok);
        }
        const end = input.indexOf('\r\n');
        if (end === -1) return;
        const line = input.slice(0, end);
        input = input.slice(end + 2);
        if (line.startsWith('EHLO')) say(['250-hi', ...offers.map((offer) => `250-${offer}`), '250 HELP'].join('\r\n'));
        else if (line === 'DATA') say('354 go');
        else if (line.startsWith('BDAT')) content = Number(line.split(' ')[1]);
        else if (line === 'QUIT') socket.end('221 bye\r\n');
        else if (line === '.' || /^(MAIL|RCPT|RSET)/.test(line)) say(ok);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

describe('large batches', () => {
  it.each([
    ['PIPELINING', ['PIPELINING']],
    ['CHUNKING', ['PIPELINING', 'CHUNKING']],
  ])('%s: a server that stops reading until it is read from never holds them up', async (_, offers) => {
    const server = await stubbornServer(offers);
    await using mailer = new Mailer({ ...COMMON, port: (server.address() as net.AddressInfo).port });
    const to = Array.from({ length: 1_000 }, (_, n) => `${'r'.repeat(60)}${n}@${'b'.repeat(60)}.example`);
    const sent = await Promise.all(
      [1, 2, 3].map(() => mailer.send({ from: 'a@a.example', to, subject: 's', text: 't' })),
    );
    expect(sent.map(({ accepted }) => accepted.length)).toEqual([1_000, 1_000, 1_000]);
    await mailer.close();
    await new Promise((resolve) => server.close(resolve));
  });
});
