/**
 * Whole lines of base64 (RFC 2045 section 6.8): 57 octets, 76 characters, CRLF. The work is done by base64-lines.wat, in
 * instructions that take sixteen characters at once; Node's own encoder knows no lines, and copying them out of its text
 * takes three times as long as all of this.
 */
import { BASE64_LINES } from './base64-lines.wasm.ts';

/** Octets that make one line. */
export const LINE_OCTETS = 57;
/** What they become, with CRLF. */
export const LINE_SIZE = 78;
/** Lines encoded in one go: few enough that both sides stay in the processor's cache. */
const BLOCK_LINES = 512;
/** Where the octets lie in the encoder's memory, and where the lines. Up to 7 octets are read behind what is to be read. */
const OCTETS_AT = 0;
const LINES_AT = 32 * 1024;

/** Encodes so many lines of the octets from `start` on, writes them to `out` at `at`, and returns where they end. */
export type EncodeLines = (octets: Buffer, start: number, lines: number, out: Buffer, at: number) => number;

let encoder: EncodeLines | undefined;

export const encodeLines: EncodeLines = (octets, start, lines, out, at) => {
  encoder ??= vectorEncoder() ?? lineByLine;
  return encoder(octets, start, lines, out, at);
};

/** For where there is no WebAssembly (`node --jitless`), none with vectors, or no room for its memory. */
export const lineByLine: EncodeLines = (octets, start, lines, out, at) => {
  let to = at;
  for (let line = 0; line < lines; line++) {
    const from = start + line * LINE_OCTETS;
    to += out.write(`${octets.toString('base64', from, from + LINE_OCTETS)}\r\n`, to, 'latin1');
  }
  return to;
};

/** Undefined where this machine has none. */
export function vectorEncoder(): EncodeLines | undefined {
  const exported = instantiate();
  if (exported === undefined) return undefined;
  const memory = Buffer.from(exported.memory.buffer);
  return (octets, start, lines, out, at) => {
    let to = at;
    for (let line = 0; line < lines; line += BLOCK_LINES) {
      const count = Math.min(BLOCK_LINES, lines - line);
      const from = start + line * LINE_OCTETS;
      memory.set(octets.subarray(from, from + count * LINE_OCTETS), OCTETS_AT);
      exported.encodeLines(OCTETS_AT, LINES_AT, count);
      out.set(memory.subarray(LINES_AT, LINES_AT + count * LINE_SIZE), to);
      to += count * LINE_SIZE;
    }
    return to;
  };
}

interface Exported {
  readonly memory: { readonly buffer: ArrayBuffer };
  encodeLines(from: number, to: number, lines: number): void;
}

/** What is used of the global of this name, which neither the library of ECMAScript nor that of Node describes. */
declare const WebAssembly: {
  readonly Module: new (binary: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
};

function instantiate(): Exported | undefined {
  try {
    const module = new WebAssembly.Module(Buffer.from(BASE64_LINES, 'base64'));
    return new WebAssembly.Instance(module).exports as Exported;
  } catch {
    return undefined;
  }
}
