/** LMTP (RFC 2033): LHLO, and after the content a reply for each recipient that was accepted. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { PlainwireError } from '../../src/errors.ts';
import { Mailer } from '../../src/smtp/index.ts';
import { type MailServer, type MailServerOptions, mailServer } from '../support/mail-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'plainwire-lmtp-'));
afterAll(() => rmSync(folder, { recursive: true }));
let sockets = 0;

interface Way {
  readonly name: string;
  readonly place: () => { readonly path?: string };
  readonly url: (server: MailServer, path: string | undefined) => string;
}
const WAYS: readonly Way[] = [
  { name: 'TCP', place: () => ({}), url: ({ port }) => `lmtp://127.0.0.1:${port}?security=none` },
  {
    name: 'a Unix socket',
    place: () => ({ path: join(folder, `${++sockets}.sock`) }),
    url: (_, path = '') => `lmtp+unix:${path}`,
  },
];
const OFFERS = [[], ['PIPELINING'], ['PIPELINING', 'CHUNKING']];

const letter = (...to: string[]) => ({ from: 'a@a.example', to, subject: 's', text: 't' });

/** The reply of each recipient by its name: `full` has no room, `late` has none now, anybody else takes it. */
const each: MailServerOptions['onMessage'] = ({ to }) =>
  to
    .map((name) =>
      /^full/.test(name) ? '552 5.2.2 full' : /^late/.test(name) ? '450 4.2.0 later' : `250 2.1.5 ${name}`,
    )
    .join('\r\n');

describe.each(WAYS)('over $name', ({ place, url }) => {
  it.each(OFFERS)('each recipient has its own reply (%s %s)', async (...offers) => {
    const options = place();
    await using server = await mailServer({ lmtp: true, offers, onMessage: each, ...options });
    await using mailer = new Mailer(url(server, options.path));
    const delivery = await mailer.send(
      letter('b@x.example', 'full@x.example', 'no@x.example', 'late@x.example', 'c@x.example'),
    );
    expect(delivery.accepted).toMatchObject([
      { address: 'b@x.example', reply: { code: 250, lines: ['b@x.example'] } },
      { address: 'c@x.example', reply: { code: 250, lines: ['c@x.example'] } },
    ]);
    expect(delivery.rejected).toMatchObject([
      { address: 'full@x.example', reply: { code: 552, enhanced: '5.2.2' } },
      { address: 'no@x.example', reply: { code: 550 } },
      { address: 'late@x.example', reply: { code: 450 } },
    ]);
    expect(delivery.reply).toMatchObject({ code: 250, lines: ['b@x.example'] });
    expect(server.lines[0]).toMatch(/^LHLO /);
    // the next message, and its replies, are in step
    expect((await mailer.send(letter('d@x.example'))).accepted).toMatchObject([{ reply: { lines: ['d@x.example'] } }]);
    await mailer.close();
    expect(server.sessions).toHaveLength(1);
  });

  it('nobody takes it: an error, with every reply', async () => {
    const options = place();
    await using server = await mailServer({ lmtp: true, onMessage: each, ...options });
    await using mailer = new Mailer(url(server, options.path));
    const error = await mailer
      .send(letter('full@x.example', 'late@x.example'))
      .catch((thrown: PlainwireError) => thrown);
    expect(error).toMatchObject({ code: 'MESSAGE_REFUSED', phase: 'content', mayHaveBeenDelivered: false });
    expect((error as PlainwireError).recipients?.rejected.map(({ reply }) => reply?.code)).toEqual([552, 450]);
  });

  it.each([[['late', 'full']], [['full', 'late']]])('nobody takes it, one for the time being: %s', async (names) => {
    const at = place();
    await using server = await mailServer({ ...at, lmtp: true, onMessage: each });
    await using mailer = new Mailer(url(server, at.path));
    const to = names.map((name) => `${name}@b.example`);
    await expect(mailer.send(letter(...to))).rejects.toMatchObject({
      code: 'MESSAGE_REFUSED',
      retryable: true,
      reply: { code: 450 },
    });
  });

  it('a server that breaks off between the replies: who has it is known, and it is not sent again', async () => {
    const options = place();
    await using server = await mailServer({
      lmtp: true,
      offers: ['PIPELINING'],
      ...options,
      onMessage: (_message, session) => {
        session.stream.end('250 2.1.5 one\r\n552 5.2.2 two\r\n25');
        return '';
      },
    });
    await using mailer = new Mailer({
      ...serverOf(url(server, options.path)),
      retries: 3,
    });
    const error = await mailer
      .send(letter('one@x.example', 'two@x.example', 'three@x.example'))
      .catch((thrown: PlainwireError) => thrown);
    expect(error).toMatchObject({ code: 'CONNECTION_CLOSED', phase: 'content', mayHaveBeenDelivered: true });
    const { recipients } = error as PlainwireError;
    expect(recipients?.accepted).toMatchObject([{ address: 'one@x.example', reply: { code: 250 } }]);
    expect(recipients?.rejected).toMatchObject([
      { address: 'two@x.example', reply: { code: 552 } },
      { address: 'three@x.example', reply: undefined },
    ]);
    expect(server.messages).toHaveLength(1);
  });
});

function serverOf(
  url: string,
): { path: string; lmtp: true } | { host: string; port: number; lmtp: true; security: 'none' } {
  const path = /^lmtp\+unix:(.*)/.exec(url)?.[1];
  return path === undefined
    ? { host: '127.0.0.1', port: Number(new URL(url).port), lmtp: true, security: 'none' }
    : { path, lmtp: true };
}

describe('an LMTP server', () => {
  it('that does not know LHLO is not spoken to as if it were SMTP', async () => {
    await using server = await mailServer({ answer: (line) => (line.startsWith('LHLO') ? '500 what?' : undefined) });
    await using mailer = new Mailer({ host: '127.0.0.1', port: server.port, lmtp: true, security: 'none' });
    await expect(mailer.send(letter('b@x.example'))).rejects.toMatchObject({ code: 'EHLO_REFUSED', phase: 'lhlo' });
    expect(server.lines).toHaveLength(1);
  });
});
