/** What a message needs and a caller asks for, as far as the server offers it; and no word said where it does not. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PlainwireError } from '../../src/errors.ts';
import { Mailer, type SendOptions, SmtpClient } from '../../src/smtp/index.ts';
import { mailServer, type ServerMessage } from '../support/mail-server.ts';

type Letter = Parameters<Mailer['send']>[0];
const LETTER = { from: 'a@a.example', to: 'b@b.example', subject: 's', text: 't' };

interface Said {
  /** MAIL and RCPT lines; none where nothing was said. */
  readonly lines: readonly string[];
  readonly error: unknown;
  readonly message: ServerMessage | undefined;
}

async function say(offers: readonly string[], letter: Letter, options: SendOptions = {}): Promise<Said> {
  await using server = await mailServer({ offers });
  await using mailer = new Mailer({ host: '127.0.0.1', port: server.port, security: 'none' });
  const error = await mailer.send(letter, options).then(
    () => undefined,
    (thrown: PlainwireError) => thrown,
  );
  // whatever was refused, the connection is as good as before
  await mailer.send(LETTER);
  expect(server.sessions).toHaveLength(1);
  const all = server.lines
    .filter((line) => /^(MAIL|RCPT)/.test(line))
    .map((line) => Buffer.from(line, 'latin1').toString());
  return { lines: all.slice(0, -2), error, message: server.messages.length > 1 ? server.messages[0] : undefined };
}

const mailLine = async (offers: readonly string[], letter: Letter, options?: SendOptions) =>
  (await say(offers, letter, options)).lines[0];

