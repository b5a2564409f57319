/** What the right answer is, from what the server knows: which replies it had passed on whole, and what it had received. */
import { ConnectionError, type ErrorCode, PlainwireError, ReplyError, TimeoutError } from '../../../src/errors.ts';
import type { Delivery } from '../../../src/smtp/index.ts';
import type { FaultCase, Planned } from './cases.ts';
import type { FaultServer, Progress, Visit } from './server.ts';
import type { Fault } from './tap.ts';

export type Answer = { readonly delivery: Delivery } | { readonly error: unknown };

/** One answer that would be right. */
type Right =
  /** What the server says in the end, where it gets to say it. */
  | { readonly kind: 'verdict' }
  | { readonly kind: 'fault'; readonly phases: readonly string[]; readonly mayHaveBeenDelivered: boolean }
  /** The 421 stands for the reply that was owed: whatever was said, it was not taken. */
  | { readonly kind: 'leave'; readonly phases: readonly string[] };

const VERDICT: Right = { kind: 'verdict' };

export function complaintsAbout(
  each: FaultCase,
  planned: Planned,
  at: number,
  answer: Answer,
  server: FaultServer,
): readonly string[] {
  const rights = rightAnswers(each, planned, at, server.visits[0]);
  const tries = rights.map((right) =>
    right.kind === 'verdict'
      ? againstVerdict(each, planned, answer)
      : right.kind === 'leave'
        ? againstLeave(planned, answer, right.phases)
        : againstFault(each, planned, answer, right, server),
  );
  const best = tries.some((complaints) => complaints.length === 0) ? [] : (tries[0] ?? []);
  return [...best, ...againstTruth(planned, answer, server)].map((complaint) => `${planned.id}: ${complaint}`);
}

function rightAnswers(each: FaultCase, planned: Planned, at: number, visit: Visit | undefined): readonly Right[] {
  if (visit === undefined || visit.brokenAt === undefined) return [VERDICT];
  const opening = openingPhases(each);
  const open = visit.opening.length >= opening.length;
  const lost = (phases: readonly string[]): Right =>
    each.cut?.fault === '421' ? { kind: 'leave', phases } : fault(phases, false);
  if (!open) {
    const phases = phasesOfOpening(each, visit, opening);
    if (each.retries === 0) return [lost(phases)];
    // words in clear where the handshake is due are no reason to try again
    return each.cut?.fault === '421' && phases.includes('tls') ? [VERDICT, lost(phases)] : [VERDICT];
  }
  const heard = visit.messages.get(planned.id);
  if (heard !== undefined && isSettled(each, planned, heard)) return [VERDICT];
  // only the first message of a new connection fails with it; others go out on another
  if (each.cut?.fault === '421')
    return at > 0 || each.retries > 0 ? [VERDICT] : [lost([nextPhase(each, planned, heard)])];
  const left = hasLeft(each, planned, visit, heard);
  const next = nextPhase(each, planned, heard);
  // behind a message that came to nothing RSET may come first
  const broken = fault(at > 0 && next === 'mail' ? ['mail', 'rset'] : [next], left !== 'no');
  if (left === 'yes') return [broken];
  if (left === 'unknown') return [broken, VERDICT];
  if (each.retries > 0) return [VERDICT];
  // the first message of a connection fails with it; for others it is taken for an old connection that was found dead
  if (at > 0 && each.cut?.fault !== 'stall') return [VERDICT];
  return visit.passage.seen.includes(`<${planned.id}@`) ? [broken] : [broken, VERDICT];
}

function fault(phases: readonly string[], mayHaveBeenDelivered: boolean): Right {
  return { kind: 'fault', phases, mayHaveBeenDelivered };
}

function openingPhases({ security, mode }: FaultCase): readonly string[] {
  const hello = mode === 'lmtp' ? 'lhlo' : 'ehlo';
  return ['greeting', hello, ...(security === 'starttls' ? ['starttls', hello] : []), 'auth'];
}

