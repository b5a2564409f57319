/** One page, whole, in memory. */
import { arrive } from './follow.ts';
import type { PageOptions } from './options.ts';
import type { Page } from './page.ts';
import { parsePageUrl } from './target.ts';

/**
 * Fetches a page. Any answer is a page, a 404 as well as a 200; what is thrown means that there was none.
 * @throws MessageError before anything is sent; ConnectionError, TlsError, TimeoutError, AbortError; ResponseError where
 * the answer breaks the rules or a limit; RedirectError. {@link partialPage} tells what had come by then.
 */
export async function fetchPage(url: string | URL, options: PageOptions = {}): Promise<Page> {
  const { exchange, redirects } = await arrive(parsePageUrl(url), options, 'raw');
  return exchange.page(redirects);
}
