/** What `plainwire get` is told, and what the fetcher makes of it. */
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { buildRequest, type HeaderPair, type HttpVersion, type PagesOptions, publicOnly } from '../../http/index.ts';
import { cachingResolve, checkTlsOptions, parseProxy, resolveByDns } from '../../transport/index.ts';
import { UsageError } from '../exit.ts';
import { readInput } from '../files.ts';
import { seconds, wholeNumber } from '../numbers.ts';
import type { Terminal } from '../terminal.ts';
import { type TlsFlags, tlsOptions } from '../tls-flags.ts';
import { type TraceFlags, traceOf } from '../trace-options.ts';
import type { ArchiveFlags } from './archives.ts';

export interface GetFlags extends TraceFlags, TlsFlags, ArchiveFlags {
  readonly from?: string;
  readonly out?: string;
  readonly body?: boolean;
  readonly include?: boolean;
  readonly json?: boolean;
  readonly fail?: boolean;
  readonly head?: boolean;
  readonly post?: string;
  readonly method?: string;
  readonly header?: readonly HeaderPair[];
  readonly bare?: boolean;
  readonly http: HttpVersion;
  readonly follow?: true | number | string;
  readonly public?: boolean;
  readonly concurrency: number;
  readonly perHost: number;
  readonly delay?: number;
  readonly retries: number;
  readonly timeout?: number;
  readonly proxy?: string;
  readonly socket?: string;
  readonly dns?: boolean;
}

/** How far --follow goes that does not say how far: as far as curl and browsers do not even go. */
const FOLLOW = 10;

/** How long an answer of DNS holds that does not say: as long as the most short-lived usually do. */
const NAME_CACHE_MS = 60_000;

export function addGetOptions(command: Command): Command {
  return command
    .option('-f, --from <file>', 'read more sites from a file, a line each (- for stdin)')
    .optionsGroup('What is asked for:')
    .option('-I, --head', 'ask for the head alone (HEAD)')
    .option('--post <data>', 'send this (POST); @FILE sends a file, @- what comes on stdin')
    .option('--method <token>', 'send this method')
    .option('-H, --header <line>', "send this header: 'Name: value', as often as needed", header)
    .option('--bare', 'send no header but what --header says: the two lines of a textbook')
    .addOption(
      new Option('--http <version>', 'the version in the request line').choices(['0.9', '1.0', '1.1']).default('1.0'),
    )
    .option('-L, --follow [n]', `follow redirects, ${FOLLOW} of them or n`, followed)
    .option('--public', 'connect to no address but those of the public Internet')
    .optionsGroup('What is kept:')
    .option('-o, --out <dir>', 'where the files go, made if need be; - for stdout (default: ".")')
    .option('-i, --include', 'keep the head with the body: what is done without --body')
    .option('--body', 'keep the body alone, without the head')
    .option('--warc <file>', 'keep the pages in a WARC archive, and in files only with --out')
    .option('--har <file>', 'keep them in a HAR archive, the same')
    .option('--resume', 'go on where an earlier run, or a broken download, ended')
    .option('--json', 'say what came as JSON, a line a page')
    .option('--fail', 'take a status of 400 and above for a failure')
    .optionsGroup('How it is fetched:')
    .option('-c, --concurrency <n>', 'how many pages to fetch at once', wholeNumber(1), 16)
    .option('--per-host <n>', 'how many at once from the same host', wholeNumber(1), 2)
    .option('--delay <seconds>', 'wait so long between two pages of the same host', seconds)
    .option('--retries <n>', 'try again so often where that can help', wholeNumber(0), 2)
    .option('--timeout <seconds>', 'the longest that one page may take', seconds)
    .option('--proxy <url>', 'go through this proxy, http:// or socks5://')
    .option('--socket <path>', 'connect to this Unix domain socket')
    .option('--dns', 'ask DNS itself, not the system, and go by the TTL of its answers');
}

/** `'Name: value'`, its name and its value as they are. */
function header(line: string, before: readonly HeaderPair[] = []): readonly HeaderPair[] {
  const colon = line.indexOf(':');
  if (colon < 1) throw new InvalidArgumentError("'Name: value' is expected.");
  return [...before, [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+/, '')]];
}

