import { MessageError } from '../errors.ts';
import { foldWords } from './folding.ts';
import { headerEnd, readHeader } from './header-list.ts';
import type { Wrap } from './message-init.ts';
import { type Part, render } from './part.ts';
import { isDeferred, SegmentList } from './segment.ts';

/**
 * Gives the message's one MIME entity to a hook and takes what the hook makes of it: a signed (RFC 1847, RFC 8551) or
 * encrypted entity, header and body.
 */
export function wrapPart(part: Part, wrap: Wrap): Part {
  const out = new SegmentList();
  render(part, out);
  const chunks: Uint8Array[] = [];
  for (const segment of out.end()) {
    if (!isDeferred(segment)) chunks.push(typeof segment === 'string' ? Buffer.from(segment, 'latin1') : segment);
    else if (segment.blocks !== undefined) for (const block of segment.blocks()) chunks.push(block);
    else
      throw new MessageError(
        'BAD_INPUT',
        'wrap',
        'needs the whole content at hand, and part of it is a stream or a file',
      );
  }
  const given: unknown = wrap(Buffer.concat(chunks));
  if (typeof given !== 'string' && !(given instanceof Uint8Array)) {
    throw new MessageError('BAD_INPUT', 'wrap', 'gave neither a string nor octets');
  }
  const octets = Buffer.from(given as Uint8Array);
  if (octets.includes(0)) throw new MessageError('BAD_INPUT', 'wrap', 'gave an entity with a NUL');
  const entity = Buffer.from(octets.toString('latin1').replace(/\r\n|\r|\n/g, '\r\n'), 'latin1');
  const end = headerEnd(entity);
  let head = '';
  for (const [name, value] of readHeader(entity.toString('latin1', 0, end))) {
    if (/^content-/i.test(name)) head += foldWords(name, value.split(/[ \t]+/));
    else if (!/^mime-version$/i.test(name))
      throw new MessageError('BAD_INPUT', 'wrap', `gave a field that is not of MIME: ${name}`);
  }
  if (!/^content-type:/im.test(head))
    throw new MessageError('BAD_INPUT', 'wrap', 'gave an entity without a Content-Type');
  const body = entity.toString('latin1', end + 2);
  if (/[^\0-\x7f]|[^\r\n]{999}/.test(body)) throw new MessageError('BAD_INPUT', 'wrap', 'gave a body that is not 7bit');
  return { head, body, encoding: '7bit' };
}
