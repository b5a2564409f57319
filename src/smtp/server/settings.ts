/** What a server of mail offers and takes. */

export interface ServerSettings {
  /** The name it greets with. */
  readonly name: string;
  /** The biggest message, in bytes (RFC 1870). */
  readonly maxSize: number;
  /** Whether the connection is encrypted from the first byte on. */
  readonly secure: boolean;
  /** Whether STARTTLS is offered. */
  readonly startTls: boolean;
  /** Whether AUTH is offered where the connection is not encrypted. */
  readonly plaintextAuth: boolean;
  /** Who may log in, and must before mail is taken; undefined: anybody may, nobody must. */
  readonly login: { readonly user: string; readonly password: string } | undefined;
  /** Recipients that are refused, as if there was no such mailbox; in lower case. */
  readonly refused: ReadonlySet<string>;
}

/** RFC 5321 section 4.5.3.1.4 gives 512 octets, and each extension adds to it; this is more than all of them. */
export const COMMAND_LIMIT = 2_048;

/** RFC 4954 section 4 gives this for a line of an AUTH exchange, in base64. */
export const AUTH_LIMIT = 12_288;

/** RFC 5321 section 4.5.3.1.8 wants at least 100. */
export const RECIPIENTS_LIMIT = 1_000;

/** A client that gets so many refusals for what it says, and not for whom it names, is no client of mail. */
export const FAULTS_LIMIT = 20;