/** What is no number is the next site, for the number may be left out. */
function followed(text: string): number | string {
  return /^\d+$/.test(text) ? wholeNumber(0)(text) : text;
}

/** Everything on the command line that is a site, --follow's next word included. */
export function sitesIn(sites: readonly string[], { follow }: GetFlags): readonly string[] {
  return typeof follow === 'string' ? [follow, ...sites] : sites;
}

/** @throws UsageError for flags that contradict one another */
export function checkFlags(sites: readonly string[], flags: GetFlags): void {
  const { from, out, post } = flags;
  if (sites.length === 0 && from === undefined) throw new UsageError('no site is given, and no --from');
  const pairs: readonly (readonly [keyof GetFlags, keyof GetFlags])[] = [
    ['include', 'body'],
    ['head', 'body'],
    ['head', 'post'],
    ['head', 'method'],
    ['proxy', 'socket'],
    ['proxy', 'dns'],
    ['proxy', 'public'],
    ['socket', 'public'],
  ];
  for (const [one, other] of pairs) {
    if (flags[one] !== undefined && flags[other] !== undefined) {
      throw new UsageError(`--${one} and --${other} contradict one another`);
    }
  }
  const { warc, har } = flags;
  const archives = [warc, har, `${warc ?? har}.done`].flatMap((file) => (file === undefined ? [] : [resolve(file)]));
  if (warc === '-' || har === '-') throw new UsageError('an archive is a file: --out - is what writes to stdout');
  if (new Set(archives).size < archives.length) throw new UsageError('--warc and --har need a file each');
  if (from === '-' && post === '@-') throw new UsageError('stdin is either --from - or --post @-');
  if (out !== '-') return;
  if (flags.json === true) throw new UsageError('stdout is either for --json or for --out -');
  if (flags.resume === true) throw new UsageError('what went to stdout can not be resumed');
  if (flags.warc !== undefined || flags.har !== undefined) throw new UsageError('pages go to an archive or to stdout');
}

/** @throws MessageError for what no request can hold, before anything is tried */
export async function pagesOptions(flags: GetFlags, terminal: Terminal): Promise<PagesOptions> {
  const { follow, delay, timeout, proxy, socket } = flags;
  const trace = traceOf(flags, terminal);
  const options: PagesOptions = {
    ...(await requestOptions(flags, terminal)),
    version: flags.http,
    concurrency: flags.concurrency,
    perHost: flags.perHost,
    retries: flags.retries,
    follow: typeof follow === 'number' ? follow : follow === undefined ? 0 : FOLLOW,
    signal: terminal.signal,
    ...(delay === undefined ? {} : { delay }),
    ...(timeout === undefined ? {} : { timeouts: { whole: timeout } }),
    ...(proxy === undefined ? {} : { proxy }),
    ...(socket === undefined ? {} : { socketPath: socket }),
    ...(flags.dns === true ? { resolve: cachingResolve(resolveByDns, NAME_CACHE_MS) } : {}),
    ...(flags.public === true ? { guard: publicOnly } : {}),
    ...(trace === undefined ? {} : { trace }),
    ...(await tlsOptions(flags, terminal)),
  };
  buildRequest(new URL('http://localhost/'), options);
  if (proxy !== undefined) parseProxy(proxy);
  if (options.tls !== undefined) checkTlsOptions(options.tls);
  return options;
}

async function requestOptions(
  flags: GetFlags,
  terminal: Terminal,
): Promise<Pick<PagesOptions, 'method' | 'body' | 'headers' | 'defaultHeaders'>> {
  const { post, header: own = [], bare } = flags;
  const method = flags.method ?? (flags.head === true ? 'HEAD' : post === undefined ? undefined : 'POST');
  const common = { ...(method === undefined ? {} : { method }), ...(bare === true ? { defaultHeaders: [] } : {}) };
  if (post === undefined) return { ...common, headers: own };
  const file = post.startsWith('@');
  const named = bare === true || own.some(([name]) => name.toLowerCase() === 'content-type');
  // what a person types is most often what a form would send
  const type = file ? 'application/octet-stream' : 'application/x-www-form-urlencoded';
  const headers: HeaderPair[] = named ? [...own] : [...own, ['Content-Type', type]];
  return { ...common, headers, body: file ? await readInput(post.slice(1), terminal) : post };
}
