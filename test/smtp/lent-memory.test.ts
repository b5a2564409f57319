/**
 * The base64 of a large message is made in memory that serves for one piece after another, and for one message after
 * another: it may be written anew only when what was in it has left. A socket that takes its time shows where it is not.
 */
import net from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { compose, type Message } from '../../src/mime/index.ts';
import { Driver } from '../../src/smtp/driver.ts';
import { Mailer } from '../../src/smtp/index.ts';
import { settingsOf } from '../../src/smtp/options.ts';
import { deliver } from '../../src/smtp/sending.ts';
import { Connection } from '../../src/transport/connection.ts';
import { CA, mailServer, type ServerSession } from '../support/mail-server.ts';

/** What a block of base64 is made of; what is more makes a piece of its own, which may be short. */
const BLOCK = 57 * 1536;

/** Each attachment is full of its own name, and ends in a short piece. */
function letter(name: string, count = 24, from = 'a@a.example'): Message {
  const attachments = Array.from({ length: count }, (_, n) => ({
    filename: `${n}.bin`,
    content: Buffer.alloc(BLOCK + 3000 + n * 100, `${name}${n};`),
  }));
  return compose({ from, to: 'b@b.example', subject: name, text: 't', attachments });
}

/** Takes a piece whole, but reads its bytes only a while later, as the system does behind a full buffer. */
class LateSocket extends net.Socket {
  #isContent = false;
  readonly content: Buffer[] = [];
  /** Holds every piece back from then on. */
  stalled = false;

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error) => void): void {
    void this.#take([chunk]).then(() => done());
  }

  override _writev(chunks: { chunk: Uint8Array }[], done: (error?: Error) => void): void {
    void this.#take(chunks.map(({ chunk }) => chunk)).then(() => done());
  }

  override _read(): void {}

  async #take(chunks: readonly Uint8Array[]): Promise<void> {
    await turn();
    while (this.stalled && !this.destroyed) await turn();
    if (this.destroyed) return;
    for (const chunk of chunks) this.#heard(Buffer.from(chunk));
  }

  #heard(bytes: Buffer): void {
    if (this.#isContent) {
      this.content.push(bytes);
      if (!bytes.subarray(-5).equals(Buffer.from('\r\n.\r\n')) && !bytes.equals(Buffer.from('.\r\n'))) return;
      this.#isContent = false;
      this.push('250 taken\r\n');
      return;
    }
    this.#isContent = bytes.toString('latin1') === 'DATA\r\n';
    this.push(this.#isContent ? '354 go on\r\n' : '250 ok\r\n');
  }
}

async function late(): Promise<{ readonly socket: LateSocket; readonly driver: Driver }> {
  const socket = new LateSocket();
  const connection = new Connection({ stream: socket, remote: '127.0.0.1:25', host: '127.0.0.1' });
  socket.push('220 late\r\n');
  return { socket, driver: await Driver.open(connection, settingsOf({ host: '127.0.0.1', security: 'none' })) };
}

async function wanted(message: Message): Promise<string> {
  return `${Buffer.from(await message.bytes()).toString('latin1')}.\r\n`;
}

describe('a socket that reads what it was given a while later', () => {
  it('gets each piece as it was made', async () => {
    const { socket, driver } = await late();
    const message = letter('one');
    await deliver(driver, message, {});
    expect(Buffer.concat(socket.content).toString('latin1') === (await wanted(message))).toBe(true);
    driver.connection.destroy();
  });

  it('two at once, and one message after another, with memory that goes from hand to hand', async () => {
    const both = await Promise.all([late(), late()]);
    for (const round of [1, 2, 3]) {
      await Promise.all(
        both.map(async ({ socket, driver }, at) => {
          const message = letter(`${round}${at}`, 16);
          socket.content.length = 0;
          await deliver(driver, message, {});
          expect(Buffer.concat(socket.content).toString('latin1') === (await wanted(message))).toBe(true);
        }),
      );
    }
    for (const { driver } of both) driver.connection.destroy();
  });

  it('what an aborted message still had on its way is not written over by the next', async () => {
    const first = await late();
    const stop = new AbortController();
    const aborted = deliver(first.driver, letter('aborted'), { signal: stop.signal });
    while (first.socket.content.length < 8) await turn();
    first.socket.stalled = true;
    stop.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED', mayHaveBeenDelivered: false });
    const next = await late();
    const message = letter('next');
    await deliver(next.driver, message, {});
    expect(Buffer.concat(next.socket.content).toString('latin1') === (await wanted(message))).toBe(true);
    expect(Buffer.concat(first.socket.content).toString('latin1')).not.toContain(
      Buffer.alloc(300, 'next').toString('base64').slice(8, 60),
    );
    next.driver.connection.destroy();
  });
});

describe.each(['none', 'starttls', 'tls'] as const)('security %s', (security) => {
  it('a server that stops reading now and then: two connections, each message as it was made', async () => {
    const stop = new AbortController();
    let halted: ServerSession | undefined;
    await using server = await mailServer({
      security,
      answer: (line, session) => {
        const { socket } = session;
        if (line.startsWith('MAIL FROM:<x@')) halted = session;
        if (line !== 'DATA') return undefined;
        if (session === halted) {
          setTimeout(() => {
            socket.pause();
            setTimeout(() => stop.abort(), 20);
          });
          return undefined;
        }
        const stops = setInterval(() => {
          if (socket.destroyed) return clearInterval(stops);
          socket.pause();
          setTimeout(() => socket.resume(), 3);
        }, 5);
        return undefined;
      },
    });
    await using mailer = new Mailer({
      host: '127.0.0.1',
      port: server.port,
      security,
      connections: 2,
      tls: { ca: CA, servername: 'localhost' },
    });
    const messages = ['a', 'b', 'c', 'd'].map((name) => letter(name, 40));
    // one is aborted in the middle: what it still has on its way is nobody else's
    const aborted = mailer.send(letter('x', 40, 'x@a.example'), { signal: stop.signal }).catch(({ code }) => code);
    await Promise.all(messages.map((message) => mailer.send(message)));
    expect(await aborted).toBe('ABORTED');
    // on a busy machine it may have left whole before
    expect(server.messages.filter(({ from }) => from !== 'x@a.example')).toHaveLength(4);
    for (const message of messages) {
      const text = Buffer.from(await message.bytes()).toString('latin1');
      const heard = server.messages.find((each) => each.text.includes(message.messageId))?.text ?? '';
      expect(heard === text).toBe(true);
    }
  });
});
