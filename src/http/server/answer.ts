/** What a server of HTTP/1.0 answers (RFC 1945 section 6): head as text, the body's length known before it is sent. */
import type { RequestHead } from './request-head.ts';

export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  301: 'Moved Permanently',
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  500: 'Internal Server Error',
};

/** The head, with its empty line; none for HTTP/0.9, which has no heads. */
export function answerHead(request: RequestHead | undefined, { status, headers }: Answer, now = new Date()): string {
  if (request?.version === 'HTTP/0.9') return '';
  const lines = [
    `HTTP/1.0 ${status} ${REASONS[status] ?? ''}`,
    `Date: ${now.toUTCString()}`,
    'Server: plainwire',
    ...headers.map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Text as HTML shows it. */
export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** A whole page of a few words. */
export function smallPage(title: string, inner: string): Buffer {
  return Buffer.from(
    `<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<title>${escapeHtml(title)}</title>\n` +
      `<h1>${escapeHtml(title)}</h1>\n${inner}\n</html>\n`,
  );
}
