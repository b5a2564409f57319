/** Signatures of ours, verified by opendkim and by dkimpy. test/mime/dkim.test.ts has mailauth's word. */
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compose, type DkimKey, type MessageInit } from '../../../src/mime/index.ts';
import { bigFile } from '../support/messages.ts';
import { folderInRoot, removeFolder, runInRoot } from '../support/server.ts';

const DOMAIN = 'client.test';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed25519 = generateKeyPairSync('ed25519');
const RSA: DkimKey = {
  domainName: DOMAIN,
  keySelector: 'rsa',
  privateKey: rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
};
const ED: DkimKey = {
  domainName: DOMAIN,
  keySelector: 'ed',
  privateKey: ed25519.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
};
const RECORDS: Readonly<Record<string, string>> = {
  [`rsa._domainkey.${DOMAIN}`]: `v=DKIM1; k=rsa; p=${rsa.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`,
  // RFC 8463 section 4: the 32 octets of the key itself
  [`ed._domainkey.${DOMAIN}`]: `v=DKIM1; k=ed25519; p=${ed25519.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64')}`,
};

const FORMS = ['relaxed/relaxed', 'relaxed/simple', 'simple/relaxed', 'simple/simple'] as const;
type Form = (typeof FORMS)[number];
const BODIES: readonly (readonly [string, MessageInit])[] = [
  ['text and html', { text: 'Hello \n\n  indented\ttext  \nend \n\n\n', html: '<p>Grüße</p>\n' }],
  ['no body', { text: '' }],
  ['blank lines only', { text: '\n\n\n' }],
  ['white space only', { text: ' \t \n \n' }],
  ['dots', { text: '.\n..\n.x\n\n.' }],
  ['a file of 5 MB', { text: 'see there', attachments: [{ path: bigFile() }] }],
];

function init(body: MessageInit): MessageInit {
  return {
    from: 'Jörg <joerg@client.test>',
    to: ['reader@mail.test', 'Bö <b@mail.test>'],
    subject: 'Grüße, with  two spaces and a line that is long enough to be folded somewhere in the middle of it',
    list: { unsubscribe: { url: 'https://client.test/off?a=b', comment: 'leave' } },
    headers: { 'X-Other': 'not signed' },
    ...body,
  };
}

/** Prints, for each message, the verdict on each of its signatures. */
const DKIMPY = `
import dkim, json, sys
records = json.load(open(sys.argv[1]))
look_up = lambda name, timeout=5: records[name.decode().rstrip('.')].encode()
verdicts = []
for path in sys.argv[2:]:
    verifier = dkim.DKIM(open(path, 'rb').read())
    count = sum(1 for name, _ in verifier.headers if name.lower() == b'dkim-signature')
    one = []
    for index in range(count):
        try:
            one.append('pass' if verifier.verify(idx=index, dnsfunc=look_up) else 'fail')
        except dkim.DKIMException as error:
            one.append(str(error))
    verdicts.append(one)
print(json.dumps(verdicts))
`;

let folder: { inside: string; outside: string };
let messages = 0;
beforeAll(() => {
  folder = folderInRoot('dkim');
  writeFileSync(`${folder.outside}/verify.py`, DKIMPY);
  writeFileSync(`${folder.outside}/records.json`, JSON.stringify(RECORDS));
  const lines = Object.entries(RECORDS).map(([name, record]) => `${name} ${record}\n`);
  writeFileSync(`${folder.outside}/keys`, lines.join(''));
  writeFileSync(
    `${folder.outside}/opendkim.conf`,
    `Mode v\nTestPublicKeys ${folder.inside}/keys\nUserID root\nSyslog no\n`,
  );
});
afterAll(() => {
  if (folder !== undefined) removeFolder(folder);
});

async function write(octets: Uint8Array): Promise<string> {
  messages += 1;
  writeFileSync(`${folder.outside}/${messages}.eml`, octets);
  return `${folder.inside}/${messages}.eml`;
}

async function dkimpy(paths: readonly string[]): Promise<string[][]> {
  const said = await runInRoot('/usr/bin/python3', [
    `${folder.inside}/verify.py`,
    `${folder.inside}/records.json`,
    ...paths,
  ]);
  return JSON.parse(said.trim().split('\n').at(-1) ?? '') as string[][];
}

async function opendkim(path: string): Promise<string> {
  return await runInRoot('/usr/sbin/opendkim', ['-x', `${folder.inside}/opendkim.conf`, '-t', path]);
}

async function signed(body: MessageInit, keys: readonly DkimKey[], canonicalization: Form): Promise<Uint8Array> {
  return await compose({ ...init(body), dkim: { keys, canonicalization } }).bytes();
}

describe.each(FORMS)('%s', (form) => {
  it('is right to dkimpy, with both kinds of key', async () => {
    const paths: string[] = [];
    for (const [, body] of BODIES) paths.push(await write(await signed(body, [RSA, ED], form)));
    expect(await dkimpy(paths)).toEqual(BODIES.map(() => ['pass', 'pass']));
  });

  it.each(BODIES)('is right to opendkim: %s', async (_, body) => {
    for (const key of [RSA, ED]) {
      const said = await opendkim(await write(await signed(body, [key], form)));
      expect(said).toMatch(/verification \(s=(?:rsa|ed),? .*\) succeeded/);
    }
  });
});

it('one octet changed is found out by both', async () => {
  const octets = Buffer.from(await signed({ text: 'one hundred euros' }, [RSA], 'relaxed/relaxed'));
  octets.write('two', octets.indexOf('one hundred'), 'latin1');
  const path = await write(octets);
  expect(await dkimpy([path])).not.toEqual([['pass']]);
  await expect(opendkim(path).then((said) => said.includes('succeeded'))).resolves.toBe(false);
});
