/** `plainwire get SITE...`: raw pages into files or archives, a line a site; a site that fails does not stop the rest. */
import type { Command } from 'commander';
import { AbortError } from '../errors.ts';
import type { PagesOptions } from '../http/index.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { inputLines } from './files.ts';
import { Archives } from './get/archives.ts';
import { exists, fileFor, intoArchives, intoFiles, makeFolder, ontoStdout, type Sites } from './get/keep.ts';
import { addGetOptions, checkFlags, type GetFlags, pagesOptions, sitesIn } from './get/options.ts';
import { drawn, type Progress, quiet } from './get/progress.ts';
import { jsonLine } from './get/record.ts';
import { isDone, Tally, textLine } from './get/report.ts';
import type { Result } from './get/result.ts';
import { keepYoungGenerationSmall } from './get/young-generation.ts';
import type { Terminal } from './terminal.ts';
import { addTlsOptions } from './tls-flags.ts';
import { addTraceOptions, htmlOption } from './trace-options.ts';

const EXAMPLES = `
What the server sent, head and body, byte for byte, goes into SITE.html; --body
leaves out the head. Any answer is a page, a 404 as well as a 200, and a
redirect too; --fail and --follow change that. A line a site goes to stdout,
a summary and, on a terminal, progress to stderr. Ctrl-C ends cleanly: what is
complete stays, and the same command with --resume goes on from there.

Examples:
  $ plainwire get example.com www.example.org
  $ plainwire get http://localhost:8080/index.html --body --out pages
  $ plainwire get example.com --out - --head --bare
  $ plainwire get --from sites.txt --concurrency 50 --warc survey.warc.gz
  $ plainwire get --from sites.txt --json --out pages --resume | jq .status
  $ plainwire get example.com --trace swaks --explain
`;

export function getCommand(
  program: Command,
  run: (work: Promise<ExitCode>) => Promise<void>,
  terminal: Terminal,
): void {
  const command = program
    .command('get')
    .summary('fetch raw pages into files')
    .description('Fetches pages by HTTP/1.0 and writes what the server sent, byte for byte, into a file for each.')
    .argument('[site...]', 'host names or URLs, http and https');
  addTlsOptions(addGetOptions(command));
  addTraceOptions(command.optionsGroup('The dialogue:')).addOption(htmlOption());
  command.addHelpText('after', EXAMPLES).action((sites: string[], flags: GetFlags) => run(get(sites, flags, terminal)));
}

async function get(given: readonly string[], flags: GetFlags, terminal: Terminal): Promise<ExitCode> {
  const sites = sitesIn(given, flags);
  checkFlags(sites, flags);
  if (flags.from !== undefined) keepYoungGenerationSmall();
  const options = await pagesOptions(flags, terminal);
  const tally = new Tally();
  const archives = await Archives.open(flags);
  const { out } = flags;
  const folder = out === '-' || (out === undefined && archives !== undefined) ? undefined : (out ?? '.');
  if (folder !== undefined) await makeFolder(folder);
  const list = missing(sitesOf(sites, flags.from, terminal), { flags, archives, folder, tally });
  const progress = await progressOf(sites, flags, terminal, tally);
  let code: ExitCode = EXIT.done;
  try {
    for await (const result of kept(list, { flags, options, archives, folder, progress, terminal })) {
      if (terminal.signal.aborted) break;
      tally.add(result);
      if (!isDone(result, flags)) code = EXIT.failed;
      progress.settled(undefined);
      progress.line(flags.json === true ? jsonLine(result) : textLine(result, flags));
    }
  } catch (error) {
    // the rest of the list has no outcome: it is told below
    if (!terminal.signal.aborted) throw error;
  } finally {
    progress.stop();
    await archives?.close();
    terminal.err(tally.summary());
  }
  if (terminal.signal.aborted) {
    if (out !== '-') terminal.err('The same command with --resume goes on from here.\n');
    throw new AbortError('ABORTED', 'interrupted');
  }
  return code;
}

interface Keeping {
  readonly flags: GetFlags;
  readonly options: PagesOptions;
  readonly archives: Archives | undefined;
  readonly folder: string | undefined;
  readonly progress: Progress;
  readonly terminal: Terminal;
}

function kept(sites: Sites, keeping: Keeping): AsyncGenerator<Result> {
  const { flags, options, archives, folder, progress, terminal } = keeping;
  if (archives !== undefined) {
    const files = { folder, archive: [flags.warc, flags.har].filter((each) => each !== undefined).join(', ') };
    return intoArchives(sites, archives, files, flags, options);
  }
  if (folder === undefined) return ontoStdout(sites, flags, options, terminal);
  return intoFiles(sites, folder, flags, options, progress);
}

async function progressOf(
  sites: readonly string[],
  flags: GetFlags,
  terminal: Terminal,
  tally: Tally,
): Promise<Progress> {
  // lines make way for a page on stdout
  const out = (text: string): void => (flags.out === '-' ? terminal.err(text) : terminal.out(text));
  const dialogue = flags.verbose === true || flags.explain === true || flags.trace !== undefined;
  if (!terminal.stderr.isTTY || dialogue || flags.out === '-') return quiet(out);
  return drawn(out, terminal, tally, sites.length === 1 && flags.from === undefined ? 'one' : 'many');
}

/** The sites of the command line, then those of the file; an empty line or one that begins with # is none. */
async function* sitesOf(sites: readonly string[], from: string | undefined, terminal: Terminal): Sites {
  yield* sites;
  if (from === undefined) return;
  for await (const line of inputLines(from, terminal)) {
    const site = line.trim();
    if (site !== '' && !site.startsWith('#')) yield site;
  }
}

interface Earlier {
  readonly flags: GetFlags;
  readonly archives: Archives | undefined;
  readonly folder: string | undefined;
  readonly tally: Tally;
}

/** With --resume: those that an earlier run has not kept. */
async function* missing(sites: Sites, { flags, archives, folder, tally }: Earlier): Sites {
  for await (const site of sites) {
    if (flags.resume === true && (await isKept(site, archives, folder))) tally.before += 1;
    else yield site;
  }
}

async function isKept(site: string, archives: Archives | undefined, folder: string | undefined): Promise<boolean> {
  if (archives !== undefined) return archives.has(site);
  const file = folder === undefined ? undefined : fileFor(folder, site);
  return file !== undefined && exists(file);
}
