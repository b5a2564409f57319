/**
 * Memory for one piece of content after another, each of which belongs to whoever gets it.
 *
 * V8 takes back buffers that nobody holds when 32 MB of them have come together, or when its own young generation is
 * full, which it never is where there is little but buffers. A little litter beside each fills it in time, so that a
 * stream of any size needs a few megabytes.
 */
const young: { litter: unknown[] } = { litter: [] };
const NOTHING: unknown[] = [];

/** An element, of 8 octets, for so many octets of buffers. */
const OCTETS_AN_ELEMENT = 16;

export function freshMemory(size: number): Buffer {
  young.litter = new Array(Math.ceil(size / OCTETS_AN_ELEMENT));
  const memory = Buffer.allocUnsafeSlow(size);
  // what is held would be copied each time the generation is cleared, and let it grow
  young.litter = NOTHING;
  return memory;
}
