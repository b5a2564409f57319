import { X509Certificate } from 'node:crypto';
import type tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import { Mailer, SmtpClient, type SmtpOptions } from '../../src/smtp/index.ts';
import type { TlsFacts } from '../../src/trace/event.ts';
import { CA, CERTIFICATE, type MailServerOptions, mailServer, type ServerSession } from '../support/mail-server.ts';
import { httpProxy } from '../support/proxies.ts';
import { scramServer } from '../support/scram-server.ts';

const FINGERPRINT = new X509Certificate(CERTIFICATE.cert).fingerprint256;
const auth = { user: 'ann', pass: 'secret' };
const LETTER = { from: 'a@a.example', to: 'b@b.example', subject: 's', text: 't' };

/** What a session over TLS comes to: its facts, or the error. */
async function meet(
  options: Partial<SmtpOptions>,
  server: MailServerOptions = {},
): Promise<{
  facts?: TlsFacts | undefined;
  error?: unknown;
  lines: readonly string[];
  session: ServerSession | undefined;
}> {
  await using far = await mailServer({ security: options.security === 'tls' ? 'tls' : 'starttls', ...server });
  const common = { host: '127.0.0.1', port: far.port, name: 'c.example', timeouts: 5_000 };
  try {
    await using client = await SmtpClient.connect({ security: 'starttls', ...common, ...options });
    return { facts: client.tls, lines: far.lines, session: far.sessions[0] };
  } catch (error) {
    return { error, lines: far.lines, session: far.sessions[0] };
  }
}

describe.each(['starttls', 'tls'] as const)('security %s', (security) => {
  it('verifies the certificate against the CA of the caller', async () => {
    const { facts } = await meet({ security, tls: { ca: CA } });
    expect(facts).toMatchObject({ authorized: true, authorizationError: undefined, protocol: 'TLSv1.3' });
    expect(facts?.certificate?.fingerprint256).toBe(FINGERPRINT);
  });

  it('refuses one that nobody vouches for, and one for another name', async () => {
    for (const tls of [{}, { ca: CA, servername: 'mail.example.com' }]) {
      const { error, lines } = await meet({ security, tls, auth });
      expect(error).toMatchObject({ name: 'TlsError', code: 'CERTIFICATE_REFUSED', phase: 'tls', retryable: false });
      expect(lines.filter((line) => !/^(EHLO|STARTTLS)/.test(line))).toEqual([]);
    }
  });

  it('trusts a pinned fingerprint, with or without colons, and no other', async () => {
    for (const pin of [FINGERPRINT, FINGERPRINT.replaceAll(':', '').toLowerCase(), ['00', FINGERPRINT]]) {
      expect((await meet({ security, tls: { fingerprint256: pin } })).error).toBeUndefined();
    }
    // the certificate is good, but it is not the one that was asked for
    const other = FINGERPRINT.split(':').reverse().join(':');
    const { error } = await meet({ security, tls: { ca: CA, fingerprint256: other } });
    expect(error).toMatchObject({ code: 'CERTIFICATE_REFUSED', phase: 'tls' });
  });

  it('keeps to the least version', async () => {
    const old = { tls: { maxVersion: 'TLSv1.2' as const } as tls.TLSSocketOptions };
    expect((await meet({ security, tls: { ca: CA } }, old)).facts?.protocol).toBe('TLSv1.2');
    const { error } = await meet({ security, tls: { ca: CA, minVersion: 'TLSv1.3' } }, old);
    expect(error).toMatchObject({ name: 'TlsError', code: 'TLS_FAILED', phase: 'tls' });
  });

  it('shows a client certificate', async () => {
    const asks = { tls: { requestCert: true, rejectUnauthorized: false, ca: CA } };
    const client = { ca: CA, cert: CERTIFICATE.cert, key: CERTIFICATE.key };
    const shown = await meet({ security, tls: client }, asks);
    expect(shown.session?.secure?.getPeerX509Certificate()?.fingerprint256).toBe(FINGERPRINT);
    const none = await meet({ security, tls: { ca: CA } }, asks);
    expect(none.session?.secure?.getPeerX509Certificate()).toBeUndefined();
  });

  it.each<[string, Partial<SmtpOptions>, MailServerOptions]>([
    ['TLS 1.3', { tls: { ca: CA } }, {}],
    ['TLS 1.2', { tls: { ca: CA } }, { tls: { maxVersion: 'TLSv1.2' } as tls.TLSSocketOptions }],
    ['a pinned certificate', { tls: { fingerprint256: FINGERPRINT } }, {}],
  ])('resumes the session on the next connection of a mailer: %s', async (_, client, far) => {
    await using server = await mailServer({ security, ...far });
    const resumed: boolean[] = [];
    await using mailer = new Mailer({
      host: '127.0.0.1',
      port: server.port,
      security,
      ...client,
      messagesPerConnection: 1,
      trace: (event) => {
        if (event.kind === 'tls') resumed.push(event.facts.resumed);
      },
    });
    for (let n = 0; n < 3; n += 1) await mailer.send(LETTER);
    expect(server.sessions).toHaveLength(3);
    expect(resumed).toEqual([false, true, true]);
  });
});

