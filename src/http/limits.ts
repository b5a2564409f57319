/** How much a response may bring before it is refused. */
export interface ResponseLimits {
  /** Bytes of one line of a head, its end left out. 64 KiB is what http.client takes; no real header needs more. */
  readonly line: number;
  /** Bytes of one head, and of all trailers. curl stops at 300 KiB, browsers at 256 KiB. */
  readonly head: number;
  /** Header fields of one head. Far above what real servers send, far below what makes a lookup slow. */
  readonly fields: number;
  /** Interim (1xx) responses before the real one: a server could send them for ever. */
  readonly interim: number;
  /** Blank lines before a status line: a byte or two of junk from an earlier response, not a stream of it. */
  readonly blankLines: number;
  /** Bytes of chunk sizes' padding and of chunk extensions in one response; nobody uses them, so there are few. */
  readonly chunkExtensions: number;
  /** Bytes of the body after transfer decoding: what a caller is ready to hold, or to store. */
  readonly body: number;
}

const KIB = 1024;

/** The defaults; a stream ({@link openPage}) has no limit on its body, for it holds none. */
export const RESPONSE_LIMITS: ResponseLimits = {
  line: 64 * KIB,
  head: 256 * KIB,
  fields: 1_000,
  interim: 100,
  blankLines: 16,
  chunkExtensions: 64 * KIB,
  body: 256 * KIB * KIB,
};

/** The defaults with what a caller has set; what is undefined is not set. */
export function limitsWith(given: Partial<ResponseLimits> | undefined): ResponseLimits {
  if (given === undefined) return RESPONSE_LIMITS;
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...RESPONSE_LIMITS, ...Object.fromEntries(set) };
}
