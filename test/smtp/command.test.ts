import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageError, ProtocolError } from '../../src/errors.ts';
import { type Capabilities, parseCapabilities, withoutExtensions } from '../../src/smtp/capabilities.ts';
import { type Command, describe as described, encode, secretsOf } from '../../src/smtp/command.ts';
import { checkLegal } from '../../src/smtp/legal-replies.ts';
import { makeReply } from '../../src/smtp/reply.ts';
import { utf8AddressXtext, xtext } from '../../src/smtp/xtext.ts';

const COMMANDS: readonly [Command, string][] = [
  [{ verb: 'EHLO', name: 'client.example' }, 'EHLO client.example'],
  [{ verb: 'HELO', name: '[127.0.0.1]' }, 'HELO [127.0.0.1]'],
  [{ verb: 'LHLO', name: 'client.example' }, 'LHLO client.example'],
  [{ verb: 'STARTTLS' }, 'STARTTLS'],
  [{ verb: 'DATA' }, 'DATA'],
  [{ verb: 'RSET' }, 'RSET'],
  [{ verb: 'NOOP' }, 'NOOP'],
  [{ verb: 'QUIT' }, 'QUIT'],
  [{ verb: 'AUTH', mechanism: 'LOGIN', initial: undefined }, 'AUTH LOGIN'],
  [{ verb: 'AUTH', mechanism: 'PLAIN', initial: 'AGEAYg==' }, 'AUTH PLAIN AGEAYg=='],
  [{ verb: 'AUTH', mechanism: 'EXTERNAL', initial: '' }, 'AUTH EXTERNAL ='],
  [{ verb: 'RESPONSE', base64: 'YQ==' }, 'YQ=='],
  [{ verb: 'RESPONSE', base64: '' }, ''],
  [{ verb: 'RESPONSE', base64: '*' }, '*'],
  [{ verb: 'MAIL', from: '', parameters: [] }, 'MAIL FROM:<>'],
  [{ verb: 'MAIL', from: 'a@b', parameters: ['SIZE=1', 'BODY=8BITMIME'] }, 'MAIL FROM:<a@b> SIZE=1 BODY=8BITMIME'],
  [{ verb: 'RCPT', to: 'a@b', parameters: ['NOTIFY=NEVER'] }, 'RCPT TO:<a@b> NOTIFY=NEVER'],
  [{ verb: 'BDAT', octets: 12, last: false }, 'BDAT 12'],
  [{ verb: 'BDAT', octets: 0, last: true }, 'BDAT 0 LAST'],
  [{ verb: 'OTHER', line: 'VRFY bob' }, 'VRFY bob'],
];

describe('the encoder', () => {
  it.each(COMMANDS)('%j', (command, line) => {
    expect(encode(command)).toBe(`${line}\r\n`);
  });

  it('sends UTF-8', () => {
    const encoded = encode({ verb: 'RCPT', to: 'jörg@example.com', parameters: [] });
    expect(Buffer.from(encoded, 'latin1').toString('utf8')).toBe('RCPT TO:<jörg@example.com>\r\n');
  });

  const fields: readonly [string, (text: string) => Command][] = [
    ['name', (name) => ({ verb: 'EHLO', name })],
    ['name', (name) => ({ verb: 'HELO', name })],
    ['name', (name) => ({ verb: 'LHLO', name })],
    ['envelope.from', (from) => ({ verb: 'MAIL', from, parameters: [] })],
    ['envelope.from', (text) => ({ verb: 'MAIL', from: 'a@b', parameters: ['SIZE=1', text] })],
    ['envelope.to', (to) => ({ verb: 'RCPT', to, parameters: [] })],
    ['envelope.to', (text) => ({ verb: 'RCPT', to: 'a@b', parameters: [text] })],
    ['command', (mechanism) => ({ verb: 'AUTH', mechanism, initial: undefined })],
    ['command', (initial) => ({ verb: 'AUTH', mechanism: 'PLAIN', initial })],
    ['command', (base64) => ({ verb: 'RESPONSE', base64 })],
    ['command', (line) => ({ verb: 'OTHER', line })],
  ];

  it.each(fields)('refuses CR, LF and NUL in a field of %s (%#)', (field, make) => {
    for (const bad of ['a\rb', 'a\nb', 'a\0b', '\r', '\n', '\0', 'a\r\nRSET', 'x\r\n']) {
      let error: unknown;
      try {
        encode(make(bad));
      } catch (thrown) {
        error = thrown;
      }
      expect(error, JSON.stringify(bad)).toBeInstanceOf(MessageError);
      expect(error).toMatchObject({ code: 'FORBIDDEN_CHARACTER', field });
    }
  });

  it('makes one line of whatever it takes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...fields), fc.string({ unit: 'binary' }), ([, make], text) => {
        let encoded: string;
        try {
          encoded = encode(make(text));
        } catch (error) {
          expect(error).toBeInstanceOf(MessageError);
          return;
        }
        expect(encoded.slice(0, -2)).not.toMatch(/[\r\n\0]/);
        expect(encoded.endsWith('\r\n')).toBe(true);
        expect(encoded).not.toMatch(/[^\0-\xff]/);
      }),
      { numRuns: 200 },
    );
  });
});

