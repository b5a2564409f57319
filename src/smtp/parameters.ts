/** The parameters of MAIL and RCPT: what the message needs and the caller asks for, as far as the server offers it. */
import { type ErrorFacts, MessageError, UnsupportedError } from '../errors.ts';
import type { Mailbox, Message } from '../mime/index.ts';
import { parseMailbox } from '../mime/mailbox.ts';
import type { Capabilities } from './capabilities.ts';
import type { DsnOptions, RecipientDsn, SendOptions } from './send-options.ts';
import type { ServerState } from './server-state.ts';
import { utf8AddressXtext, xtext } from './xtext.ts';

/** The options with what the session adds to them. */
export interface TransactionOptions extends SendOptions {
  /** Whether BDAT may be used. */
  readonly chunking: boolean;
  /** Octets of the message, where known. */
  readonly size: number | undefined;
}

/**
 * Checks that the server can take the message as it is, before a word of it is said.
 * @throws UnsupportedError, MessageError
 */
export function checkSupported(
  message: Message,
  options: TransactionOptions,
  { capabilities: server, isVerified, transactions }: Pick<ServerState, 'capabilities' | 'isVerified' | 'transactions'>,
): void {
  if (message.envelope.to.length === 0) {
    throw new MessageError('NO_RECIPIENTS', 'to', 'the message has no recipient: give to, cc, bcc or envelope.to');
  }
  const { size } = options;
  if (size !== undefined && server.size !== undefined && server.size > 0 && size > server.size) {
    throw new UnsupportedError(
      'MESSAGE_TOO_BIG',
      `the message has ${size} octets; the server takes at most ${server.size}`,
      {
        phase: 'mail',
      },
    );
  }
  if (message.smtpUtf8 && !server.smtpUtf8) {
    throw new UnsupportedError(
      'SMTPUTF8_NOT_OFFERED',
      'an address, or a header of a raw message, is not ASCII and the server does not offer SMTPUTF8: it could not take it further',
      { phase: 'mail' },
    );
  }
  if (message.encoding === 'binary' && !server.binaryMime) throw missing('BINARYMIME', 'the message has binary parts');
  if (options.requireTls === true) {
    // RFC 8689 section 4.2.1: what the server says counts only over TLS, with its certificate verified
    if (!isVerified) {
      throw new UnsupportedError(
        'EXTENSION_NOT_OFFERED',
        'requireTls: the way to the server itself is not encrypted, or its certificate is not verified',
        { phase: 'mail' },
      );
    }
    if (!server.requireTls) throw missing('REQUIRETLS', 'requireTls');
  }
  if (options.dsn !== undefined && !server.dsn) throw missing('DSN', 'dsn');
  if (options.deliverBy !== undefined) {
    if (server.deliverBy === undefined) throw missing('DELIVERBY', 'deliverBy');
    const { mode, seconds } = options.deliverBy;
    // RFC 2852 section 3: a time shorter than this would be refused
    if (mode === 'return' && seconds < server.deliverBy)
      throw beyond(`deliverBy: the server takes ${server.deliverBy} seconds at the least (DELIVERBY), not ${seconds}`);
  }
  if (options.hold !== undefined) {
    if (server.futureRelease === undefined) throw missing('FUTURERELEASE', 'hold');
    checkHold(options.hold, server.futureRelease);
  }
  if (options.mtPriority !== undefined && server.mtPriority === undefined) throw missing('MT-PRIORITY', 'mtPriority');
  checkLimits(message.envelope.to, server.limits);
  const { mailMax } = server.limits;
  if (mailMax !== undefined && transactions >= mailMax) {
    const text = `the server takes ${mailMax} messages a session (LIMITS MAILMAX): another connection may take more`;
    throw beyond(text, { phase: 'mail', retryable: true });
  }
}

/** RFC 4865 section 4: what the server will not hold for so long is not asked of it. */
function checkHold(hold: SendOptions['hold'] & {}, { maxInterval, maxDateTime }: FutureRelease): void {
  if ('seconds' in hold) {
    if (maxInterval > 0 && hold.seconds > maxInterval)
      throw beyond(`hold: the server holds a message for ${maxInterval} seconds at the most, not ${hold.seconds}`);
  } else if (hold.until.getTime() > Date.parse(maxDateTime)) {
    throw beyond(`hold: the server holds a message until ${maxDateTime} at the latest, not ${seconds(hold.until)}`);
  }
}

