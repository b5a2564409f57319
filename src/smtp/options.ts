/** The caller's word for a server, an object or a URL, and the settings that follow from it. */
import { hostname } from 'node:os';
import { MessageError } from '../errors.ts';
import { toAsciiDomain } from '../mime/mailbox.ts';
import type { Trace } from '../trace/event.ts';
import {
  checkEndpoint,
  checkTlsOptions,
  type Endpoint,
  type ProxyUrl,
  parseEndpoint,
  parseProxy,
  type Resolve,
  TLS_OPTION_NAMES,
  type TlsOptions,
} from '../transport/index.ts';
import { type Credentials, checkCredentials } from './auth/credentials.ts';
import { type Deadlines, deadlinesOf, type Timeouts } from './deadlines.ts';
import { refuseOption } from './elsewhere.ts';
import { QUIT_PHASES, type QuitPhase } from './quit-after.ts';

/**
 * `'tls'`: TLS from the first byte on. `'starttls'`: STARTTLS or nothing. `'opportunistic'`: STARTTLS where it is
 * offered. `'none'`: in clear.
 */
export type Security = 'tls' | 'starttls' | 'opportunistic' | 'none';

export interface SmtpOptions {
  /** Name or address. One of `host`, `path` and `domain` says where to send. */
  readonly host?: string;
  /** 465 with `'tls'`, 587 with credentials, 24 with LMTP, else 25. */
  readonly port?: number;
  /** A Unix domain socket. */
  readonly path?: string;
  /** Direct delivery: the mail exchangers of this domain, in their order (RFC 5321 section 5). */
  readonly domain?: string;
  /** `'tls'` on port 465; `'starttls'` on 587, or where credentials are given; else `'opportunistic'`; `'none'` on a path. */
  readonly security?: Security;
  readonly auth?: Credentials;
  /** With `'opportunistic'` and no credentials the certificate is not verified unless this says so. */
  readonly tls?: TlsOptions;
  /** What to call ourselves in EHLO: by default this host's full name, or its address in brackets. */
  readonly name?: string;
  /** Speak LMTP (RFC 2033). */
  readonly lmtp?: boolean;
  readonly proxy?: ProxyUrl;
  readonly timeouts?: Timeouts;
  /** Ends everything at once. */
  readonly signal?: AbortSignal;
  readonly trace?: Trace;
  /** Show credentials over an unencrypted connection, or one to nobody knows whom, to another host. */
  readonly allowPlaintextAuth?: boolean;
  /** `'off'`: one command, one reply, even where the server offers PIPELINING. */
  readonly pipelining?: 'auto' | 'off';
  /** `'off'`: DATA even where the server offers CHUNKING. */
  readonly chunking?: 'auto' | 'off';
  /**
   * How many messages may be on their way on one connection before the reply to the first: with CHUNKING as many as
   * said here, 8 by default; with PIPELINING alone never more than 2, of which one has left whole. If the connection
   * breaks, as many may be in doubt; with 1, each message waits for the reply to the one before.
   */
  readonly messagesInFlight?: number;
  /** How names become addresses. */
  readonly resolve?: Resolve;
  /** Goes no further than this phase: says QUIT, and throws a StoppedError. No message is sent. */
  readonly quitAfter?: QuitPhase;
}

const FIELDS = new Set([
  'host', 'port', 'path', 'domain', 'security', 'auth', 'tls', 'name', 'lmtp', 'proxy', 'timeouts', 'signal', 'trace',
  'allowPlaintextAuth', 'pipelining', 'chunking', 'messagesInFlight', 'resolve', 'quitAfter',
]); // biome-ignore format: a list

/** Where to connect to: one place, or those that a domain's MX records name. */
export type Target =
  | { readonly kind: 'endpoint'; readonly endpoint: Endpoint }
  | { readonly kind: 'domain'; readonly domain: string; readonly port: number };

/** Options with every choice made. */
export interface Settings {
  readonly target: Target;
  readonly security: Security;
  readonly auth: Credentials | undefined;
  readonly tls: TlsOptions;
  /** TLS is taken from whoever answers, and nobody asked for that in so many words: no place for credentials. */
  readonly anyPeer: boolean;
  /** Undefined: the address that the connection is made from. */
  readonly name: string | undefined;
  readonly lmtp: boolean;
  readonly proxy: ProxyUrl | undefined;
  readonly deadlines: Deadlines;
  readonly signal: AbortSignal | undefined;
  readonly trace: Trace | undefined;
  readonly allowPlaintextAuth: boolean;
  readonly pipelining: boolean;
  readonly chunking: boolean;
  readonly messagesInFlight: number;
  readonly resolve: Resolve | undefined;
  readonly quitAfter: QuitPhase | undefined;
}

