import { describe, expect, it } from 'vitest';
import { AbortError, MessageError } from '../../src/errors.ts';
import { Driver } from '../../src/smtp/driver.ts';
import { noop } from '../../src/smtp/opening.ts';
import { memoryPair, replay } from '../../src/transport/index.ts';
import { message, raw, send, settings } from '../support/dialogue.ts';

const CHUNKING = 'S: 220 hi\nC~ ^EHLO\nS: 250-hi\nS: 250-PIPELINING\nS: 250 CHUNKING\n';
const PIPELINING = 'S: 220 hi\nC~ ^EHLO\nS: 250-hi\nS: 250 PIPELINING\n';

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text, 'latin1');
}

describe('a session', () => {
  it('begins nothing once it is over', async () => {
    const connection = replay('S: 220 hi\nC~ ^EHLO\nS: 250 hi\n-- close');
    const driver = await Driver.open(connection, settings());
    await connection.closed;
    await expect(driver.perform(noop())).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
  });

  it('lets no message begin behind one that is still being chunked', async () => {
    const [near, far] = memoryPair();
    const opened = Driver.open(near, settings());
    await far.write('220 hi\r\n');
    await far.read();
    await far.write('250-hi\r\n250-PIPELINING\r\n250 CHUNKING\r\n');
    const driver = await opened;
    let more: () => void = () => {};
    const wanted = new Promise<void>((resolve) => (more = resolve));
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('a\r\n');
      await wanted;
      yield Buffer.from('b\r\n');
    };
    const first = send(driver, raw(source()));
    await far.read();
    expect(driver.isFree).toBe(false);
    more();
    let said = '';
    while (!said.endsWith('b\r\n')) said += Buffer.from((await far.read()) ?? []).toString();
    expect(said).toBe('BDAT 6 LAST\r\na\r\nb\r\n');
    expect(driver.isFree).toBe(true);
    await far.write('250 a\r\n250 b\r\n250 c\r\n');
    expect((await first).delivery?.reply.lines).toEqual(['c']);
    await far.close();
  });

  it('is dropped when a message can not be said behind a 354', async () => {
    const connection = replay(`${PIPELINING}C~ ^MAIL\nC~ ^RCPT\nC: DATA\nS: 250 a\nS: 250 b\nS: 354 go\nC: never`);
    const driver = await Driver.open(connection, settings());
    const broken = message();
    Object.defineProperty(broken, 'inMemory', {
      value: () => {
        throw new MessageError('BAD_INPUT', 'text', 'changed its mind');
      },
    });
    const { error } = await send(driver, broken);
    expect(error).toMatchObject({ code: 'BAD_INPUT', mayHaveBeenDelivered: false });
    expect(driver.isFree).toBe(false);
    await connection.closed;
    await expect(connection.played).rejects.toMatchObject({ name: 'MismatchError', received: undefined });
  });

  it.each([
    ['in memory', (text: string) => raw(text)],
    ['as a stream', (text: string) => raw(pieces(...text))],
  ])('makes line ends CRLF in BDAT too, %s', async (_, make) => {
    const connection = replay(
      `${CHUNKING}C~ ^MAIL\nC~ ^RCPT\nC: BDAT 17 LAST\nC: a: b\nC: \nC: .\nC: c\nC: d\nS: 250 a\nS: 250 b\nS: 250 c\nC: QUIT`,
    );
    const driver = await Driver.open(connection, settings());
    const { delivery } = await send(driver, make('a: b\n\n.\rc\r\nd\r'));
    expect(delivery?.reply.lines).toEqual(['c']);
    connection.end();
    await driver.connection.close();
  });

  it('takes no reply for words that have not left', async () => {
    for (const chunk of ['250 ok\r\n250 ahead\r\n', '250 ok\r\n550 ahead\r\n']) {
      const [near, far] = memoryPair();
      const opened = Driver.open(near, settings());
      await far.write('220 hi\r\n');
      await far.read();
      await far.write('250 hi\r\n');
      const driver = await opened;
      const sent = send(driver, message());
      await far.read();
      await far.write(chunk);
      const { error } = await sent;
      expect(error).toMatchObject({ name: 'ProtocolError', code: 'UNEXPECTED_REPLY', mayHaveBeenDelivered: false });
      await near.closed;
    }
  });

  it('goes on when a message is aborted that has left, while others are under way', async () => {
    const [near, far] = memoryPair();
    const opened = Driver.open(near, settings());
    await far.write('220 hi\r\n');
    await far.read();
    await far.write('250-hi\r\n250-PIPELINING\r\n250 CHUNKING\r\n');
    const driver = await opened;
    const outcomes: string[] = [];
    const begin = (name: string) =>
      driver.begin(
        (function* () {
          yield {
            kind: 'say' as const,
            utterances: [{ verb: 'bdat' as const, message: message({ subject: name }), replies: 1 }],
            goesOn: () => true,
            last: true,
          };
          return name;
        })(),
        (outcome) => outcomes.push(outcome.ok ? outcome.value : `${name} failed`),
      );
    const first = begin('first');
    begin('second');
    driver.abandon(first, new AbortError('ABORTED', 'enough'));
    expect(outcomes).toEqual(['first failed']);
    await far.write('250 first\r\n250 second\r\n');
    await expect.poll(() => outcomes).toEqual(['first failed', 'second']);
    expect(driver.isFree).toBe(true);
    await near.close();
  });
});
