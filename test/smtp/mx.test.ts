/** Direct delivery (RFC 5321 section 5): which hosts are tried, in which order, and when the next one is. */
import { describe, expect, it } from 'vitest';
import { ConnectionError, type PlainwireError } from '../../src/errors.ts';
import { Connector } from '../../src/smtp/connector.ts';
import { quit } from '../../src/smtp/opening.ts';
import { type SmtpOptions, settingsOf } from '../../src/smtp/options.ts';
import type { MailExchanger, Resolve } from '../../src/transport/index.ts';
import { CA, type MailServerOptions, mailServer } from '../support/mail-server.ts';

/** A host of the test's own network: its greeting, `'shut'` where nothing listens, `'unknown'` where it has no address. */
type Hosts = Readonly<Record<string, string>>;

const GREETING = '220 hi';

/** `'10 one, 20 two'` as a domain's MX records. */
function exchangers(text: string): readonly MailExchanger[] {
  return text === ''
    ? []
    : text.split(', ').map((record) => {
        const [preference, exchange = ''] = record.split(' ');
        return { preference: Number(preference), exchange };
      });
}

/** Opens a session for example.com: the hosts that were tried, and what came of it. */
async function reach(
  records: string | Error,
  hosts: Hosts = {},
  more: { client?: Partial<SmtpOptions>; server?: MailServerOptions } = {},
): Promise<{ tried: readonly string[]; error: unknown; asked: readonly string[] }> {
  const tried: string[] = [];
  const asked: string[] = [];
  // all hosts are one server, that knows by whom it was looked up last
  await using server = await mailServer({ greeting: () => hosts[tried.at(-1) ?? ''] ?? GREETING, ...more.server });
  const resolve: Resolve = async (host) => {
    tried.push(host);
    const kind = hosts[host];
    if (kind === 'unknown') throw new ConnectionError('NAME_NOT_FOUND', 'no such name', { phase: 'lookup' });
    // the server listens on IPv4 alone
    return kind === 'shut' ? [{ address: '::1', family: 6 }] : [{ address: '127.0.0.1', family: 4 }];
  };
  const settings = settingsOf({ domain: 'example.com', port: server.port, resolve, timeouts: 5_000, ...more.client });
  const connector = new Connector(settings, async (domain) => {
    asked.push(domain);
    if (records instanceof Error) throw records;
    return exchangers(records);
  });
  let error: unknown;
  try {
    const driver = await connector.open();
    await driver.perform(quit());
    await driver.connection.close();
  } catch (thrown) {
    error = thrown;
  }
  await server.until(({ open }) => open === 0);
  return { tried, error, asked };
}

