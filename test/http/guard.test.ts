import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { isPublic } from '../../src/http/index.ts';

describe('public addresses', () => {
  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '100.64.0.1',
    '192.0.2.1',
    '198.18.0.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    'fe80::1',
    'fe80::1%eth0',
    'fc00::1',
    'fd12:3456::1',
    'ff02::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '2001::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:10.0.0.1',
    '64:ff9b::10.0.0.1',
    '64:ff9b::a00:1',
    '::127.0.0.1',
    'fec0::1',
    '100::1',
    '5f00::1',
    'nonsense',
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    ':::',
    '2606:4700:::1',
    '2606:4700::1:',
    '64:ff9b:::8.8.8.8',
    '1::2::3',
    '12345::',
    '0x7f.0.0.1',
    '017700000001',
  ])('do not include %s', (address) => {
    expect(isPublic(address)).toBe(false);
  });

  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700::1111',
    '2a00:1450:4001::',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
  ])('include %s', (address) => {
    expect(isPublic(address)).toBe(true);
  });

  it('are never what ipaddr.js holds for anything but unicast', () => {
    const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
    const groups = fc.array(fc.oneof(fc.nat(0xffff), fc.constant(0)), { minLength: 7, maxLength: 7 });
    const first = fc.constantFrom(0, 0x64, 0x100, 0x2000, 0x2001, 0x2002, 0x2606, 0x3fff, 0xfc00, 0xfe80, 0xff02);
    const any = fc.oneof(
      octets.map((parts) => parts.join('.')),
      fc.tuple(first, groups).map(([one, rest]) => [one, ...rest].map((group) => group.toString(16)).join(':')),
    );
    fc.assert(
      fc.property(any, (address) => {
        const parsed = ipaddr.process(address);
        // AS112 servers answer from anywhere: public, though with a name of their own
        const theirs = ['unicast', 'as112', 'as112v6', 'rfc6052'].includes(parsed.range());
        if (isPublic(address)) expect(theirs, `${address} is ${parsed.range()}`).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
