/** As much of the package as is used; a name in a variable lets plainwire be built and bundled without it. */
interface HtmlToText {
  compile(options: { wordwrap: number }): (html: string) => string;
}
const PEER = 'html-to-text';

/**
 * Makes plain text of html by the html-to-text package, an optional peer: install it next to plainwire to use this.
 *
 *     const options = { htmlToText: await loadHtmlToText() };
 *     compose({ from, to, subject, html }, options);
 */
export async function loadHtmlToText(): Promise<(html: string) => string> {
  const { compile } = (await import(PEER)) as HtmlToText;
  return compile({ wordwrap: 72 });
}