describe('mail exchangers', () => {
  it('are tried by preference, whatever the order of the records', async () => {
    const hosts = { one: 'shut', two: 'shut', three: 'shut' };
    const { tried, error, asked } = await reach('30 three, 10 one, 20 two, 40 four, 50 five', hosts);
    expect(asked).toEqual(['example.com']);
    expect(tried).toEqual(['one', 'two', 'three', 'four']);
    expect(error).toBeUndefined();
  });

  it('of equal preference are tried in random order', async () => {
    const first = new Set<string>();
    for (let n = 0; n < 60 && first.size < 3; n += 1) {
      const { tried } = await reach('10 a, 10 b, 10 c, 20 d');
      first.add(tried[0] ?? '');
    }
    expect([...first].sort()).toEqual(['a', 'b', 'c']);
  });

  it.each<[string, string]>([
    ['can not be reached', 'shut'],
    ['has no address', 'unknown'],
    ['says 4yz at the greeting', '421 4.3.2 busy'],
    ['says 4yz at the greeting and stays', '450 later'],
  ])('the next is tried where one %s', async (_, kind) => {
    const { tried, error } = await reach('10 one, 20 two', { one: kind });
    expect([tried, error]).toEqual([['one', 'two'], undefined]);
  });

  it.each<[string, Partial<SmtpOptions>, MailServerOptions]>([
    ['has a certificate for another name', { security: 'starttls', tls: { ca: CA } }, { security: 'starttls' }],
    ['does not offer the TLS that is required', { security: 'starttls' }, {}],
    ['breaks the rules', {}, { greeting: 'hello' }],
  ])('the next is tried where one %s', async (_, client, server) => {
    const { tried, error } = await reach('10 one, 20 two', {}, { client, server });
    expect(tried).toEqual(['one', 'two']);
    expect(error).toBeInstanceOf(Error);
  });

  it('each address of one that takes the connection and can not serve is tried, before the next host', async () => {
    let greetings = 0;
    await using server = await mailServer({ host: '::', greeting: () => (++greetings > 2 ? GREETING : '421 busy') });
    const asked: string[] = [];
    const resolve: Resolve = async (host) => {
      asked.push(host);
      const six = { address: '::1', family: 6 } as const;
      const four = { address: '127.0.0.1', family: 4 } as const;
      return host === 'one' ? [six, four] : [four];
    };
    const settings = settingsOf({ domain: 'example.com', port: server.port, resolve, timeouts: 5_000 });
    const connector = new Connector(settings, async () => exchangers('10 one, 20 two'));
    const driver = await connector.open();
    expect(asked).toEqual(['one', 'one', 'two']);
    expect(server.sessions).toHaveLength(3);
    expect(driver.connection.remoteAddress).toContain('127.0.0.1');
    driver.connection.destroy();
  });

  it('a host that may serve later tells more than one that never will', async () => {
    const { tried, error } = await reach('10 one, 20 two', { one: '421 4.3.2 busy', two: 'unknown' });
    expect(tried).toEqual(['one', 'two']);
    expect(error).toMatchObject({ code: 'GREETING_REFUSED', retryable: true, reply: { code: 421 } });
  });

  it('of an address literal are not asked for', async () => {
    for (const [domain, host] of [
      ['[192.0.2.1]', '192.0.2.1'],
      ['[IPv6:2001:db8::1]', '2001:db8::1'],
    ] as const)
      expect(settingsOf({ domain }).target).toEqual({ kind: 'endpoint', endpoint: { host, port: 25 } });
  });

  it('a 5yz at the greeting is an answer', async () => {
    const { tried, error } = await reach('10 one, 20 two', { one: '554 5.7.1 not you' });
    expect(tried).toEqual(['one']);
    expect(error).toMatchObject({ code: 'GREETING_REFUSED', reply: { code: 554, enhanced: '5.7.1' } });
  });

  it('where none can be reached, the last one’s error says so', async () => {
    const { tried, error } = await reach('10 one, 20 two', { one: 'shut', two: '421 busy' });
    expect(tried).toEqual(['one', 'two']);
    expect(error).toMatchObject({
      name: 'ReplyError',
      code: 'GREETING_REFUSED',
      retryable: true,
      reply: { code: 421 },
    });
    const shut = await reach('10 one, 20 two', { one: '421 busy', two: 'shut' });
    expect(shut.error).toMatchObject({ code: 'CONNECT_FAILED', retryable: true });
  });

  it('that are none: the domain itself is the host (A and AAAA)', async () => {
    const { tried, error } = await reach('');
    expect([tried, error]).toEqual([['example.com'], undefined]);
  });

  it('a null MX: the domain takes no mail, and no host is asked (RFC 7505)', async () => {
    const { tried, error } = await reach('0 ');
    expect(tried).toEqual([]);
    expect(error).toMatchObject({ name: 'UnsupportedError', code: 'NULL_MX', phase: 'lookup', retryable: false });
    expect(String(error)).toContain('example.com');
    // beside others, where it should not be, it is passed over
    expect(await reach('0 , 10 one')).toMatchObject({ tried: ['one'], error: undefined });
  });

  it('that can not be asked for: not the same as none', async () => {
    const fault = new ConnectionError('NAME_NOT_FOUND', 'SERVFAIL', { phase: 'lookup', retryable: true });
    const { tried, error } = await reach(fault);
    expect([tried, error]).toEqual([[], fault]);
  });

  it('are spoken to with TLS where they offer it, whoever they are', async () => {
    const { error } = await reach('10 one', {}, { server: { security: 'starttls' } });
    expect(error).toBeUndefined();
    const verified = await reach(
      '10 localhost',
      {},
      { server: { security: 'starttls' }, client: { security: 'starttls', tls: { ca: CA } } },
    );
    expect(verified.error).toBeUndefined();
  });
});

describe('the lookup of mail exchangers', () => {
  const never = (): Promise<never> => new Promise(() => {});

  it('has a deadline', async () => {
    const connector = new Connector(settingsOf({ domain: 'example.com', timeouts: { lookup: 20 } }), never);
    await expect(connector.open()).rejects.toMatchObject({ code: 'DEADLINE_PASSED', phase: 'lookup', retryable: true });
  });

  it('hears an abort', async () => {
    for (const begin of ['before', 'meanwhile']) {
      const caller = new AbortController();
      const connector = new Connector(settingsOf({ domain: 'example.com', signal: caller.signal }), never);
      if (begin === 'before') caller.abort();
      const opened = connector.open().catch((error: PlainwireError) => error);
      caller.abort();
      expect(await opened).toMatchObject({ code: 'ABORTED', phase: 'lookup' });
    }
  });
});
