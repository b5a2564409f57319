/** What a person is told of the sites: a line each, and at the end how many came with which status, or failed, and why. */
import { PlainwireError } from '../../errors.ts';
import { safe } from '../../trace/index.ts';
import type { Result } from './result.ts';

export interface ReportFlags {
  readonly fail?: boolean;
}

/** Whether a site counts as done. */
export function isDone(result: Result, { fail = false }: ReportFlags): boolean {
  return result.ok && !(fail && result.page.status >= 400);
}

export function textLine(result: Result, flags: ReportFlags): string {
  const verdict = isDone(result, flags) ? 'ok    ' : 'failed';
  return `${verdict}  ${safe(withoutCredentials(result.input))}  ${safe(facts(result))}\n`;
}

function facts(result: Result): string {
  if (!result.ok) return failure(result.error);
  const { page, length, file } = result;
  const status = `${page.status} ${page.reason}`.trim();
  const time = `${(page.timing.total / 1000).toFixed(2)} s`;
  return [status, `${counted(length)} bytes`, time, ...(file === undefined ? [] : [`-> ${file}`])].join('  ');
}

function failure(error: unknown): string {
  if (error instanceof PlainwireError) return `${withoutCredentials(error.message)} (${error.code})`;
  return `the page can't be written: ${(error as Error).message}`;
}

/** A password in a URL is for the server. In time that grows with the text: a server may have a say in it. */
export function withoutCredentials(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/@\s]*@/i, '$1').replace(/(:\/\/)[^/@\s]*@/g, '$1');
}

function counted(number: number): string {
  return number.toLocaleString('en-US');
}

/** Counts by status and by error; as many lines for a million sites as for ten. */
export class Tally {
  /** Sites that an earlier run has kept. */
  before = 0;
  #pages = 0;
  #failed = 0;
  #bytes = 0;
  readonly #statuses = new Map<string, number>();
  readonly #errors = new Map<string, number>();
  readonly #begun = performance.now();

  get pages(): number {
    return this.#pages;
  }

  get failed(): number {
    return this.#failed;
  }

  add(result: Result): void {
    if (result.ok) {
      this.#pages += 1;
      this.#bytes += result.length;
      increase(this.#statuses, String(result.page.status));
    } else {
      this.#failed += 1;
      const { code = 'UNKNOWN' } = result.error as { code?: string };
      increase(this.#errors, code);
    }
  }

  /** Nothing for a single site, whose line says it all. */
  summary(): string {
    if (this.#pages + this.#failed + this.before < 2) return '';
    const seconds = ((performance.now() - this.#begun) / 1000).toFixed(2);
    const pages = `${some(this.#pages, 'page')} in ${seconds} s, ${counted(this.#bytes)} bytes`;
    const lines = [`${pages}${list(this.#statuses)}`];
    if (this.#failed > 0) lines.push(`${counted(this.#failed)} failed${list(this.#errors)}`);
    if (this.before > 0) lines.push(`${some(this.before, 'page')} kept by an earlier run`);
    return lines.map((line) => `${line}\n`).join('');
  }
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function some(count: number, what: string): string {
  return `${counted(count)} ${what}${count === 1 ? '' : 's'}`;
}

/** `: 3 x 200, 1 x 404`, the most frequent first. */
function list(counts: ReadonlyMap<string, number>): string {
  const sorted = [...counts].sort(([one, many], [other, more]) => more - many || one.localeCompare(other));
  return sorted.length === 0 ? '' : `: ${sorted.map(([what, count]) => `${counted(count)} x ${what}`).join(', ')}`;
}
