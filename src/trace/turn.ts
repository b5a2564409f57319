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

/** Whether an event is a piece of content and not a line of dialogue. */
export function isContent(event: SentEvent | ReceivedEvent): boolean {
  if (event.kind === 'sent' && event.verb !== undefined) return false;
  return event.phase === 'body' || (event.kind === 'sent' && event.phase === 'content');
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
    gathering.more += event.bytes.length - kept.length;
    gathering.tail = (gathering.tail + Buffer.from(event.bytes.subarray(-5)).toString('latin1')).slice(-5);
    // Dots are stuffed, so this can only be the end; with BDAT the end shows when the next thing is said.
    if (event.kind === 'sent' && gathering.tail === '\r\n.\r\n') finish(event.connection);
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
