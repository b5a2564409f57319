import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

/** A Chromium of this machine that can be started, or why there is none. */
export function findChromium(): { readonly path: string } | { readonly reason: string } {
  const given = process.env['PLAINWIRE_CHROMIUM'];
  const places = (process.env['PATH'] ?? '').split(delimiter);
  const found = given ?? NAMES.flatMap((name) => places.map((place) => join(place, name))).find(existsSync);
  if (found === undefined) {
    return { reason: 'this machine has no Chromium on its path (apt install chromium, or set PLAINWIRE_CHROMIUM)' };
  }
  const { status, error } = spawnSync(found, ['--version'], { timeout: 20_000 });
  if (status === 0) return { path: found };
  return { reason: `${found} --version does not work: ${error?.message ?? `exit code ${status}`}` };
}