describe('what is said before TLS', () => {
  it('is EHLO and STARTTLS, and EHLO comes again', async () => {
    const { lines } = await meet({ security: 'starttls', tls: { ca: CA }, auth }, { offers: ['AUTH PLAIN'] });
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['EHLO', 'STARTTLS', 'EHLO', 'AUTH', 'QUIT']);
  });

  it('is nothing more where STARTTLS is required and not offered, or refused', async () => {
    const missing = await meet({ security: 'starttls', auth }, { security: 'none', offers: ['AUTH PLAIN'] });
    expect(missing.error).toMatchObject({ code: 'STARTTLS_NOT_OFFERED', phase: 'starttls' });
    expect(missing.lines.map((line) => line.split(' ')[0])).toEqual(['EHLO']);
    const refused = await meet(
      { security: 'starttls', auth },
      { offers: ['AUTH PLAIN'], answer: (line) => (line === 'STARTTLS' ? '454 4.7.0 not now' : undefined) },
    );
    expect(refused.error).toMatchObject({ code: 'STARTTLS_REFUSED', phase: 'starttls', retryable: true });
    expect(refused.lines).toHaveLength(2);
  });

  it('goes on in clear where TLS is only opportunistic', async () => {
    const { error, facts } = await meet({ security: 'opportunistic' }, { security: 'none' });
    expect([error, facts]).toEqual([undefined, undefined]);
    const taken = await meet({ security: 'opportunistic' });
    expect(taken.facts).toMatchObject({ authorized: false, protocol: 'TLSv1.3' });
    expect((await meet({ security: 'none' })).facts).toBeUndefined();
  });

  it('is forgotten: what the server offered in clear does not count', async () => {
    const offers = (session: ServerSession): string => (session.secure === undefined ? 'AUTH PLAIN' : 'AUTH CRAM-MD5');
    const { error } = await meet(
      { security: 'starttls', tls: { ca: CA }, auth: { ...auth, mechanism: 'PLAIN' } },
      {
        answer: (line, session) =>
          line.startsWith('EHLO') ? `250-hi\r\n250-STARTTLS\r\n250 ${offers(session)}` : undefined,
      },
    );
    expect(error).toMatchObject({ code: 'AUTH_NOT_OFFERED' });
  });
});

describe('credentials', () => {
  const elsewhere = { host: 'mail.example.com', resolve: async () => [{ address: '127.0.0.1', family: 4 as const }] };
  const offers = ['AUTH PLAIN'];

  it('are shown in clear to this very host', async () => {
    const { lines, error } = await meet({ security: 'none', auth }, { security: 'none', offers });
    expect(error).toBeUndefined();
    expect(lines[1]).toBe(`AUTH PLAIN ${Buffer.from('\0ann\0secret').toString('base64')}`);
  });

  it('are not shown in clear behind a proxy on this host, unless allowed', async () => {
    await using proxy = await httpProxy();
    const options = { ...elsewhere, security: 'none', auth, proxy: proxy.url } as const;
    const refused = await meet(options, { security: 'none', offers });
    expect(refused.error).toMatchObject({ code: 'PLAINTEXT_AUTH_REFUSED', phase: 'auth' });
    expect(refused.lines).toHaveLength(1);
    const allowed = await meet({ ...options, allowPlaintextAuth: true }, { security: 'none', offers });
    expect([allowed.error, allowed.lines.length]).toEqual([undefined, 3]);
    const opportunistic = await meet({ ...options, security: 'opportunistic' }, { security: 'none', offers });
    expect(opportunistic.error).toMatchObject({ code: 'PLAINTEXT_AUTH_REFUSED' });
  });

  it('are not shown to nobody knows whom: with credentials the certificate is verified', async () => {
    const { error, lines } = await meet({ security: 'opportunistic', auth }, { offers });
    expect(error).toMatchObject({ code: 'CERTIFICATE_REFUSED' });
    expect(lines.filter((line) => line.startsWith('AUTH'))).toEqual([]);
  });
});

