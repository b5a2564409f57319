/**
 * A message on its way out is a row of segments: text that is ready, octets that are ready, and content that is encoded
 * when its turn comes, so that a big attachment is never in memory twice.
 */

import type { Allocate } from './base64.ts';

/** Content that is made while the message is read, in blocks of bounded size. */
export interface Deferred {
  /** Octets it will come to; undefined where only reading tells. */
  readonly size: number | undefined;
  /** May it be read again, with the same result? */
  readonly replayable: boolean;
  /**
   * The blocks at once, where nothing has to be waited for; undefined where a source must be read. A block may lie in
   * memory that `allocate` gave, and is used before the next is asked for.
   */
  readonly blocks: ((allocate?: Allocate) => Iterable<Uint8Array>) | undefined;
  /** The blocks as they come. */
  stream(): AsyncIterable<Uint8Array>;
  /** True if the last octets are known to be CRLF. */
  readonly endsInLine?: boolean;
  /** The size, found out without reading the content, where that can be done. */
  measure?(): Promise<number | undefined>;
  /** Lets go of what can be read once only: it will not be read. */
  readonly release?: (() => void) | undefined;
  /** Whether what can be read once only has been begun. */
  readonly isSpent?: (() => boolean) | undefined;
}

/** A string is ASCII: one character, one octet. */
export type Segment = string | Uint8Array | Deferred;

export function isDeferred(segment: Segment): segment is Deferred {
  return typeof segment === 'object' && 'stream' in segment;
}

/** Octets of the segment on the wire, undefined where that is not known. */
export function sizeOf(segment: Segment): number | undefined {
  return typeof segment === 'object' && 'stream' in segment ? segment.size : segment.length;
}

/** Lets go of every stream that will not be read, or not to its end. */
export function releaseAll(segments: readonly Segment[]): void {
  for (const segment of segments) if (isDeferred(segment)) segment.release?.();
}

/** Whether something that can be read once only has been begun. */
export function isSpent(segments: readonly Segment[]): boolean {
  return segments.some((segment) => isDeferred(segment) && segment.isSpent?.() === true);
}

/** Collects segments; text that follows text becomes one. */
export class SegmentList {
  readonly segments: Segment[] = [];
  #text = '';

  text(text: string): void {
    this.#text += text;
  }

  add(segment: Segment): void {
    if (typeof segment === 'string') {
      this.#text += segment;
      return;
    }
    if (this.#text !== '') this.segments.push(this.#text);
    this.#text = '';
    this.segments.push(segment);
  }

  end(): readonly Segment[] {
    if (this.#text !== '') this.segments.push(this.#text);
    this.#text = '';
    return this.segments;
  }
}
