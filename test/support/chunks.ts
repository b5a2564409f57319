/** The ways in which a network may cut what a peer says. */
export const CHUNKINGS = ['whole', 'lines', 'bytes'] as const;
export type Chunking = (typeof CHUNKINGS)[number];

export function* cut(bytes: Uint8Array, chunking: Chunking): Generator<Uint8Array> {
  if (chunking === 'whole') {
    yield bytes;
    return;
  }
  let start = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    if (chunking !== 'bytes' && bytes[at] !== 0x0a) continue;
    yield bytes.subarray(start, at + 1);
    start = at + 1;
  }
  if (start < bytes.length) yield bytes.subarray(start);
}
