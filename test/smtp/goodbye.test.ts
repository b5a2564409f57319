/** A 421 among replies: what stood behind the words it answered was not heeded, where the server closes as it has to. */
import { describe, expect, it } from 'vitest';
import { Driver } from '../../src/smtp/driver.ts';
import { Mailer } from '../../src/smtp/index.ts';
import { replay } from '../../src/transport/index.ts';
import { message, type Outcome, raw, send, settings } from '../support/dialogue.ts';
import { mailServer, SILENCE } from '../support/mail-server.ts';

const MESSAGE = 'C~ ^MAIL\nC~ ^RCPT\nC: BDAT 11 LAST\nC: a: b\nC: \nC: c\n';
const OPENING = 'S: 220 hi\nC~ ^EHLO\nS: 250-hi\nS: 250-PIPELINING\nS: 250 CHUNKING\n';

/** Two messages in one write, and what the server has to say to them. */
async function two(answer: string): Promise<readonly unknown[]> {
  const connection = replay(`${OPENING}${MESSAGE}C: RSET\n${MESSAGE}${answer}`);
  const driver = await Driver.open(connection, settings());
  connection.played.catch(() => {});
  const outcomes = await Promise.all(
    [0, 1].map(() => new Promise<Outcome>((resolve) => resolve(send(driver, raw('a: b\r\n\r\nc\r\n'))))),
  );
  expect(driver.isFree).toBe(false);
  await connection.closed;
  return outcomes.map(({ error }) => error);
}

const REFUSED = { code: 'SENDER_REFUSED', reply: { code: 421 }, retryable: true, mayHaveBeenDelivered: false };
const UNHEEDED = { code: 'CONNECTION_CLOSED', reply: { code: 421 }, retryable: true, mayHaveBeenDelivered: false };
const IN_DOUBT = { code: 'CONNECTION_CLOSED', reply: { code: 421 }, retryable: false, mayHaveBeenDelivered: true };
const BYE = 'S: 421 4.3.2 enough\n';
const NO = 'S: 503 no\n';

const WENT_ON = { name: 'ProtocolError', code: 'UNEXPECTED_REPLY', retryable: false, mayHaveBeenDelivered: true };

describe('behind a 421 to the first of two messages that have left', () => {
  it.each([
    ['the server closes', `${BYE}-- close`, REFUSED, UNHEEDED],
    ['the server resets the connection', `${BYE}-- reset`, REFUSED, UNHEEDED],
    ['all the rest is refused', `${BYE}${NO.repeat(6)}`, REFUSED, UNHEEDED],
    ['all the rest is refused with 421', `${BYE.repeat(7)}`, REFUSED, UNHEEDED],
    ['something is refused, and the server closes', `${BYE}${NO}S- 5\n-- close`, REFUSED, UNHEEDED],
    ['the server goes on', `${BYE}S: 250 recipient\n`, WENT_ON, WENT_ON],
    ['the server goes on behind refusals', `${BYE}${NO}${NO}S: 250 reset\n`, WENT_ON, WENT_ON],
    ['the server begins to go on, and closes', `${BYE}S- 25\n-- close`, WENT_ON, WENT_ON],
    ['rubbish comes', `${BYE}S- 250x\\r\\n`, { ...WENT_ON, code: 'BAD_REPLY' }, { ...WENT_ON, code: 'BAD_REPLY' }],
  ])('%s', async (_, answer, first, second) => {
    const errors = await two(answer);
    expect(errors[0]).toMatchObject(first);
    expect(errors[1]).toMatchObject(second);
  });

  it('the server neither closes nor speaks: after two seconds nobody knows', async () => {
    const begun = performance.now();
    const errors = await two(`${BYE}C: never`);
    expect(performance.now() - begun).toBeLessThan(4_500);
    expect(errors[0]).toMatchObject(REFUSED);
    expect(errors[1]).toMatchObject(IN_DOUBT);
  });
});

describe('a 421 in lock-step or behind nothing that has left', () => {
  it('is heard at once', async () => {
    const connection = replay(`S: 220 hi\nC~ ^EHLO\nS: 250 hi\nC~ ^MAIL\n${BYE}C: never`);
    const driver = await Driver.open(connection, settings());
    const { error } = await send(driver, message());
    expect(error).toMatchObject(REFUSED);
    connection.played.catch(() => {});
    await connection.closed;
  });
});

describe('a server that says 421 of one recipient, and goes on', () => {
  it('gets the message once, and the caller hears that it may be there', async () => {
    await using server = await mailServer({
      offers: ['PIPELINING', 'CHUNKING'],
      answer: (line) => (line.startsWith('RCPT TO:<no') ? '421 4.2.1 not now' : undefined),
    });
    await using mailer = new Mailer({ host: '127.0.0.1', port: server.port, security: 'none', retries: 2 });
    const letter = { from: 'a@a.example', to: ['no@b.example', 'yes@b.example'], subject: 'Hi', text: 'Hi.' };
    await expect(mailer.send(letter)).rejects.toMatchObject({ mayHaveBeenDelivered: true, retryable: false });
    expect(server.messages).toHaveLength(1);
  });

  it('a server that closes only when it has heard nothing more: sent once, by the second connection', async () => {
    await using server = await mailServer({
      offers: ['PIPELINING', 'CHUNKING'],
      answer: (line, session) => {
        if (!line.startsWith('MAIL') || session.number > 0) return undefined;
        session.deaf = true;
        session.say('421 4.3.2 going down');
        setTimeout(() => session.stream.end(), 200);
        return SILENCE;
      },
    });
    await using mailer = new Mailer({ host: '127.0.0.1', port: server.port, security: 'none', retries: 1 });
    await mailer.send({ from: 'a@a.example', to: 'yes@b.example', subject: 'Hi', text: 'Hi.' });
    expect(server.messages).toHaveLength(1);
    expect(server.sessions).toHaveLength(2);
  });
});
