/**
 * Servers that do anything: whatever they say, a message is reported as sent only where the server had all of it, and
 * as surely not delivered only where the server had not, or had said no.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlainwireError } from '../../src/errors.ts';
import { Mailer } from '../../src/smtp/index.ts';
import { type Connection, listen, memoryPair } from '../../src/transport/index.ts';
import { raw, session } from '../support/dialogue.ts';
import type { Ended } from './verdict.ts';

/** Few in the suite; `RUNS=5000` looks longer. */
const RUNS = Number(process.env['RUNS'] ?? 150);
const SUBJECTS = ['one', 'two', 'three'];

/** What the server does at one command, where `right` is what it should say. */
type Move =
  | { readonly kind: 'say'; readonly reply: (right: string) => string }
  | { readonly kind: 'say and close'; readonly reply: (right: string) => string }
  | { readonly kind: 'reset' };

const say = (reply: (right: string) => string): Move => ({ kind: 'say', reply });
const right = say((text) => text);
const MOVES: readonly Move[] = [
  right,
  say((text) => `${text.slice(0, 3)}-first\r\n${text}`),
  { kind: 'say and close', reply: () => '421 4.3.2 going down\r\n' },
  say(() => '450 4.2.0 later\r\n'),
  say(() => '550 5.1.1 no\r\n'),
  say(() => '250 ok\r\n'),
  say(() => '354 go on\r\n'),
  say(() => '150 wait\r\n'),
  say((text) => `${text.slice(0, 3)}-a\r\n599 b\r\n`),
  { kind: 'say and close', reply: (text) => text },
  { kind: 'say and close', reply: (text) => text.slice(0, 5) },
  { kind: 'say and close', reply: () => '' },
  { kind: 'reset' },
];
/** More than was asked for, in the same write. */
const STRAY: readonly Move[] = ['250 a\r\n', '450 a\r\n', '354 a\r\n', '25', '250-a\r\n', '250 a\r\n250 b\r\n'].map(
  (more) => say((text) => text + more),
);

interface Truth {
  /** The server has the whole message, for somebody, and never said no to it. */
  readonly taken: Set<string>;
  readonly whole: Set<string>;
}

