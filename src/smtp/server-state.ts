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
  #refused = 0;

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

  /**
   * The message was refused behind its final dot. That ends the transaction all the same (RFC 5321 section 4.1.1.4), but
   * not with every server: Postfix keeps it where smtpd_end_of_data_restrictions say no.
   */
  refuseContent(transaction: number): void {
    this.#refused = transaction;
    if (transaction === this.#transactions) this.#open = true;
  }

  /** Whether the message of the transaction before this one was refused so. */
  followsRefused(transaction: number): boolean {
    return this.#refused > 0 && this.#refused === transaction - 1;
  }
}
