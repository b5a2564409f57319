import { createHash } from 'node:crypto';
import { decodeDataUri } from './data-uri.ts';
import type { Attachment, TextInit } from './message-init.ts';

/** The start of an image that stands in its own src; what follows up to the quote is its content. */
const DATA_IMAGE = /(<img\b[^>]{0,4096}?\bsrc\s*=\s*)(["'])\s*(data:image\/[^"'\s>]*)\s*\2/gi;

/**
 * Takes the `data:` images out of the html, for clients that show no image that way: each becomes a part, and the html
 * shows it by `cid:`. The same image twice is one part.
 */
export function extractDataImages(html: TextInit | undefined): { html: TextInit | undefined; images: Attachment[] } {
  if (typeof html !== 'string') return { html, images: [] };
  const images = new Map<string, Attachment>();
  const rewritten = html.replace(DATA_IMAGE, (_, before: string, quote: string, uri: string) => {
    const cid = `${createHash('sha256').update(uri).digest('hex').slice(0, 32)}@data-uri`;
    if (!images.has(cid)) {
      const { octets, contentType } = decodeDataUri(uri, 'html');
      const extension = /^image\/([a-z0-9]+)/i.exec(contentType)?.[1]?.toLowerCase() ?? 'bin';
      const filename = `image-${images.size + 1}.${extension === 'svg' ? 'svg' : extension}`;
      images.set(cid, { content: octets, contentType, cid, filename });
    }
    return `${before}${quote}cid:${cid}${quote}`;
  });
  return { html: rewritten, images: [...images.values()] };
}
