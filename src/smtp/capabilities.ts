/** What a server offers: its EHLO reply (RFC 5321 section 4.1.1.1) as fields, read once. */
import type { Reply } from '../errors.ts';

/** RFC 9422: what the server will take in one session or transaction. */
export interface Limits {
  readonly mailMax: number | undefined;
  readonly rcptMax: number | undefined;
  readonly rcptDomainMax: number | undefined;
}

export interface Capabilities {
  /** How the server calls itself. */
  readonly name: string;
  /** HELO was all it knew: none of what follows is there. */
  readonly extended: boolean;
  /** RFC 2920 */
  readonly pipelining: boolean;
  /** RFC 1870: the largest message in octets; 0: offered with no fixed limit; undefined: not offered. */
  readonly size: number | undefined;
  /** RFC 3207 */
  readonly startTls: boolean;
  /** RFC 4954: the mechanisms, upper case, in the server's order. */
  readonly auth: readonly string[];
  /** RFC 6152 */
  readonly eightBitMime: boolean;
  /** RFC 6531 */
  readonly smtpUtf8: boolean;
  /** RFC 3461 */
  readonly dsn: boolean;
  /** RFC 2034 */
  readonly enhancedStatusCodes: boolean;
  /** RFC 3030 */
  readonly chunking: boolean;
  readonly binaryMime: boolean;
  /** RFC 8689 */
  readonly requireTls: boolean;
  /** RFC 2852: the least number of seconds for by-mode R; 0 where it names none. */
  readonly deliverBy: number | undefined;
  /** RFC 4865: the longest interval in seconds, and the latest date-time, it will hold a message. */
  readonly futureRelease: { readonly maxInterval: number; readonly maxDateTime: string } | undefined;
  /** RFC 6710: the profile named, `''` where none is. */
  readonly mtPriority: string | undefined;
  readonly limits: Limits;
  /** Every keyword as it came, upper case, with its parameters. */
  readonly extensions: ReadonlyMap<string, readonly string[]>;
}

/** Reads the reply to EHLO or LHLO; lines that are no keyword are passed over, as RFC 5321 section 4.1.1.1 asks. */
export function parseCapabilities(reply: Reply): Capabilities {
  const [greeting = '', ...lines] = reply.lines;
  const extensions = new Map<string, readonly string[]>();
  for (const line of lines) {
    // "AUTH=LOGIN PLAIN" is how servers of the last century wrote AUTH, for clients of the last century
    const [keyword = '', ...parameters] = line
      .replace(/^AUTH=/i, 'AUTH ')
      .trim()
      .split(/[ \t]+/);
    if (!/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(keyword)) continue;
    const name = keyword.toUpperCase();
    const known = extensions.get(name);
    extensions.set(name, known === undefined ? parameters : [...new Set([...known, ...parameters])]);
  }
  return fields(greeting, true, extensions);
}

/** What a server offers that knows HELO only. */
export function withoutExtensions(reply: Reply): Capabilities {
  return fields(reply.lines[0] ?? '', false, new Map());
}

function fields(greeting: string, extended: boolean, extensions: ReadonlyMap<string, readonly string[]>): Capabilities {
  const futureRelease = extensions.get('FUTURERELEASE');
  return {
    name: greeting.split(' ')[0] ?? '',
    extended,
    pipelining: extensions.has('PIPELINING'),
    size: numberOf(extensions.get('SIZE')),
    startTls: extensions.has('STARTTLS'),
    auth: [...new Set([...new Set((extensions.get('AUTH') ?? []).map((mechanism) => mechanism.toUpperCase()))])],
    eightBitMime: extensions.has('8BITMIME'),
    smtpUtf8: extensions.has('SMTPUTF8'),
    dsn: extensions.has('DSN'),
    enhancedStatusCodes: extensions.has('ENHANCEDSTATUSCODES'),
    chunking: extensions.has('CHUNKING'),
    // RFC 3030 section 3: BINARYMIME without CHUNKING can't be used
    binaryMime: extensions.has('BINARYMIME') && extensions.has('CHUNKING'),
    requireTls: extensions.has('REQUIRETLS'),
    deliverBy: numberOf(extensions.get('DELIVERBY')),
    futureRelease:
      futureRelease === undefined
        ? undefined
        : { maxInterval: numberOf(futureRelease) ?? 0, maxDateTime: futureRelease[1] ?? '' },
    mtPriority: extensions.has('MT-PRIORITY') ? (extensions.get('MT-PRIORITY')?.[0] ?? '') : undefined,
    limits: limitsOf(extensions.get('LIMITS') ?? []),
    extensions,
  };
}

/** The first parameter as a number; 0 where it is missing or no number, undefined where the extension is. */
function numberOf(parameters: readonly string[] | undefined): number | undefined {
  if (parameters === undefined) return undefined;
  const [first = ''] = parameters;
  return /^\d{1,15}$/.test(first) ? Number(first) : 0;
}

function limitsOf(parameters: readonly string[]): Limits {
  const limit = (name: string): number | undefined => {
    const value = parameters.map((each) => each.toUpperCase()).find((each) => each.startsWith(`${name}=`));
    const digits = value?.slice(name.length + 1) ?? '';
    // RFC 9422 section 4: a limit that makes no sense is as if it had not been said
    return /^[1-9]\d{0,5}$/.test(digits) ? Number(digits) : undefined;
  };
  return { mailMax: limit('MAILMAX'), rcptMax: limit('RCPTMAX'), rcptDomainMax: limit('RCPTDOMAINMAX') };
}
