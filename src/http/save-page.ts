/** A page into a file: complete or not at all under its name, and a broken download goes on where it broke off. */
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { ProtocolError } from '../errors.ts';
import { FileSink } from './file-sink.ts';
import { type OpenPage, openLentPage } from './open-page.ts';
import type { PageOptions } from './options.ts';
import type { HeaderPair } from './raw-headers.ts';
import { forSeveral, headerPairs } from './request.ts';
import { parsePageUrl, publicUrl } from './target.ts';
import { type ContentRange, parseContentRange, strongValidator, unsatisfiedTotal } from './validators.ts';

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
  /** Where it came from, behind redirects: a validator proves nothing about another URL. */
  readonly at: string;
  readonly length: number;
}

/** How the bytes of a page become those of a file. */
interface Saving {
  readonly path: string;
  readonly content: 'body' | 'raw';
  readonly onProgress: SaveOptions['onProgress'];
}

/**
 * Saves a page as `path`. Until it is complete its bytes are in `path.part`, and what proves them in `path.part.json`;
 * after a fault both stay, and the next call asks for the rest, if a validator shows that the page is still the same.
 * Where nothing can prove that, nothing stays.
 * @throws as fetchPage() does, and what the file system says
 */
export async function savePage(url: string | URL, path: string, options: SaveOptions = {}): Promise<SavedPage> {
  const { resume = 'when-unchanged', content = 'body', onProgress, ...pageOptions } = forSeveral(options);
  const wanted = parsePageUrl(url);
  const saving: Saving = { path, content, onProgress };
  if (resume !== 'never' && content === 'body' && asksForAll(pageOptions)) {
    const part = await readPart(path, publicUrl(wanted));
    const saved = part && (await goOn(wanted, part, pageOptions, saving));
    if (saved !== undefined) return saved;
  }
  const page = await openLentPage(wanted, pageOptions);
  try {
    return await save(page, publicUrl(wanted), saving);
  } finally {
    page.close();
  }
}

/** Whether the request is for a page as it is: only of such a one can the rest be asked for (RFC 9110 section 14.2). */
function asksForAll({ method = 'GET', headers }: PageOptions): boolean {
  if (method !== 'GET') return false;
  return headers === undefined || !headerPairs(headers).some(([name]) => /^(?:if-)?range$/i.test(name));
}

function ranged(options: PageOptions, part: Part): PageOptions {
  const own = options.headers === undefined ? [] : headerPairs(options.headers);
  const headers: HeaderPair[] = [...own, ['Range', `bytes=${part.length}-`], ['If-Range', part.validator]];
  return { ...options, headers };
}

/** Undefined where what there is can't be gone on with, so that the page is to be asked for anew. */
async function goOn(wanted: URL, part: Part, options: PageOptions, saving: Saving): Promise<SavedPage | undefined> {
  const page = await openLentPage(wanted, ranged(options, part));
  try {
    switch (page.status) {
      case 200:
        // the page has changed, or the server knows no ranges: this is all of it
        return await save(page, publicUrl(wanted), saving);
      case 206: {
        // asked again for the rest, the server would send the same: what can't be gone on with is given up
        const range = page.url === part.at ? rangeOf(page, part) : undefined;
        return range && (await save(page, publicUrl(wanted), saving, range));
      }
      case 416: {
        // the end was lost, not the body: everything is there; or nothing of it can be right
        if (!isComplete(page, part)) return undefined;
        await finish(saving.path);
        return { page, saved: true, length: part.length, resumedFrom: part.length };
      }
      default:
        return { page, saved: false, length: 0, resumedFrom: 0 };
    }
  } finally {
    page.close();
  }
}

/** Many a server goes by Range and not by If-Range: what it says of the page must then be the same to the letter. */
function isOfAnother({ headers }: OpenPage, { validator }: Part): boolean {
  const said = headers.getAll(validator.startsWith('"') ? 'ETag' : 'Last-Modified')[0];
  return said !== undefined && said !== validator;
}

function isComplete(page: OpenPage, part: Part): boolean {
  if (page.url !== part.at || isOfAnother(page, part)) return false;
  return unsatisfiedTotal(page.headers.get('Content-Range')) === part.length;
}

/** Undefined for a range that is not what was asked for, or one of another page. */
function rangeOf(page: OpenPage, part: Part): ContentRange | undefined {
  const range = parseContentRange(page.headers.get('Content-Range'));
  if (range === undefined || range.start !== part.length) return undefined;
  if (isOfAnother(page, part)) return undefined;
  return page.length === undefined || page.length === range.end + 1 - range.start ? range : undefined;
}

async function save(page: OpenPage, wanted: string, saving: Saving, range?: ContentRange): Promise<SavedPage> {
  const { path, content, onProgress } = saving;
  const from = range?.start ?? 0;
  const rest = content === 'raw' ? page.rawLength : page.length;
  const total = range?.total ?? (rest === undefined ? undefined : from + rest);
  const sink = await FileSink.open(partOf(path), from);
  const validator = content === 'raw' || page.status !== 200 ? undefined : strongValidator(page.headers);
  let complete = false;
  try {
    if (range === undefined) await writeNote(path, page, wanted, validator);
    for await (const piece of content === 'raw' ? page.raw() : page) {
      if (range !== undefined && sink.length + piece.length > range.end + 1) {
        // it would do so again: the next call begins anew
        await rm(noteOf(path), { force: true });
        throw new ProtocolError('RANGE_MISMATCH', 'a 206 with more bytes than its range', { phase: 'body' });
      }
      await sink.write(piece);
      onProgress?.(sink.length, total);
    }
    if (range !== undefined) checkEnd(sink.length, range);
    complete = true;
  } finally {
    await sink.close();
    if (!complete && validator === undefined && range === undefined) await rm(partOf(path), { force: true });
  }
  await finish(path);
  return { page, saved: true, length: sink.length, resumedFrom: from };
}

/** A server may send less than was asked for: what came is kept, and the rest is to be asked for again. */
function checkEnd(length: number, { end, total }: ContentRange): void {
  const due = total ?? end + 1;
  if (length === due) return;
  throw new ProtocolError('SHORT_BODY', `the server sent the file up to byte ${length} of ${due}`, {
    phase: 'body',
    retryable: true,
  });
}

/** Without a validator no rest can be proven to belong to it, so there is nothing to note. */
async function writeNote(path: string, page: OpenPage, url: string, validator: string | undefined): Promise<void> {
  if (validator === undefined) return rm(noteOf(path), { force: true });
  await writeFile(noteOf(path), JSON.stringify({ url, at: page.url, validator }));
}

async function readPart(path: string, wanted: string): Promise<Part | undefined> {
  try {
    const [{ size }, note] = await Promise.all([stat(partOf(path)), readFile(noteOf(path), 'utf8')]);
    const { url, at = url, validator } = JSON.parse(note) as { url?: unknown; at?: unknown; validator?: unknown };
    if (url !== wanted || typeof at !== 'string' || typeof validator !== 'string' || size === 0) return undefined;
    return { validator, at, length: size };
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
