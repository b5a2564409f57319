/**
 * What a picture shows, before anything has a place: the events of a trace as entries, a lane for each connection, with
 * what belongs together found out: which reply answers which command, what was said in one batch, what is encrypted.
 */
import { tlsSummary } from '../arrows.ts';
import type { Protocol, TraceEvent } from '../event.ts';
import { type Explanation, explainer } from '../explain/index.ts';
import { factLines } from '../swaks.ts';
import { isRefusal, turnLines } from '../text.ts';
import { CONTENT_SHOWN, type Fact, isContent, type Turn, turns } from '../turn.ts';

export type EntryKind = 'sent' | 'received' | 'connecting' | 'connected' | 'tls' | 'closed' | 'error';

export interface Entry {
  readonly kind: EntryKind;
  /** Whose words these are; a fact that holds for both sides, such as TLS, is nobody's. */
  readonly from: 'client' | 'server' | 'both';
  /** Milliseconds on the client's clock: when it was sent, or when it had come. */
  readonly time: number;
  /** When the last of it went by: later than `time` for content in many pieces. */
  readonly until: number;
  /** As it is to be shown: secrets by their size, control characters as escapes, long content folded. */
  readonly lines: readonly string[];
  /** The command, the reply's code, or what else names it in a word or two. */
  readonly label: string;
  readonly size: number;
  readonly roundTrip: number | undefined;
  /** Entries with the same number were said one after another without waiting for a reply. */
  readonly batch: number | undefined;
  readonly refused: boolean;
  readonly content: boolean;
  readonly encrypted: boolean;
  /** The place in the lane of what this answers, and how long the answer took. */
  readonly answers: number | undefined;
  readonly waited: number | undefined;
  readonly explanation: Explanation | undefined;
}

/** One connection. */
export interface Lane {
  readonly protocol: Protocol;
  readonly target: string;
  readonly entries: readonly Entry[];
  readonly roundTrips: number;
  /** From the first event to the last, in milliseconds. */
  readonly duration: number;
  /** Half of the shortest wait for an answer: what one way takes, at most. */
  readonly oneWay: number;
  /** Whether the times are known: a transcript that a person wrote has none. */
  readonly timed: boolean;
  readonly bytes: { readonly sent: number; readonly received: number };
}

/** The lanes of a trace, in the order of their connections. */
export function lanesOf(events: readonly TraceEvent[]): Lane[] {
  const drafts = new Map<number, Draft>();
  const draftOf = (event: TraceEvent): Draft => {
    let draft = drafts.get(event.connection);
    if (draft === undefined) drafts.set(event.connection, (draft = new Draft(event.protocol)));
    return draft;
  };
  const trace = turns(CONTENT_SHOWN, {
    turn: (turn) => draftOf(turn.event).turn(turn),
    fact: (event) => draftOf(event).fact(event),
  });
  for (const event of events) trace(event);
  // content whose end was never seen is shown all the same
  for (const connection of drafts.keys()) trace.finish(connection);
  return [...drafts.values()].map((draft) => draft.lane());
}

type Writable = { -readonly [K in keyof Entry]: Entry[K] };

/** A lane while its events go by. */
class Draft {
  readonly #protocol: Protocol;
  readonly #entries: Writable[] = [];
  readonly #explain = explainer();
  /** The places of what was sent and is not answered yet. */
  readonly #unanswered: number[] = [];
  readonly #bytes = { sent: 0, received: 0 };
  #target = '';
  #encrypted = false;
  #batches = 0;
  #roundTrips = 0;

  constructor(protocol: Protocol) {
    this.#protocol = protocol;
  }

  turn(turn: Turn): void {
    const { event } = turn;
    const size = turn.bytes.length + turn.more;
    this.#bytes[event.kind] += size;
    this.#roundTrips = Math.max(this.#roundTrips, event.roundTrip);
    const lines = turnLines(turn);
    const entry = this.#entry(event.kind, event.kind === 'sent' ? 'client' : 'server', event, lines);
    entry.until = turn.until;
    entry.size = size;
    entry.roundTrip = event.roundTrip;
    entry.content = turn.content;
    if (event.kind === 'sent') {
      entry.label = turn.content ? (event.phase === 'body' ? 'body' : 'message') : (event.verb ?? 'answer');
      this.#batch(entry);
      this.#unanswered.push(this.#entries.length - 1);
    } else {
      entry.label = turn.content ? 'body' : (event.reply?.code.toString() ?? statusOf(lines[0]) ?? event.phase);
      entry.refused = !turn.content && isRefusal(event);
      this.#answer(entry, event.phase);
    }
  }

