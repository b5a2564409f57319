import { createHash } from 'node:crypto';
import { MessageError } from '../errors.ts';
import { decodeDataUri } from './data-uri.ts';
import { isMediaType } from './media-type.ts';
import type { Attachment, TextInit } from './message-init.ts';
import { isContentInit, textAtHand } from './text-part.ts';

/** An image that stands in its own src: in quotes, where it may hold white space and the other quote, or without. */
const DATA_IMAGE =
  /(<img\b[^<>]{0,4096}?[\s"'/]src\s{0,20}=\s{0,20})(?:"\s{0,20}(data:image\/[^"]*)"|'\s{0,20}(data:image\/[^']*)'|(data:image\/[^"'\s>]*))/gi;
/** `&amp;`: the html would have to be decoded before the address can be read. No base64 holds one. */
const ENTITY = /&[a-z#]/i;

/**
 * Takes the `data:` images out of the html, for clients that show no image that way: each becomes a part, and the html
 * shows it by `cid:`. The same image twice is one part.
 */
export function extractDataImages(html: TextInit | undefined): { html: TextInit | undefined; images: Attachment[] } {
  const text = textAtHand(html);
  if (text === undefined) {
    if (html === undefined || html === null) return { html, images: [] };
    throw new MessageError('BAD_INPUT', 'attachDataUrls', 'needs html that is at hand, as a string or as octets');
  }
  const images = new Map<string, Attachment>();
  const rewritten = text.replace(DATA_IMAGE, (whole: string, before: string, ...quoted: (string | undefined)[]) => {
    const uri = (quoted[0] ?? quoted[1] ?? quoted[2] ?? '').trim();
    if (ENTITY.test(uri)) return whole;
    const cid = `${createHash('sha256').update(uri).digest('hex').slice(0, 32)}@data-uri`;
    if (!images.has(cid)) {
      const image = imageOf(uri);
      // A broken one stays as it is: no reader shows it either way.
      if (image === undefined) return whole;
      const extension = /^image\/([a-z0-9]+)/i.exec(image.contentType)?.[1]?.toLowerCase() ?? 'bin';
      const filename = `image-${images.size + 1}.${extension}`;
      images.set(cid, { content: image.octets, contentType: image.contentType, cid, filename });
    }
    return `${before}"cid:${cid}"`;
  });
  return { html: isContentInit(html) ? { ...html, content: rewritten } : rewritten, images: [...images.values()] };
}

function imageOf(uri: string): ReturnType<typeof decodeDataUri> | undefined {
  try {
    const image = decodeDataUri(uri, 'html');
    return isMediaType(image.contentType) ? image : undefined;
  } catch (error) {
    if (error instanceof MessageError) return undefined;
    throw error;
  }
}
