/** Finds a server and opens a session on it: the one that was named, or a domain's mail exchangers in their order. */
import { ConnectionError, PlainwireError, ProtocolError, TlsError, UnsupportedError } from '../errors.ts';
import {
  connect,
  type Endpoint,
  type MailExchanger,
  resolveBySystem,
  resolveMx,
  type TlsOptions,
  TlsSessions,
  within,
} from '../transport/index.ts';
import { Addresses } from './addresses.ts';
import { channels, traceWithChannel } from './diagnostics.ts';
import { Driver } from './driver.ts';
import type { Settings } from './options.ts';

export type ResolveMx = (domain: string) => Promise<readonly MailExchanger[]>;

/** Opens sessions with the same settings, one after another; TLS sessions are resumed from one to the next on a host. */
export class Connector {
  readonly #settings: Settings;
  /** By host, with the sessions of that host: a session of one mail exchanger says nothing of who another is. */
  readonly #tls = new Map<string, TlsOptions>();
  readonly #resolveMx: ResolveMx;

  constructor(settings: Settings, mx: ResolveMx = resolveMx) {
    this.#settings = settings;
    this.#resolveMx = mx;
  }

  /**
   * `giveUp` ends the connection at any time, as the settings' own signal does.
   * @throws what connecting and the opening dialogue throw; of several hosts, the last one's error that lets it be tried
   * again, or else the last
   */
  async open(giveUp?: AbortSignal): Promise<Driver> {
    const { target } = this.#settings;
    if (target.kind === 'endpoint') return await this.#openOn(target.endpoint, giveUp);
    const hosts = await this.#hostsOf(target.domain, giveUp);
    let telling: unknown;
    for (const host of hosts) {
      const addresses = new Addresses(this.#settings.resolve ?? resolveBySystem);
      do {
        try {
          return await this.#openOn({ host, port: target.port }, giveUp, addresses);
        } catch (error) {
          if (!goesOnToNext(error)) throw error;
          // a host that may serve later is not forgotten over one that never will
          if (telling === undefined || mayServeLater(error) || !mayServeLater(telling)) telling = error;
        }
      } while (addresses.hasOthers);
    }
    throw telling;
  }

  /** What ends a connection on its way: the caller's signal, and who waits for it no more. */
  #signalWith(giveUp: AbortSignal | undefined): AbortSignal | undefined {
    const signals = [this.#settings.signal, giveUp].filter((each) => each !== undefined);
    return signals.length > 1 ? AbortSignal.any(signals) : signals[0];
  }

  async #openOn(endpoint: Endpoint, giveUp: AbortSignal | undefined, addresses?: Addresses): Promise<Driver> {
    const { security, lmtp, proxy, deadlines } = this.#settings;
    const resolve = addresses?.resolve ?? this.#settings.resolve;
    const tls = this.#tlsFor(endpoint);
    const trace = traceWithChannel(this.#settings.trace);
    const signal = this.#signalWith(giveUp);
    const connection = await connect(endpoint, {
      timeouts: { lookup: deadlines.lookup, connect: deadlines.connect, tls: deadlines.tls },
      protocol: lmtp ? 'lmtp' : 'smtp',
      ...(security === 'tls' ? { tls } : {}),
      ...(signal === undefined ? {} : { signal }),
      ...(trace === undefined ? {} : { trace }),
      ...(proxy === undefined ? {} : { proxy }),
      ...(resolve === undefined ? {} : { resolve }),
    });
    addresses?.reached(connection.remoteAddress);
    const driver = await Driver.open(connection, { ...this.#settings, tls });
    if (channels.connect.hasSubscribers)
      channels.connect.publish({ remote: connection.remote, capabilities: driver.server.capabilities });
    return driver;
  }

  #tlsFor(endpoint: Endpoint): TlsOptions {
    const name = 'path' in endpoint ? endpoint.path : endpoint.host;
    const options = this.#tls.get(name) ?? { sessions: new TlsSessions(), ...this.#settings.tls };
    this.#tls.set(name, options);
    return options;
  }

  /** RFC 5321 section 5.1: by preference, equals in random order; without MX records the domain itself. */
  async #hostsOf(domain: string, giveUp: AbortSignal | undefined): Promise<readonly string[]> {
    const { lookup } = this.#settings.deadlines;
    const exchangers = await within(this.#resolveMx(domain), 'lookup', lookup, this.#signalWith(giveUp));
    if (exchangers.length === 0) return [domain];
    // RFC 7505 section 3: a null MX stands alone; beside others it is no host either
    const hosts = exchangers.filter(({ exchange }) => exchange !== '');
    if (hosts.length === 0)
      throw new UnsupportedError('NULL_MX', `${domain} takes no mail (null MX, RFC 7505)`, { phase: 'lookup' });
    return hosts
      .map((exchanger) => ({ ...exchanger, lot: Math.random() }))
      .sort((a, b) => a.preference - b.preference || a.lot - b.lot)
      .map(({ exchange }) => exchange);
  }
}

function mayServeLater(error: unknown): boolean {
  return error instanceof PlainwireError && error.retryable;
}

/**
 * RFC 5321 section 5.1: the next host is tried where this one can't be reached, can't serve now, or can't be spoken to as
 * it has to be: nothing of a message has been said to it. A no is an answer, whichever host gives it.
 */
function goesOnToNext(error: unknown): boolean {
  if (!(error instanceof PlainwireError)) return false;
  const isUnfit = error instanceof TlsError || error instanceof ProtocolError || error.code === 'STARTTLS_NOT_OFFERED';
  return error instanceof ConnectionError || error.retryable || isUnfit;
}
