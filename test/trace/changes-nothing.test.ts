/** A trace changes nothing in the dialogue: not one that throws, not one that is slow, not one that keeps or spoils what it gets. */
import { expect, test } from 'vitest';
import type { Trace, TraceEvent } from '../../src/trace/event.ts';
import { formats } from '../../src/trace/formats.ts';
import { Picture } from '../../src/trace/picture/index.ts';
import { Tracer } from '../../src/trace/tracer.ts';
import { type Chunking, replay } from '../../src/transport/index.ts';
import { message, session } from '../support/dialogue.ts';

const TRANSCRIPT = `S: 220 mail.example.com
C: EHLO client.example
S: 250-mail.example.com
S: 250-PIPELINING
S: 250 AUTH PLAIN
C: AUTH PLAIN AGFkYQBzZXNhbWU=
S: 235 ok
C: MAIL FROM:<ann@example.com>
C: RCPT TO:<bob@example.com>
C: DATA
S: 250 ok
S: 250 ok
S: 354 go
C~ ^Date:
C: From: ann@example.com
C: To: bob@example.com
C: Subject: Hello
C~ ^Message-ID:
C: MIME-Version: 1.0
C: Content-Type: text/plain; charset=utf-8
C: Content-Transfer-Encoding: 7bit
C:
C: Hi.
C: .
S: 250 queued
C: QUIT
S: 221 bye
`;

async function delivered(trace: Trace | undefined, chunking: Chunking): Promise<unknown> {
  const tracer = trace === undefined ? undefined : new Tracer(trace, 'smtp', 1);
  const connection = replay(TRANSCRIPT, { chunking, ...(tracer === undefined ? {} : { tracer }) });
  const auth = { user: 'ada', pass: 'sesame', mechanism: 'PLAIN' };
  const { opened, outcomes } = await session(connection, { auth, allowPlaintextAuth: true }, [{ message: message() }]);
  await connection.played;
  const [outcome] = outcomes;
  if (outcome?.delivery === undefined) throw opened ?? outcome?.error;
  const { accepted, rejected, reply } = outcome.delivery;
  return { accepted, rejected, reply };
}

const traces: Readonly<Record<string, () => Trace>> = {
  'one that throws': () => () => {
    throw new Error('a trace of ours is broken');
  },
  'one that rejects': () => async () => {
    await Promise.resolve();
    // vitest fails a run with a rejection that nobody handles
    throw new Error('later');
  },
  'one that is slow': () => () => {
    const until = performance.now() + 4;
    while (performance.now() < until);
  },
  'one that overwrites the bytes': () => (event) => {
    if (event.kind === 'sent' || event.kind === 'received') event.bytes.fill(0);
  },
  'a picture': () => new Picture().trace,
  ...Object.fromEntries(
    Object.entries(formats).map(([name, format]) => [name, () => format(() => {}, { explain: true })]),
  ),
};

test.each(Object.entries(traces))('%s', async (_name, make) => {
  for (const chunking of ['whole', 'bytes'] as const) {
    expect(await delivered(make(), chunking)).toEqual(await delivered(undefined, chunking));
  }
});

test('a format whose output fails changes nothing either', async () => {
  const full = (): never => {
    throw new Error('the disk is full');
  };
  for (const format of Object.values(formats)) {
    expect(await delivered(format(full), 'lines')).toEqual(await delivered(undefined, 'lines'));
  }
});

test('every event has its time, in order, and its round trip', async () => {
  const events: TraceEvent[] = [];
  await delivered((event) => void events.push(event), 'lines');
  const times = events.map(({ time }) => time);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  const trips = events.flatMap((event) => ('roundTrip' in event ? [event.roundTrip] : []));
  expect(trips).toEqual([...trips].sort((a, b) => a - b));
});
