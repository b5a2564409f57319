/**
 * Turns: what one side said, whole. A message's content and a page's body are reported piece by piece as they are
 * written and read; a format for people shows each as one, and shows no more of it than a person reads.
 */
import type { ReceivedEvent, SecretSpan, SentEvent, Trace, TraceEvent } from './event.ts';

/** One command, reply, head, or the whole of a content or body. */
export interface Turn {
  /** The event, or the first of the events that make up a content. */
  readonly event: SentEvent | ReceivedEvent;
  readonly bytes: Uint8Array;
  readonly secrets: readonly SecretSpan[];
  /** How many bytes followed that were not kept. */
  readonly more: number;
  /** When its last byte went by, in the time of its event. */
  readonly until: number;
  /** It is a message's content or a page's body, not a line of the dialogue. */
  readonly content: boolean;
}

/** What is said of a connection beside what crosses it. */
export type Fact = Exclude<TraceEvent, SentEvent | ReceivedEvent>;

export interface TurnHandlers {
  turn(turn: Turn): void;
  fact(event: Fact): void;
}

/** Content is shown up to here: a small message whole, as the first programs did, and no attachment. */
export const CONTENT_SHOWN = 4096;

/** The end of a message (RFC 5321 section 4.1.1.4). */
const END = '\r\n.\r\n';

/** Whether an event is a piece of content and not a line of dialogue. */
export function isContent(event: SentEvent | ReceivedEvent): boolean {
  if (event.kind === 'sent' && event.verb !== undefined) return false;
  return event.phase === 'body' || (event.kind === 'sent' && event.phase === 'content');
}

/** Says of each event whether it is the last of its connection: it closed, or it never came about. */
export function endings(): (event: TraceEvent) => boolean {
  const awaited = new Set<number>();
  return ({ kind, connection }) => {
    if (kind === 'connecting') awaited.add(connection);
    if (kind === 'connected') awaited.delete(connection);
    return kind === 'closed' || (kind === 'error' && awaited.delete(connection));
  };
}

type Spoken = SentEvent | ReceivedEvent;
/** Bytes of a content that nobody will see, and that were not kept. */
const OMITTED = Symbol('omitted');

function omitted(event: Spoken & { readonly [OMITTED]?: number }): number {
  return event[OMITTED] ?? 0;
}

/** For who keeps events: of content, what is shown of it is kept, and how much more there was. */
export function keeper(limit: number): (event: TraceEvent) => TraceEvent {
  const kept = new Map<number, number>();
  return (event) => {
    if ((event.kind !== 'sent' && event.kind !== 'received') || !isContent(event)) {
      kept.delete(event.connection);
      return event;
    }
    const before = kept.get(event.connection) ?? 0;
    kept.set(event.connection, before + event.bytes.length);
    const room = Math.max(0, limit - before);
    const rest = event.bytes.length - room - END.length;
    if (rest <= 0) return event;
    // its last bytes tell whether it ends
    const bytes = Buffer.concat([event.bytes.subarray(0, room), event.bytes.subarray(-END.length)]);
    return { ...event, bytes, [OMITTED]: rest };
  };
}

/** The content of one connection while it goes by. */
interface Gathering {
  readonly event: SentEvent | ReceivedEvent;
  readonly pieces: Uint8Array[];
  readonly secrets: SecretSpan[];
  kept: number;
  more: number;
  until: number;
  /** The last bytes, to see the end of a message the moment it is sent. */
  tail: string;
}

/** A trace that hands on turns. */
export interface Turns extends Trace {
  /** Hands on the content that is under way: no more of it will come. */
  finish(connection: number): void;
}

/** Content is kept up to `limit` bytes. */
export function turns(limit: number, handlers: TurnHandlers): Turns {
  const gatherings = new Map<number, Gathering>();

  function finish(connection: number): void {
    const gathering = gatherings.get(connection);
    if (gathering === undefined) return;
    gatherings.delete(connection);
    const { event, pieces, secrets, more, until } = gathering;
    handlers.turn({ event, bytes: Buffer.concat(pieces), secrets, more, until, content: true });
  }

  function gather(event: SentEvent | ReceivedEvent): void {
    let gathering = gatherings.get(event.connection);
    if (gathering !== undefined && gathering.event.kind !== event.kind) {
      finish(event.connection);
      gathering = undefined;
    }
    if (gathering === undefined) {
      gathering = { event, pieces: [], secrets: [], kept: 0, more: 0, until: event.time, tail: '\r\n' };
      gatherings.set(event.connection, gathering);
    }
    const kept = event.bytes.subarray(0, Math.max(0, limit - gathering.kept));
    if (kept.length > 0) gathering.pieces.push(kept);
    for (const { start, end } of event.secrets) {
      gathering.secrets.push({ start: start + gathering.kept, end: end + gathering.kept });
    }
    gathering.kept += kept.length;
    gathering.until = event.time;
    gathering.more += event.bytes.length - kept.length + omitted(event);
    gathering.tail = (gathering.tail + Buffer.from(event.bytes.subarray(-END.length)).toString('latin1')).slice(
      -END.length,
    );
    // Dots are stuffed, so this can only be the end; with BDAT the end shows when the next thing is said.
    if (event.kind === 'sent' && gathering.tail === END) finish(event.connection);
  }

  const trace: Trace = (event) => {
    if (event.kind !== 'sent' && event.kind !== 'received') {
      finish(event.connection);
      handlers.fact(event);
    } else if (isContent(event)) {
      gather(event);
    } else {
      finish(event.connection);
      const { bytes, secrets, time } = event;
      handlers.turn({ event, bytes, secrets, more: 0, until: time, content: false });
    }
  };
  return Object.assign(trace, { finish });
}
