/** The head of a response: status line and fields (RFC 9112 sections 4 and 5). */
import type { RawHeaders } from './raw-headers.ts';

export interface ResponseHead {
  /** `'1.0'`, `'1.1'`; `'0.9'` where there was no head at all. */
  readonly version: string;
  readonly status: number;
  /** The reason phrase, one character a byte; often empty. */
  readonly reason: string;
  readonly headers: RawHeaders;
}
