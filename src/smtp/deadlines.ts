/** How long each phase may take, in milliseconds: RFC 5321 section 4.5.3.2 where it gives a value. */
import { MessageError } from '../errors.ts';
import { type ConnectTimeouts, DEFAULT_CONNECT_TIMEOUTS } from '../transport/index.ts';

const MINUTE = 60_000;

export const DEFAULT_DEADLINES = {
  ...DEFAULT_CONNECT_TIMEOUTS,
  greeting: 5 * MINUTE,
  ehlo: 5 * MINUTE,
  helo: 5 * MINUTE,
  lhlo: 5 * MINUTE,
  starttls: 5 * MINUTE,
  auth: 5 * MINUTE,
  mail: 5 * MINUTE,
  rcpt: 5 * MINUTE,
  data: 2 * MINUTE,
  /** For each block of a message that is written piece by piece. */
  block: 3 * MINUTE,
  /** From the final dot to its reply: a server may deliver in this time, and to give up early is to send twice. */
  content: 10 * MINUTE,
  rset: 5 * MINUTE,
  /** It asks whether the connection still stands: a message waits for the answer, and another connection may be had. */
  noop: 10_000,
  command: 5 * MINUTE,
  /** Nothing depends on the reply to QUIT. */
  quit: 5_000,
} as const;

export type Phase = keyof typeof DEFAULT_DEADLINES;
export type Deadlines = Readonly<Record<Phase, number>>;
/** One number for every phase, or a number for each that shall differ from the default. */
export type Timeouts = number | (Partial<Readonly<Record<Phase, number>>> & ConnectTimeouts);

/** @throws MessageError that names the phase */
export function deadlinesOf(timeouts: Timeouts = {}): Deadlines {
  if (typeof timeouts !== 'number' && (typeof timeouts !== 'object' || timeouts === null))
    throw new MessageError('BAD_INPUT', 'timeouts', 'expected milliseconds, or an object with some for each phase');
  const phases = Object.keys(DEFAULT_DEADLINES) as Phase[];
  const given =
    typeof timeouts === 'number' ? Object.fromEntries(phases.map((phase) => [phase, timeouts])) : { ...timeouts };
  for (const [phase, ms] of Object.entries(given)) {
    if (!(phase in DEFAULT_DEADLINES)) {
      throw new MessageError('UNKNOWN_FIELD', `timeouts.${phase}`, `no such phase; there are ${phases.join(', ')}`);
    }
    if (typeof ms !== 'number' || !(ms > 0))
      throw new MessageError('BAD_INPUT', `timeouts.${phase}`, 'expected milliseconds above 0');
  }
  return { ...DEFAULT_DEADLINES, ...given };
}