  fact(event: Fact): void {
    const lines = event.kind === 'tls' ? [tlsSummary(event.facts)] : factLines(event);
    switch (event.kind) {
      case 'connecting':
        this.#target = event.target;
        this.#entry('connecting', 'client', event, [`connects to ${event.target}`]).label = 'connect';
        this.#unanswered.push(this.#entries.length - 1);
        break;
      case 'connected': {
        const entry = this.#entry('connected', 'server', event, [`connected: ${event.remote}`]);
        entry.label = 'connected';
        this.#answer(entry, 'connect');
        break;
      }
      case 'tls':
        this.#encrypted = true;
        this.#entry('tls', 'both', event, lines).label = event.facts.protocol;
        break;
      case 'closed':
        this.#entry('closed', event.by === 'us' ? 'client' : 'server', event, ['closes the connection']).label =
          'close';
        break;
      case 'error':
        this.#entry('error', 'both', event, lines).label = event.error.code;
    }
  }

  lane(): Lane {
    const entries = this.#entries;
    const last = entries.at(-1);
    const waits = entries.flatMap(({ waited }) => (waited === undefined ? [] : [waited]));
    return {
      protocol: this.#protocol,
      target: this.#target,
      entries,
      roundTrips: this.#roundTrips,
      duration: last === undefined ? 0 : last.until - (entries[0]?.time ?? 0),
      oneWay:
        waits.length === 0
          ? 0
          : Math.max(
              0,
              waits.reduce((a, b) => Math.min(a, b)),
            ) / 2,
      timed: entries.some(({ time }) => time > 0),
      bytes: this.#bytes,
    };
  }

  #entry(kind: EntryKind, from: Entry['from'], event: TraceEvent, lines: readonly string[]): Writable {
    const entry: Writable = {
      kind,
      from,
      time: event.time,
      until: event.time,
      lines,
      label: kind,
      size: 0,
      roundTrip: undefined,
      batch: undefined,
      refused: kind === 'error',
      content: (event.kind === 'sent' || event.kind === 'received') && isContent(event),
      encrypted: this.#encrypted,
      answers: undefined,
      waited: undefined,
      explanation: this.#explain(event),
    };
    this.#entries.push(entry);
    return entry;
  }

  /** What is sent right behind something sent, with nothing heard between, is of one batch with it. */
  #batch(entry: Writable): void {
    const before = this.#entries.at(-2);
    if (before?.kind !== 'sent' || before.roundTrip !== entry.roundTrip) return;
    before.batch ??= ++this.#batches;
    entry.batch = before.batch;
  }

  /** Replies come in the order of what they answer; one phase's reply never answers another's command. */
  #answer(entry: Writable, phase: string): void {
    const at = this.#unanswered.findIndex((place) => isAnsweredIn(this.#entries[place], phase, this.#protocol));
    const place = this.#unanswered[at];
    const answered = place === undefined ? undefined : this.#entries[place];
    if (place === undefined || answered === undefined) return;
    // whatever was sent before it and is still open had no answer to get: the chunk behind a BDAT, say
    this.#unanswered.splice(0, at + 1);
    entry.answers = place;
    entry.waited = entry.time - answered.until;
  }
}

const PHASE_OF_LABEL: Readonly<Record<string, string>> = { message: 'content', BDAT: 'content', answer: 'auth' };

function isAnsweredIn(entry: Entry | undefined, phase: string, protocol: Protocol): boolean {
  if (entry === undefined) return false;
  if (protocol === 'http' || protocol === 'raw') return entry.kind === 'sent' || phase === 'connect';
  const own = PHASE_OF_LABEL[entry.label] ?? entry.label.toLowerCase();
  return own === phase || phase === 'command';
}

function statusOf(line: string | undefined): string | undefined {
  return /^HTTP\/\d\.\d +(\d{3})/.exec(line ?? '')?.[1];
}
