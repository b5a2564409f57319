/** A dialogue that goes as far as a phase, and no further, whatever the server offers. */
import { describe, expect, test } from 'vitest';
import { QUIT_PHASES, type QuitPhase, StoppedError } from '../../src/smtp/index.ts';
import type { TraceEvent } from '../../src/trace/event.ts';
import { Tracer } from '../../src/trace/tracer.ts';
import { replay } from '../../src/transport/index.ts';
import { message, session } from '../support/dialogue.ts';

const AUTH = { user: 'ada', pass: 'open sesame', mechanism: 'PLAIN' } as const;
const GREETING = 'S: 220 a\n';
const EHLO = 'C: EHLO client.example\nS: 250-a\nS: 250-STARTTLS\nS: 250 AUTH PLAIN\n';
const SECURE = `C: STARTTLS\nS: 220 go\n-- tls\n`;
const AGAIN = 'C: EHLO client.example\nS: 250-a\nS: 250 AUTH PLAIN\n';
const LOGIN = 'C~ ^AUTH PLAIN\nS: 235 ok\n';
const MAIL = 'C: MAIL FROM:<ann@example.com>\nS: 250 ok\n';
const RCPT = 'C: RCPT TO:<bob@example.com>\nS: 250 ok\n';
const QUIT = 'C: QUIT\nS: 221 bye\n-- close\n';

const DIALOGUES: Readonly<Record<QuitPhase, string>> = {
  greeting: GREETING + QUIT,
  ehlo: GREETING + EHLO + QUIT,
  starttls: GREETING + EHLO + SECURE + QUIT,
  auth: GREETING + EHLO + SECURE + AGAIN + LOGIN + QUIT,
  mail: GREETING + EHLO + SECURE + AGAIN + LOGIN + MAIL + QUIT,
  rcpt: GREETING + EHLO + SECURE + AGAIN + LOGIN + MAIL + RCPT + QUIT,
  // the server waits for the message: it can only be left
  data: `${GREETING}${EHLO}${SECURE}${AGAIN}${LOGIN}${MAIL}${RCPT}C: DATA\nS: 354 go\n`,
};

async function stopped(transcript: string, options: object, phase: QuitPhase): Promise<unknown> {
  const connection = replay(transcript);
  const all = { security: 'starttls', quitAfter: phase, ...options } as const;
  const { opened, outcomes } = await session(connection, all, [{ message: message() }]);
  await connection.played;
  return opened ?? outcomes[0]?.error;
}

test.each(QUIT_PHASES)('after %s', async (phase) => {
  const error = await stopped(DIALOGUES[phase], { auth: AUTH }, phase);
  expect(error).toBeInstanceOf(StoppedError);
  expect(error).toMatchObject({ code: 'STOPPED', phase, retryable: false, mayHaveBeenDelivered: false });
});

describe('a phase that does not come about', () => {
  test('AUTH without credentials: the message is not sent all the same', async () => {
    expect(await stopped(GREETING + EHLO + SECURE + AGAIN + QUIT, {}, 'auth')).toBeInstanceOf(StoppedError);
  });

  test('a refusal before it is the failure it always is', async () => {
    const transcript = `${GREETING}C: EHLO client.example\nS: 250 a\nC: MAIL FROM:<ann@example.com>\nS: 550 5.7.1 no\n${QUIT}`;
    expect(await stopped(transcript, { security: 'none' }, 'data')).toMatchObject({ code: 'SENDER_REFUSED' });
  });
});

test('a refused recipient is what is told', async () => {
  const transcript = `${GREETING}C: EHLO client.example\nS: 250 a\n${MAIL}C: RCPT TO:<bob@example.com>\nS: 550 5.1.1 nobody\n${QUIT}`;
  const error = await stopped(transcript, { security: 'none' }, 'rcpt');
  expect(error).toMatchObject({ code: 'STOPPED', reply: { code: 550, enhanced: '5.1.1' } });
});

test('of a batch only what is allowed goes out', async () => {
  const events: TraceEvent[] = [];
  const tracer = new Tracer((event) => void events.push(event), 'smtp', 1);
  const connection = replay(
    `${GREETING}C: EHLO client.example\nS: 250-a\nS: 250-CHUNKING\nS: 250 PIPELINING\nC: MAIL FROM:<ann@example.com>\nC: RCPT TO:<bob@example.com>\nS: 250 ok\nS: 250 ok\n${QUIT}`,
    { tracer },
  );
  await session(connection, { quitAfter: 'rcpt' }, [{ message: message() }]);
  await connection.played;
  expect(events.flatMap((event) => (event.kind === 'sent' ? [event.verb] : []))).toEqual([
    'EHLO',
    'MAIL',
    'RCPT',
    'QUIT',
  ]);
});
