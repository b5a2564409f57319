/**
 * What everything above the transport relies on, to be read from top to bottom as a lesson on what a connection is, in
 * four chapters:
 *
 * 1. here: a connection, whatever carries it: memory, TCP, a Unix socket, TLS. Partial reads and writes, end of data and
 *    half-close, backpressure, deadlines; and how lines are put together
 * 2. contract-connecting.test.ts: the ways in which connecting fails, refused and not found among them; what TLS says
 * 3. contract-listening.test.ts: what there is to know about listening
 * 4. contract-datagrams.test.ts: datagrams, which are no connection at all, and are cut off where they don't fit
 */
import { describe, expect, test } from 'vitest';
import { LineSplitter, readLines } from '../../src/transport/index.ts';
import { pause, readAll, readExactly, text } from './reading.ts';
import { WAYS } from './ways.ts';

describe.each(Object.entries(WAYS))('a connection %s', (way, open) => {
  describe('1. is a stream of bytes: their order is kept, and nothing else', () => {
    test('what was written in pieces may be read as one: a read is not a message', async () => {
      await using pair = await open();
      for (const piece of ['220 mail', '.example.com\r', '\n250-first\r\n', '250 last\r\n']) pair.server.write(piece);
      pair.server.end();
      // how many reads it took is nobody's business
      expect(await readAll(pair.client)).toBe('220 mail.example.com\r\n250-first\r\n250 last\r\n');
    });

    test('what was written as one is read in pieces: a message is not a read', async () => {
      await using pair = await open();
      const whole = Buffer.alloc(3_000_000);
      for (let n = 0; n < whole.length; n += 1) whole[n] = (n * 7 + (n >> 8)) & 0xff;
      // one call, although no system takes so much at once: the rest follows by itself
      pair.client.write(whole);
      pair.client.end();
      let reads = 0;
      const pieces: Uint8Array[] = [];
      for (let chunk = await pair.server.read(); chunk !== undefined; chunk = await pair.server.read()) {
        pieces.push(chunk);
        reads += 1;
      }
      expect(Buffer.concat(pieces).equals(whole)).toBe(true);
      // in memory alone nothing comes between writer and reader
      if (way !== 'in memory') expect(reads).toBeGreaterThan(1);
    });

    test('so lines must be put together by whoever reads them, wherever they were cut', async () => {
      const words = 'one\r\ntwo\nthree\r\n\r\nlast';
      for (const size of [1, 2, 3, 5, words.length]) {
        await using pair = await open();
        const speak = async (): Promise<void> => {
          for (let at = 0; at < words.length; at += size) {
            await pair.server.write(words.slice(at, at + size));
            if (size < words.length) await pause(0);
          }
          pair.server.end();
        };
        const spoken = speak();
        const lines: string[] = [];
        for await (const line of readLines(pair.client)) lines.push(line);
        await spoken;
        expect(lines).toEqual(['one', 'two', 'three', '', 'last']);
      }
    });

    test('and so must anything of a known length; what was read too far is put back', async () => {
      await using pair = await open();
      pair.client.write('5\nhello3\nyou');
      const found: string[] = [];
      for (const _ of [1, 2]) {
        const digits = await readExactly(pair.server, 2);
        found.push(text(await readExactly(pair.server, Number.parseInt(text(digits), 10))));
      }
      expect(found).toEqual(['hello', 'you']);
    });

    test('every byte arrives as it was sent', async () => {
      await using pair = await open();
      const all = Uint8Array.from({ length: 256 }, (_, n) => n);
      pair.client.write(all);
      // a string is one byte a character
      pair.client.write(String.fromCharCode(...all));
      pair.client.end();
      expect(Buffer.from(await readAll(pair.server), 'latin1')).toEqual(Buffer.concat([all, all]));
    });
  });

  describe('2. has an end on each side', () => {
    test('the end of data is undefined, after everything that came before it, and stays', async () => {
      await using pair = await open();
      pair.server.write('the last words');
      pair.server.end();
      expect(await readAll(pair.client)).toBe('the last words');
      expect(await pair.client.read()).toBeUndefined();
      expect(await pair.client.read()).toBeUndefined();
    });

    test('who has said everything can still listen (half-close)', async () => {
      await using pair = await open();
      pair.client.write('how many bytes is this?');
      pair.client.end();
      // the server knows the question is complete, because it ended; the answer goes the other way
      const question = await readAll(pair.server);
      pair.server.write(`${question.length}`);
      pair.server.end();
      expect(await readAll(pair.client)).toBe('23');
    });

    test('close() lets what was written leave first', async () => {
      await using pair = await open();
      pair.server.write('x'.repeat(100_000));
      const closed = pair.server.close();
      expect(await readAll(pair.client)).toHaveLength(100_000);
      await closed;
    });

    test('who has closed can neither read nor write', async () => {
      await using pair = await open();
      await pair.client.close();
      await pair.client.close(); // twice is once
      expect(pair.client.isClosed).toBe(true);
      await expect(pair.client.read()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
      await expect(pair.client.write('x')).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    });

    test('a wait that is under way when this side closes does not hang', async () => {
      await using pair = await open();
      const waiting = pair.client.read();
      const told = expect(waiting).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
      await pair.client.close();
      await told;
    });

    test('a peer that breaks off is an end or a fault, after the bytes that came before; no wait hangs', async () => {
      await using pair = await open();
      pair.server.write('half a sen');
      expect(text(await readExactly(pair.client, 10))).toBe('half a sen');
      pair.server.destroy();
      // a process that dies looks like one that has said everything: that is why protocols say how long things are
      const end = await pair.client.read().catch((error) => error.code);
      expect([undefined, 'CONNECTION_LOST']).toContain(end);
      // who goes on talking to nobody hears of it
      const talk = async (): Promise<void> => {
        for (let n = 0; n < 1_000; n += 1) {
          await pair.client.write('hello?');
          await pause(1);
        }
      };
      await expect(talk()).rejects.toMatchObject({ code: 'CONNECTION_LOST', retryable: true });
    });
  });

  describe('3. makes the fast wait for the slow (backpressure)', () => {
    test('write() says when to wait, and the wait ends when somebody reads', async () => {
      await using pair = await open();
      const block = Buffer.alloc(256 * 1024);
      let written = 0;
      let wait: Promise<void> | undefined;
      for (;;) {
        wait = pair.client.write(block);
        written += block.length;
        // nobody reads: what the system and both ends hold is full at some time, and stays so
        if (
          wait !== undefined &&
          (await Promise.race([wait.then(() => 'on'), pause(150).then(() => 'stuck')])) === 'stuck'
        )
          break;
      }
      expect(written).toBeLessThan(64 * 1024 * 1024);
      let got = 0;
      while (got < written) got += (await pair.server.read())?.length ?? 0;
      await wait;
      expect(got).toBe(written);
    });

    test('what was read ahead is bounded, and lost to nobody', async () => {
      await using pair = await open();
      const total = 8 * 1024 * 1024;
      const send = async (): Promise<void> => {
        for (let sent = 0; sent < total; sent += 65_536) await pair.client.write(Buffer.alloc(65_536, sent >> 16));
        pair.client.end();
      };
      const sending = send();
      await pause(30); // a reader that comes late
      let at = 0;
      for (let chunk = await pair.server.read(); chunk !== undefined; chunk = await pair.server.read()) {
        if (chunk[0] !== ((at >> 16) & 0xff)) throw new Error(`byte ${at} is another`);
        at += chunk.length;
      }
      await sending;
      expect(at).toBe(total);
    });
  });

  describe('4. never waits for ever', () => {
    test('a deadline is absolute: a byte now and then does not put it off', async () => {
      await using pair = await open();
      pair.client.setDeadline('the greeting', 60);
      const drip = setInterval(() => void pair.server.write('.'), 5);
      pair.server.closed.then(() => clearInterval(drip));
      const started = performance.now();
      const fault = await readAll(pair.client).catch((error) => error);
      clearInterval(drip);
      expect(fault).toMatchObject({
        name: 'TimeoutError',
        code: 'DEADLINE_PASSED',
        phase: 'the greeting',
        retryable: true,
      });
      expect(performance.now() - started).toBeLessThan(2_000);
      // late is over: an answer that came now would be taken for the answer to something else
      await expect(pair.client.read()).rejects.toBe(fault);
      await expect(pair.client.write('x')).rejects.toBe(fault);
    });

    test('it ends a write that nobody takes, too', async () => {
      await using pair = await open();
      pair.client.setDeadline('the content', 80);
      const fill = async (): Promise<void> => {
        for (;;) await pair.client.write(Buffer.alloc(1 << 20));
      };
      await expect(fill()).rejects.toMatchObject({ code: 'DEADLINE_PASSED', phase: 'the content' });
    });

    test('what came in time is in time, and a deadline that is cleared or replaced does not come back', async () => {
      await using pair = await open();
      pair.client.setDeadline('first', 20);
      pair.client.setDeadline('second', 5_000);
      await pause(40);
      pair.server.write('in time');
      expect(text(await readExactly(pair.client, 7))).toBe('in time');
      pair.client.setDeadline('third', 10);
      pair.client.clearDeadline();
      await pause(30);
      expect(pair.client.fault).toBeUndefined();
    });
  });

  test('5. has one reader: two at once would each get a part', async () => {
    await using pair = await open();
    const first = pair.client.read();
    expect(() => pair.client.read()).toThrow(TypeError);
    pair.server.write('x');
    expect(text((await first) ?? new Uint8Array())).toBe('x');
  });
});

describe('lines', () => {
  test('have a limit: a line without end is not kept for ever', () => {
    const splitter = new LineSplitter(10);
    expect([...splitter.push(Buffer.from('123456789\n'))]).toHaveLength(1);
    expect(() => [...splitter.push(Buffer.from('12345678901'))]).toThrow(/over 10 bytes/);
  });

  test('know how they ended, and what has not ended yet', () => {
    const splitter = new LineSplitter();
    expect([...splitter.push(Buffer.from('a\r\nb\nc\r'))].map(({ end }) => end)).toEqual(['\r\n', '\n']);
    expect(splitter.partial.toString()).toBe('c\r');
    expect([...splitter.push(Buffer.from('\n'))][0]?.bytes.toString()).toBe('c');
    expect(splitter.rest()).toBeUndefined();
  });
});
