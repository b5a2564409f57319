import { describe, expect, test } from 'vitest';
import { MessageError } from '../../src/errors.ts';
import { compose, formatAddress, parseAddresses, parseMailbox } from '../../src/mime/index.ts';

/** The grammar of RFC 5322 sections 3.4 and 4.4, RFC 6532, and RFC 5321 section 4.1.3. */

const short = (text: string): unknown[] =>
  parseAddresses(text).map((entry) =>
    'group' in entry
      ? { [entry.name]: entry.group.map(({ name, address }) => [name, address]) }
      : [entry.name, entry.address],
  );

describe('what is read', () => {
  test.each<[string, unknown[]]>([
    ['', []],
    [' (nobody) ', []],
    ['a@b.c', [['', 'a@b.c']]],
    ['<a@b.c>', [['', 'a@b.c']]],
    [
      'Ann <a@b.c>, b@b.c',
      [
        ['Ann', 'a@b.c'],
        ['', 'b@b.c'],
      ],
    ],
    ['"Doe, John" <j@d.e>', [['Doe, John', 'j@d.e']]],
    ['"a \\"b\\" \\\\" <j@d.e>', [['a "b" \\', 'j@d.e']]],
    ['Dr. J. Who <who@d.e>', [['Dr. J. Who', 'who@d.e']]],
    ['Jörg Ö <j@d.e>', [['Jörg Ö', 'j@d.e']]],
    ['j@d.e (John)', [['John', 'j@d.e']]],
    [
      '(Ann) a@b.c, (Bo) b@b.c, (Cy) <c@b.c>',
      [
        ['Ann', 'a@b.c'],
        ['Bo', 'b@b.c'],
        ['Cy', 'c@b.c'],
      ],
    ],
    ['(Ann) <a@b.c>', [['Ann', 'a@b.c']]],
    ['Ann (x) <a@b.c> (y)', [['Ann', 'a@b.c']]],
    ['A (b (c) \\) d) <a@b.c>', [['A', 'a@b.c']]],
    ['Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>', [['Pete', 'pete@silly.test']]],
    [
      'A Group(Some people)\t :Chris Jones <c@public.example>, joe@where.test;',
      [
        {
          'A Group': [
            ['Chris Jones', 'c@public.example'],
            ['', 'joe@where.test'],
          ],
        },
      ],
    ],
    ['=?UTF-8?Q?J=C3=B6rg_?= =?utf-8*de?B?w5Y=?= <j@d.e>', [['Jörg Ö', 'j@d.e']]],
    ['Dr. =?iso-8859-1?q?J=F6rg?= Who <j@d.e>', [['Dr. Jörg Who', 'j@d.e']]],
    ['=?UTF-8?Q?B=C3=BCro?=: j@d.e;', [{ Büro: [['', 'j@d.e']] }]],
    ['"=?UTF-8?Q?J=C3=B6rg?=" <j@d.e>', [['=?UTF-8?Q?J=C3=B6rg?=', 'j@d.e']]],
    ['j@d.e (=?UTF-8?Q?J=C3=B6rg?= the  =?UTF-8?Q?=C3=9Cb?= =?UTF-8?Q?er?=)', [['Jörg the Über', 'j@d.e']]],
    ['(=?UTF-8?Q?J=C3=B6rg?=) <j@d.e>', [['Jörg', 'j@d.e']]],
    ['j@d.e (=?UTF-8?Q?J=0AX?=)', [['=?UTF-8?Q?J=0AX?=', 'j@d.e']]],
    ['=?windows-1252?Q?Don=92t_pay_=80=965?= <j@d.e>', [['Don\u2019t pay \u20ac\u20135', 'j@d.e']]],
    ['=?iso-8859-1?Q?=93J=94?= <j@d.e>', [['\u201cJ\u201d', 'j@d.e']]],
    ['=?x-nobody?Q?J=C3?= <j@d.e>', [['=?x-nobody?Q?J=C3?=', 'j@d.e']]],
    ['=?UTF-8?Q?J=0AX=3A_y?= <j@d.e>', [['=?UTF-8?Q?J=0AX=3A_y?=', 'j@d.e']]],
    ['=?UTF-8?Q?J=C3?= <j@d.e>', [['=?UTF-8?Q?J=C3?=', 'j@d.e']]],
    ['=?UTF-8?Q?J=C3=B6rg?=@d.e', [['', '=?UTF-8?Q?J=C3=B6rg?=@d.e']]],
    ['Undisclosed recipients:;', [{ 'Undisclosed recipients': [] }]],
    ['"much more"@b.c', [['', '"much more"@b.c']]],
    ['"plain"@b.c', [['', 'plain@b.c']]],
    ['a@[192.0.2.1]', [['', 'a@[192.0.2.1]']]],
    ['a@[IPv6:2001:db8::1]', [['', 'a@[IPv6:2001:db8::1]']]],
    ["o'neil+tag!#$%&*/=?^_`{|}~-@b.c", [['', "o'neil+tag!#$%&*/=?^_`{|}~-@b.c"]]],
    ['a@bücher.example', [['', 'a@xn--bcher-kva.example']]],
    ['a@faß.example', [['', 'a@xn--fa-hia.example']]],
    ['ä@BÜCHER。ＥＸＡＭＰＬＥ', [['', 'ä@bücher.example']]],
    ['ä@faß.example', [['', 'ä@faß.example']]],
    ['ä@xn--bcher-kva.Example', [['', 'ä@bücher.example']]],
    ['ä@xn--a.Example', [['', 'ä@xn--a.Example']]],
    ['ä@Example.com', [['', 'ä@Example.com']]],
    ['jörg@bücher.example', [['', 'jörg@bücher.example']]],
    ['a@localhost', [['', 'a@localhost']]],
    ['a@my_host.example', [['', 'a@my_host.example']]],
  ])('%j', (text, wanted) => {
    expect(short(text)).toEqual(wanted);
    // What is read is what is written: formatted and read again, it is the same.
    const again = parseAddresses(parseAddresses(text).map(formatAddress).join(', '));
    expect(again).toEqual(parseAddresses(text));
  });
});

