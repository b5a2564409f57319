/** Reads what a person names on the command line, and says in words why it can't. */
import { access, constants, readFile, stat } from 'node:fs/promises';
import { MessageError } from '../errors.ts';
import { decodeText } from '../http/charset.ts';
import type { Terminal } from './terminal.ts';

/** More than any mail: what is bigger was named by mistake, and would be held in memory. */
const MAX_FILE = 256 * 1024 * 1024;

/** The bytes of a file; `-` is stdin. @throws MessageError BAD_FILE */
export async function readInput(file: string, terminal: Terminal): Promise<Buffer> {
  if (file === '-') return readAll(terminal.stdin);
  const facts = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(file, error);
  });
  if (facts.isDirectory()) throw new MessageError('BAD_FILE', file, 'is a directory; a file is expected');
  if (facts.size > MAX_FILE) throw new MessageError('BAD_FILE', file, `is bigger than ${MAX_FILE} bytes`);
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(file, error);
  });
  if (bytes.length === 0) throw new MessageError('BAD_FILE', file, 'is empty');
  return bytes;
}

/** Says now what would else be found when the mail is on its way. @throws MessageError BAD_FILE */
export async function checkReadable(file: string): Promise<void> {
  try {
    await access(file, constants.R_OK);
    if ((await stat(file)).isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
  } catch (error) {
    throw unreadable(file, error as NodeJS.ErrnoException);
  }
}

/** @throws MessageError BAD_FILE where the file can't be read as text */
export function asText(bytes: Uint8Array, file: string): string {
  if (bytes.includes(0)) throw new MessageError('BAD_FILE', file, 'holds NUL bytes; text is expected');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Not UTF-8: then most likely from the time and place of the first programs.
    return decodeText(bytes, 'windows-1252');
  }
}

/** No line of a list is longer; without an end to look for, any file would be held whole. */
const MAX_LINE = 64 * 1024;

/** The lines of a file or of stdin, as they come, whatever ends them. @throws MessageError BAD_FILE */
export async function* inputLines(file: string, { stdin, signal }: Terminal): AsyncGenerator<string> {
  const { createReadStream } = await import('node:fs');
  const input = file === '-' ? stdin : createReadStream(file);
  // the signal ends the wait for a next line, and lets go of the input
  const letGo = (): void => void input.destroy();
  signal.addEventListener('abort', letGo, { once: true });
  let rest = '';
  try {
    input.setEncoding('utf8');
    for await (const piece of input) {
      // a CR at the very end may be half of a line end
      const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? '';
      yield* lines;
      if (rest.length > MAX_LINE)
        throw new MessageError('BAD_FILE', file, `a line of more than ${MAX_LINE} characters`);
    }
    if (rest !== '') yield rest.replace(/\r$/, '');
  } catch (error) {
    if (signal.aborted) return;
    throw error instanceof MessageError ? error : unreadable(file, error as NodeJS.ErrnoException);
  } finally {
    signal.removeEventListener('abort', letGo);
  }
}

async function readAll(input: NodeJS.ReadStream): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of input) pieces.push(Buffer.from(piece));
  const bytes = Buffer.concat(pieces);
  if (bytes.length === 0) throw new MessageError('BAD_FILE', 'stdin', 'is empty');
  return bytes;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is no directory',
  EACCES: 'it may not be read (permission denied)',
  EPERM: 'it may not be read (permission denied)',
  EISDIR: 'is a directory; a file is expected',
  ELOOP: 'its symbolic links go round in circles',
};

function unreadable(file: string, error: NodeJS.ErrnoException): MessageError {
  return new MessageError('BAD_FILE', file, REASONS[error.code ?? ''] ?? error.message, { cause: error });
}
