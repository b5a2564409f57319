import { MessageError } from '../errors.ts';
import type { MessageInit } from './message-init.ts';
import { isMultipart, type Part } from './part.ts';

type Normalize = NonNullable<MessageInit['normalizeHeaderKey']>;

/** A header block with its names as the caller wants them written; case is all that may differ. */
export function withNames(block: string, normalize: Normalize): string {
  return block.replace(/^([!-9;-~]+):[ \t]*(.*(?:\r\n[ \t].*)*)/gm, (field, name: string, value: string) => {
    const wanted: unknown = normalize(name, value.replace(/\r\n(?=[ \t])/g, ''));
    if (typeof wanted === 'string' && wanted.toLowerCase() === name.toLowerCase()) {
      return wanted + field.slice(name.length);
    }
    throw new MessageError('BAD_INPUT', 'normalizeHeaderKey', `may change the case of ${name}, and nothing else`);
  });
}

/** A part, and those in it, with their names as the caller wants them; parts given whole stay as they are. */
export function partWithNames(part: Part, normalize: Normalize): Part {
  const { body } = part;
  const inner = isMultipart(body)
    ? { ...body, parts: body.parts.map((child) => partWithNames(child, normalize)) }
    : body;
  return { ...part, head: withNames(part.head, normalize), body: inner };
}
