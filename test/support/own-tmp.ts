/** What tests leave in the folder for temporary files, they leave in one of this run's own, which goes with the run. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default function setup(): () => void {
  const { TMPDIR } = process.env;
  const folder = mkdtempSync(join(tmpdir(), 'plainwire-tests-'));
  // the processes that run the tests inherit it, and so do the programs that the tests run
  process.env['TMPDIR'] = folder;
  return () => {
    if (TMPDIR === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = TMPDIR;
    rmSync(folder, { recursive: true, force: true });
  };
}