function phasesOfOpening(each: FaultCase, visit: Visit, opening: readonly string[]): readonly string[] {
  const next = opening[visit.opening.length] ?? '';
  const beforeTls = each.security === 'starttls' ? 3 : each.security === 'tls' ? 0 : undefined;
  if (visit.opening.length !== beforeTls) return [next];
  // with TLS 1.3 the client is through the handshake before the server is
  if (!visit.secured) return ['tls', next];
  return [next];
}

/** Whether everything was heard that decides what becomes of the message. */
function isSettled({ mode }: FaultCase, { to }: Planned, heard: Progress): boolean {
  if (heard.rcpt.length < to.length) return false;
  const accepted = heard.rcpt.filter((code) => code < 400).length;
  return accepted === 0 || heard.content.length === (mode === 'lmtp' ? accepted : 1);
}

/** Whether the client has said the whole message. */
function hasLeft(
  { mode }: FaultCase,
  { id }: Planned,
  { passage }: Visit,
  heard: Progress | undefined,
): 'yes' | 'no' | 'unknown' {
  // with BDAT it goes out with its MAIL
  if (mode === 'chunking') return heard !== undefined || passage.seen.includes(`<${id}@`) ? 'yes' : 'unknown';
  return heard?.data[0] === 354 && heard.rcpt.some((code) => code < 400) ? 'yes' : 'no';
}

function nextPhase({ mode }: FaultCase, { to }: Planned, heard: Progress | undefined): string {
  if (heard === undefined || heard.mail.length === 0) return 'mail';
  if (heard.rcpt.length < to.length) return 'rcpt';
  return mode !== 'chunking' && heard.data.length === 0 ? 'data' : 'content';
}

function addresses(names: readonly string[]): string {
  return names.map((name) => `${name}@b.ex`).join(' ');
}

function list(entries: readonly { readonly address: string }[]): string {
  return entries.map(({ address }) => address).join(' ');
}

function againstVerdict({ mode }: FaultCase, { to }: Planned, answer: Answer): readonly string[] {
  const refusedLate = (name: string): boolean => name === 'full';
  const accepted = to.filter((name) => name !== 'no' && !refusedLate(name));
  const code: ErrorCode | undefined =
    accepted.length > 0 ? undefined : to.some(refusedLate) ? 'MESSAGE_REFUSED' : 'RECIPIENTS_REFUSED';
  if (code === undefined) {
    if ('error' in answer) return [`expected a delivery, got ${describe(answer.error)}`];
    const rejected = to.filter((name) => name === 'no' || (mode === 'lmtp' && refusedLate(name)));
    return [
      ...differs('accepted', list(answer.delivery.accepted), addresses(accepted)),
      ...differs('rejected', list(answer.delivery.rejected), addresses(rejected)),
    ];
  }
  if (!('error' in answer) || !(answer.error instanceof ReplyError)) return [`expected ${code}, got ${said(answer)}`];
  const { error } = answer;
  return [
    ...differs('code', error.code, code),
    ...differs('mayHaveBeenDelivered', error.mayHaveBeenDelivered, false),
    ...differs('rejected', list(error.recipients?.rejected ?? []), addresses(to)),
  ];
}

const CLASSES = { close: ConnectionError, reset: ConnectionError, stall: TimeoutError, 421: ConnectionError } as const;

function codesOf(kind: Fault, each: FaultCase, phase: string | undefined): readonly ErrorCode[] {
  if (kind === 'stall') return ['DEADLINE_PASSED'];
  if (kind === 'reset') return ['CONNECTION_LOST'];
  // an end in the middle of a record, or of a handshake, is one that TLS does not let pass for an end
  return each.layer === 'wire' || phase === 'tls' ? ['CONNECTION_CLOSED', 'CONNECTION_LOST'] : ['CONNECTION_CLOSED'];
}