describe('secrets', () => {
  const secret = 'c2VjcmV0';
  it.each<[Command, string]>([
    [{ verb: 'AUTH', mechanism: 'PLAIN', initial: secret }, secret],
    [{ verb: 'RESPONSE', base64: secret }, secret],
    [{ verb: 'OTHER', line: `AUTH PLAIN ${secret}` }, secret],
    [{ verb: 'OTHER', line: `auth  login   ${secret}` }, secret],
  ])('%j', (command, hidden) => {
    const encoded = encode(command);
    const spans = secretsOf(command, encoded);
    expect(spans.map(({ start, end }) => encoded.slice(start, end))).toEqual([hidden]);
    expect(described(command)).not.toContain(secret);
  });

  it.each<Command>([
    { verb: 'AUTH', mechanism: 'LOGIN', initial: undefined },
    { verb: 'AUTH', mechanism: 'EXTERNAL', initial: '' },
    { verb: 'RESPONSE', base64: '*' },
    { verb: 'RESPONSE', base64: '' },
    { verb: 'MAIL', from: 'a@b', parameters: [] },
    { verb: 'OTHER', line: 'AUTH LOGIN' },
    { verb: 'OTHER', line: 'VRFY auth' },
  ])('none in %j', (command) => {
    expect(secretsOf(command, encode(command))).toEqual([]);
  });
});

describe('capabilities', () => {
  const read = (...lines: readonly string[]): Capabilities =>
    parseCapabilities(makeReply(250, ['mx.example hi', ...lines]));

  it('reads what a server offers', () => {
    const capabilities = read(
      'PIPELINING', 'SIZE 10240000', 'VRFY', 'ETRN', 'STARTTLS', 'AUTH PLAIN login', 'AUTH=LOGIN XOAUTH2', '8BITMIME',
      'ENHANCEDSTATUSCODES', 'DSN', 'SMTPUTF8', 'CHUNKING', 'BINARYMIME', 'REQUIRETLS', 'DELIVERBY 240', 'MT-PRIORITY MIXER',
      'FUTURERELEASE 86400 2030-01-01T00:00:00Z', 'LIMITS MAILMAX=10 RCPTMAX=100 rcptdomainmax=3',
    ); // biome-ignore format: a list
    expect(capabilities).toMatchObject({
      name: 'mx.example', extended: true, pipelining: true, size: 10_240_000, startTls: true,
      auth: ['PLAIN', 'LOGIN', 'XOAUTH2'], eightBitMime: true, enhancedStatusCodes: true, dsn: true, smtpUtf8: true,
      chunking: true, binaryMime: true, requireTls: true, deliverBy: 240, mtPriority: 'MIXER',
      futureRelease: { maxInterval: 86_400, maxDateTime: '2030-01-01T00:00:00Z' },
      limits: { mailMax: 10, rcptMax: 100, rcptDomainMax: 3 },
    }); // biome-ignore format: a list
    expect(capabilities.extensions.get('ETRN')).toEqual([]);
  });

  it('takes keywords in any case, and passes over what is none', () => {
    expect(read('pipelining', 'Size 5', '!x', '', '   ', '-A', 'X_Y', 'ünknown', '8bitmime  ')).toMatchObject({
      pipelining: true,
      size: 5,
      eightBitMime: true,
    });
    expect([...read('!x', '', '-A', 'X_Y').extensions.keys()]).toEqual([]);
  });

  it('does not take the greeting for a keyword', () => {
    expect(parseCapabilities(makeReply(250, ['PIPELINING'])).pipelining).toBe(false);
  });

  it('offers nothing beside what was said', () => {
    for (const capabilities of [read(), withoutExtensions(makeReply(250, ['mx.example hi']))]) {
      expect(capabilities).toMatchObject({ name: 'mx.example', pipelining: false, size: undefined, auth: [] });
      expect(capabilities.limits).toEqual({ mailMax: undefined, rcptMax: undefined, rcptDomainMax: undefined });
    }
    expect(withoutExtensions(makeReply(250, ['x'])).extended).toBe(false);
  });

  it.each([
    ['SIZE', 0], ['SIZE 0', 0], ['SIZE x', 0], ['SIZE -1', 0], ['SIZE 99999999999999999999', 0], ['SIZE 5 6', 5],
  ])('%s', (line, size) => {
    expect(read(line).size).toBe(size);
  }); // biome-ignore format: a list

  it('is BINARYMIME only with CHUNKING, and a limit only where it makes sense', () => {
    expect(read('BINARYMIME').binaryMime).toBe(false);
    expect(read('LIMITS MAILMAX=0 RCPTMAX=x RCPTDOMAINMAX=9999999').limits).toEqual(read().limits);
  });
});

