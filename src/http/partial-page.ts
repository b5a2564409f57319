/** What had come of a page when its fetch failed, whatever kind of error it was. */
import type { TlsFacts } from '../trace/event.ts';
import type { PageTiming } from './page.ts';
import type { PageRequest } from './request.ts';
import type { ResponseHead } from './response-head.ts';

export interface PartialPage {
  readonly url: string;
  readonly request: PageRequest;
  /** The final head, where it was whole. */
  readonly head: ResponseHead | undefined;
  /** Every byte of the response that was kept; a stream keeps none. */
  readonly received: Uint8Array;
  /** How many bytes came, kept or not. */
  readonly receivedLength: number;
  readonly timing: PageTiming;
  readonly started: Date;
  /** The peer's address and port; undefined where no connection was made. */
  readonly remote: string | undefined;
  readonly tls: TlsFacts | undefined;
}

const partials = new WeakMap<Error, PartialPage>();

export function rememberPartial(error: Error, partial: PartialPage): void {
  partials.set(error, partial);
}

/** What had come by the time of an error of fetchPage() or openPage(); undefined for an error of anything else. */
export function partialPage(error: unknown): PartialPage | undefined {
  return error instanceof Error ? partials.get(error) : undefined;
}