describe('what is refused', () => {
  test.each([
    ['a', '"@" is missing'],
    ['a@', 'domain is missing'],
    ['@b.c', 'local part is missing'],
    ['<@route.example:a@b.c>', 'route'],
    ['a@b.c,', 'address is missing'],
    [',a@b.c', 'address is missing'],
    ['a@b.c,,d@e.f', 'address is missing'],
    ['a@b.c d@e.f', 'end of the list is expected here \\('],
    ['a@b.c; d@e.f', 'parted by commas'],
    ['a@b.c <a@b.c>', 'a name with "@" in it is put in quotes'],
    ['Bob b@c.d', 'between "<" and ">"'],
    ['.a@b.c', 'dot'],
    ['a.@b.c', 'dot'],
    ['a..b@c.d', 'dot'],
    ['a@b..c', 'domain name'],
    ['a@b.c.', 'domain name'],
    ['a@-b.c', 'domain name'],
    [`a@${'b'.repeat(64)}.c`, 'domain name'],
    [`a@${'b.'.repeat(130)}c`, 'longer than 255'],
    [`${'a'.repeat(256)}@b.c`, 'longer than 255'],
    ['a@[1.2.3]', 'domain literal'],
    ['a@[IPv6:1:2]', 'domain literal'],
    ['a@[1.2.3.4', 'not closed'],
    ['"a@b.c', 'not closed'],
    ['(a@b.c', 'not closed'],
    ['"x" <a@b.c', '">" is missing'],
    ['G: a@b.c', 'not closed'],
    ['G: H: a@b.c;;', 'group'],
    [': a@b.c;', 'no name'],
    ['a@b@c', 'end of the list'],
    ['a@b/c', 'domain name|end of the list'],
    ['a@ö／x.example', 'domain name'],
    ['a@１.２', 'domain name'],
    ['a b@c.d', 'between "<" and ">"'],
    ['a\u200bb@c.d', 'control or formatting'],
    ['"a\u0001"@c.d', 'control or formatting'],
  ])('%j', (text, problem) => {
    expect(() => parseAddresses(text, 'to')).toThrow(MessageError);
    expect(() => parseAddresses(text, 'to')).toThrow(new RegExp(problem));
    expect(() => compose({ from: 'a@b.c', to: text })).toThrow(
      expect.objectContaining({ field: 'to', code: 'BAD_ADDRESS' }),
    );
  });

  test.each(['a@b.c\r\nRCPT TO:<x@y.z>', 'a@b.c\n', '"a\0"@b.c', 'x\ud800 <a@b.c>'])(
    '%j: a character that no command may hold',
    (text) => {
      for (const field of ['from', 'sender', 'to', 'cc', 'bcc', 'replyTo'] as const) {
        expect(() => compose({ from: 'a@b.c', [field]: text })).toThrow(
          expect.objectContaining({ field, code: 'FORBIDDEN_CHARACTER' }),
        );
      }
      expect(() => compose({ from: 'a@b.c', envelope: { to: ['b@b.c', text] } })).toThrow(
        expect.objectContaining({ field: 'envelope.to[1]' }),
      );
      expect(() => compose({ from: 'a@b.c', to: [{ name: 'x', address: text }] })).toThrow(
        expect.objectContaining({ field: 'to[0].address' }),
      );
    },
  );

  test('an object holds one address, whatever it says', () => {
    for (const address of ['a@b.c, d@e.f', 'Ann <a@b.c>', 'a@b.c>', '']) {
      expect(() => parseMailbox(address, 'to.address')).toThrow(MessageError);
    }
  });
});

