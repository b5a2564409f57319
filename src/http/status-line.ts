/** The status line (RFC 9112 section 4): strict, but for what {@link Quirk} names. */
import { ResponseError } from './errors.ts';
import type { Quirk } from './quirks.ts';
import { trimWhitespace } from './whitespace.ts';

export interface StatusLine {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
}

const STATUS_LINE = /^(?:HTTP\/(0\.9|1\.[0-9])|ICY) ([0-9]{3})(?:$| )/;

/** Reads a line without its end; `offset` is where it stands in the response. */
export function parseStatusLine(line: string, offset: number, quirks: Set<Quirk>): StatusLine {
  const match = STATUS_LINE.exec(line);
  if (match === null) throw new ResponseError('BAD_STATUS_LINE', `not a status line: ${excerpt(line)}`, { offset });
  const status = Number(match[2]);
  if (status < 100) throw new ResponseError('BAD_STATUS_LINE', `no such status code: ${match[2]}`, { offset });
  const version = match[1];
  if (version === undefined) quirks.add('icy-status-line');
  else if (version !== '1.1' && version !== '1.0') quirks.add('odd-version');
  if (status > 599) quirks.add('odd-status');
  const length = match[0].length;
  if (length === line.length && !line.endsWith(' ')) quirks.add('missing-reason');
  const given = line.slice(length);
  const reason = trimWhitespace(given);
  if (reason.length !== given.length) quirks.add('reason-whitespace');
  return { version: version ?? '1.0', status, reason };
}

/** The start of a line, safe to show: what is not printable ASCII is escaped. */
export function excerpt(line: string): string {
  return JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}...` : line).replace(
    /[\x7f-\xff]/g,
    (byte) => `\\x${byte.charCodeAt(0).toString(16)}`,
  );
}
