/** How a command ends, for the shell. */

export const EXIT = {
  /** Everything that was asked for was done. */
  done: 0,
  /** Some of it failed: a recipient refused, a site not fetched, a host not found. */
  failed: 1,
  /** The command line or an input file is not right; nothing was tried. */
  usage: 2,
  /** Ctrl-C, as the shell expects it: 128 and the signal's number. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The command line is not right; the message says what would be. */
export class UsageError extends Error {
  override name = 'UsageError';
}
