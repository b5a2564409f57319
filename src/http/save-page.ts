/** A page into a file: complete or not at all under its name, and a broken download goes on where it broke off. */
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { ProtocolError } from '../errors.ts';
import { FileSink } from './file-sink.ts';
import { type OpenPage, openPage } from './open-page.ts';
import type { PageOptions } from './options.ts';
import type { HeaderPair } from './raw-headers.ts';
import { headerPairs } from './request.ts';
import { parsePageUrl, publicUrl } from './target.ts';
import { parseContentRange, strongValidator, unsatisfiedTotal } from './validators.ts';

export interface SaveOptions extends PageOptions {
  /** Whether to go on with what an earlier, broken download left; `'when-unchanged'` by default. */
  readonly resume?: 'never' | 'when-unchanged';
  /** `'body'`, the default, or `'raw'`: every byte as it came, head and all; only a body can be resumed. */
  readonly content?: 'body' | 'raw';
  /** Called as the file grows; `total` where the server tells it. */
  readonly onProgress?: (length: number, total: number | undefined) => void;
}

export interface SavedPage {
  /** The answer: status, headers, timing, TLS facts. */
  readonly page: OpenPage;
  /** Whether the file stands. False where a download was to go on and the server answered with something else. */
  readonly saved: boolean;
  /** Bytes of the file. */
  readonly length: number;
  /** How many of them were there before. */
  readonly resumedFrom: number;
}

/** What is known of a download that is not complete; kept beside its bytes. */
interface Part {
  /** What proves that the rest belongs to the same page. */
  readonly validator: string;
  readonly length: number;
}

/**
 * Saves a page as `path`. Until it is complete its bytes are in `path.part`, and what proves them in `path.part.json`;
 * after a fault both stay, and the next call asks for the rest, if a validator shows that the page is still the same.
 * Where nothing can prove that, nothing stays.
 * @throws as fetchPage() does, and what the file system says
 */
export async function savePage(url: string | URL, path: string, options: SaveOptions = {}): Promise<SavedPage> {
  const { resume = 'when-unchanged', content = 'body', onProgress, ...pageOptions } = options;
  const wanted = parsePageUrl(url);
  const part = resume === 'never' || content === 'raw' ? undefined : await readPart(path, publicUrl(wanted));
  const page = await openPage(
    wanted,
    part === undefined ? pageOptions : { ...pageOptions, headers: ranged(options, part) },
  );
  try {
    if (part === undefined) return await save(page, path, 0, content, onProgress);
    return await goOn(page, path, part, onProgress);
  } finally {
    page.close();
  }
}

function ranged(options: SaveOptions, part: Part): HeaderPair[] {
  const own = options.headers === undefined ? [] : headerPairs(options.headers);
  return [...own, ['Range', `bytes=${part.length}-`], ['If-Range', part.validator]];
}

async function goOn(
  page: OpenPage,
  path: string,
  part: Part,
  onProgress: SaveOptions['onProgress'],
): Promise<SavedPage> {
  const range = page.headers.get('Content-Range');
  switch (page.status) {
    case 200:
      // the page has changed, or the server knows no ranges: this is all of it
      return save(page, path, 0, 'body', onProgress);
    case 206:
      checkRange(page, part);
      return save(page, path, part.length, 'body', onProgress);
    case 416:
      // the end was lost, not the body: everything is there
      if (unsatisfiedTotal(range) === part.length) {
        await finish(path);
        return { page, saved: true, length: part.length, resumedFrom: part.length };
      }
      return { page, saved: false, length: 0, resumedFrom: 0 };
    default:
      return { page, saved: false, length: 0, resumedFrom: 0 };
  }
}

function checkRange(page: OpenPage, part: Part): void {
  const range = parseContentRange(page.headers.get('Content-Range'));
  const wanted = `bytes from ${part.length} on`;
  if (range === undefined || range.start !== part.length) {
    const given = page.headers.get('Content-Range') ?? 'no Content-Range';
    throw new ProtocolError('RANGE_MISMATCH', `asked for ${wanted}, got ${given}`, { phase: 'head' });
  }
  const validator = strongValidator(page.headers);
  if (validator !== undefined && validator !== part.validator) {
    const message = `asked for ${wanted} of ${part.validator}, got some of ${validator}`;
    throw new ProtocolError('RANGE_MISMATCH', message, { phase: 'head' });
  }
}

async function save(
  page: OpenPage,
  path: string,
  from: number,
  content: 'body' | 'raw',
  onProgress: SaveOptions['onProgress'],
): Promise<SavedPage> {
  const rest = content === 'raw' ? page.rawLength : page.length;
  const total = rest === undefined ? undefined : from + rest;
  const sink = await FileSink.open(partOf(path), from);
  const validator = content === 'raw' || page.status >= 300 ? undefined : strongValidator(page.headers);
  let complete = false;
  try {
    if (from === 0) await writeNote(path, page, validator);
    for await (const piece of content === 'raw' ? page.raw() : page) {
      await sink.write(piece);
      onProgress?.(sink.length, total);
    }
    complete = true;
  } finally {
    await sink.close();
    if (!complete && validator === undefined && from === 0) await rm(partOf(path), { force: true });
  }
  await finish(path);
  return { page, saved: true, length: sink.length, resumedFrom: from };
}

/** Without a validator no rest can be proven to belong to it, so there is nothing to note. */
async function writeNote(path: string, page: OpenPage, validator: string | undefined): Promise<void> {
  if (validator === undefined) return rm(noteOf(path), { force: true });
  await writeFile(noteOf(path), JSON.stringify({ url: page.url, validator }));
}

async function readPart(path: string, wanted: string): Promise<Part | undefined> {
  try {
    const [{ size }, note] = await Promise.all([stat(partOf(path)), readFile(noteOf(path), 'utf8')]);
    const { url, validator } = JSON.parse(note) as { url?: unknown; validator?: unknown };
    if (url !== wanted || typeof validator !== 'string' || size === 0) return undefined;
    return { validator, length: size };
  } catch {
    // nothing was left, or nothing that can be trusted
    return undefined;
  }
}

async function finish(path: string): Promise<void> {
  await rename(partOf(path), path);
  await rm(noteOf(path), { force: true });
}

function partOf(path: string): string {
  return `${path}.part`;
}

function noteOf(path: string): string {
  return `${path}.part.json`;
}
