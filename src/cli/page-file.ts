/** The names of the files that `plainwire get` writes. */

/** Windows takes what is behind a colon for a stream of the file. */
const UNFIT = process.platform === 'win32' ? /[^\p{L}\p{N}.-]+/gu : /[^\p{L}\p{N}.:[\]-]+/gu;

/**
 * `www.example.com` becomes `www.example.com.html`, `localhost:8080` becomes `localhost:8080.html`, and
 * `http://localhost/a/b?c` becomes `localhost_a_b_c.html`: a name that says where the page is from, and that can't lead
 * out of the folder.
 */
export function pageFileName(site: string): string {
  const name = site
    .trim()
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, '')
    .replace(/^[^/@]*@/, '')
    .replace(/[#].*$/, '')
    .replace(/\/+$/, '')
    .replace(UNFIT, '_')
    .replace(/^[._]+/, '')
    .replace(/_+$/, '');
  // 255 bytes is what most file systems take; letters beyond ASCII need up to four each.
  const short = Buffer.from(name)
    .subarray(0, 200)
    .toString('utf8')
    .replace(/\ufffd+$/, '');
  return `${short === '' ? 'page' : short}.html`;
}

/** Gives each site a name of its own, the second of two equal ones with `-2`. */
export class PageFileNames {
  readonly #taken = new Map<string, number>();

  of(site: string): string {
    const name = pageFileName(site);
    // On some file systems upper and lower case are the same.
    const key = name.toLowerCase();
    const count = (this.#taken.get(key) ?? 0) + 1;
    this.#taken.set(key, count);
    return count === 1 ? name : this.of(`${name.slice(0, -'.html'.length)}-${count}`);
  }
}