function againstLeave({ to }: Planned, answer: Answer, phases: readonly string[]): readonly string[] {
  const wanted = `a 421 in ${phases.join(' or ')}`;
  if (!('error' in answer) || !(answer.error instanceof PlainwireError))
    return [`expected ${wanted}, got ${said(answer)}`];
  const { error } = answer;
  // behind the go-ahead to TLS it stands where the handshake is due, and breaks the rules
  const outOfPlace = phases.includes('tls') && ['BYTES_BEFORE_TLS', 'TLS_FAILED'].includes(error.code);
  return [
    ...(error.reply?.code === 421 || outOfPlace ? [] : [`expected ${wanted}, got ${said(answer)}`]),
    ...(phases.includes(error.phase ?? '') || outOfPlace ? [] : [`phase ${error.phase}, expected ${wanted}`]),
    ...differs('mayHaveBeenDelivered', error.mayHaveBeenDelivered, false),
    ...differs('retryable', error.retryable, !outOfPlace),
    ...differs('rejected', list(error.recipients?.rejected ?? []), addresses(to)),
  ];
}

function againstFault(
  each: FaultCase,
  { id, to }: Planned,
  answer: Answer,
  right: Extract<Right, { kind: 'fault' }>,
  server: FaultServer,
): readonly string[] {
  const kind = each.cut?.fault ?? 'close';
  const wanted = `${right.phases.join(' or ')}, mayHaveBeenDelivered ${right.mayHaveBeenDelivered}`;
  if (!('error' in answer) || !(answer.error instanceof CLASSES[kind]))
    return [`expected ${CLASSES[kind].name} in ${wanted}, got ${said(answer)}`];
  const error = answer.error as PlainwireError;
  const heard = server.visits[0]?.messages.get(id);
  // LMTP: who has his reply has it, whatever becomes of the others
  const final = each.mode === 'lmtp' ? (heard?.content ?? []) : [];
  const asked = to.filter((name) => name !== 'no');
  const accepted = asked.filter((_, n) => (final[n] ?? 500) < 400);
  const rejected = to.filter((name) => !accepted.includes(name));
  return [
    ...(codesOf(kind, each, error.phase).includes(error.code) ? [] : [`code ${error.code}`]),
    ...(right.phases.includes(error.phase ?? '') ? [] : [`phase ${error.phase}, expected ${wanted}`]),
    ...differs('mayHaveBeenDelivered', error.mayHaveBeenDelivered, right.mayHaveBeenDelivered),
    ...differs('retryable', error.retryable, !right.mayHaveBeenDelivered),
    ...differs('accepted', list(error.recipients?.accepted ?? []), addresses(accepted)),
    ...differs('rejected', list(error.recipients?.rejected ?? []), addresses(rejected)),
  ];
}

/** What must hold whatever the answer: nothing is sent twice, and who says that nothing came says the truth. */
function againstTruth({ id }: Planned, answer: Answer, server: FaultServer): readonly string[] {
  const times = server.received.filter((each) => each === id).length;
  const complaints = times > 1 ? [`sent ${times} times`] : [];
  if ('delivery' in answer) return times === 1 ? complaints : [...complaints, 'said to be delivered, and was not'];
  const { error } = answer;
  if (!(error instanceof PlainwireError)) return [...complaints, `not an error of ours: ${String(error)}`];
  const said = error.mayHaveBeenDelivered || error instanceof ReplyError;
  return times === 0 || said ? complaints : [...complaints, 'said not to be delivered, and may have been'];
}

function differs(what: string, got: unknown, expected: unknown): readonly string[] {
  return got === expected ? [] : [`${what} ${JSON.stringify(got)}, expected ${JSON.stringify(expected)}`];
}

function said(answer: Answer): string {
  return 'delivery' in answer ? 'a delivery' : describe(answer.error);
}

function describe(error: unknown): string {
  if (!(error instanceof PlainwireError)) return String(error);
  return `${error.name} ${error.code} in ${error.phase}, mayHaveBeenDelivered ${error.mayHaveBeenDelivered} (${error.message})`;
}
