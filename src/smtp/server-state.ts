/** What is known of the server at the other end, as the dialogue goes on. */
import type { Capabilities } from './capabilities.ts';

export class ServerState {
  /** What its last EHLO reply said. */
  capabilities: Capabilities;
  /** LMTP (RFC 2033): LHLO for EHLO, and a reply for each recipient after the content. */
  readonly lmtp: boolean;
  /** Whether what is said stays between us and the server that was meant: over verified TLS, or on this very host. */
  readonly isVerified: boolean;
  #transactions = 0;
  #open = false;

  constructor(capabilities: Capabilities, facts: { readonly lmtp: boolean; readonly isVerified: boolean }) {
    this.capabilities = capabilities;
    this.lmtp = facts.lmtp;
    this.isVerified = facts.isVerified;
  }

  /**
   * Whether the server may still hold the MAIL and RCPT of a transaction that came to nothing, or whose end is not known
   * yet. RSET ends it; it goes out together with the next MAIL, so that it costs no round trip.
   */
  get transactionOpen(): boolean {
    return this.#open;
  }

  /** How many transactions have begun in this session. */
  get transactions(): number {
    return this.#transactions;
  }

  /** A transaction begins; its number is for {@link closeTransaction}. */
  openTransaction(): number {
    this.#open = true;
    this.#transactions += 1;
    return this.#transactions;
  }

  /** The transaction has its end. Where another has begun behind it, that one's end is what counts. */
  closeTransaction(transaction: number): void {
    if (transaction === this.#transactions) this.#open = false;
  }
}