describe('SIZE (RFC 1870)', () => {
  it('is declared, exactly, where it is offered', async () => {
    const big = {
      ...LETTER,
      text: `${'x'.repeat(70)}\n`.repeat(500),
      attachments: [{ filename: 'a', content: Buffer.alloc(9_999) }],
    };
    for (const letter of [LETTER, big]) {
      const { lines, message } = await say(['SIZE'], letter);
      expect(lines[0]).toBe(`MAIL FROM:<a@a.example> SIZE=${message?.text.length}`);
    }
    expect(await mailLine([], LETTER)).toBe('MAIL FROM:<a@a.example>');
  });

  it('too big is known before a word is said', async () => {
    const { lines, error } = await say(['SIZE 300'], { ...LETTER, text: 'x'.repeat(301) });
    expect(lines).toEqual([]);
    expect(error).toMatchObject({ code: 'MESSAGE_TOO_BIG', phase: 'mail', mayHaveBeenDelivered: false });
    expect(String(error)).toContain('300');
    const attachments = [{ filename: 'a', content: Buffer.alloc(800_000) }];
    expect(await say(['SIZE 1000000'], { ...LETTER, attachments })).toMatchObject({
      lines: [],
      error: { code: 'MESSAGE_TOO_BIG' },
    });
  });

  it.each([
    ['Subject: x\n\none\ntwo\n', 24],
    ['Subject: x\r\n\r\none\r\ntwo\r\n', 24],
    ['Subject: x\r\n\r\none\rtwo\r', 24],
    ['Subject: x\n\none\r\r\n\n\r', 25],
    ['Subject: x\n\n.one', 20],
    ['Subject: x\n\n.\n', 17],
  ])('counts line ends as they will be: %j', async (text, octets) => {
    // longer than the letter that follows
    const padding = `X: ${'x'.repeat(500)}\r\n`;
    const letter = { envelope: { from: 'a@a.example', to: ['b@b.example'] }, raw: padding + text };
    const size = padding.length + octets;
    const { lines, message } = await say([`SIZE ${size}`], letter);
    expect([lines[0], message?.text.length]).toEqual([`MAIL FROM:<a@a.example> SIZE=${size}`, size]);
    expect((await say([`SIZE ${size - 1}`], letter)).error).toMatchObject({ code: 'MESSAGE_TOO_BIG' });
  });

  it('too big is known without reading a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'plainwire-size-'));
    const path = join(folder, 'huge.bin');
    try {
      // ten gigabytes of nothing: to read them would take longer than this test may
      writeFileSync(path, '');
      truncateSync(path, 10 * 1024 ** 3);
      const { lines, error } = await say(['SIZE 1000000'], { ...LETTER, attachments: [{ path }] });
      expect(lines).toEqual([]);
      expect(error).toMatchObject({ code: 'MESSAGE_TOO_BIG' });
      expect(String(error)).toMatch(/1[34]\d{9} octets/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each(['SIZE 0', 'SIZE'])('%s is no limit', async (offer) => {
    expect((await say([offer], LETTER)).error).toBeUndefined();
  });
});

describe('8BITMIME (RFC 6152) and BINARYMIME (RFC 3030)', () => {
  const raw = (text: string | Uint8Array) => ({ envelope: { from: 'a@a.example', to: ['b@b.example'] }, raw: text });

  it('8BITMIME is said where it is needed and offered', async () => {
    const eight = raw(Buffer.from('Subject: x\r\n\r\nJörg\r\n'));
    expect(await mailLine(['8BITMIME'], eight)).toBe('MAIL FROM:<a@a.example> BODY=8BITMIME');
    expect(await mailLine(['8BITMIME'], raw('Subject: x\r\n\r\nJorg\r\n'))).toBe('MAIL FROM:<a@a.example>');
  });

  it('a raw message goes out as it is where 8BITMIME is not offered, and a composed one needs none', async () => {
    const { lines, message } = await say([], raw(Buffer.from('Subject: x\r\n\r\nJörg\r\n')));
    expect([lines[0], message?.text]).toEqual(['MAIL FROM:<a@a.example>', 'Subject: x\r\n\r\nJÃ¶rg\r\n']);
    const composed = await say([], { ...LETTER, text: 'Jörg' });
    expect(composed.lines[0]).toBe('MAIL FROM:<a@a.example>');
    expect(composed.message?.text).toMatch(/^[\0-\x7f]*$/);
  });

  it('BINARYMIME goes with CHUNKING only, and is refused where it is not offered', async () => {
    const binary = {
      ...LETTER,
      attachments: [
        { filename: 'a', content: Buffer.from([0, 10, 13, 255, 46]), contentTransferEncoding: 'binary' as const },
      ],
    };
    const { lines, message } = await say(['CHUNKING', 'BINARYMIME', 'PIPELINING'], binary);
    expect(lines[0]).toBe('MAIL FROM:<a@a.example> BODY=BINARYMIME');
    expect(message?.text).toContain('\x00\x0a\x0d\xff.');
    for (const offers of [['8BITMIME'], ['CHUNKING'], ['BINARYMIME']]) {
      expect(await say(offers, binary)).toMatchObject({
        lines: [],
        error: { code: 'EXTENSION_NOT_OFFERED', phase: 'mail' },
      });
    }
  });
});

describe('SMTPUTF8 (RFC 6531)', () => {
  it('is said when an address needs it, and only then', async () => {
    const offers = ['SMTPUTF8', '8BITMIME'];
    const { lines } = await say(offers, { ...LETTER, to: 'jörg@müller.example' });
    expect(lines).toEqual([
      expect.stringMatching(/^MAIL FROM:<a@a\.example>.* SMTPUTF8$/),
      'RCPT TO:<jörg@müller.example>',
    ]);
    // a name is encoded, and a domain has a form in ASCII
    for (const letter of [
      { ...LETTER, from: 'Jörg <a@a.example>', subject: 'Grüße' },
      { ...LETTER, to: 'b@müller.example' },
    ]) {
      expect(await mailLine(offers, letter)).not.toContain('SMTPUTF8');
    }
    expect((await say(offers, { ...LETTER, to: 'b@müller.example' })).lines[1]).toBe(
      'RCPT TO:<b@xn--mller-kva.example>',
    );
  });

  it('is refused clearly where it is not offered', async () => {
    const { lines, error } = await say(['8BITMIME'], { ...LETTER, to: ['b@b.example', 'jörg@b.example'] });
    expect(lines).toEqual([]);
    expect(error).toMatchObject({ name: 'UnsupportedError', code: 'SMTPUTF8_NOT_OFFERED', retryable: false });
  });
});

describe('DSN (RFC 3461)', () => {
  it('RET, ENVID, and NOTIFY and ORCPT for each recipient, in xtext', async () => {
    const { lines } = await say(
      ['DSN'],
      { ...LETTER, to: ['b@b.example', 'c@b.example', 'd@b.example'] },
      {
        dsn: {
          return: 'headers',
          envelopeId: 'a+b=c d',
          notify: ['success', 'failure'],
          recipients: {
            'c@b.example': { notify: 'never', originalRecipient: 'c+x@old.example' },
            'd@b.example': { notify: ['delay'] },
          },
        },
      },
    );
    expect(lines).toEqual([
      'MAIL FROM:<a@a.example> RET=HDRS ENVID=a+2Bb+3Dc+20d',
      'RCPT TO:<b@b.example> NOTIFY=SUCCESS,FAILURE',
      'RCPT TO:<c@b.example> NOTIFY=NEVER ORCPT=rfc822;c+2Bx@old.example',
      'RCPT TO:<d@b.example> NOTIFY=DELAY',
    ]);
    expect(await mailLine(['DSN'], LETTER, { dsn: { return: 'full' } })).toBe('MAIL FROM:<a@a.example> RET=FULL');
  });

  it('finds a recipient however its domain is written', async () => {
    const { lines } = await say(
      ['DSN'],
      { ...LETTER, to: ['b@B.example', 'c@b\u00fccher.example'] },
      {
        dsn: {
          recipients: { 'b@b.EXAMPLE': { notify: 'never' }, 'c@b\u00fccher.example': { notify: ['delay', 'delay'] } },
        },
      },
    );
    expect(lines.slice(1)).toEqual([
      'RCPT TO:<b@B.example> NOTIFY=NEVER',
      'RCPT TO:<c@xn--bcher-kva.example> NOTIFY=DELAY',
    ]);
  });

  it.each<[string, SendOptions['dsn']]>([
    ['an id that is too long', { envelopeId: 'x'.repeat(101) }],
    ['an id that is empty', { envelopeId: '' }],
    ['an event that there is not', { notify: ['always' as 'success'] }],
  ])('refuses %s', async (_, dsn) => {
    expect(await say(['DSN'], LETTER, dsn === undefined ? {} : { dsn })).toMatchObject({
      lines: [],
      error: { code: 'BAD_INPUT' },
    });
  });
});

describe('further extensions', () => {
  const until = new Date('2030-01-02T03:04:05.678Z');

  it.each<[string, SendOptions, string]>([
    ['REQUIRETLS', { requireTls: true }, 'REQUIRETLS'],
    ['DELIVERBY', { deliverBy: { seconds: 120, mode: 'return' } }, 'BY=120;R'],
    ['DELIVERBY 60', { deliverBy: { seconds: -5, mode: 'notify', trace: 'trace' } }, 'BY=-5;NT'],
    ['FUTURERELEASE 86400 2030-12-31T00:00:00Z', { hold: { seconds: 3_600 } }, 'HOLDFOR=3600'],
    ['FUTURERELEASE 86400 2030-12-31T00:00:00Z', { hold: { until } }, 'HOLDUNTIL=2030-01-02T03:04:05Z'],
    ['MT-PRIORITY', { mtPriority: -9 }, 'MT-PRIORITY=-9'],
    ['MT-PRIORITY MIXER', { mtPriority: 4 }, 'MT-PRIORITY=4'],
  ])('%s: %j', async (offer, options, parameter) => {
    expect(await mailLine([offer], LETTER, options)).toBe(`MAIL FROM:<a@a.example> ${parameter}`);
    const missing = await say(['PIPELINING'], LETTER, options);
    expect(missing).toMatchObject({ lines: [], error: { code: 'EXTENSION_NOT_OFFERED', phase: 'mail' } });
    expect(String(missing.error)).toContain(offer.split(' ')[0]);
  });

  it.each<[string, SendOptions]>([
    ['DELIVERBY', { deliverBy: { seconds: 0, mode: 'return' } }],
    ['DELIVERBY', { deliverBy: { seconds: 1.5, mode: 'notify' } }],
    ['FUTURERELEASE 1 x', { hold: { seconds: 0 } }],
    ['FUTURERELEASE 1 x', { hold: { until: new Date(Number.NaN) } }],
    ['MT-PRIORITY', { mtPriority: 10 }],
    ['MT-PRIORITY', { mtPriority: 0.5 }],
  ])('%s, %j: refused before a word is said', async (offer, options) => {
    expect(await say([offer], LETTER, options)).toMatchObject({
      lines: [],
      error: { name: 'MessageError', code: 'BAD_INPUT' },
    });
  });

  it('LIMITS (RFC 9422): a message with more recipients than RCPTMAX is not begun', async () => {
    const to = ['a@b.example', 'b@b.example', 'c@b.example'];
    expect((await say(['LIMITS RCPTMAX=3 MAILMAX=20'], { ...LETTER, to })).error).toBeUndefined();
    expect(await say(['LIMITS RCPTMAX=2'], { ...LETTER, to })).toMatchObject({
      lines: [],
      error: { code: 'EXTENSION_NOT_OFFERED' },
    });
  });

  it.each<[string, { to?: string[] }, SendOptions]>([
    ['LIMITS RCPTDOMAINMAX=1', { to: ['a@b.example', 'b@B.example', 'c@c.example'] }, {}],
    ['DELIVERBY 60', {}, { deliverBy: { seconds: 59, mode: 'return' } }],
    ['FUTURERELEASE 600 2030-12-31T00:00:00Z', {}, { hold: { seconds: 601 } }],
    ['FUTURERELEASE 600 2030-01-01T00:00:00Z', {}, { hold: { until } }],
  ])('%s: what is beyond it is not begun', async (offer, letter, options) => {
    expect(await say([offer], { ...LETTER, ...letter }, options)).toMatchObject({
      lines: [],
      error: { name: 'UnsupportedError', code: 'EXTENSION_NOT_OFFERED' },
    });
  });

  it('LIMITS RCPTDOMAINMAX counts domains, in any case', async () => {
    const to = ['a@b.example', 'b@B.EXAMPLE'];
    expect((await say(['LIMITS RCPTDOMAINMAX=1'], { ...LETTER, to })).error).toBeUndefined();
  });

  it('ENHANCEDSTATUSCODES are a field of the reply', async () => {
    await using server = await mailServer({ onMessage: () => '250 2.0.0 Ok: queued as 4AbC' });
    await using client = await SmtpClient.connect({ host: '127.0.0.1', port: server.port, security: 'none' });
    const delivery = await client.send(LETTER);
    expect(delivery).toMatchObject({
      reply: { code: 250, enhanced: '2.0.0', lines: ['Ok: queued as 4AbC'] },
      queueId: '4AbC',
    });
  });
});
