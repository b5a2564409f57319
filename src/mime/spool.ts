import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Keeps octets that can be read only once in a file, until all of them were seen: then goes out what `before` makes of
 * them, and they follow. The file is gone afterwards, however it ends.
 */
export async function* spool(
  folder: string | undefined,
  octets: AsyncIterable<Uint8Array>,
  before: () => Uint8Array,
): AsyncGenerator<Uint8Array> {
  const own = await mkdtemp(join(folder ?? tmpdir(), 'plainwire-'));
  try {
    const path = join(own, 'message');
    const file = await open(path, 'wx', 0o600);
    try {
      for await (const chunk of octets) await file.writeFile(chunk);
    } finally {
      await file.close();
    }
    yield before();
    yield* createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Uint8Array>;
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}
