import type { MessageInit } from './message-init.ts';
import type { Part } from './part.ts';

/** The parts of a template that are made already, by the field and the value that they were made of. */
export class PartCache {
  readonly #init: MessageInit;
  readonly #parts = new Map<keyof MessageInit, Map<unknown, Part>>();

  constructor(init: MessageInit) {
    this.#init = init;
  }

  /** The part made of this value of this field; kept if the value is the template's own. */
  part(field: keyof MessageInit, value: unknown, make: () => Part): Part {
    const own: unknown = this.#init[field];
    const isOwn = value === own || (Array.isArray(own) && own.includes(value));
    if (!isOwn) return make();
    const parts = this.#parts.get(field) ?? new Map<unknown, Part>();
    this.#parts.set(field, parts);
    const kept = parts.get(value);
    if (kept !== undefined) return kept;
    const part = encodedOnce(make());
    parts.set(value, part);
    return part;
  }
}

/** Content that would be encoded for every message is encoded now. */
function encodedOnce(part: Part): Part {
  const { body } = part;
  const blocks = typeof body === 'object' && 'blocks' in body ? body.blocks : undefined;
  return blocks === undefined ? part : { ...part, body: Buffer.concat([...blocks()]) };
}
