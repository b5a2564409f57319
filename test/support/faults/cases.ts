/** The cases: every byte of a session of several messages, in every way it can break. */
import type { FaultServerOptions } from './server.ts';
import { FAULTS } from './tap.ts';

export const SECURITIES = ['none', 'starttls', 'tls'] as const;
export const MODES = ['lock-step', 'pipelining', 'chunking', 'lmtp'] as const;

export interface FaultCase extends FaultServerOptions {
  readonly retries: 0 | 1;
}

/** One message of the session, and what comes of it where nothing breaks. */
export interface Planned {
  readonly id: string;
  /** Recipients by local part: `no` is refused at RCPT, `full` at the end of the content. */
  readonly to: readonly string[];
}

const SESSION: readonly Planned[] = [
  { id: 'm0', to: ['a'] },
  { id: 'm1', to: ['b', 'no'] },
  { id: 'm2', to: ['no'] },
  { id: 'm3', to: ['full'] },
  { id: 'm4', to: ['c'] },
];
/** With LMTP each recipient has a reply of its own. */
const LMTP_SESSION: readonly Planned[] = [
  { id: 'm0', to: ['a', 'b'] },
  { id: 'm1', to: ['c', 'no', 'full', 'd'] },
  { id: 'm2', to: ['no'] },
  { id: 'm3', to: ['full'] },
  { id: 'm4', to: ['e'] },
];

export function sessionOf({ mode }: FaultServerOptions): readonly Planned[] {
  return mode === 'lmtp' ? LMTP_SESSION : SESSION;
}

/** The ways of a session: what it runs over, how it goes, which bytes are counted. */
export function waysOf(): readonly Omit<FaultServerOptions, 'cut'>[] {
  return SECURITIES.flatMap((security) =>
    MODES.flatMap((mode) => {
      // LMTP is a matter of the dialogue, not of what carries it
      if (mode === 'lmtp' && security !== 'none') return [];
      const words = { security, mode, layer: 'words' } as const;
      return security === 'none' ? [words] : [words, { security, mode, layer: 'wire' } as const];
    }),
  );
}

/** A cut behind every `step` bytes, from before the first to behind the last, with every fault, with retries and without. */
export function* casesOf(
  way: Omit<FaultServerOptions, 'cut'>,
  length: { readonly sent: number; readonly received: number },
  step: number,
): Generator<FaultCase> {
  for (const side of ['sent', 'received'] as const) {
    for (let at = 0; at <= length[side]; at += step) {
      for (const fault of FAULTS) {
        if (fault === '421' && !takesLeave(way, side)) continue;
        for (const retries of [0, 1] as const) yield { ...way, cut: { side, at, fault }, retries };
      }
    }
  }
}

/**
 * A server says 421 between two replies, wherever the client is. In LMTP some recipients may have had theirs: that is
 * another account, and has tests of its own.
 */
function takesLeave({ layer, mode }: Omit<FaultServerOptions, 'cut'>, side: 'sent' | 'received'): boolean {
  return side === 'received' && layer === 'words' && mode !== 'lmtp';
}

export function nameOf({ security, mode, layer, cut, retries }: FaultCase): string {
  const place = cut === undefined ? 'no cut' : `${cut.fault} behind byte ${cut.at} ${cut.side}`;
  return `${mode}, security ${security}, ${layer}, retries ${retries}: ${place}`;
}
