/**
 * Progress on a terminal: how many sites are done, and a bar for each body that is big. Nothing of it where stderr is no
 * terminal, or shows the dialogue.
 */
import { basename } from 'node:path';
import type { SingleBar } from 'cli-progress';
import type { Terminal } from '../terminal.ts';
import type { Tally } from './report.ts';

export interface Progress {
  /** A line of results; it stands above the bars. */
  line(text: string): void;
  /** So much of a file has come. */
  body(path: string, length: number, total: number | undefined): void;
  /** A site is done, and whatever file it went to. */
  settled(path: string | undefined): void;
  stop(): void;
}

/** A body smaller than this is there before a bar would be seen. */
const BIG = 1024 * 1024;
/** More bars than this tell nobody anything. */
const MOST_BARS = 5;
const COUNTER = '{pages} fetched, {failed} failed, {rate} a second';
const BAR = '{name} [{bar}] {percentage}%  {megabytes} of {all} MB  {rate} MB/s';
const GROWING = '{name}  {megabytes} MB  {rate} MB/s';

/** Where results go while no bar is drawn. */
export function quiet(out: (text: string) => void): Progress {
  return { line: out, body: () => {}, settled: () => {}, stop: () => {} };
}

export async function drawn(
  out: (text: string) => void,
  { stdout, stderr }: Pick<Terminal, 'stdout' | 'stderr'>,
  tally: Tally,
  sites: 'one' | 'many',
): Promise<Progress> {
  const { MultiBar } = (await import('cli-progress')).default;
  const bars = new MultiBar({
    stream: stderr,
    clearOnComplete: true,
    hideCursor: true,
    // results that scroll past leave a bar's place behind: it is drawn again though nothing in it has changed
    forceRedraw: true,
    // Ctrl-C is the command's to hear
    gracefulExit: false,
    fps: 5,
  });
  const begun = performance.now();
  const counts = () => {
    const { pages, failed } = tally;
    const rate = ((pages + failed) / ((performance.now() - begun) / 1000)).toFixed(0);
    return { pages: pages.toLocaleString('en-US'), failed: failed.toLocaleString('en-US'), rate };
  };
  const counter = sites === 'many' ? bars.create(0, 0, counts(), { format: COUNTER }) : undefined;
  const bodies = new Map<string, { readonly bar: SingleBar; readonly since: number; readonly from: number }>();
  return {
    line: (text) => {
      // on one and the same screen the line goes above the bars; anywhere else it is no business of theirs
      if (stdout.isTTY && bars.isActive) bars.log(text);
      else out(text);
    },
    body: (path, length, total) => {
      const known = bodies.get(path);
      if (known === undefined) {
        if (bodies.size >= MOST_BARS || (total ?? length) < BIG) return;
        const payload = { name: basename(path), megabytes: '0.0', all: megabytes(total ?? 0), rate: '0.0' };
        const bar = bars.create(total ?? length, length, payload, { format: total === undefined ? GROWING : BAR });
        bodies.set(path, { bar, since: performance.now(), from: length });
        return;
      }
      const seconds = Math.max(0.001, (performance.now() - known.since) / 1000);
      known.bar.update(length, { megabytes: megabytes(length), rate: megabytes((length - known.from) / seconds) });
    },
    settled: (path) => {
      counter?.update(0, counts());
      const known = path === undefined ? undefined : bodies.get(path);
      if (path === undefined || known === undefined) return;
      bodies.delete(path);
      bars.remove(known.bar);
    },
    stop: () => {
      // what was handed over to be shown above the bars
      if (bars.isActive) bars.update();
      bars.stop();
    },
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}
