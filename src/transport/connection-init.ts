/** What a connection is made of. */
import type { Duplex } from 'node:stream';
import type { Tracer } from '../trace/tracer.ts';
import type { Deadline } from './deadline.ts';
import type { ReadMemory } from './read-memory.ts';
import type { SharedReads } from './shared-reads.ts';

/** Milliseconds each phase of connecting took; 0 for a phase that was not needed. */
export interface ConnectTiming {
  readonly lookup: number;
  readonly connect: number;
  readonly tls: number;
}

/**
 * When a reader that waits gets what came: `'at-once'`, or `'together'` with all that came over others in the same turn
 * of the event loop, which is much faster where there are many connections.
 */
export type Delivery = 'at-once' | 'together';

export interface ConnectionInit {
  readonly stream: Duplex;
  /** The peer's address and port, or the path of the socket. */
  readonly remote: string;
  /** The host name as asked for, for SNI and certificate checks; empty for a path. */
  readonly host: string;
  readonly timing?: ConnectTiming;
  readonly signal?: AbortSignal | undefined;
  readonly tracer?: Tracer | undefined;
  /** What the stream reads into, where it is not new memory for every read. */
  readonly memory?: ReadMemory | SharedReads | undefined;
  /** `'at-once'` by default. */
  readonly delivery?: Delivery | undefined;
  /** The one that ran while the stream was being made: its timer serves on. */
  readonly deadline?: Deadline;
}
