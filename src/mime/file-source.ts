import { constants } from 'node:fs';
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { MessageError } from '../errors.ts';
import { reason, type Source, sourceFailed } from './source.ts';

const CHUNK = 256 * 1024;

/** A file, read when the message is; where a folder is named, only if it lies in it once every link is resolved. */
export function fileSource(path: string, folder: string | undefined, field: string, label: string): Source {
  const source = { field, label, size: undefined, replayable: true };
  return {
    ...source,
    async measure() {
      try {
        const facts = await stat(await allowedPath(path, folder, source));
        return facts.isFile() ? facts.size : undefined;
      } catch (cause) {
        throw asFailure(cause, source);
      }
    },
    read: (memory) => readFile(path, folder, source, memory),
  };
}

async function* readFile(
  path: string,
  folder: string | undefined,
  source: Pick<Source, 'field' | 'label'>,
  memory: 'reused' | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  let file: FileHandle | undefined;
  try {
    const real = await allowedPath(path, folder, source);
    // The path has no links left; should one appear in the last step before the file is opened, it is not followed. And
    // a pipe must not hang the program before it can be seen that it is no file.
    file = await open(real, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    const facts = await file.stat();
    if (!facts.isFile()) throw sourceFailed(source, 'is not a regular file');
    let total = 0;
    let chunk = Buffer.allocUnsafeSlow(CHUNK);
    for (;;) {
      const { bytesRead, buffer } = await file.read(chunk, 0, CHUNK, null);
      if (bytesRead === 0) break;
      total += bytesRead;
      if (total > facts.size) throw sourceFailed(source, `grew while it was read: it had ${facts.size} octets`);
      yield buffer.subarray(0, bytesRead);
      if (memory !== 'reused') chunk = Buffer.allocUnsafeSlow(CHUNK);
    }
    if (total !== facts.size) throw sourceFailed(source, `shrank while it was read: ${total} octets of ${facts.size}`);
  } catch (cause) {
    throw asFailure(cause, source);
  } finally {
    await file?.close();
  }
}

/** The real path of the file, if the folder holds it. */
async function allowedPath(path: string, folder: string | undefined, source: Pick<Source, 'field'>): Promise<string> {
  if (folder === undefined) return realpath(path);
  const root = await realpath(folder);
  // Outside is refused before the file system is asked: whether such a file exists is not the message's to know.
  refuseOutside(resolve(folder), resolve(folder, path), source);
  const real = await realpath(resolve(folder, path));
  refuseOutside(root, real, source);
  return real;
}

function refuseOutside(folder: string, path: string, source: Pick<Source, 'field'>): void {
  const inner = relative(folder, path);
  if (inner !== '' && inner !== '..' && !inner.startsWith(`..${sep}`) && !isAbsolute(inner)) return;
  throw new MessageError('ACCESS_DENIED', source.field, 'the file lies outside the folder that may be read');
}

function asFailure(cause: unknown, source: Pick<Source, 'field' | 'label'>): unknown {
  return cause instanceof MessageError ? cause : sourceFailed(source, `could not be read: ${reason(cause)}`, cause);
}
