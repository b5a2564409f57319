import { Base64Encoder, base64Blocks, base64Size } from './base64.ts';
import { HARD_LINE } from './folding.ts';
import type { Deferred } from './segment.ts';
import { type Source, sourceFailed } from './source.ts';

const CR = 0x0d;
const LF = 0x0a;

/** Octets at hand, to be sent in base64. */
export function base64Octets(octets: Uint8Array): Deferred {
  return {
    size: base64Size(octets.length),
    replayable: true,
    blocks: (allocate) => base64Blocks(octets, allocate),
    async *stream() {
      yield* base64Blocks(octets);
    },
  };
}

/** Blocks that are encoded already. */
export function readyBlocks(blocks: readonly Uint8Array[]): Deferred {
  return {
    size: blocks.reduce((total, block) => total + block.length, 0),
    replayable: true,
    endsInLine: blocks.at(-1)?.at(-1) === LF,
    blocks: () => blocks,
    async *stream() {
      yield* blocks;
    },
  };
}

/** A source, to be sent in base64. */
export function base64Source(source: Source): Deferred {
  return {
    size: source.size === undefined ? undefined : base64Size(source.size),
    replayable: source.replayable,
    blocks: undefined,
    async *stream() {
      const encoder = new Base64Encoder();
      // The encoder keeps nothing of a chunk but copies.
      for await (const chunk of source.read('reused')) yield* encoder.push(chunk);
      const last = encoder.end();
      if (last.length > 0) yield last;
    },
    async measure() {
      const size = source.size ?? (await source.measure?.());
      return size === undefined ? undefined : base64Size(size);
    },
    release: source.release,
    isSpent: source.isSpent,
  };
}

/** A source, to be sent as it is where the way is binary. */
export function binarySource(source: Source): Deferred {
  return {
    size: source.size,
    replayable: source.replayable,
    blocks: undefined,
    stream: () => source.read(),
    measure: async () => source.size ?? source.measure?.(),
    release: source.release,
    isSpent: source.isSpent,
  };
}

/** A source of lines, to be sent as they are with CRLF: what can't be sent that way ends the message. */
export function linesSource(source: Source, allow8bit: boolean): Deferred {
  return {
    size: undefined,
    replayable: source.replayable,
    blocks: undefined,
    release: source.release,
    isSpent: source.isSpent,
    async *stream() {
      let column = 0;
      let afterCr = false;
      for await (const chunk of source.read()) {
        // Every octet can become two at most.
        const out = Buffer.allocUnsafe(chunk.length * 2 + 1);
        let at = 0;
        for (let index = 0; index < chunk.length; index++) {
          const octet = chunk[index] as number;
          if (octet === 0 || (octet > 0x7f && !allow8bit)) {
            throw sourceFailed(
              source,
              `holds the octet 0x${octet.toString(16).padStart(2, '0')}, which can't be sent unencoded`,
            );
          }
          const isSecondOfPair = octet === LF && afterCr;
          afterCr = octet === CR;
          if (isSecondOfPair) continue;
          if (octet === CR || octet === LF) {
            out[at++] = CR;
            out[at++] = LF;
            column = 0;
            continue;
          }
          out[at++] = octet;
          column += 1;
          if (column > HARD_LINE)
            throw sourceFailed(source, `has a line of more than ${HARD_LINE} octets, which can't be sent unencoded`);
        }
        yield out.subarray(0, at);
      }
    },
  };
}
