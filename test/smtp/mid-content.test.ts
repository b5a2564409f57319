/** A connection that breaks in the middle of a large message: it surely was not delivered, and may be sent again. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Mailer } from '../../src/smtp/index.ts';
import { mailServer, type ServerSession } from '../support/mail-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'plainwire-mid-content-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'large.bin');
writeFileSync(path, Buffer.alloc(12 * 1024 * 1024, 'plainwire'));

const LETTER = {
  from: 'a@a.example',
  to: ['b@b.example', 'no@b.example'],
  subject: 's',
  text: 't',
  attachments: [{ path }],
};

/** The socket buffers of both sides together hold far less than the message. */
const ENOUGH = 512 * 1024;

const FAULTS: readonly [string, (session: ServerSession) => void, object][] = [
  ['closes', ({ socket }) => socket.end(), { name: 'ConnectionError' }],
  // Linux tells of a reset once: where a write hears of it, a read finds but an end
  ['resets', ({ socket }) => socket.resetAndDestroy(), { name: 'ConnectionError' }],
  ['stops reading', ({ socket }) => socket.pause(), { name: 'TimeoutError', code: 'DEADLINE_PASSED' }],
];

/** Breaks the connection once, when so much of a message has come; the socket is read by hand until then. */
function breaking(fault: (session: ServerSession) => void): (line: string, session: ServerSession) => undefined {
  let broken = false;
  return (line, session) => {
    if (broken || !/^(DATA|BDAT)/.test(line)) return undefined;
    broken = true;
    let come = 0;
    const count = (chunk: Buffer): void => {
      come += chunk.length;
      if (come < ENOUGH) return;
      session.socket.off('data', count);
      fault(session);
    };
    session.socket.on('data', count);
    return undefined;
  };
}

describe.each([
  ['DATA', []],
  ['DATA behind PIPELINING', ['PIPELINING']],
  ['BDAT', ['PIPELINING', 'CHUNKING']],
])('%s: a server that', (_, offers) => {
  it.each(FAULTS)('%s in the middle of the content', async (_way, fault, error) => {
    await using server = await mailServer({ offers, answer: breaking(fault) });
    await using mailer = new Mailer({
      host: '127.0.0.1',
      port: server.port,
      security: 'none',
      timeouts: { block: 500 },
    });
    const thrown = await mailer.send(LETTER).catch((each: unknown) => each);
    expect(thrown).toMatchObject({ ...error, mayHaveBeenDelivered: false, retryable: true, phase: 'content' });
    expect(thrown).toMatchObject({
      recipients: { accepted: [], rejected: [{ reply: undefined }, { reply: { code: 550 } }] },
    });
    await mailer.close();
    for (const { socket } of server.sessions) socket.resume();
    await server.until(({ open }) => open === 0);
    expect(server.messages).toEqual([]);
  });

  it('resets once: with retries it is sent again, whole, and once', async () => {
    await using server = await mailServer({ offers, answer: breaking(({ socket }) => socket.resetAndDestroy()) });
    await using mailer = new Mailer({ host: '127.0.0.1', port: server.port, security: 'none', retries: 1 });
    const delivery = await mailer.send(LETTER);
    expect(delivery.accepted).toHaveLength(1);
    expect(server.messages.map(({ session, text }) => [session, text.length > 16_000_000])).toEqual([[1, true]]);
  });
});
