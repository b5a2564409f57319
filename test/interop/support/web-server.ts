/** Web servers and proxies, each in the foreground with a configuration of its own in a folder of its own. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { folderInRoot, freePorts, removeFolder, startInRoot } from './server.ts';

export interface Started extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
}

/** Where a server's files are: `inside` is what the server calls it, `outside` what we do. */
export interface Folder {
  readonly inside: string;
  readonly outside: string;
}

export const PAGE = '<!doctype html><title>Interop</title>\n'.repeat(100);

/** Starts what `command` says, with a page in `www/index.html`, and waits until its port answers. */
export async function start(
  command: (port: number, folder: Folder) => readonly [string, ...string[]],
): Promise<Started> {
  const folder = folderInRoot('web');
  mkdirSync(`${folder.outside}/www`, { mode: 0o755 });
  writeFileSync(`${folder.outside}/www/index.html`, PAGE);
  const [port = 0] = await freePorts(1);
  const [program, ...args] = command(port, folder);
  const server = await startInRoot(program, args, [port]);
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      removeFolder(folder);
    },
  };
}
