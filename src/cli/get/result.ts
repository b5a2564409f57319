/** What became of one site: kept somewhere, or not. */
import type { OpenPage, Page } from '../../http/index.ts';

interface ResultBase {
  readonly input: string;
  readonly attempts: number;
}

export interface KeptResult extends ResultBase {
  readonly ok: true;
  readonly page: Page | OpenPage;
  /** Bytes kept. */
  readonly length: number;
  /** Where; undefined where it went to stdout. */
  readonly file: string | undefined;
}

export interface FailedResult extends ResultBase {
  readonly ok: false;
  readonly error: unknown;
}

export type Result = KeptResult | FailedResult;
