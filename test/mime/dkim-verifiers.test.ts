import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { compose, type DkimInit, type DkimKey, type MessageInit } from '../../src/mime/index.ts';

/**
 * Signatures as two more verifiers see them, where the machine has them: opendkim and dkimpy, both from Debian
 * (`apt install opendkim python3-dkim python3-nacl`). mailauth, which npm brings, is in dkim.test.ts.
 */

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed25519 = generateKeyPairSync('ed25519');
const DOMAIN = 'example.com';
const keyOf = (keySelector: string, { privateKey }: typeof rsa): DkimKey => ({
  domainName: DOMAIN,
  keySelector,
  privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
});
const RSA = keyOf('rsa', rsa);
const ED = keyOf('ed', ed25519);
const p = (octets: Buffer): string => octets.toString('base64');
const RECORDS = {
  rsa: `v=DKIM1; k=rsa; p=${p(rsa.publicKey.export({ type: 'spki', format: 'der' }))}`,
  ed: `v=DKIM1; k=ed25519; p=${p(ed25519.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32))}`,
};

const folder = mkdtempSync(join(tmpdir(), 'plainwire-dkim-'));
const keys = join(folder, 'keys');
writeFileSync(keys, `rsa._domainkey.${DOMAIN} ${RECORDS.rsa}\n`);

const OPENDKIM = ['/usr/sbin/opendkim', '/usr/bin/opendkim'].find(existsSync);
const configuration = join(folder, 'opendkim.conf');
writeFileSync(
  configuration,
  `Mode v\nTestPublicKeys ${keys}\nTemporaryDirectory ${folder}\nBackground no\nSyslog no\nMinimumKeyBits 1024\n`,
);
const IMPORTS = 'import sys, dkim, nacl.signing';
const PYTHON = ['/usr/bin/python3', 'python3'].find((python) => spawnSync(python, ['-c', IMPORTS]).status === 0);
const DKIMPY = `${IMPORTS}
records = dict(line.split(" ", 1) for line in open(sys.argv[1]).read().splitlines())
message = sys.stdin.buffer.read()
verifier = dkim.DKIM(message)
count = message[: message.index(b"\\r\\n\\r\\n")].lower().count(b"dkim-signature:")
print(*(verifier.verify(idx=i, dnsfunc=lambda name, timeout=5: records[name.decode().rstrip(".")].encode()) for i in range(count)))`;

const FORMS = ['relaxed/relaxed', 'relaxed/simple', 'simple/relaxed', 'simple/simple'] as const;
const BASE: MessageInit = {
  from: 'Jörg <joerg@example.com>',
  to: ['a@example.org', 'Bö <b@example.org>'],
  subject: 'Grüße, with  two spaces and a line that is long enough to be folded somewhere in the middle of it',
};
const BODIES: [string, () => MessageInit][] = [
  ['text and html', () => ({ text: 'Hello \n\n  indented\ttext  \nend \n\n\n', html: '<p>Grüße</p>\n' })],
  ['an empty body', () => ({ text: '' })],
  ['blank lines only', () => ({ text: '\n\n\n' })],
  ['a big attachment', () => ({ text: 'x', attachments: [{ content: Buffer.alloc(300_000, 7) }] })],
  ['a stream', () => ({ text: 'x', attachments: [{ content: Readable.from([Buffer.alloc(100_000, 1)]) }] })],
];
const CASES = FORMS.flatMap((form) => BODIES.map(([name, body]) => [form, name, body] as const));

async function signed(body: MessageInit, dkim: DkimInit): Promise<Buffer> {
  return Buffer.from(await compose({ ...BASE, ...body, dkim }).bytes());
}

const skipped = (tool: string): string =>
  `SKIPPED, for this machine has no ${tool} (apt install opendkim python3-dkim python3-nacl)`;

describe.skipIf(OPENDKIM === undefined)(`opendkim${OPENDKIM ? '' : `: ${skipped('opendkim')}`}`, () => {
  const verdict = (octets: Buffer): string => {
    writeFileSync(join(folder, 'message'), octets);
    const { stdout, stderr } = spawnSync(OPENDKIM ?? '', ['-x', configuration, '-v', '-t', join(folder, 'message')]);
    return `${stdout}${stderr}`;
  };

  test.each(CASES)('%s, %s', async (canonicalization, _, body) => {
    const octets = await signed(body(), { ...RSA, canonicalization });
    expect(verdict(octets)).toMatch(/verification \(s=rsa, d=example\.com, 2048-bit key\) succeeded/);
    expect(verdict(Buffer.from(octets.toString('latin1').replace('To: a@', 'To: c@'), 'latin1'))).not.toContain(
      'succeeded',
    );
  });
});

describe.skipIf(PYTHON === undefined)(`dkimpy${PYTHON ? '' : `: ${skipped('python3-dkim with python3-nacl')}`}`, () => {
  const records = join(folder, 'records');
  writeFileSync(
    records,
    Object.entries(RECORDS)
      .map(([name, record]) => `${name}._domainkey.${DOMAIN} ${record}`)
      .join('\n'),
  );
  const verdict = (octets: Buffer): string =>
    spawnSync(PYTHON ?? '', ['-c', DKIMPY, records], { input: octets })
      .stdout.toString()
      .trim();

  test.each(CASES)('%s, %s: rsa-sha256 and ed25519-sha256', async (canonicalization, _, body) => {
    const octets = await signed(body(), { keys: [RSA, ED], canonicalization });
    expect(verdict(octets)).toBe('True True');
    expect(verdict(Buffer.from(octets.toString('latin1').replace('To: a@', 'To: c@'), 'latin1'))).toBe('False False');
  });
});