async function serve(far: Connection, offer: string, moves: Iterator<Move>): Promise<Truth> {
  const truth: Truth = { taken: new Set(), whole: new Set() };
  let buffered = '';
  let over = false;
  /** After a 421 nothing is heeded, though it has come (RFC 5321 section 3.8). */
  let gone = false;
  const more = async (): Promise<boolean> => {
    const chunk = over ? undefined : await far.read().catch(() => undefined);
    if (chunk !== undefined) buffered += Buffer.from(chunk).toString('latin1');
    return chunk !== undefined;
  };
  const take = (length: number): string => {
    const taken = buffered.slice(0, length);
    buffered = buffered.slice(length);
    return taken;
  };
  /** Whether what was said is yes, as this server means it; undefined where it said nothing that could be a no. */
  const answer = async (rightly: string): Promise<'yes' | 'no' | undefined> => {
    const move = over ? undefined : (moves.next().value as Move | undefined);
    if (move === undefined) return undefined;
    if (move.kind === 'reset') {
      over = true;
      far.destroy();
      return undefined;
    }
    const text = move.reply(rightly);
    await far.write(text)?.catch(() => {});
    if (move.kind === 'say and close') {
      over = true;
      gone = text.startsWith('421');
      far.end();
      if (!text.includes('\r\n')) return undefined;
    }
    return /^[45]/.test(text) ? 'no' : 'yes';
  };
  await answer('220 mx\r\n');
  let mail = false;
  let recipient = false;
  const content = async (subject: string): Promise<void> => {
    truth.whole.add(subject);
    const meant = await answer('250 taken\r\n');
    if (mail && recipient && meant !== 'no') truth.taken.add(subject);
    mail = recipient = false;
  };
  for (;;) {
    while (!gone && !buffered.includes('\r\n')) if (!(await more())) return truth;
    if (gone) return truth;
    const line = take(buffered.indexOf('\r\n') + 2).slice(0, -2);
    if (line.startsWith('EHLO')) await answer(offer);
    else if (line.startsWith('MAIL')) mail = (await answer('250 sender\r\n')) === 'yes';
    else if (line.startsWith('RCPT')) recipient = (await answer('250 recipient\r\n')) === 'yes' && mail;
    else if (line.startsWith('BDAT')) {
      const octets = Number(line.split(' ')[1]);
      while (buffered.length < octets) if (!(await more())) return truth;
      await content(/^Subject: (\w+)/.exec(take(octets))?.[1] ?? '');
    } else if (line === 'DATA') {
      if ((await answer('354 go on\r\n')) === 'no') continue;
      while (!`\r\n${buffered}`.includes('\r\n.\r\n')) if (!(await more())) return truth;
      const lines = take(`\r\n${buffered}`.indexOf('\r\n.\r\n') + 3);
      const subject = /^Subject: (\w+)/.exec(lines)?.[1];
      if (subject !== undefined) await content(subject);
      else await answer('554 nothing\r\n');
    } else await answer(line === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n');
    if (line === 'QUIT') return truth;
  }
}

async function* pieces(text: string): AsyncGenerator<Uint8Array> {
  for (const piece of text.split(/(?<=\r)/)) yield Buffer.from(piece, 'latin1');
}

function expectTrue(ended: Ended, { taken, whole }: Truth): void {
  for (const [index, outcome] of ended.outcomes.entries()) {
    const subject = SUBJECTS[index] ?? '';
    if (outcome === undefined) {
      expect(whole.has(subject)).toBe(false);
    } else if (outcome.delivery !== undefined) {
      expect(whole.has(subject), `${subject} is reported as sent`).toBe(true);
    } else {
      expect(outcome.error).toBeInstanceOf(PlainwireError);
      const error = outcome.error as PlainwireError;
      if (error.mayHaveBeenDelivered) expect(error.retryable).toBe(false);
      else expect(taken.has(subject), `${subject} is reported as not delivered: ${error.message}`).toBe(false);
    }
  }
}

describe.each([
  ['one by one', '250 mx\r\n', [...MOVES, ...STRAY]],
  ['pipelined', '250-mx\r\n250 PIPELINING\r\n', [...MOVES, ...STRAY]],
  ['chunked', '250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n', MOVES],
] as const)('%s', (_, offer, moves) => {
  it('whatever the server does', async () => {
    // most of what it says is right, so that dialogues get somewhere
    const one = fc.oneof(
      { arbitrary: fc.constant(right), weight: 8 },
      { arbitrary: fc.constantFrom(...moves), weight: 1 },
    );
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(one), async (stream) => {
        const [near, far] = memoryPair();
        const serving = serve(far, offer, stream);
        const messages = SUBJECTS.map((subject, n) => {
          const text = `Subject: ${subject}\r\n\r\n.a\r\n`;
          return { message: raw(n === 1 ? pieces(text) : text) };
        });
        // a reply out of step can leave both sides waiting for each other: then a deadline ends it
        const ended = await session(near, { timeouts: 3_000 }, messages);
        await near.closed;
        const truth = await serving;
        far.destroy();
        expectTrue(ended, truth);
      }),
      { numRuns: RUNS },
    );
  });

  it('through a mailer: nothing is sent twice, and no connection is left', async () => {
    const safe = fc.oneof(
      { arbitrary: fc.constant(right), weight: 12 },
      { arbitrary: fc.constantFrom(...MOVES), weight: 1 },
    );
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(safe), fc.integer({ min: 1, max: 3 }), async (stream, connections) => {
        const sessions: Promise<Truth>[] = [];
        await using listener = await listen({ host: '127.0.0.1', port: 0 }, async (connection) => {
          const serving = serve(connection, offer, stream);
          sessions.push(serving);
          await serving;
        });
        const port = 'port' in listener.endpoint ? listener.endpoint.port : 0;
        const mailer = new Mailer({ host: '127.0.0.1', port, timeouts: 3_000, connections });
        const sent = await Promise.all(
          SUBJECTS.map((subject) =>
            mailer.send(raw(`Subject: ${subject}\r\n\r\n.a\r\n`)).then(
              () => 'sent',
              (error: PlainwireError) => (error.mayHaveBeenDelivered ? 'in doubt' : 'not sent'),
            ),
          ),
        );
        await mailer.close();
        const truths = await Promise.all(sessions);
        await Promise.all([...listener.connections].map(({ closed }) => closed));
        for (const [index, subject] of SUBJECTS.entries()) {
          const copies = truths.filter(({ taken }) => taken.has(subject)).length;
          if (sent[index] === 'not sent') expect(copies, subject).toBe(0);
          else expect(copies, subject).toBeLessThan(2);
          if (sent[index] === 'sent') expect(truths.some(({ whole }) => whole.has(subject))).toBe(true);
        }
      }),
      { numRuns: Math.ceil(RUNS / 10) },
    );
  });
});