describe('linear time, bounded depth', () => {
  const inTime = (work: () => unknown): number => {
    const start = performance.now();
    try {
      work();
    } catch (error) {
      expect(error).toBeInstanceOf(MessageError);
    }
    return performance.now() - start;
  };

  // The bench holds these to 50 ms on a quiet machine; here they only must not explode.
  test.each([
    ['opening parentheses', '('.repeat(1e6)],
    ['quotes', '"'.repeat(1e6)],
    ['quotes with words', '"a" '.repeat(250_000)],
    ['backslashes', `"${'\\'.repeat(1e6)}`],
    ['angles', '<'.repeat(1e6)],
    ['dots', `${'a.'.repeat(500_000)}@b.c`],
    ['commas', ','.repeat(1e6)],
    ['at signs', '@'.repeat(1e6)],
    ['labels', `a@${'b.'.repeat(500_000)}c`],
    ['hyphens', `a@${'-'.repeat(1e6)}`],
    ['comments', '()'.repeat(500_000)],
    ['colons', 'a:'.repeat(500_000)],
    ['brackets', '['.repeat(1e6)],
    ['spaces', `a${' '.repeat(1e6)}b`],
  ])('1 MB of %s', (_, text) => {
    expect(inTime(() => compose({ from: 'a@b.c', to: text }))).toBeLessThan(1000);
    expect(inTime(() => compose({ from: 'a@b.c', to: { address: text } }))).toBeLessThan(1000);
  });

  test('what nests without end is refused, and a long text is no harm', () => {
    const circle: unknown[] = [];
    circle.push(circle);
    let groups: unknown = 'a@b.c';
    for (let index = 0; index < 20_000; index++) groups = { name: 'x', group: [groups] };
    for (const to of [circle, groups, [[circle]]]) {
      const init = { from: 'a@b.c', to: to as string };
      expect(() => compose(init)).toThrow(expect.objectContaining({ name: 'MessageError', code: 'BAD_INPUT' }));
    }
    const name = 'long '.repeat(150_000).trim();
    expect(compose({ from: { name, address: 'a@b.c' } }).headers.get('from')).toContain('long long');
    expect(() => parseAddresses(`${name} <a@b.c>`)).toThrow('more than 1000 words');
    expect(compose({ from: 'a@b.c', to: 'b@c.d, '.repeat(150_000).slice(0, -2) }).envelope.to).toHaveLength(1);
  });

  test('10,000 addresses', () => {
    const list = Array.from({ length: 10_000 }, (_, index) => `Person ${index} <person.${index}@example.com>`).join(
      ', ',
    );
    expect(inTime(() => expect(compose({ from: 'a@b.c', to: list }).envelope.to).toHaveLength(10_000))).toBeLessThan(
      2000,
    );
  });
});

describe('names that are long', () => {
  const LONG = 'Once upon a "time", back when things, that are old now, were (new), there lived; a man @ home';
  test('ASCII goes out in atoms and quoted strings, word by word, and is folded between them', () => {
    const text = compose({ from: { name: LONG, address: 'a@b.c' } }).inMemory() as string;
    const field = /^From: .*\r\n(?: .*\r\n)*/m.exec(text)?.[0] ?? '';
    expect(field).not.toContain('=?');
    for (const line of field.split('\r\n')) expect(line.length).toBeLessThanOrEqual(78);
    const again = parseAddresses(field.slice(6).replaceAll('\r\n', ''));
    expect(again).toMatchObject([{ name: LONG, address: 'a@b.c' }]);
  });

  test('only what is not ASCII is encoded', () => {
    const name = `${LONG} ä ${LONG} =?x?q?y?=`;
    const text = formatAddress({ name, address: 'a@b.c' });
    expect(text.match(/=\?UTF-8/g)).toHaveLength(2);
    expect(parseAddresses(text)).toMatchObject([{ name }]);
  });
});
