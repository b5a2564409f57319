/** One sitting with a server: every sample is sent in one mode, and what the server stored is compared with what was sent. */

import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { type Delivery, Mailer, type MailerOptions, type SendOptions } from '../../../src/smtp/index.ts';
import type { TraceEvent } from '../../../src/trace/index.ts';
import { type Inbox, onDisk, sameOctets } from './inbox.ts';
import type { Sample } from './messages.ts';

export const CA = readFileSync(new URL('../../fixtures/certificates/ca.pem', import.meta.url));

/** What crossed the wire, as far as a test of modes wants to know. */
export interface Dialogue {
  /** The verbs in the order in which they were said. */
  readonly verbs: readonly string[];
  readonly roundTrips: number;
  readonly encrypted: boolean;
}

export interface Exchange {
  readonly deliveries: readonly Delivery[];
  readonly dialogue: Dialogue;
}

/** Sends, reads back, compares; fails with the name of the sample. */
export async function exchange(
  options: MailerOptions,
  inbox: Inbox,
  samples: readonly Sample[],
  sendOptions: SendOptions = {},
): Promise<Exchange> {
  const events: TraceEvent[] = [];
  const deliveries: Delivery[] = [];
  await using mailer = new Mailer({
    ...(options.path === undefined ? { host: '127.0.0.1' } : {}),
    tls: { ca: CA },
    timeouts: 30_000,
    ...options,
    trace: (event) => events.push(event),
  });
  for await (const outcome of mailer.sendAll(
    samples.map(({ message }) => message),
    sendOptions,
  )) {
    const name = samples[outcome.index]?.name ?? '';
    if (!outcome.ok) throw new Error(`'${name}' was not sent: ${outcome.error}`, { cause: outcome.error });
    expect(outcome.delivery.rejected, name).toEqual([]);
    deliveries.push(outcome.delivery);
  }
  for (const { name, message } of samples) {
    const sent = await onDisk(message);
    const copies = await inbox.copies(message.messageId, message.envelope.to.length);
    expect(copies.length, `copies of '${name}'`).toBe(message.envelope.to.length);
    try {
      for (const stored of copies) sameOctets(stored, sent);
    } catch (error) {
      throw new Error(`'${name}': ${error instanceof Error ? error.message : error}`);
    }
  }
  return { deliveries, dialogue: dialogueOf(events) };
}

function dialogueOf(events: readonly TraceEvent[]): Dialogue {
  const verbs: string[] = [];
  let roundTrips = 0;
  let encrypted = false;
  for (const event of events) {
    if (event.kind === 'tls') encrypted = true;
    if (event.kind !== 'sent') continue;
    roundTrips = Math.max(roundTrips, event.roundTrip);
    if (event.verb !== undefined) verbs.push(event.verb);
  }
  return { verbs, roundTrips, encrypted };
}

export function count(verbs: readonly string[], verb: string): number {
  return verbs.filter((each) => each === verb).length;
}
