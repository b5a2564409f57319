/** Servers that keep the transaction of a message that they have refused, as Postfix does at the end of the data. */
import { describe, expect, it } from 'vitest';
import { Mailer, type MailerOptions, SmtpClient } from '../../src/smtp/index.ts';
import { type MailServer, mailServer, type ServerSession } from '../support/mail-server.ts';

const letter = (subject: string) => ({ from: 'a@a.example', to: 'b@b.example', subject, text: 'Hi.' });
const isBad = (text: string): boolean => text === '' || text.includes('Subject: bad');

/** Refuses what is bad, and empty messages are; then MAIL is out of order until RSET. */
async function keeping(offers: readonly string[]): Promise<MailServer> {
  const kept = new Set<ServerSession>();
  return await mailServer({
    offers,
    onMessage: ({ text }, session) => {
      if (!isBad(text)) return undefined;
      kept.add(session);
      return '554 5.7.1 no';
    },
    answer: (line, session) => {
      if (line === 'RSET') kept.delete(session);
      return kept.has(session) && line.startsWith('MAIL') ? '503 5.5.1 nested MAIL command' : undefined;
    },
  });
}

function optionsFor(server: MailServer): MailerOptions {
  return { host: '127.0.0.1', port: server.port, security: 'none', timeouts: 10_000 };
}

describe('a transaction that is kept behind a refused message', () => {
  it.each([
    ['lock-step', []],
    ['PIPELINING', ['PIPELINING']],
    ['CHUNKING', ['PIPELINING', 'CHUNKING']],
  ])('costs the messages behind it nothing: %s', async (_, offers) => {
    await using server = await keeping(offers);
    await using mailer = new Mailer(optionsFor(server));
    const subjects = ['1', 'bad', '2', '3', 'bad', 'bad', '4'];
    const sent = await Promise.allSettled(subjects.map((subject) => mailer.send(letter(subject))));
    for (const [n, outcome] of sent.entries()) {
      if (subjects[n] !== 'bad') expect(outcome).toMatchObject({ status: 'fulfilled' });
      else expect(outcome).toMatchObject({ reason: { code: 'MESSAGE_REFUSED', reply: { code: 554 } } });
    }
    const taken = server.messages.map(({ text }) => text).filter((text) => !isBad(text));
    expect(taken.map((text) => /^Subject: (\d)/m.exec(text)?.[1])).toEqual(['1', '2', '3', '4']);
    // a lone dot would be a message to those who were named before
    expect(server.messages.map(({ text }) => text)).not.toContain('');
  });

  it('is ended by RSET where nothing was said ahead', async () => {
    await using server = await keeping(['PIPELINING']);
    await using client = await SmtpClient.connect(optionsFor(server));
    await expect(client.send(letter('bad'))).rejects.toMatchObject({ code: 'MESSAGE_REFUSED' });
    await expect(client.send(letter('1'))).resolves.toMatchObject({ reply: { code: 250 } });
    expect(server.sessions).toHaveLength(1);
  });

  it('a 503 for MAIL behind a message that was taken is the answer to it', async () => {
    await using server = await mailServer({
      offers: ['PIPELINING'],
      answer: (line) => (line.startsWith('MAIL FROM:<out@') ? '503 5.5.1 not now' : undefined),
    });
    await using mailer = new Mailer(optionsFor(server));
    const [first, second] = await Promise.allSettled([
      mailer.send(letter('1')),
      mailer.send({ ...letter('2'), from: 'out@a.example' }),
    ]);
    expect(first).toMatchObject({ status: 'fulfilled' });
    expect(second).toMatchObject({ reason: { code: 'SENDER_REFUSED', reply: { code: 503 } } });
  });
});
