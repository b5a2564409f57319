/** Every transcript whole, in three chunkings, and cut after every byte of what the server says. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PlainwireError } from '../../src/errors.ts';
import { formatReply } from '../../src/smtp/reply.ts';
import { type ReplayConnection, replay } from '../../src/transport/index.ts';
import { accountOf, type Fate, fateOfMessage, fateOfOpening } from '../support/account.ts';
import { CHUNKINGS } from '../support/chunks.ts';
import { type Outcome, session } from '../support/dialogue.ts';
import { type Failure, PLAYS, type Success, serverBytes } from './transcripts.ts';

/** Nothing in here waits for a deadline: a case that did would be a case that hangs. */
const TIMEOUTS = 60_000;

function told(outcome: Outcome | undefined): Success | Failure | undefined {
  if (outcome === undefined) return undefined;
  const { delivery, error } = outcome;
  if (delivery === undefined) return failure(error);
  const rejected = delivery.rejected.map(({ address, reply }) => `${address} ${reply?.code}`);
  return {
    accepted: delivery.accepted.map(({ address }) => address),
    ...(rejected.length === 0 ? {} : { rejected }),
    reply: formatReply(delivery.reply),
    ...(delivery.queueId === undefined ? {} : { queueId: delivery.queueId }),
  };
}

function failure(error: unknown): Failure {
  if (!(error instanceof PlainwireError)) throw error;
  const { name, code, phase = '', reply, retryable } = error;
  return { name, code, phase, ...(reply === undefined ? {} : { reply: reply.code }), retryable };
}

/** What has to be told of a fate. */
function expected(fate: Fate, whole: Success | Failure | undefined): Success | Failure | undefined {
  switch (fate.kind) {
    case 'settled':
      return whole;
    case 'not begun':
      return undefined;
    case 'refused': {
      const phase = fate.code === 'SENDER_REFUSED' ? 'mail' : 'rcpt';
      return { name: 'ReplyError', code: fate.code, phase, reply: fate.reply, retryable: fate.reply < 500 };
    }
    case 'lost':
      return {
        name: 'ConnectionError',
        code: 'CONNECTION_CLOSED',
        phase: fate.phase,
        retryable: !fate.mayHaveBeenDelivered,
      };
  }
}

function mayHaveBeenDelivered(error: unknown): boolean | undefined {
  return error instanceof PlainwireError ? error.mayHaveBeenDelivered : undefined;
}

it('every transcript is played', () => {
  const files = readdirSync(new URL('../fixtures/smtp', import.meta.url));
  expect(files.toSorted()).toEqual(PLAYS.map(({ name }) => `${name}.wire`).toSorted());
});

describe.each(['in memory', 'as a stream'] as const)('whole, the message %s', (form) => {
  describe.each(CHUNKINGS)('%s', (chunking) => {
    it.each(PLAYS)('$name', async ({ transcript, options, jobs, opening, outcomes }) => {
      // of a stream nothing is known before it is read: neither its size nor that it is ASCII
      const steps = form === 'in memory' ? transcript : transcript.map(ofStream);
      const connection = replay(steps, { chunking });
      endOnMismatch(connection);
      const ended = await session(connection, { ...options, timeouts: TIMEOUTS }, jobs(form));
      expect(ended.opened === undefined ? undefined : failure(ended.opened)).toEqual(opening);
      expect(ended.outcomes.map(told)).toEqual(outcomes);
      await connection.played;
      await connection.closed;
    });
  });
});

/** A client that says the wrong thing shall not wait for an answer to it. */
function endOnMismatch(connection: ReplayConnection): void {
  connection.played.catch((error: unknown) => connection.destroy(error as PlainwireError));
}

function ofStream<T>(step: T): T {
  return typeof step === 'object' && step !== null && 'line' in step && typeof step.line === 'string'
    ? { ...step, line: step.line.replace(/ SIZE=\d+$/, ' BODY=8BITMIME') }
    : step;
}

describe('cut after every byte', () => {
  it.each(PLAYS)('$name', async ({ transcript, options, jobs, opening, outcomes }) => {
    const account = accountOf(transcript);
    const all = serverBytes(transcript);
    for (let cut = 0; cut <= all; cut += 1) {
      const where = `cut after ${cut} of ${all} bytes`;
      const connection = replay(transcript, { cutAfter: cut });
      const ended = await session(connection, { ...options, timeouts: TIMEOUTS }, jobs('in memory'));
      await connection.closed;
      const fate = fateOfOpening(account, cut);
      const failed = expected(fate, opening);
      expect(ended.opened === undefined ? undefined : failure(ended.opened), where).toEqual(failed);
      if (failed !== undefined) {
        expect(mayHaveBeenDelivered(ended.opened), where).toBe(false);
        continue;
      }
      for (const [message, whole] of outcomes.entries()) {
        const fate = fateOfMessage(account, message, cut);
        const outcome = ended.outcomes[message];
        expect(told(outcome), `${where}, message ${message}`).toEqual(expected(fate, whole));
        if (outcome?.error === undefined) continue;
        expect(mayHaveBeenDelivered(outcome.error), where).toBe(fate.kind === 'lost' && fate.mayHaveBeenDelivered);
        expect((outcome.error as PlainwireError).recipients, where).toBeDefined();
      }
    }
  });
});
