/**
 * The archives that `plainwire get` fills: a WARC, a HAR, or both. Beside them grows a journal, a line for each page that
 * is kept, with the lengths of the archives behind it: by it a later run knows where to go on, and cuts off what an
 * earlier one left half written.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { MessageError } from '../../errors.ts';
import { HarWriter, type Page, WarcWriter } from '../../http/index.ts';
import { withoutCredentials } from './report.ts';

export interface ArchiveFlags {
  readonly warc?: string;
  readonly har?: string;
  readonly resume?: boolean;
}

/** What a line of the journal says: this URL is kept, and so long were the archives then. */
interface Entry {
  readonly url: string;
  readonly warc?: number;
  readonly har?: number;
}

export class Archives {
  /** In so few bytes a URL is told from millions of others. */
  readonly #kept: Set<number>;
  readonly #journal: GrowingFile;
  readonly #warc: { readonly file: GrowingFile; readonly writer: WarcWriter } | undefined;
  readonly #har: { readonly file: GrowingFile; readonly writer: HarWriter } | undefined;

  private constructor(kept: Set<number>, journal: GrowingFile, warc?: GrowingFile, har?: GrowingFile) {
    this.#kept = kept;
    this.#journal = journal;
    const gzip = warc?.path.endsWith('.warc') === true ? 'none' : 'record';
    const write = (file: GrowingFile) => (data: Uint8Array | string) => file.write(data);
    if (warc !== undefined) this.#warc = { file: warc, writer: new WarcWriter({ write: write(warc), gzip }) };
    if (har !== undefined) {
      this.#har = { file: har, writer: new HarWriter({ write: write(har), goOn: har.length > 0 }) };
    }
  }

  /** Undefined where no archive is asked for. @throws MessageError BAD_FILE */
  static async open({ warc, har, resume = false }: ArchiveFlags): Promise<Archives | undefined> {
    const first = warc ?? har;
    if (first === undefined) return undefined;
    const path = `${first}.done`;
    const kept = new Set<number>();
    const last = resume ? await readJournal(path, kept) : undefined;
    const known = last?.entry;
    // an empty journal knows all that there is: nothing
    const isKnown = (length: number | undefined) => last !== undefined && (known === undefined || length !== undefined);
    if (resume && !isKnown(known?.warc)) await refuseUnknown(warc, path);
    if (resume && !isKnown(known?.har)) await refuseUnknown(har, path);
    const journal = await GrowingFile.open(path, last === undefined ? 0 : last.length);
    const at = (file: string | undefined, length = 0) => file && GrowingFile.open(file, length);
    return new Archives(
      kept,
      journal,
      (await at(warc, known?.warc)) || undefined,
      (await at(har, known?.har)) || undefined,
    );
  }

  /** Whether a site's page is in the archives already. */
  has(site: string): boolean {
    return this.#kept.has(fingerprint(withoutCredentials(site)));
  }

  async write(site: string, page: Page): Promise<void> {
    const url = withoutCredentials(site);
    await Promise.all([this.#warc?.writer.write(page), this.#har?.writer.write(page)]);
    const warc = this.#warc?.file.length;
    const har = this.#har?.file.length;
    const entry: Entry = { url, ...(warc === undefined ? {} : { warc }), ...(har === undefined ? {} : { har }) };
    await this.#journal.write(`${JSON.stringify(entry)}\n`);
  }

  /** Completes the files, whatever they hold by now. */
  async close(): Promise<void> {
    await this.#warc?.writer.flush();
    await this.#har?.writer.end();
    await Promise.all([this.#warc?.file.close(), this.#har?.file.close(), this.#journal.close()]);
  }
}

/** A file that is written from a place on; what was behind it is cut off. */
class GrowingFile {
  readonly path: string;
  readonly #file: FileHandle;
  length: number;

  private constructor(path: string, file: FileHandle, length: number) {
    this.path = path;
    this.#file = file;
    this.length = length;
  }

  static async open(path: string, from: number): Promise<GrowingFile> {
    try {
      const file = await open(path, from === 0 ? 'w' : 'r+');
      const { size } = await file.stat();
      if (size < from) {
        await file.close();
        throw new MessageError('BAD_FILE', path, `has ${size} bytes where its journal says ${from}`);
      }
      if (from > 0) await file.truncate(from);
      return new GrowingFile(path, file, from);
    } catch (cause) {
      if (cause instanceof MessageError) throw cause;
      throw new MessageError('BAD_FILE', path, `it can't be written: ${(cause as Error).message}`, { cause });
    }
  }

  async write(data: Uint8Array | string): Promise<void> {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
    let written = 0;
    while (written < bytes.length) {
      const rest = bytes.subarray(written);
      written += (await this.#file.write(rest, 0, rest.length, this.length + written)).bytesWritten;
    }
    this.length += bytes.length;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

interface Sound {
  /**
   * The last entry, with the last that is said of each archive, for not every run fills both; undefined where an earlier
   * run ended before it had kept a page.
   */
  readonly entry: Entry | undefined;
  /** How much of the journal is sound: its last line may have been cut off. */
  readonly length: number;
}

/** Undefined where there is no journal, or something else of its name. */
async function readJournal(path: string, kept: Set<number>): Promise<Sound | undefined> {
  let last: Sound = { entry: undefined, length: 0 };
  try {
    const { size } = await stat(path);
    for await (const line of createInterface({ input: createReadStream(path) })) {
      const length = last.length + Buffer.byteLength(line) + 1;
      // without its line end it was not written whole
      if (length > size) break;
      const entry = parseEntry(line);
      if (entry === undefined) return last.entry === undefined ? undefined : last;
      kept.add(fingerprint(entry.url));
      last = { entry: { ...last.entry, ...entry }, length };
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new MessageError('BAD_FILE', path, `it can't be read: ${(cause as Error).message}`, { cause });
  }
  return last;
}

function parseEntry(line: string): Entry | undefined {
  try {
    const entry = JSON.parse(line) as Partial<Entry>;
    return typeof entry.url === 'string' ? (entry as Entry) : undefined;
  } catch {
    return undefined;
  }
}

/** An archive that its journal does not know: nothing tells what it holds, and beginning anew would destroy it. */
async function refuseUnknown(file: string | undefined, journal: string): Promise<void> {
  if (file === undefined) return;
  const size = await stat(file).then(
    (facts) => facts.size,
    () => 0,
  );
  if (size > 0) {
    throw new MessageError('BAD_FILE', file, `can't be resumed: there is no ${journal} that tells what it holds`);
  }
}

/** 48 bits of a hash. */
function fingerprint(url: string): number {
  return createHash('sha256').update(url).digest().readUIntBE(0, 6);
}
