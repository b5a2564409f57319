/** What the server knows of the client as the dialogue goes on. */

/** What came of a command. `'fault'`: the client said something that it should know better than to say. */
export type Done = 'ok' | 'fault' | 'over';

/** The message that has begun. */
export class Transaction {
  readonly from: string;
  readonly smtpUtf8: boolean;
  readonly to: string[] = [];
  /** What came by BDAT so far; undefined where nothing did. */
  chunks: { readonly pieces: Uint8Array[]; size: number } | undefined;

  constructor(from: string, smtpUtf8: boolean) {
    this.from = from;
    this.smtpUtf8 = smtpUtf8;
  }
}

export class ClientState {
  /** What it called itself; undefined before EHLO or HELO. */
  name: string | undefined;
  secure: boolean;
  user: string | undefined;
  transaction: Transaction | undefined;

  constructor(secure: boolean) {
    this.secure = secure;
  }

  /** After STARTTLS what was said before no longer counts (RFC 3207 section 4.2). */
  forget(): void {
    this.name = undefined;
    this.user = undefined;
    this.transaction = undefined;
  }
}