const SECURITIES: readonly Security[] = ['tls', 'starttls', 'opportunistic', 'none'];
export const DEFAULT_MESSAGES_IN_FLIGHT = 8;

/** @throws MessageError that names the option; `known` are the names of further options, of a pool */
export function settingsOf(server: string | SmtpOptions, known: ReadonlySet<string> = new Set()): Settings {
  const options = typeof server === 'string' ? parseServer(server) : server;
  if (typeof options !== 'object' || options === null)
    throw new MessageError('BAD_INPUT', 'server', 'expected a URL, or an object with host, path or domain');
  for (const key of Object.keys(options)) {
    if (!FIELDS.has(key) && !known.has(key)) refuseOption('option', key, [...FIELDS, ...known]);
  }
  checkKinds(options);
  const { auth, lmtp = false } = options;
  if (options.proxy !== undefined) parseProxy(options.proxy);
  if (auth !== undefined) checkCredentials(auth);
  const security = options.security ?? defaultSecurity(options);
  if (!SECURITIES.includes(security))
    throw new MessageError('BAD_INPUT', 'security', `expected ${SECURITIES.join(', ')}, not '${security}'`);
  const { quitAfter } = options;
  if (quitAfter !== undefined && !QUIT_PHASES.includes(quitAfter))
    throw new MessageError('BAD_INPUT', 'quitAfter', `expected ${QUIT_PHASES.join(', ')}, not '${quitAfter}'`);
  const messagesInFlight = options.messagesInFlight ?? DEFAULT_MESSAGES_IN_FLIGHT;
  if (!Number.isInteger(messagesInFlight) || messagesInFlight < 1) {
    throw new MessageError('BAD_INPUT', 'messagesInFlight', `expected a whole number from 1, not ${messagesInFlight}`);
  }
  const tls = options.tls === undefined ? {} : options.tls;
  checkTls(tls);
  // who asked for TLS only where it is there, and shows no credentials, would otherwise go in clear: any TLS is better
  const anyPeer = security === 'opportunistic' && auth === undefined && tls.rejectUnauthorized === undefined;
  return {
    target: targetOf(options, security),
    security,
    auth,
    tls: anyPeer ? { ...tls, rejectUnauthorized: false } : tls,
    anyPeer,
    name: nameOf(options.name),
    lmtp,
    proxy: options.proxy,
    deadlines: deadlinesOf(options.timeouts),
    signal: options.signal,
    trace: options.trace,
    allowPlaintextAuth: options.allowPlaintextAuth ?? false,
    pipelining: options.pipelining !== 'off',
    chunking: options.chunking !== 'off',
    messagesInFlight,
    resolve: options.resolve,
    quitAfter,
  };
}

const SWITCH: readonly unknown[] = [undefined, 'auto', 'off'];
const KINDS = [
  ['host', 'string', 'text'],
  ['path', 'string', 'text'],
  ['domain', 'string', 'text'],
  ['name', 'string', 'text'],
  ['lmtp', 'boolean', 'true or false'],
  ['allowPlaintextAuth', 'boolean', 'true or false'],
  ['trace', 'function', 'a function'],
  ['resolve', 'function', 'a function'],
] as const;

/** What comes from a configuration file is often text, and `'no'` is as true as `'yes'`. */
function checkKinds(options: SmtpOptions): void {
  for (const [name, kind, meant] of KINDS) {
    const value: unknown = options[name];
    if (value !== undefined && typeof value !== kind) throw new MessageError('BAD_INPUT', name, `expected ${meant}`);
  }
  for (const name of ['pipelining', 'chunking'] as const)
    if (!SWITCH.includes(options[name])) throw new MessageError('BAD_INPUT', name, "expected 'auto' or 'off'");
  const signal: Partial<AbortSignal> | null | undefined = options.signal;
  if (signal !== undefined && typeof signal?.addEventListener !== 'function')
    throw new MessageError('BAD_INPUT', 'signal', 'expected an AbortSignal');
}

function checkTls(tls: TlsOptions): void {
  if (typeof tls === 'object' && tls !== null) {
    for (const name of Object.keys(tls))
      if (!TLS_OPTION_NAMES.includes(name)) refuseOption('tls', name, TLS_OPTION_NAMES, 'tls.');
  }
  checkTlsOptions(tls);
}

function defaultSecurity(options: SmtpOptions): Security {
  if (options.path !== undefined) return 'none';
  if (options.port === 465) return 'tls';
  return options.port === 587 || options.auth !== undefined ? 'starttls' : 'opportunistic';
}

