/** The transcripts of test/fixtures/smtp: what the client is asked to do in each, and what has to come of it. */
import { readFileSync } from 'node:fs';
import type { Message } from '../../src/mime/index.ts';
import type { SendOptions, SmtpOptions } from '../../src/smtp/index.ts';
import { parseTranscript, type Transcript } from '../../src/trace/transcript.ts';
import { raw } from '../support/dialogue.ts';

/** How a message is handed over: whole, or piece by piece. */
export type Form = 'in memory' | 'as a stream';

export interface Job {
  readonly message: Message;
  readonly options: SendOptions;
}

/** A failure as the error tells it. */
export interface Failure {
  readonly name: string;
  readonly code: string;
  readonly phase: string;
  readonly reply?: number;
  readonly retryable: boolean;
}

export interface Success {
  readonly accepted: readonly string[];
  readonly rejected?: readonly string[];
  readonly reply: string;
  readonly queueId?: string;
}

export interface Play {
  readonly name: string;
  readonly transcript: Transcript;
  readonly options: SmtpOptions;
  readonly jobs: (form: Form) => readonly Job[];
  /** Where the session does not open. */
  readonly opening: Failure | undefined;
  readonly outcomes: readonly (Success | Failure)[];
}

const FIRST = 'From: ann@example.com\r\nSubject: first\r\n\r\n.a line with a dot\r\n..\r\nbye\r\n';
const SECOND = 'From: ann@example.com\r\nSubject: second\r\n\r\nbye\r\n';

const BOB = ['bob@example.com'];
const CID = ['cid@example.com'];
const LOGIN: SmtpOptions = { auth: { user: 'ann', pass: 'pencil' } };
const NO_OPTIONS: SendOptions = {};

interface Given {
  readonly options?: SmtpOptions;
  readonly to?: readonly string[];
  /** Recipients of a second message. */
  readonly second?: readonly string[];
  readonly send?: SendOptions;
}

function play(name: string, given: Given, ...ends: readonly (Success | Failure)[]): Play {
  const { options = {}, to = BOB, second, send = NO_OPTIONS } = given;
  const [first] = ends;
  const fails = first !== undefined && 'name' in first && OPENING.has(first.code) ? first : undefined;
  return {
    name,
    transcript: parseTranscript(readFileSync(new URL(`../fixtures/smtp/${name}.wire`, import.meta.url), 'utf8')),
    options,
    jobs: (form) => [
      { message: made(FIRST, to, form), options: send },
      ...(second === undefined ? [] : [{ message: made(SECOND, second, form), options: NO_OPTIONS }]),
    ],
    opening: fails,
    outcomes: fails === undefined ? ends : [],
  };
}

const OPENING = new Set(['GREETING_REFUSED', 'EHLO_REFUSED', 'STARTTLS_REFUSED', 'AUTH_REFUSED']);

function made(text: string, to: readonly string[], form: Form): Message {
  return raw(form === 'in memory' ? text : pieces(text), to);
}

/** Lines, and a CR apart from its LF. */
async function* pieces(text: string): AsyncGenerator<Uint8Array> {
  for (const piece of text.split(/(?<=\r)/)) yield Buffer.from(piece, 'latin1');
}

function refused(code: string, phase: string, reply: number): Failure {
  return { name: 'ReplyError', code, phase, reply, retryable: reply < 500 };
}

const SENT: Success = { accepted: BOB, reply: '250 ok' };

export const PLAYS: readonly Play[] = [
  play(
    'lock-step',
    { second: CID },
    { accepted: BOB, reply: '250 ok id=1pQx7T-0004aB-1c', queueId: '1pQx7T-0004aB-1c' },
    { accepted: CID, reply: '250 2.0.0 Ok: queued as 4F2C81A0', queueId: '4F2C81A0' },
  ),
  play('helo', {}, SENT),
  play(
    'pipelined',
    { second: CID },
    { accepted: BOB, reply: '250 2.0.0 Ok: queued as 4F2C81A0', queueId: '4F2C81A0' },
    { accepted: CID, reply: '250 2.0.0 Ok: queued as 4F2C81A1', queueId: '4F2C81A1' },
  ),
  play(
    'chunking',
    { second: CID },
    { accepted: BOB, reply: '250 message ok, 70 octets' },
    { accepted: CID, reply: '250 message ok, 47 octets' },
  ),
  play('starttls', { options: { ...LOGIN, security: 'starttls' } }, SENT),
  play('auth-login', { options: LOGIN }, SENT),
  play(
    'recipients',
    { to: ['bob', 'cid', 'dan', 'eve', 'fay'].map((name) => `${name}@example.com`) },
    {
      accepted: ['cid@example.com', 'eve@example.com'],
      rejected: ['bob@example.com 550', 'dan@example.com 450', 'fay@example.com 553'],
      reply: '250 ok',
    },
  ),
  play('nobody', { second: CID }, refused('RECIPIENTS_REFUSED', 'rcpt', 550), { accepted: CID, reply: '250 ok' }),
  play(
    'require-all',
    { to: [...BOB, ...CID], send: { requireAllRecipients: true } },
    refused('RECIPIENTS_REFUSED', 'rcpt', 550),
  ),
  play('multi-line', {}, { accepted: BOB, reply: '250 2.0.0 grüße' }),
  play(
    'lmtp',
    { options: { lmtp: true }, to: [...BOB, ...CID, 'dan@example.com'] },
    { accepted: BOB, rejected: ['cid@example.com 550', 'dan@example.com 452'], reply: '250 2.0.0 bob has it' },
  ),
  play('greeting-554', {}, refused('GREETING_REFUSED', 'greeting', 554)),
  play('greeting-421', {}, refused('GREETING_REFUSED', 'greeting', 421)),
  play('ehlo-451', {}, refused('EHLO_REFUSED', 'ehlo', 451)),
  play('helo-550', {}, refused('EHLO_REFUSED', 'helo', 550)),
  play('starttls-454', { options: { security: 'starttls' } }, refused('STARTTLS_REFUSED', 'starttls', 454)),
  play('auth-535', { options: LOGIN }, refused('AUTH_REFUSED', 'auth', 535)),
  play('auth-454', { options: LOGIN }, refused('AUTH_REFUSED', 'auth', 454)),
  play('mail-451', {}, refused('SENDER_REFUSED', 'mail', 451)),
  play('mail-550', {}, refused('SENDER_REFUSED', 'mail', 550)),
  play('rcpt-450', {}, refused('RECIPIENTS_REFUSED', 'rcpt', 450)),
  play('rcpt-550', {}, refused('RECIPIENTS_REFUSED', 'rcpt', 550)),
  play('data-451', {}, refused('DATA_REFUSED', 'data', 451)),
  play('data-554', {}, refused('DATA_REFUSED', 'data', 554)),
  play('content-452', {}, refused('MESSAGE_REFUSED', 'content', 452)),
  play('content-554', {}, refused('MESSAGE_REFUSED', 'content', 554)),
];

/** How many bytes the server says in all. */
export function serverBytes(transcript: Transcript): number {
  return transcript.reduce((sum, step) => ('bytes' in step ? sum + step.bytes.length : sum), 0);
}

/** What is said differs by how the message is handed over: of a stream nothing is known before it is read. */
export function stepsFor({ transcript }: Play, form: Form): Transcript {
  if (form === 'in memory') return transcript;
  return transcript.map((step) =>
    'line' in step ? { ...step, line: step.line.replace(/ SIZE=\d+$/, ' BODY=8BITMIME') } : step,
  );
}
