/** What one line of a dialogue is, as the view of its protocol sees it. */
import type { Explanation, SecretSpan } from '../../trace/index.ts';

/** A line that the client says. */
export interface Said {
  /** Where in the dialogue it stands, in the words of the trace: `'mail'`, `'content'`, `'head'`. */
  readonly phase: string;
  /** The verb of a command. */
  readonly verb: string | undefined;
  /** The parts of the line that are secret, counted in bytes. */
  readonly secrets: readonly SecretSpan[];
  /** More lines belong to it: a trace shows them as one. */
  readonly more: boolean;
  readonly explanation: Explanation | undefined;
}

/** A line that the server says. */
export interface Heard {
  readonly phase: string;
  /** More lines belong to it: the middle of a reply, a head before its empty line. */
  readonly more: boolean;
  /** It is one of the lines of a reply (RFC 5321 section 4.2), and not anything else. */
  readonly reply: boolean;
  /** The parts of the line that a trace hides, counted in bytes: a challenge, for credentials are computed with it. */
  readonly secrets: readonly SecretSpan[];
  readonly explanation: Explanation | undefined;
}

/** Something that could be said next, and why. */
export interface Hint {
  readonly line: string;
  readonly means: string;
}

export const NO_SECRETS: readonly SecretSpan[] = [];
