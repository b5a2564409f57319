/** Where pages go: into a file each, into archives, or to stdout. Each way yields what became of every site. */
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MessageError, ProtocolError } from '../../errors.ts';
import {
  type FailedOutcome,
  fetchPages,
  fileNameFor,
  type Page,
  type PageOutcome,
  type PagesOptions,
  savePages,
} from '../../http/index.ts';
import type { Terminal } from '../terminal.ts';
import type { Archives } from './archives.ts';
import type { Progress } from './progress.ts';
import type { FailedResult, Result } from './result.ts';

/** A page that came. */
type FetchedOutcome = Exclude<PageOutcome, FailedOutcome>;

export type Sites = AsyncIterable<string>;

export interface KeepFlags {
  readonly body?: boolean;
  readonly resume?: boolean;
}

/** The file a site's page goes into; undefined for what is no URL, which fails on its own line. */
export function fileFor(folder: string, site: string): string | undefined {
  try {
    return join(folder, fileNameFor(site));
  } catch {
    return undefined;
  }
}

export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((cause: Error) => {
    throw new MessageError('BAD_FILE', folder, `the folder can't be made: ${cause.message}`, { cause });
  });
}

export async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

/** Streamed: a page may be bigger than memory. */
export async function* intoFiles(
  sites: Sites,
  folder: string,
  flags: KeepFlags,
  options: PagesOptions,
  progress: Progress,
): AsyncGenerator<Result> {
  const pathOf = (url: URL): string => join(folder, fileNameFor(url));
  const outcomes = savePages(sites, pathOf, {
    ...options,
    content: flags.body === true ? 'body' : 'raw',
    resume: flags.resume === true ? 'when-unchanged' : 'never',
    onProgress: progress.body,
  });
  for await (const outcome of outcomes) {
    const { input, attempts } = outcome;
    progress.settled(outcome.ok ? outcome.path : fileFor(folder, input));
    if (!outcome.ok) yield failed(outcome);
    else if (outcome.saved) {
      yield { ok: true, input, attempts, page: outcome.page, length: outcome.length, file: outcome.path };
    } else {
      const message = `${outcome.page.status} ${outcome.page.reason} where the rest of the page was due`;
      yield { ok: false, input, attempts, error: new ProtocolError('RANGE_MISMATCH', message, { phase: 'head' }) };
    }
  }
}

/** Whole pages, for an archive keeps request and response together; plain files too where a folder is named. */
export async function* intoArchives(
  sites: Sites,
  archives: Archives,
  files: { readonly folder: string | undefined; readonly archive: string },
  flags: KeepFlags,
  options: PagesOptions,
): AsyncGenerator<Result> {
  async function archived({ input, attempts, page }: FetchedOutcome): Promise<Result> {
    const file = files.folder === undefined ? undefined : fileFor(files.folder, input);
    try {
      if (file !== undefined) await writeFile(file, bytesOf(page, flags));
      await archives.write(input, page);
    } catch (error) {
      return { ok: false, input, attempts, error };
    }
    return { ok: true, input, attempts, page, length: page.raw.length, file: file ?? files.archive };
  }
  for await (const outcome of fetchPages(sites, options)) {
    yield outcome.ok ? await archived(outcome) : failed(outcome);
  }
}

/** One page after the other, in order of arrival. */
export async function* ontoStdout(
  sites: Sites,
  flags: KeepFlags,
  options: PagesOptions,
  terminal: Terminal,
): AsyncGenerator<Result> {
  async function printed({ input, attempts, page }: FetchedOutcome): Promise<Result> {
    const bytes = bytesOf(page, flags);
    await terminal.outBytes(bytes);
    return { ok: true, input, attempts, page, length: bytes.length, file: undefined };
  }
  for await (const outcome of fetchPages(sites, options)) {
    yield outcome.ok ? await printed(outcome) : failed(outcome);
  }
}

function bytesOf(page: Page, { body }: KeepFlags): Uint8Array {
  return body === true ? page.body : page.raw;
}

function failed({ input, attempts, error }: FailedOutcome): FailedResult {
  return { ok: false, input, attempts, error };
}
