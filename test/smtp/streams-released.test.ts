/** A message that is never sent leaves no stream of its caller's open. */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compose } from '../../src/mime/index.ts';
import { Mailer, SmtpClient } from '../../src/smtp/index.ts';
import { type MailServer, mailServer, SILENCE } from '../support/mail-server.ts';

const mailerFor = (server: MailServer): Mailer =>
  new Mailer({ host: '127.0.0.1', port: server.port, security: 'none', timeouts: 10_000 });
const withStreams = (...streams: readonly (Readable | ReadableStream<Uint8Array>)[]) => ({
  from: 'a@a.example',
  to: 'b@b.example',
  subject: 'Hi',
  attachments: streams.map((content, n) => ({ filename: `${n}.txt`, content })),
});
const file = (): Readable => createReadStream(fileURLToPath(import.meta.url));

describe('the streams of a message', () => {
  it.each(['550 5.7.1 no', '452 4.2.2 full'])('that is refused with %s', async (answer) => {
    await using server = await mailServer({ answer: (line) => (line.startsWith('RCPT') ? answer : undefined) });
    await using mailer = mailerFor(server);
    const streams = [file(), file()];
    await expect(mailer.send(withStreams(...streams))).rejects.toMatchObject({ code: 'RECIPIENTS_REFUSED' });
    // what may succeed can be sent again
    expect(streams.map(({ destroyed }) => destroyed)).toEqual(answer.startsWith('5') ? [true, true] : [false, false]);
    for (const stream of streams) stream.destroy();
  });

  it('that is refused for now, and then sent', async () => {
    let first = true;
    await using server = await mailServer({
      answer: (line) => {
        if (!line.startsWith('RCPT') || !first) return undefined;
        first = false;
        return '451 4.7.1 greylisted';
      },
    });
    await using mailer = mailerFor(server);
    const letter = withStreams(Readable.from(['one']));
    await expect(mailer.send(letter)).rejects.toMatchObject({ retryable: true });
    await mailer.send(letter);
    expect(server.messages).toHaveLength(1);
  });

  it('that meets a connection which is gone: it goes out on another, for nothing was read', async () => {
    await using server = await mailServer({
      answer: (line, session) => {
        if (!line.startsWith('MAIL') || session.number !== server.sessions[0]?.number || server.messages.length === 0)
          return undefined;
        session.socket.resetAndDestroy();
        return SILENCE;
      },
    });
    await using mailer = mailerFor(server);
    await mailer.send({ ...withStreams(), text: 'first' });
    await mailer.send(withStreams(Readable.from(['one'])));
    expect(server.sessions).toHaveLength(2);
    expect(server.messages).toHaveLength(2);
  });

  it('that is aborted while its first stream stalls', async () => {
    await using server = await mailServer();
    await using mailer = mailerFor(server);
    const caller = new AbortController();
    const stalled = new Readable({ read: () => {} });
    const second = file();
    const sent = mailer.send(withStreams(stalled, second), { signal: caller.signal });
    await server.until(({ lines }) => lines.includes('DATA'));
    setTimeout(() => caller.abort(), 50);
    await expect(sent).rejects.toMatchObject({ code: 'ABORTED' });
    expect([stalled.destroyed, second.destroyed]).toEqual([true, true]);
  });

  it('whose connection breaks in the middle', async () => {
    await using server = await mailServer({
      answer: (line, session) => {
        if (line !== 'DATA') return undefined;
        session.say('354 go');
        setTimeout(() => session.socket.resetAndDestroy(), 20);
        return SILENCE;
      },
    });
    await using mailer = mailerFor(server);
    const stalled = new Readable({ read: () => {} });
    stalled.push('begun');
    const second = file();
    await expect(mailer.send(withStreams(stalled, second))).rejects.toMatchObject({ mayHaveBeenDelivered: false });
    expect([stalled.destroyed, second.destroyed]).toEqual([true, true]);
  });

  it('that a closed mailer does not take, or that has no recipient', async () => {
    await using server = await mailServer();
    const mailer = mailerFor(server);
    let cancelled = false;
    const web = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled = true) });
    await expect(mailer.send({ from: 'a@a.example', attachments: [{ content: web }] })).rejects.toMatchObject({
      code: 'NO_RECIPIENTS',
    });
    expect(cancelled).toBe(true);
    await mailer.close();
    const stream = file();
    await expect(mailer.send(withStreams(stream))).rejects.toThrow('the mailer is closed');
    expect(stream.destroyed).toBe(true);
  });

  it('that a client sends step by step', async () => {
    await using server = await mailServer({ answer: (line) => (line.startsWith('MAIL') ? '550 no' : undefined) });
    await using client = await SmtpClient.connect({ host: '127.0.0.1', port: server.port, security: 'none' });
    const stream = file();
    await expect(client.send(compose(withStreams(stream)))).rejects.toMatchObject({ code: 'SENDER_REFUSED' });
    expect(stream.destroyed).toBe(true);
  });
});
