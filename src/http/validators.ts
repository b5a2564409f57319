/** Validators (RFC 9110 section 8.8): whether a page is still the one that was fetched before. */
import type { HeaderPair, RawHeaders } from './raw-headers.ts';

/** A page fetched earlier, or what was kept of it. */
export interface Earlier {
  readonly headers: RawHeaders;
}

/** The fields that ask for a page only if it has changed: a 304 means that the earlier one still holds. */
export function conditionsFrom(earlier: Earlier): HeaderPair[] {
  const etag = earlier.headers.getAll('ETag')[0];
  const modified = earlier.headers.getAll('Last-Modified')[0];
  const conditions: HeaderPair[] = [];
  if (etag) conditions.push(['If-None-Match', etag]);
  if (modified) conditions.push(['If-Modified-Since', modified]);
  return conditions;
}

/** Last-Modified proves sameness to the byte only if the page was that old already when it was sent. */
const STRONG_AFTER = 60_000;

/**
 * What proves that two answers are the same to the byte, for If-Range: a strong entity tag, or a modification date so
 * far back that the page can't have changed twice within its second (RFC 9110 section 8.8.2.2).
 */
export function strongValidator(headers: RawHeaders): string | undefined {
  const etag = headers.getAll('ETag')[0];
  if (etag !== undefined) return /^"[^"]*"$/.test(etag) ? etag : undefined;
  const modified = headers.getAll('Last-Modified')[0];
  const date = headers.getAll('Date')[0];
  if (modified === undefined || date === undefined) return undefined;
  return Date.parse(date) - Date.parse(modified) >= STRONG_AFTER ? modified : undefined;
}

/** `bytes 100-199/200`; undefined for anything else. */
export interface ContentRange {
  readonly start: number;
  readonly end: number;
  /** Undefined for `*`. */
  readonly total: number | undefined;
}

export function parseContentRange(value: string | undefined): ContentRange | undefined {
  const match = /^bytes ([0-9]{1,15})-([0-9]{1,15})\/([0-9]{1,15}|\*)$/i.exec(value ?? '');
  if (match === null) return undefined;
  const [start, end] = [Number(match[1]), Number(match[2])];
  const total = match[3] === '*' ? undefined : Number(match[3]);
  return end < start || (total !== undefined && end >= total) ? undefined : { start, end, total };
}

/** The total of a 416's `bytes * /200`. */
export function unsatisfiedTotal(value: string | undefined): number | undefined {
  const match = /^bytes \*\/([0-9]{1,15})$/i.exec(value ?? '');
  return match === null ? undefined : Number(match[1]);
}
