/**
 * `infos.txt`, the mail file of the seed programs: line 1 is `server, sender, recipient`, then come headers, an empty
 * line, and the body. What is wrong with a file is said with its name, the line, and what was expected there.
 */
import { MessageError } from '../errors.ts';

export interface InfosHeader {
  readonly name: string;
  /** Unfolded: continuation lines are joined by one space. */
  readonly value: string;
  /** The line of the file that it begins on. */
  readonly line: number;
}

export interface Infos {
  /** `host`, `host:port`, `[::1]:port`, or a URL. */
  readonly server: string;
  readonly sender: string;
  readonly recipient: string;
  readonly headers: readonly InfosHeader[];
  readonly body: string;
  /** Headers, empty line and body as they stand in the file. */
  readonly source: string;
}

const FIRST_LINE = '"server, sender, recipient"';
/** RFC 5322 section 2.2: printable ASCII but the colon. */
const HEADER = /^([!-9;-~]+)[ \t]*:(.*)$/;

/** @throws MessageError BAD_FILE */
export function parseInfos(text: string, file: string): Infos {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/);
  const [server, sender, recipient] = firstLine(lines[0] ?? '', file);
  const empty = lines.findIndex((line, index) => index > 0 && line.trim() === '');
  const end = empty < 0 ? lines.length : empty;
  const headers = parseHeaders(lines, end, file);
  return {
    server,
    sender,
    recipient,
    headers,
    body: lines.slice(end + 1).join('\n'),
    source: lines.slice(1).join('\n'),
  };
}

function firstLine(line: string, file: string): [server: string, sender: string, recipient: string] {
  if (line.trim() === '') throw bad(file, 1, `expected ${FIRST_LINE}, and the line is empty`);
  const fields = line.split(',').map((field) => field.trim());
  const [server = '', sender = '', recipient = ''] = fields;
  if (fields.length !== 3) {
    const count = fields.length === 1 ? '1 field' : `${fields.length} fields`;
    throw bad(file, 1, `expected ${FIRST_LINE}, 3 fields with commas between them, and found ${count}`);
  }
  for (const [name, value] of Object.entries({ server, sender, recipient })) {
    if (value === '') throw bad(file, 1, `expected ${FIRST_LINE}, and the ${name} is empty`);
  }
  return [server, sender, recipient];
}

function parseHeaders(lines: readonly string[], end: number, file: string): InfosHeader[] {
  const headers: { name: string; value: string; line: number }[] = [];
  for (const [index, line] of lines.slice(0, end).entries()) {
    if (index === 0) continue;
    const last = headers.at(-1);
    if (/^[ \t]/.test(line) && last !== undefined) {
      last.value += ` ${line.trim()}`;
      continue;
    }
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      throw bad(
        file,
        index + 1,
        `expected a header, "Name: value", or the empty line before the body, not ${quoted(line)}`,
      );
    }
    headers.push({ name, value: value.trim(), line: index + 1 });
  }
  return headers;
}

function bad(file: string, line: number, message: string): MessageError {
  return new MessageError('BAD_FILE', `${file}:${line}`, message);
}

/** A line in a message: not too long, and in quotes, where control characters show as escapes. */
function quoted(line: string): string {
  return JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}…` : line);
}