describe('SCRAM bound to the TLS session', () => {
  const OFFERS = 'AUTH SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS PLAIN';

  it.each([
    ['TLSv1.3', 'SCRAM-SHA-256-PLUS', OFFERS, 'p=tls-exporter'],
    ['TLSv1.3', 'SCRAM-SHA-1-PLUS', OFFERS.replaceAll(/SCRAM-SHA-256\S*/g, ''), 'p=tls-exporter'],
    ['TLSv1.2', 'SCRAM-SHA-256-PLUS', OFFERS, 'p=tls-server-end-point'],
    ['TLSv1.2', 'SCRAM-SHA-1-PLUS', OFFERS.replaceAll(/SCRAM-SHA-256\S*/g, ''), 'p=tls-server-end-point'],
  ] as const)('%s, %s', async (maxVersion, name, offered, flag) => {
    for (const security of ['tls', 'starttls'] as const) {
      let first = '';
      const { error, lines } = await meet(
        { security, tls: { ca: CA }, auth },
        {
          offers: [offered],
          tls: { maxVersion } as tls.TLSSocketOptions,
          answer: (line, session) => {
            if (!line.startsWith('AUTH')) return undefined;
            first = Buffer.from(line.split(' ')[2] ?? '', 'base64').toString();
            return scramServer(line, session, auth);
          },
        },
      );
      expect(error).toBeUndefined();
      expect(lines.find((line) => line.startsWith('AUTH'))).toMatch(new RegExp(`^AUTH ${name} `));
      expect(first.split(',')[0]).toBe(flag);
    }
  });

  it('says that it could, where the server does not offer it: who took the offer away is found out', async () => {
    const flags: string[] = [];
    const answer: MailServerOptions['answer'] = (line, session) => {
      if (!line.startsWith('AUTH')) return undefined;
      flags.push(
        Buffer.from(line.split(' ')[2] ?? '', 'base64')
          .toString()
          .slice(0, 3),
      );
      return scramServer(line, session, auth);
    };
    await meet({ tls: { ca: CA }, auth }, { offers: ['AUTH SCRAM-SHA-256'], answer });
    await meet({ security: 'none', auth }, { security: 'none', offers: ['AUTH SCRAM-SHA-256'], answer });
    expect(flags).toEqual(['y,,', 'n,,']);
  });
});

describe('requireTls (RFC 8689)', () => {
  const elsewhere = { host: 'mail.example.com', resolve: async () => [{ address: '127.0.0.1', family: 4 as const }] };

  /** What MAIL says to a server behind a proxy, which is not on this host. */
  async function mailLine(options: Partial<SmtpOptions>): Promise<{ line: string | undefined; error: unknown }> {
    await using proxy = await httpProxy();
    await using server = await mailServer({ security: 'starttls', offers: ['REQUIRETLS'] });
    await using client = await SmtpClient.connect({
      ...elsewhere,
      port: server.port,
      proxy: proxy.url,
      timeouts: 5_000,
      ...options,
    });
    const error = await client.send(LETTER, { requireTls: true }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return { line: server.lines.find((line) => line.startsWith('MAIL')), error };
  }

  it.each<[string, Partial<SmtpOptions>]>([
    ['in clear', { security: 'none' }],
    ['to nobody knows whom', { security: 'opportunistic' }],
    ['to one whose name was not verified', { security: 'starttls', tls: { ca: CA, rejectUnauthorized: false } }],
  ])('%s: no word of the message is said, whatever the server offers', async (_, options) => {
    const { line, error } = await mailLine(options);
    expect(line).toBeUndefined();
    expect(error).toMatchObject({ name: 'UnsupportedError', code: 'EXTENSION_NOT_OFFERED', phase: 'mail' });
  });

  it.each<[string, Partial<SmtpOptions>]>([
    ['a certificate that was verified', { security: 'starttls', tls: { ca: CA, servername: 'localhost' } }],
    ['one that is pinned', { security: 'starttls', tls: { fingerprint256: FINGERPRINT } }],
  ])('over TLS with %s', async (_, options) => {
    expect(await mailLine(options)).toEqual({ line: 'MAIL FROM:<a@a.example> REQUIRETLS', error: undefined });
  });

  it('a resumed session is no more to be trusted than the one that it goes on from', async () => {
    await using server = await mailServer({ security: 'starttls' });
    const seen: [boolean, boolean][] = [];
    await using mailer = new Mailer({
      host: '127.0.0.1',
      port: server.port,
      // the chain is good, the name is another's
      tls: { ca: CA, servername: 'mail.example.com', rejectUnauthorized: false },
      messagesPerConnection: 1,
      trace: (event) => {
        if (event.kind === 'tls') seen.push([event.facts.resumed, event.facts.authorized]);
      },
    });
    for (let n = 0; n < 3; n += 1) await mailer.send(LETTER);
    expect(seen).toEqual([
      [false, false],
      [true, false],
      [true, false],
    ]);
  });
});

describe('a session that its server does not take up again', () => {
  it('fails one handshake, and none after that', async () => {
    // OpenSSL breaks the handshake off where a client certificate is asked for and no session context was set
    await using server = await mailServer({ security: 'tls', tls: { requestCert: true, rejectUnauthorized: false } });
    await using mailer = new Mailer({
      host: '127.0.0.1',
      port: server.port,
      security: 'tls',
      tls: { ca: CA, ...CERTIFICATE },
      messagesPerConnection: 1,
    });
    await mailer.send(LETTER);
    await expect(mailer.send(LETTER)).rejects.toMatchObject({ code: 'TLS_FAILED', phase: 'tls', retryable: true });
    await mailer.send(LETTER);
    expect(server.messages).toHaveLength(2);
  });
});
