/**
 * Stops a dialogue early: it goes as far as the phase that was named, and no further; what comes then is QUIT. To try out
 * what a server says to a sender, a recipient or a login, without sending a message.
 */
import { PlainwireError, type Reply } from '../errors.ts';
import type { Dialogue, Say, Step, Utterance } from './dialogue.ts';
import { phaseOf } from './legal-replies.ts';

/** The phases after which a dialogue can be stopped, in their order. */
export const QUIT_PHASES = ['greeting', 'ehlo', 'starttls', 'auth', 'mail', 'rcpt', 'data'] as const;
export type QuitPhase = (typeof QUIT_PHASES)[number];

/** The dialogue was stopped where the caller asked for it; `reply` is the last that was heard, or the refusal among them. */
export class StoppedError extends PlainwireError {
  override name = 'StoppedError';
}

function stopped(phase: QuitPhase, replies: readonly Reply[]): StoppedError {
  return new StoppedError('STOPPED', `stopped after ${phase}, as was asked for; no message was sent`, {
    phase,
    reply: replies.find(({ code }) => code >= 400) ?? replies[replies.length - 1],
  });
}

/** @throws StoppedError where the dialogue would go on behind the phase */
export function* quitAfter<T>(dialogue: Dialogue<T>, phase: QuitPhase): Dialogue<T> {
  const limit = QUIT_PHASES.indexOf(phase);
  let reached = -1;
  let replies: readonly Reply[] = [];
  let resume = (): IteratorResult<Step, T> => dialogue.next(replies);
  for (;;) {
    const turn = resume();
    if (turn.done === true) return turn.value;
    const step = turn.value;
    const allowed = step.kind === 'say' ? upTo(step, limit, reached) : [];
    if (step.kind === 'say' && allowed.length < step.utterances.length) {
      if (allowed.length > 0) replies = yield { ...step, utterances: allowed, last: false };
      throw stopped(phase, replies);
    }
    reached = Math.max(reached, ...allowed.map(placeOf));
    try {
      const heard = yield step;
      if (step.kind === 'say') replies = heard;
      resume = () => dialogue.next(heard);
    } catch (error) {
      resume = () => dialogue.throw(error);
    }
  }
}

/** What of a step may still be said: nothing behind the limit, and no second EHLO once the limit is reached. */
function upTo({ utterances }: Say, limit: number, reached: number): readonly Utterance[] {
  const end = utterances.findIndex((each) => placeOf(each) > limit || (reached === limit && placeOf(each) < limit));
  return end === -1 ? utterances : utterances.slice(0, end);
}

const PLACES: Readonly<Record<string, QuitPhase>> = { helo: 'ehlo', lhlo: 'ehlo', rset: 'mail' };

function placeOf(utterance: Utterance): number {
  const phase = phaseOf(utterance);
  const place = QUIT_PHASES.indexOf(PLACES[phase] ?? (phase as QuitPhase));
  return place === -1 ? QUIT_PHASES.length : place;
}
