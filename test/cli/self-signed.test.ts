/** The certificate that is made on the spot, as Node reads it. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { selfSigned } from '../../src/cli/listen/self-signed.ts';

const NOW = new Date('2026-11-21T12:00:00Z');

test('it is for the names given, for servers, for a month, and fits its key', () => {
  const made = selfSigned(['localhost', '127.0.0.1', '::1', '2001:db8::7', 'fe80::1'], NOW);
  const certificate = new X509Certificate(made.cert);
  expect(certificate.subject).toBe('CN=localhost');
  expect(certificate.issuer).toBe('CN=localhost');
  expect(certificate.ca).toBe(false);
  expect(certificate.subjectAltName).toBe(
    'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:2001:DB8:0:0:0:0:0:7, IP Address:FE80:0:0:0:0:0:0:1',
  );
  expect(new Date(certificate.validFrom)).toEqual(new Date('2026-11-20T12:00:00Z'));
  expect(new Date(certificate.validTo)).toEqual(new Date('2026-12-21T12:00:00Z'));
  expect(certificate.checkPrivateKey(createPrivateKey(made.key))).toBe(true);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.checkHost('localhost')).toBe('localhost');
  expect(certificate.checkIP('2001:db8::7')).toBe('2001:db8::7');
  expect(certificate.checkHost('example.com')).toBeUndefined();
});

test('no two are the same, and long names fit', () => {
  const name = `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.example`;
  const [one, other] = [selfSigned([name]), selfSigned([name])].map(({ cert }) => new X509Certificate(cert));
  expect(one?.serialNumber).not.toBe(other?.serialNumber);
  expect(one?.checkHost(name)).toBe(name);
  const many = selfSigned(Array.from({ length: 200 }, (_each, index) => `host${index}.example`));
  expect(new X509Certificate(many.cert).checkHost('host199.example')).toBe('host199.example');
});

test('a hundred of them are all sound: no serial number or signature is written wrong', () => {
  for (let count = 0; count < 100; count += 1) {
    const certificate = new X509Certificate(selfSigned(['localhost']).cert);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
  }
});
