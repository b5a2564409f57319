/** Many pages side by side, each whole, in memory, as it arrives. */
import { fetchPage } from './fetch-page.ts';
import { forEachPage, type ManyOptions, type Outcome, type PageList } from './many.ts';
import type { PageOptions } from './options.ts';
import type { Page } from './page.ts';

export interface PagesOptions extends PageOptions, ManyOptions {}

/** What became of one page of many. */
export type PageOutcome = Outcome<{ readonly page: Page }>;

/**
 * Fetches pages, and yields each outcome as it arrives; a page that fails stops no other. The list is read only as far
 * ahead as there is work to give out, and while nobody takes outcomes nothing new begins, so millions cost what
 * hundreds do. Leaving the loop aborts what is under way. So does the signal: what was under way fails, and, unless the
 * list was at its end, the loop with it.
 * @throws AbortError; what the list throws
 */
export function fetchPages(urls: PageList, options: PagesOptions = {}): AsyncGenerator<PageOutcome, void, undefined> {
  return forEachPage(urls, async (url, each) => ({ page: await fetchPage(url, each) }), options);
}
