/** From one hop to the next, as long as redirects lead on and the caller lets them. */
import { Exchange, type Keep, type Step } from './exchange.ts';
import type { PageOptions } from './options.ts';
import type { Page } from './page.ts';
import { onwardRequest, RedirectError, redirectLocations, resolveLocation } from './redirect.ts';
import { forSeveral, urlCredentials } from './request.ts';
import { excerpt } from './status-line.ts';
import { publicUrl } from './target.ts';

/** The last exchange, its head read, with the pages that led to it. */
export interface Arrival {
  readonly exchange: Exchange;
  readonly steps: readonly Step[];
  readonly redirects: readonly Page[];
}

/** The same may be asked for twice: some servers send a client back to where it came from. A third time is a circle. */
const SAME_AGAIN = 2;

/** @throws RedirectError, and what fetching throws */
export async function arrive(start: URL, given: PageOptions, keep: Keep): Promise<Arrival> {
  const follow = given.follow ?? 0;
  if (follow === 0) {
    const exchange = new Exchange(start, given, keep);
    return { exchange, steps: await exchange.begin(), redirects: [] };
  }
  const since = performance.now();
  let url = start;
  let options = withCredentials(url, forSeveral(given));
  const redirects: Page[] = [];
  const asked = new Map<string, number>();
  for (;;) {
    count(asked, options, url);
    const exchange = new Exchange(url, options, keep, since);
    exchange.keepAll();
    const steps = await exchange.begin();
    const [location, another] = redirectLocations(exchange.head.status, exchange.head.headers);
    if (location === undefined) {
      exchange.letGo();
      return { exchange, steps, redirects };
    }
    await exchange.readOn();
    redirects.push(exchange.page([...redirects]));
    const next = nextUrl(location, another, url, given, redirects);
    options = onwardRequest(options, exchange.head.status, url, next);
    if (redirects.length > follow) throw refused(`more than ${follow} redirects`, location, redirects);
    if (count(asked, options, next, 0) >= SAME_AGAIN) {
      throw refused('a redirect that goes round in a circle', location, redirects);
    }
    url = next;
  }
}

function nextUrl(
  location: string,
  another: string | undefined,
  from: URL,
  options: PageOptions,
  pages: readonly Page[],
): URL {
  if (another !== undefined) throw refused(`two places to go to, the other is ${excerpt(another)}`, location, pages);
  let url: URL;
  try {
    url = resolveLocation(location, from);
  } catch (cause) {
    throw new RedirectError(`the Location is no URL: ${excerpt(location)}`, location, pages, { cause });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw refused(`a redirect to ${url.protocol}`, location, pages);
  }
  if (from.protocol === 'https:' && url.protocol === 'http:' && options.downgrade !== 'allow') {
    throw refused('a redirect from https to http', location, pages);
  }
  return url;
}

/** How often a request has been made, with this one. */
function count(asked: Map<string, number>, { method = 'GET' }: PageOptions, url: URL, more = 1): number {
  const request = `${method} ${publicUrl(url)}`;
  const times = (asked.get(request) ?? 0) + more;
  asked.set(request, times);
  return times;
}

function refused(message: string, location: string, pages: readonly Page[]): RedirectError {
  return new RedirectError(message, location, [...pages]);
}

/** Credentials in the URL belong to its origin: they are carried beside it, so that a hop can drop them. */
function withCredentials(url: URL, options: PageOptions): PageOptions {
  const auth = options.auth ?? urlCredentials(url);
  return auth === undefined ? options : { ...options, auth };
}
