/** Holds what came of a played dialogue against what had to come of it. */
import { expect } from 'vitest';
import { PlainwireError } from '../../src/errors.ts';
import { formatReply } from '../../src/smtp/reply.ts';
import { type Fate, fateOfMessage, fateOfOpening, type Said } from '../support/account.ts';
import type { Outcome, session } from '../support/dialogue.ts';
import type { Failure, Play, Success } from './transcripts.ts';

export type Ended = Awaited<ReturnType<typeof session>>;

/** The dialogue was played to its end. */
export function expectWhole(ended: Ended, { opening, outcomes }: Play): void {
  expect(ended.opened === undefined ? undefined : failure(ended.opened)).toEqual(opening);
  expect(ended.outcomes.map(told)).toEqual(outcomes);
}

/** The server closed after `cut` bytes. */
export function expectFates(ended: Ended, play: Play, account: readonly Said[], cut: number): void {
  const where = `${play.name} cut after ${cut} bytes`;
  const failed = expected(fateOfOpening(account, cut), play.opening);
  expect(ended.opened === undefined ? undefined : failure(ended.opened), where).toEqual(failed);
  if (failed !== undefined) {
    expect(ended.opened, where).toMatchObject({ mayHaveBeenDelivered: false });
    return;
  }
  for (const [message, whole] of play.outcomes.entries()) {
    const fate = fateOfMessage(account, message, cut);
    const outcome = ended.outcomes[message];
    expect(told(outcome), `${where}, message ${message}`).toEqual(expected(fate, whole));
    if (outcome?.error === undefined) continue;
    expect(outcome.error, `${where}, message ${message}`).toMatchObject({
      mayHaveBeenDelivered: fate.kind === 'lost' && fate.mayHaveBeenDelivered,
      recipients: expect.any(Object),
    });
  }
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
    case 'lost': {
      const retryable = !fate.mayHaveBeenDelivered;
      return { name: 'ConnectionError', code: 'CONNECTION_CLOSED', phase: fate.phase, retryable };
    }
  }
}

export function told(outcome: Outcome | undefined): Success | Failure | undefined {
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
  const { name, phase = '', reply, retryable } = error;
  // over a socket the end of the server's words and the end of the connection may come together
  const code = error.code === 'CONNECTION_LOST' ? 'CONNECTION_CLOSED' : error.code;
  return { name, code, phase, ...(reply === undefined ? {} : { reply: reply.code }), retryable };
}
