/** Content that fails while a message is on its way: the message is not completed, and the error names the attachment. */
import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Attachment } from '../../src/mime/index.ts';
import { Mailer } from '../../src/smtp/index.ts';
import { mailServer } from '../support/mail-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'plainwire-failing-'));
afterAll(() => rmSync(folder, { recursive: true }));
const SIZE = 6 * 1024 * 1024;

async function* broken(): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < 20; index++) yield Buffer.alloc(100_000, 1);
  throw new Error('the disk is gone');
}

const FAULTS: [string, () => { attachments: Attachment[]; change?: () => void }, RegExp][] = [
  [
    'a missing file',
    () => ({ attachments: [{ path: join(folder, 'no.pdf') }] }),
    /"no\.pdf" could not be read: ENOENT/,
  ],
  [
    'a stream that fails half way',
    () => ({ attachments: [{ filename: 'big.iso', content: broken() }] }),
    /"big\.iso".*the disk is gone/,
  ],
  ['a file that grows', () => fileThat('grows.bin', (path) => appendFileSync(path, 'more')), /"grows\.bin" grew/],
  [
    'a file that shrinks',
    () => fileThat('shrinks.bin', (path) => truncateSync(path, SIZE - 1)),
    /"shrinks\.bin" shrank/,
  ],
];

function fileThat(name: string, change: (path: string) => void): { attachments: Attachment[]; change: () => void } {
  const path = join(folder, name);
  writeFileSync(path, Buffer.alloc(SIZE, 1));
  return { attachments: [{ path }], change: () => change(path) };
}

describe.each([
  ['DATA', []],
  ['DATA behind PIPELINING', ['PIPELINING']],
  ['BDAT', ['PIPELINING', 'CHUNKING']],
])('%s', (way, offers) => {
  it.each(FAULTS)('%s', async (_, make, problem) => {
    const { attachments, change } = make();
    let changed = false;
    await using server = await mailServer({
      offers,
      onConnection: ({ socket }) => {
        let come = 0;
        socket.on('data', (chunk: Buffer) => {
          come += chunk.length;
          if (come < 300_000 || changed) return;
          changed = true;
          change?.();
        });
      },
    });
    await using mailer = new Mailer({ host: '127.0.0.1', port: server.port, security: 'none', timeouts: 5000 });
    const letter = { from: 'a@a.example', to: 'b@b.example', subject: 's', text: 't' };
    const thrown = await mailer.send({ ...letter, attachments }).catch((each: unknown) => each);
    expect(thrown).toMatchObject({
      name: 'MessageError',
      code: 'ATTACHMENT_FAILED',
      field: 'attachments[0]',
      mayHaveBeenDelivered: false,
    });
    expect(String(thrown)).toMatch(problem);
    expect(server.messages).toEqual([]);
    // A file that is missing shows when its size is asked for, before a word of the message is said.
    const isBegun = server.lines.some((line) => /^(?:DATA|BDAT)/.test(line));
    expect(isBegun).toBe(!/ENOENT/.test(String(thrown)));

    // The mailer goes on: over the same connection where BDAT lets it take the message back, over another after DATA.
    await mailer.send({ ...letter, subject: 'next' });
    expect(server.messages).toHaveLength(1);
    expect(server.messages[0]?.text).toContain('Subject: next');
    expect(server.sessions).toHaveLength(isBegun && way !== 'BDAT' ? 2 : 1);
    expect(server.lines.includes('RSET')).toBe(isBegun && way === 'BDAT');
    expect(server.lines.filter((line) => /LAST$/.test(line)).length).toBeLessThanOrEqual(1);
  });
});