/** RFC 9422 section 4. */
function checkLimits(to: readonly Mailbox[], { rcptMax, rcptDomainMax }: Capabilities['limits']): void {
  if (rcptMax !== undefined && to.length > rcptMax)
    throw beyond(`the server takes ${rcptMax} recipients a message (LIMITS RCPTMAX), not ${to.length}`, {
      phase: 'rcpt',
    });
  if (rcptDomainMax === undefined || to.length <= rcptDomainMax) return;
  const domains = new Set(to.map(({ domain }) => domain.toLowerCase())).size;
  if (domains > rcptDomainMax) {
    throw beyond(
      `the server takes recipients of ${rcptDomainMax} domains a message (LIMITS RCPTDOMAINMAX), not of ${domains}`,
      { phase: 'rcpt' },
    );
  }
}

function beyond(what: string, facts: ErrorFacts = { phase: 'mail' }): UnsupportedError {
  return new UnsupportedError('EXTENSION_NOT_OFFERED', what, facts);
}

function missing(extension: string, what: string): UnsupportedError {
  return new UnsupportedError('EXTENSION_NOT_OFFERED', `${what}: the server does not offer ${extension}`, {
    phase: 'mail',
  });
}

type FutureRelease = Capabilities['futureRelease'] & {};

const NONE: readonly string[] = [];

/** What goes behind MAIL FROM. */
export function mailParameters(message: Message, options: TransactionOptions, server: Capabilities): readonly string[] {
  const parameters: string[] = [];
  if (server.size !== undefined && options.size !== undefined) parameters.push(`SIZE=${options.size}`);
  if (message.encoding === 'binary') parameters.push('BODY=BINARYMIME');
  else if (message.encoding === '8bit' && server.eightBitMime) parameters.push('BODY=8BITMIME');
  if (message.smtpUtf8) parameters.push('SMTPUTF8');
  const { dsn, deliverBy, hold } = options;
  if (dsn?.return !== undefined) parameters.push(dsn.return === 'full' ? 'RET=FULL' : 'RET=HDRS');
  if (dsn?.envelopeId !== undefined) parameters.push(`ENVID=${xtext(dsn.envelopeId)}`);
  if (options.requireTls === true) parameters.push('REQUIRETLS');
  if (deliverBy !== undefined) {
    parameters.push(
      `BY=${deliverBy.seconds};${deliverBy.mode === 'return' ? 'R' : 'N'}${deliverBy.trace === undefined ? '' : 'T'}`,
    );
  }
  if (hold !== undefined)
    parameters.push('seconds' in hold ? `HOLDFOR=${hold.seconds}` : `HOLDUNTIL=${seconds(hold.until)}`);
  if (options.mtPriority !== undefined) parameters.push(`MT-PRIORITY=${options.mtPriority}`);
  return parameters.length === 0 ? NONE : parameters;
}

/** What goes behind RCPT TO. */
export function rcptParameters(mailbox: Mailbox, options: TransactionOptions): readonly string[] {
  const { dsn } = options;
  if (dsn === undefined) return NONE;
  const own = dsn.recipients === undefined ? undefined : ownOf(mailbox, dsn.recipients);
  const notify = own?.notify ?? dsn.notify;
  const parameters: string[] = [];
  if (notify === 'never') parameters.push('NOTIFY=NEVER');
  else if (notify !== undefined) parameters.push(`NOTIFY=${[...new Set(notify)].join(',').toUpperCase()}`);
  if (own?.originalRecipient !== undefined) {
    const address = own.originalRecipient;
    // RFC 6533 section 3: an address that is not ASCII has a type of its own
    const isAscii = !/[^\0-\x7f]/.test(address);
    parameters.push(isAscii ? `ORCPT=rfc822;${xtext(address)}` : `ORCPT=utf-8;${utf8AddressXtext(address)}`);
  }
  return parameters;
}

/** What is asked for the recipient, however its domain was written. */
function ownOf(mailbox: Mailbox, recipients: DsnOptions['recipients'] & {}): RecipientDsn | undefined {
  if (Object.hasOwn(recipients, mailbox.address)) return recipients[mailbox.address];
  const wanted = comparable(mailbox);
  for (const [address, own] of Object.entries(recipients)) {
    if (comparable(parseMailbox(address, 'dsn.recipients')) === wanted) return own;
  }
  return undefined;
}

function comparable({ local, domain }: Mailbox): string {
  return `${local}@${domain.toLowerCase()}`;
}

/** RFC 4865 wants a date-time with whole seconds. */
function seconds(moment: Date): string {
  return moment.toISOString().replace(/\.\d+Z$/, 'Z');
}
