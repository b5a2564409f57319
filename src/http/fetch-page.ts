/** One page, whole, in memory. */
import { Exchange } from './exchange.ts';
import { arrive } from './follow.ts';
import { checkPageOptions, type PageOptions } from './options.ts';
import type { Page } from './page.ts';
import { parsePageUrl } from './target.ts';

/**
 * Fetches a page. Any answer is a page, a 404 as well as a 200; what is thrown means that there was none.
 * @throws MessageError before anything is sent; ConnectionError, TlsError, TimeoutError, AbortError; ResponseError where
 * the answer breaks the rules or a limit; RedirectError. {@link partialPage} tells what had come by then.
 */
export async function fetchPage(url: string | URL, options: PageOptions = {}): Promise<Page> {
  checkPageOptions(options);
  const start = parsePageUrl(url);
  // the usual case, without the bookkeeping of hops
  if ((options.follow ?? 0) === 0) {
    const exchange = new Exchange(start, options, 'raw');
    await exchange.begin();
    // most pages have come with their head
    if (!exchange.done) await exchange.readOn();
    return exchange.page([]);
  }
  const { exchange, redirects } = await arrive(start, options, 'raw');
  await exchange.readOn();
  return exchange.page(redirects);
}
