/** Every transcript whole, in three chunkings, and cut after every byte of what the server says. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { PlainwireError } from '../../src/errors.ts';
import { type ReplayConnection, replay } from '../../src/transport/index.ts';
import { accountOf } from '../support/account.ts';
import { CHUNKINGS } from '../support/chunks.ts';
import { session } from '../support/dialogue.ts';
import { type Form, PLAYS, serverBytes, stepsFor } from './transcripts.ts';
import { expectFates, expectWhole } from './verdict.ts';

/** Nothing in here waits for a deadline: a case that did would be a case that hangs. */
const TIMEOUTS = 60_000;
const FORMS: readonly Form[] = ['in memory', 'as a stream'];

it('every transcript is played', () => {
  const files = readdirSync(new URL('../fixtures/smtp', import.meta.url));
  expect(files.toSorted()).toEqual(PLAYS.map(({ name }) => `${name}.wire`).toSorted());
});

describe.each(FORMS)('whole, the message %s', (form) => {
  describe.each(CHUNKINGS)('%s', (chunking) => {
    it.each(PLAYS)('$name', async (play) => {
      const connection = replay(stepsFor(play, form), { chunking });
      endOnMismatch(connection);
      const ended = await session(connection, { ...play.options, timeouts: TIMEOUTS }, play.jobs(form));
      expectWhole(ended, play);
      await connection.played;
      await connection.closed;
    });
  });
});

/** A client that says the wrong thing shall not wait for an answer to it. */
function endOnMismatch(connection: ReplayConnection): void {
  connection.played.catch((error: unknown) => connection.destroy(error as PlainwireError));
}

describe.each(FORMS)('cut after every byte, the message %s', (form) => {
  // a stream is another way to say the same content: one dialogue of each kind shows it
  const plays = form === 'in memory' ? PLAYS : PLAYS.filter(({ name }) => /^(pipelined|chunking|lmtp)$/.test(name));
  it.each(plays)('$name', async (play) => {
    const steps = stepsFor(play, form);
    const account = accountOf(steps);
    for (let cut = 0; cut <= serverBytes(steps); cut += 1) {
      const connection = replay(steps, { cutAfter: cut });
      const ended = await session(connection, { ...play.options, timeouts: TIMEOUTS }, play.jobs(form));
      await connection.closed;
      expectFates(ended, play, account, cut);
    }
  });
});