describe('legal replies', () => {
  const command = (verb: 'DATA' | 'MAIL' | 'QUIT' | 'STARTTLS' | 'RSET') =>
    verb === 'MAIL' ? ({ verb, from: '', parameters: [] } as const) : ({ verb } as const);
  it.each([
    ['DATA', command('DATA'), [354, 421, 450, 554], [200, 220, 235, 250, 251, 334]],
    ['MAIL', command('MAIL'), [250, 451, 550], [220, 235, 251, 252, 334, 354]],
    ['STARTTLS', command('STARTTLS'), [220, 454, 501], [250, 235, 354]],
    ['RSET', command('RSET'), [250, 200, 500], [334, 354]],
    ['the greeting', { verb: 'greeting' } as const, [220, 421, 554], [250, 354, 235]],
    ['the final dot', { verb: 'lone dot' } as const, [250, 200, 451, 550], [334, 354]],
  ])('%s', (_, utterance, legal, illegal) => {
    for (const code of legal) expect(() => checkLegal(utterance, makeReply(code, ['x']))).not.toThrow();
    for (const code of illegal)
      expect(() => checkLegal(utterance, makeReply(code, ['x'])), `${code}`).toThrow(ProtocolError);
  });
});

describe('xtext', () => {
  it.each([
    ['abc', 'abc'],
    ['a+b=c', 'a+2Bb+3Dc'],
    ['a b', 'a+20b'],
    ['ü€', '+C3+BC+E2+82+AC'],
    ['\r\n\0', '+0D+0A+00'],
    ['😀', '+F0+9F+98+80'],
    ['~!', '~!'],
    ['\x7f', '+7F'],
  ])('%j', (text, expected) => {
    expect(xtext(text)).toBe(expected);
  });

  it.each([
    ['jörg+a@example.com', 'j\\x{F6}rg\\x{2B}a@example.com'],
    ['😀=\\@x', '\\x{1F600}\\x{3D}\\x{5C}@x'],
    ['a b\r\n', 'a\\x{20}b\\x{0D}\\x{0A}'],
  ])('%j, as an address', (address, expected) => {
    expect(utf8AddressXtext(address)).toBe(expected);
  });

  it('is printable, has no space, and can be read back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const encoded = xtext(text);
        expect(encoded).toMatch(/^[!-*,-<>-~+]*$/);
        const bytes = encoded.replace(/\+([0-9A-F]{2})/g, (_, hex: string) =>
          String.fromCharCode(Number.parseInt(hex, 16)),
        );
        expect(Buffer.from(bytes, 'latin1').toString('utf8')).toBe(Buffer.from(text, 'utf8').toString('utf8'));
      }),
      { numRuns: 200 },
    );
  });
});
