/** Many pages side by side, each into a file of its own, streamed: a page may be bigger than memory. */
import { forEachPage, type ManyOptions, type Outcome, type PageList } from './many.ts';
import { type SavedPage, type SaveOptions, savePage } from './save-page.ts';

export interface SavePagesOptions extends Omit<SaveOptions, 'onProgress'>, ManyOptions {
  /** Called as a file grows; `total` where the server tells it. */
  readonly onProgress?: (path: string, length: number, total: number | undefined) => void;
}

/** What became of one page of many, and, where it has come, in which file it is. */
export type SavedOutcome = Outcome<SavedPage & { readonly path: string }>;

/**
 * Saves pages into the files that `pathOf` names, and yields each outcome as it arrives: see fetchPages() and savePage().
 * Two pages of one path are saved one after the other, and the last one stays.
 */
export async function* savePages(
  urls: PageList,
  pathOf: (url: URL) => string,
  options: SavePagesOptions = {},
): AsyncGenerator<SavedOutcome, void, undefined> {
  const { onProgress, resume, content, ...many } = options;
  const writing = new Map<string, Promise<unknown>>();
  const save = async (url: URL, path: string, each: SaveOptions): Promise<SavedPage> => {
    await writing.get(path)?.catch(() => {});
    return savePage(url, path, each);
  };
  yield* forEachPage(
    urls,
    async (url, pageOptions) => {
      const path = pathOf(url);
      const each: SaveOptions = {
        ...pageOptions,
        ...(resume === undefined ? {} : { resume }),
        ...(content === undefined ? {} : { content }),
        ...(onProgress === undefined ? {} : { onProgress: (length, total) => onProgress(path, length, total) }),
      };
      const saved = save(url, path, each);
      writing.set(path, saved);
      try {
        return { ...(await saved), path };
      } finally {
        if (writing.get(path) === saved) writing.delete(path);
      }
    },
    many,
  );
}
