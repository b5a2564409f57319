/** A page as a line of JSON, for programs: what came and what became of it, without its body. */
import { PlainwireError } from '../../errors.ts';
import type { OpenPage, Page } from '../../http/index.ts';
import { withoutCredentials } from './report.ts';
import type { Result } from './result.ts';

export function jsonLine(result: Result): string {
  const { attempts } = result;
  const input = withoutCredentials(result.input);
  if (!result.ok) return `${JSON.stringify({ input, ok: false, attempts, error: errorRecord(result.error) })}\n`;
  const { page, length, file } = result;
  const record = { input, ok: true, attempts, ...pageRecord(page), length, ...(file === undefined ? {} : { file }) };
  return `${JSON.stringify(record)}\n`;
}

function pageRecord(page: Page | OpenPage): object {
  const { timing, tls, redirects, trailers, interim } = page;
  return {
    url: page.url,
    status: page.status,
    reason: page.reason,
    version: page.version,
    headers: page.headers,
    ...(trailers.length === 0 ? {} : { trailers }),
    ...(interim.length === 0 ? {} : { interim: interim.map(({ status, headers }) => ({ status, headers })) }),
    framing: page.framing,
    quirks: page.quirks,
    redirects: redirects.map(({ url, status, headers }) => ({ url, status, location: headers.getAll('Location')[0] })),
    started: page.started,
    timing: Object.fromEntries(Object.entries(timing).map(([phase, ms]) => [phase, Math.round(ms * 1000) / 1000])),
    remote: page.remote,
    ...(tls === undefined ? {} : { tls }),
  };
}

function errorRecord(error: unknown): object {
  if (error instanceof PlainwireError) {
    const { code, phase, message, retryable } = error;
    return { code, phase, message: withoutCredentials(message), retryable };
  }
  const { code, message } = error as NodeJS.ErrnoException;
  return { code, message };
}