function targetOf(options: SmtpOptions, security: Security): Target {
  const { host, path, domain, auth, lmtp } = options;
  const named = [host, path, domain].filter((each) => each !== undefined).length;
  if (named !== 1) throw new MessageError('BAD_INPUT', 'host', 'expected one of host, path and domain');
  if (domain !== undefined) {
    const port = options.port ?? 25;
    checkEndpoint({ host: domain, port });
    // RFC 5321 section 4.1.3: an address literal is a host, and there is nothing to look up
    const literal = /^\[(?:IPv6:)?([0-9a-f:.]+)\]$/i.exec(domain)?.[1];
    if (literal !== undefined) return { kind: 'endpoint', endpoint: { host: literal, port } };
    return { kind: 'domain', domain, port };
  }
  const port = options.port ?? (security === 'tls' ? 465 : lmtp === true ? 24 : auth !== undefined ? 587 : 25);
  const endpoint: Endpoint = path === undefined ? { host: host ?? '', port } : { path };
  checkEndpoint(endpoint);
  return { kind: 'endpoint', endpoint };
}

function nameOf(given: string | undefined): string | undefined {
  if (given === undefined) {
    const own = hostname();
    // RFC 5321 section 4.1.4: a fully qualified name, or else an address
    return /^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/.test(own) ? own : undefined;
  }
  if (/[\r\n\0]/.test(given))
    throw new MessageError('FORBIDDEN_CHARACTER', 'name', 'CR, LF and NUL have no place in an EHLO name');
  // RFC 5321 section 2.3.5: domain names cross the wire as A-labels
  const name = /^[\0-\x7f]*$/.test(given) ? given : toAsciiDomain(given, 'name');
  if (!/^[!-~]+$/.test(name)) throw new MessageError('BAD_INPUT', 'name', 'an EHLO name is one word');
  return name;
}

/** `smtp`, `smtps`, `lmtp`, `lmtps`, each with `+unix` for a path. */
const URL_FORM = /^(smtps?|lmtps?)(\+unix)?:/i;

/**
 * `'smtps://user:pass@mail.example.com'`, `'smtp://127.0.0.1:2525?security=none'`, `'lmtp+unix:/run/lmtp'`, or
 * `'host:port'`. User and password are percent-encoded.
 * @throws MessageError that names `server`; its message never holds the password
 */
export function parseServer(text: string): SmtpOptions {
  const form = URL_FORM.exec(text);
  if (form === null) {
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
      throw new MessageError('BAD_INPUT', 'server', 'expected smtp://, smtps://, lmtp://, smtp+unix: or host:port');
    }
    // user:password@host with its scheme forgotten: said here, because a complaint further down would quote it
    if (text.includes('@')) throw notAUrl();
    const endpoint = parseEndpoint(text, 0, 'server');
    if ('path' in endpoint) return endpoint;
    return endpoint.port === 0 ? { host: endpoint.host } : endpoint;
  }
  const scheme = form[1]?.toLowerCase() ?? 'smtp';
  const common: SmtpOptions = {
    ...(scheme.startsWith('lmtp') ? { lmtp: true } : {}),
    ...(scheme.endsWith('s') ? { security: 'tls' as const } : {}),
  };
  if (form[2] !== undefined) return { ...common, path: decoded(text.slice(form[0].length).replace(/^\/\/(?=\/)/, '')) };
  let url: URL;
  try {
    // a scheme that URL knows no special rules for keeps its host as it was written
    url = new URL(text);
  } catch {
    throw notAUrl();
  }
  if (url.hostname === '') throw new MessageError('BAD_INPUT', 'server', 'the URL names no host');
  // what stands behind the host may be the end of a password that should have been percent-encoded: it is not quoted
  if ((url.pathname !== '' && url.pathname !== '/') || url.hash !== '' || url.search.includes('@')) throw notAUrl();
  const security = url.searchParams.get('security');
  for (const key of url.searchParams.keys()) {
    if (key !== 'security')
      throw new MessageError('UNKNOWN_FIELD', 'server', `unknown parameter '${key}'; there is security`);
  }
  return {
    ...common,
    host: decoded(url.hostname).replace(/^\[(.*)\]$/, '$1'),
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    ...(security === null ? {} : { security: security as Security }),
    ...(url.username === '' ? {} : { auth: { user: decoded(url.username), pass: decoded(url.password) } }),
  };
}

function notAUrl(): MessageError {
  return new MessageError(
    'BAD_INPUT',
    'server',
    'not a URL: write smtp://user:password@host:port, with user and password percent-encoded and nothing behind the port',
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new MessageError('BAD_INPUT', 'server', 'a percent sign in the URL begins no character', { cause });
  }
}
