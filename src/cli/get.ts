/** `plainwire get SITE...`: raw pages into files, a line a site; a site that fails does not stop the rest. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { AbortError, MessageError, PlainwireError } from '../errors.ts';
import { fetchPages, type Page, type PageOutcome, type PagesOptions } from '../http/index.ts';
import { safe } from '../trace/index.ts';
import { EXIT, type ExitCode, UsageError } from './exit.ts';
import { inputLines } from './files.ts';
import { seconds, wholeNumber } from './numbers.ts';
import { PageFileNames } from './page-file.ts';
import type { Terminal } from './terminal.ts';
import { addTlsOptions, type TlsFlags, tlsOptions } from './tls-flags.ts';
import { addTraceOptions, type TraceFlags, traceOf } from './trace-options.ts';

const EXAMPLES = `
What the server sent, head and body, byte for byte, goes into SITE.html; --body
leaves out the head. Any answer is a page, a 404 as well as a 200, and a
redirect too; --fail and --follow change that.

Examples:
  $ plainwire get example.com www.example.org
  $ plainwire get http://localhost:8080/index.html --body --out pages
  $ plainwire get --input sites.txt --concurrency 50
  $ plainwire get example.com --trace swaks --explain
`;

interface GetFlags extends TraceFlags, TlsFlags {
  readonly out: string;
  readonly body?: boolean;
  readonly fail?: boolean;
  readonly input?: string;
  readonly concurrency: number;
  readonly perHost: number;
  readonly delay?: number;
  readonly retries: number;
  readonly follow: number;
  readonly timeout?: number;
  readonly proxy?: string;
}

export function getCommand(
  program: Command,
  run: (work: Promise<ExitCode>) => Promise<void>,
  terminal: Terminal,
): void {
  const command = program
    .command('get')
    .summary('fetch raw pages into files')
    .description('Fetches pages by HTTP/1.0 and writes what the server sent, byte for byte, into a file for each.')
    .argument('[site...]', 'host names or URLs, http and https')
    .option('-i, --input <file>', 'read more sites from a file, a line each (- for stdin)')
    .option('-o, --out <dir>', 'where the files go; made if it is not there', '.')
    .option('--body', 'write the body alone, without the head')
    .option('--fail', 'take a status of 400 and above for a failure')
    .option('--follow <n>', 'follow up to this many redirects', wholeNumber(0), 0)
    .option('-c, --concurrency <n>', 'how many pages to fetch at once', wholeNumber(1), 16)
    .option('--per-host <n>', 'how many at once from the same host', wholeNumber(1), 2)
    .option('--delay <seconds>', 'wait so long between two pages of the same host', seconds)
    .option('--retries <n>', 'try again so often where that can help', wholeNumber(0), 0)
    .option('--timeout <seconds>', 'the longest that one page may take', seconds)
    .option('--proxy <url>', 'go through this proxy, http:// or socks5://');
  addTlsOptions(command);
  addTraceOptions(command.optionsGroup('The dialogue:'));
  command.addHelpText('after', EXAMPLES).action((sites: string[], flags: GetFlags) => run(get(sites, flags, terminal)));
}

async function get(sites: readonly string[], flags: GetFlags, terminal: Terminal): Promise<ExitCode> {
  if (sites.length === 0 && flags.input === undefined) throw new UsageError('no site is given, and no --input');
  const options = await pagesOptions(flags, terminal);
  await mkdir(flags.out, { recursive: true }).catch((cause: Error) => {
    throw new MessageError('BAD_FILE', flags.out, `the folder can't be made: ${cause.message}`, { cause });
  });
  const names = new PageFileNames();
  let code: ExitCode = EXIT.done;
  for await (const outcome of fetchPages(sitesOf(sites, flags.input, terminal), options)) {
    if (terminal.signal.aborted) break;
    const line = await kept(outcome, names, flags);
    if (!line.ok) code = EXIT.failed;
    terminal.out(`${line.ok ? 'ok    ' : 'failed'}  ${safe(withoutCredentials(outcome.input))}  ${safe(line.text)}\n`);
  }
  if (terminal.signal.aborted) throw new AbortError('ABORTED', 'interrupted');
  return code;
}

async function pagesOptions(flags: GetFlags, terminal: Terminal): Promise<PagesOptions> {
  const trace = traceOf(flags, terminal);
  return {
    concurrency: flags.concurrency,
    perHost: flags.perHost,
    retries: flags.retries,
    follow: flags.follow,
    signal: terminal.signal,
    ...(flags.delay === undefined ? {} : { delay: flags.delay }),
    ...(flags.timeout === undefined ? {} : { timeouts: { whole: flags.timeout } }),
    ...(flags.proxy === undefined ? {} : { proxy: flags.proxy }),
    ...(trace === undefined ? {} : { trace }),
    ...(await tlsOptions(flags, terminal)),
  };
}

/** The sites of the command line, then those of the file; an empty line or one that begins with # is none. */
async function* sitesOf(
  sites: readonly string[],
  input: string | undefined,
  terminal: Terminal,
): AsyncGenerator<string> {
  yield* sites;
  if (input === undefined) return;
  for await (const line of inputLines(input, terminal)) {
    const site = line.trim();
    if (site !== '' && !site.startsWith('#')) yield site;
  }
}

interface Line {
  readonly ok: boolean;
  readonly text: string;
}

/** Writes the page, and says what became of it. */
async function kept(outcome: PageOutcome, names: PageFileNames, flags: GetFlags): Promise<Line> {
  if (!outcome.ok) return failure(outcome.error, outcome.input);
  const { page } = outcome;
  const file = join(flags.out, names.of(outcome.input));
  const bytes = flags.body === true ? page.body : page.raw;
  try {
    await writeFile(file, bytes);
  } catch (error) {
    return { ok: false, text: `the page can't be written: ${(error as Error).message}` };
  }
  const ok = !(flags.fail === true && page.status >= 400);
  return {
    ok,
    text: `${statusOf(page)}  ${bytes.length.toLocaleString('en-US')} bytes  ${secondsOf(page)}  -> ${file}`,
  };
}

function failure(error: unknown, site: string): Line {
  if (!(error instanceof PlainwireError)) throw error;
  const text = error.message.replaceAll(site, withoutCredentials(site));
  return { ok: false, text: `${text} (${error.code})` };
}

function statusOf({ status, reason }: Page): string {
  return `${status} ${reason}`.trim();
}

function secondsOf({ timing }: Page): string {
  return `${(timing.total / 1000).toFixed(2)} s`;
}

/** A password in a URL is for the server. */
function withoutCredentials(site: string): string {
  return site.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/@]*@/i, '$1');
}
