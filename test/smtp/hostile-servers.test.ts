/** Servers that say nothing, drip, never stop, or speak something else: every wait has an end, and leaves nothing behind. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { Phase } from '../../src/smtp/deadlines.ts';
import { Mailer, SmtpClient, type SmtpOptions } from '../../src/smtp/index.ts';
import { parseTranscript } from '../../src/trace/transcript.ts';
import {
  type Connection,
  type Listener,
  listen,
  memoryPair,
  play,
  readLines,
  replay,
} from '../../src/transport/index.ts';
import { raw, session } from '../support/dialogue.ts';
import type { Ended } from './verdict.ts';

function certificate(name: string): string {
  return readFileSync(new URL(`../fixtures/certificates/${name}`, import.meta.url), 'utf8');
}

const CERTIFICATE = { cert: certificate('localhost.pem'), key: certificate('localhost.key') };
const CA = certificate('ca.pem');
const MESSAGE = 'Subject: a\r\n\r\nb\r\n';
const LOGIN: SmtpOptions = { auth: { user: 'ann', pass: 'pencil' } };
const SILENCE = 'C: (nothing more)';

const EHLO = 'S: 220 mx\nC~ ^EHLO\n';
const OPEN = `${EHLO}S: 250 mx\n`;
const MAIL = `${OPEN}C~ ^MAIL\n`;
const RCPT = `${MAIL}S: 250 ok\nC~ ^RCPT\n`;
const DATA = `${RCPT}S: 250 ok\nC: DATA\n`;
const CONTENT = `${DATA}S: 354 go on\nC: Subject: a\nC:\nC: b\nC: .\n`;

const listeners: Listener[] = [];
afterEach(async () => {
  await Promise.all(listeners.splice(0).map((listener) => listener.close()));
});

async function serve(onConnection: (connection: Connection) => Promise<void>): Promise<Listener> {
  const listener = await listen({ host: '127.0.0.1', port: 0 }, onConnection);
  listeners.push(listener);
  return listener;
}

function portOf({ endpoint }: Listener): number {
  return 'port' in endpoint ? endpoint.port : 0;
}

/** Everything may take a minute, except what is said here. */
function timeouts(short: Partial<Record<Phase, number>>): Partial<Record<Phase, number>> {
  const minute = 60_000;
  return {
    greeting: minute, ehlo: minute, helo: minute, lhlo: minute, starttls: minute, tls: minute, auth: minute, mail: minute,
    rcpt: minute, data: minute, block: minute, content: minute, rset: minute, noop: minute, quit: minute, ...short,
  }; // biome-ignore format: a list
}

async function run(text: string, options: SmtpOptions, job: Parameters<typeof session>[2][number]): Promise<Ended> {
  const connection = replay(text);
  const ended = await session(connection, options, [job]);
  await connection.closed;
  return ended;
}

describe('a server that never answers: the deadline of that phase', () => {
  const job = { message: raw(MESSAGE) };
  const cases: readonly [Phase, string, SmtpOptions?][] = [
    ['greeting', ''],
    ['ehlo', EHLO],
    ['helo', `${EHLO}S: 500 what?\nC~ ^HELO\n`],
    ['lhlo', 'S: 220 store\nC~ ^LHLO\n', { lmtp: true }],
    ['starttls', `${EHLO}S: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\n`, { security: 'starttls' }],
    ['auth', `${EHLO}S: 250-mx\nS: 250 AUTH PLAIN\nC~ ^AUTH\n`, LOGIN],
    ['auth', `${EHLO}S: 250-mx\nS: 250 AUTH LOGIN\nC~ ^AUTH\nS: 334 a\nC~ .\nS: 334 b\nC~ .\n`, LOGIN],
    ['mail', MAIL],
    ['rcpt', RCPT],
    ['data', DATA],
    ['content', CONTENT],
  ];
  it.each(cases)('%s', async (phase, text, options = {}) => {
    const started = performance.now();
    const ended = await run(text + SILENCE, { ...options, timeouts: timeouts({ [phase]: 30 }) }, job);
    expect(ended.opened ?? ended.outcomes[0]?.error).toMatchObject({
      name: 'TimeoutError',
      code: 'DEADLINE_PASSED',
      phase,
      mayHaveBeenDelivered: phase === 'content',
      retryable: phase !== 'content',
    });
    expect(performance.now() - started).toBeGreaterThan(25);
  });

  it.each([
    ['after STARTTLS', 'starttls'],
    ['from the first byte on', 'tls'],
  ] as const)('tls, %s', async (_, security) => {
    const listener = await serve(async (connection) => {
      if (security === 'starttls') {
        for (const reply of ['220 mx\r\n', '250-mx\r\n250 STARTTLS\r\n', '220 ready\r\n']) {
          await connection.write(reply);
          await connection.read();
        }
      }
      while ((await connection.read()) !== undefined);
    });
    await using mailer = new Mailer({
      host: '127.0.0.1',
      port: portOf(listener),
      security,
      timeouts: timeouts({ tls: 30 }),
    });
    await expect(mailer.send(raw(MESSAGE))).rejects.toMatchObject({ code: 'DEADLINE_PASSED', phase: 'tls' });
    await expect.poll(() => listener.connections.size).toBe(0);
  });

  it('a block of content that the server does not read', async () => {
    const [near, far] = memoryPair();
    const source = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) yield Buffer.alloc(64 * 1024, 'x\r\n');
    };
    const running = session(near, { timeouts: timeouts({ block: 30 }) }, [{ message: raw(source()) }]);
    for (const reply of ['220 mx', '250 mx', '250 ok', '250 ok', '354 go on']) {
      await far.write(`${reply}\r\n`);
      // the server reads no further than DATA
      if (!reply.startsWith('354')) await far.read();
    }
    const { outcomes } = await running;
    expect(outcomes[0]?.error).toMatchObject({
      code: 'DEADLINE_PASSED',
      phase: 'content',
      mayHaveBeenDelivered: false,
    });
    await near.closed;
    far.destroy();
  });

  it('a block is timed by itself: a source that takes longer than one block may is no fault', async () => {
    const source = async function* (): AsyncGenerator<Uint8Array> {
      for (const line of 'abcdefgh') {
        await new Promise((resolve) => setTimeout(resolve, 60));
        yield Buffer.from(`${line}\r\n`);
      }
    };
    const text = `${DATA}S: 354 go on\n${'C~ ^.$\n'.repeat(8)}C: .\nS: 250 ok\nC: QUIT\nS: 221 bye\n`;
    const ended = await run(text, { timeouts: timeouts({ block: 300 }) }, { message: raw(source()) });
    expect(ended.outcomes[0]?.delivery?.reply.code).toBe(250);
  });

  it('RSET: the message was refused all the same', async () => {
    const text = `${OPEN}C~ ^MAIL\nS: 250 ok\nC~ ^RCPT\nS: 250 ok\nC~ ^RCPT\nS: 550 no\nC: RSET\n${SILENCE}`;
    const message = raw(MESSAGE, ['bob@example.com', 'cid@example.com']);
    const options = { timeouts: timeouts({ rset: 30 }) };
    const ended = await run(text, options, { message, options: { requireAllRecipients: true } });
    expect(ended.outcomes[0]?.error).toMatchObject({ code: 'RECIPIENTS_REFUSED', reply: { code: 550 } });
  });

  it('QUIT: the message was sent all the same', async () => {
    const ended = await run(`${CONTENT}S: 250 ok\nC: QUIT\n${SILENCE}`, { timeouts: timeouts({ quit: 30 }) }, job);
    expect(ended.outcomes[0]?.delivery?.reply.code).toBe(250);
  });

  it.each([
    ['noop', (client: SmtpClient) => client.noop()],
    ['command', (client: SmtpClient) => client.command('HELP')],
  ] as const)('%s', async (phase, ask) => {
    const listener = await serve((connection) => play(parseTranscript(`${OPEN}C~ .\n${SILENCE}`), connection));
    const client = await SmtpClient.connect({
      host: '127.0.0.1',
      port: portOf(listener),
      timeouts: { ...timeouts({}), [phase]: 30 },
    });
    await expect(ask(client)).rejects.toMatchObject({ code: 'DEADLINE_PASSED', phase });
    await client.quit();
    await expect.poll(() => listener.connections.size).toBe(0);
  });
});

describe('a server that says a byte now and then: deadlines are absolute', () => {
  it.each([
    ['greeting', '', '220-'],
    ['ehlo', EHLO, '250-'],
    ['mail', MAIL, '250-'],
    ['rcpt', RCPT, '250-'],
    ['data', DATA, '354-'],
    ['content', CONTENT, '250-'],
  ] as const)('%s', async (phase, text, beginning) => {
    const [near, far] = memoryPair();
    let dripping: NodeJS.Timeout | undefined;
    /** When the words before have been played, what the client waits for drips. */
    const drip = (): Promise<never> => {
      const line = `${beginning}wait\r\n`;
      let at = 0;
      dripping = setInterval(() => {
        void far.write(line[at % line.length] ?? '')?.catch(() => {});
        at += 1;
      }, 5);
      return new Promise(() => {});
    };
    void play(parseTranscript(`${text}-- tls`), far, { onTls: drip });
    const started = performance.now();
    const ended = await session(near, { timeouts: timeouts({ [phase]: 80 }) }, [{ message: raw(MESSAGE) }]);
    clearInterval(dripping);
    expect(ended.opened ?? ended.outcomes[0]?.error).toMatchObject({ code: 'DEADLINE_PASSED', phase });
    expect(performance.now() - started).toBeLessThan(10_000);
    await near.closed;
    far.destroy();
  });

  it('tls', async () => {
    const listener = await serve(async (connection) => {
      // the head of a handshake record that would have 16 KB
      const dripping = setInterval(
        () => void connection.write('\x16\x03\x03\x40\x00\x02'[0] ?? '')?.catch(() => {}),
        5,
      );
      try {
        while ((await connection.read()) !== undefined);
      } finally {
        // a client may break off with a reset
        clearInterval(dripping);
      }
    });
    const options = {
      host: '127.0.0.1',
      port: portOf(listener),
      security: 'tls',
      timeouts: timeouts({ tls: 60 }),
    } as const;
    await using mailer = new Mailer(options);
    await expect(mailer.send(raw(MESSAGE))).rejects.toMatchObject({ phase: 'tls' });
    await expect.poll(() => listener.connections.size).toBe(0);
  });
});

describe('a server that never stops', () => {
  it('an EHLO reply of 10,000 keywords', async () => {
    const keywords = Array.from({ length: 10_000 }, (_, n) => `S: 250-X-${n}`).join('\n');
    const ended = await run(
      `${EHLO}${keywords}\nS: 250 HELP\n${SILENCE}`,
      { timeouts: 60_000 },
      { message: raw(MESSAGE) },
    );
    expect(ended.opened).toMatchObject({ name: 'ProtocolError', code: 'LIMIT_EXCEEDED', phase: 'ehlo' });
  });

  it.each([
    ['LOGIN', 'AUTH LOGIN', '334 VXNlcm5hbWU6'],
    ['LOGIN, with rubbish for a challenge', 'AUTH LOGIN', '334 !!!'],
    ['PLAIN', 'AUTH PLAIN', '334 '],
    ['CRAM-MD5', 'AUTH CRAM-MD5', '334 PDEuMkBteD4='],
  ])('challenges without end, %s', async (_, offer, challenge) => {
    const [near, far] = memoryPair();
    const said: string[] = [];
    const serving = (async () => {
      await far.write('220 mx\r\n');
      for await (const line of readLines(far)) {
        said.push(line);
        await far.write(line.startsWith('EHLO') ? `250-mx\r\n250 ${offer}\r\n` : `${challenge}\r\n`);
      }
    })().catch(() => {});
    const ended = await session(near, { ...LOGIN, timeouts: 60_000 }, [{ message: raw(MESSAGE) }]);
    expect(ended.opened).toMatchObject({ name: 'ProtocolError', code: 'LIMIT_EXCEEDED', phase: 'auth' });
    expect(said.length).toBeLessThan(25);
    expect(said.at(-1)).toBe('*');
    await serving;
  });

  it.each(['221 bye\r\n250 and another thing\r\n', '221 bye\r\nrubbish\r\n', 'rubbish\r\n', '250-\r\n'.repeat(2_000)])(
    'goes on after QUIT: %j',
    async (words) => {
      const text = `${CONTENT}S: 250 ok\nC: QUIT\nS- ${JSON.stringify(words).slice(1, -1)}\n${SILENCE}`;
      const ended = await run(text, { timeouts: 60_000 }, { message: raw(MESSAGE) });
      expect(ended.outcomes[0]?.delivery).toBeDefined();
    },
  );

  it('floods a client that has said QUIT', async () => {
    const listener = await serve(async (connection) => {
      const flood = async (): Promise<never> => {
        for (;;) await (connection.write('250 more\r\n'.repeat(5_000)) ?? new Promise(setImmediate));
      };
      const text = `${CONTENT}S: 250 ok\nC: QUIT\nS: 221 bye\n-- tls`;
      await play(parseTranscript(text), connection, { onTls: flood }).catch(() => {});
    });
    const mailer = new Mailer({ host: '127.0.0.1', port: portOf(listener), timeouts: 60_000 });
    await mailer.send(raw(MESSAGE));
    await mailer.close();
    await expect.poll(() => listener.connections.size, { timeout: 5_000 }).toBe(0);
  });

  it('answers the content before it has it all', async () => {
    for (const [reply, expected] of [
      ['552 5.3.4 too big', { name: 'ReplyError', code: 'MESSAGE_REFUSED', reply: { code: 552 } }],
      ['421 4.3.2 going down', { reply: { code: 421 } }],
      ['250 ok', { name: 'ProtocolError', code: 'UNEXPECTED_REPLY' }],
    ] as const) {
      const [near, far] = memoryPair();
      let ended = false;
      const source = async function* (): AsyncGenerator<Uint8Array> {
        try {
          for (;;) yield Buffer.from('x\r\n');
        } finally {
          ended = true;
        }
      };
      const running = session(near, { timeouts: 60_000 }, [{ message: raw(source()) }]);
      for (const line of ['220 mx', '250 mx', '250 ok', '250 ok', '354 go on', reply]) {
        await far.write(`${line}\r\n`);
        await far.read().catch(() => {});
      }
      const { outcomes } = await running;
      expect(outcomes[0]?.error, reply).toMatchObject({ ...expected, mayHaveBeenDelivered: false });
      await near.closed;
      await expect.poll(() => ended).toBe(true);
      far.destroy();
    }
  });
});

describe('a server that speaks while nobody asks', () => {
  it.each(['250 still here\r\n', '421 4.4.2 idle for too long\r\n', '2', '250-', 'rubbish'])(
    '%j between two messages: the second goes over another connection, once',
    async (words) => {
      const subjects: string[] = [];
      const listener = await serve(async (connection) => {
        await connection.write('220 mx\r\n');
        let inData = false;
        for await (const line of readLines(connection)) {
          if (inData) {
            if (line.startsWith('Subject:')) subjects.push(line);
            inData = line !== '.';
            if (inData) continue;
            await connection.write(`250 ok\r\n`);
            if (subjects.length === 1) await connection.write(words);
          } else if (line === 'DATA') {
            inData = true;
            await connection.write('354 go on\r\n');
          } else await connection.write(line === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n');
        }
      });
      const mailer = new Mailer({ host: '127.0.0.1', port: portOf(listener), timeouts: 60_000 });
      const first = await mailer.send(raw('Subject: one\r\n\r\na\r\n'));
      // until the words have come
      await expect.poll(() => listener.connections.size).toBe(0);
      const second = await mailer.send(raw('Subject: two\r\n\r\nb\r\n'));
      expect([first.reply.code, second.reply.code]).toEqual([250, 250]);
      expect(subjects).toEqual(['Subject: one', 'Subject: two']);
      await mailer.close();
      await expect.poll(() => listener.connections.size).toBe(0);
    },
  );
});

describe('TLS', () => {
  /** Plays the clear part, and then does something else; what the client said after STARTTLS. */
  async function afterStartTls(
    words: string,
    then: (connection: Connection) => Promise<unknown>,
    options: SmtpOptions = {},
  ): Promise<{ readonly ended: Ended; readonly said: Buffer }> {
    const [near, far] = memoryPair();
    const said: Uint8Array[] = [];
    const serving = (async () => {
      for (const reply of ['220 mx\r\n', '250-mx\r\n250 STARTTLS\r\n', words]) {
        await far.write(reply);
        if (reply !== words) await far.read();
      }
      await then(far);
      for (let chunk = await far.read(); chunk !== undefined; chunk = await far.read()) said.push(chunk);
    })().catch(() => {});
    const all: SmtpOptions = {
      security: 'starttls',
      tls: { ca: CA, servername: 'localhost' },
      timeouts: 60_000,
      ...options,
    };
    const ended = await session(near, all, [{ message: raw(MESSAGE) }]);
    await near.closed;
    await serving;
    far.destroy();
    return { ended, said: Buffer.concat(said) };
  }

  it.each([
    '220 ready\r\n250 injected\r\n',
    '220 ready\r\n2',
    '220 ready\r\n42',
    '220 ready\r\n\r\n',
    '220 ready\r\n\x16',
    '220 ready\r\n220 ready\r\n',
  ])('%j: bytes behind the 220 are refused, and no handshake begins', async (words) => {
    const { ended, said } = await afterStartTls(words, async () => {});
    expect(ended.opened).toMatchObject({
      name: 'ProtocolError',
      code: 'BYTES_BEFORE_TLS',
      mayHaveBeenDelivered: false,
    });
    expect(said.length).toBe(0);
  });

  it.each([
    ['words', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['the next reply', '250 mx\r\n'],
    ['zeros', '\0'.repeat(100)],
    ['an alert', '\x15\x03\x03\x00\x02\x02\x28'],
    ['a record that is too long', `\x16\x03\x03\xff\xff${'\0'.repeat(100)}`],
  ])('rubbish for a handshake: %s', async (_, rubbish) => {
    const { ended } = await afterStartTls('220 ready\r\n', async (far) => {
      await far.read();
      await far.write(rubbish);
    });
    expect(ended.opened).toMatchObject({ name: 'TlsError', code: 'TLS_FAILED', phase: 'tls' });
  });

  it.each([
    ['for another name', { ca: CA, servername: 'mail.example.com' }],
    ['of a stranger', { servername: 'localhost' }],
  ])('a certificate %s: refused, and not a word is said', async (_, tls) => {
    let after: Promise<Uint8Array | undefined> | undefined;
    const { ended } = await afterStartTls(
      '220 ready\r\n',
      async (far) => {
        await far.accept(CERTIFICATE);
        after = far.read();
        await after;
      },
      { tls, ...LOGIN },
    );
    expect(ended.opened).toMatchObject({ name: 'TlsError', code: 'CERTIFICATE_REFUSED', phase: 'tls' });
    expect(await after?.catch(() => undefined)).toBeUndefined();
  });

  it('is not offered, where it is required: nothing but EHLO was said', async () => {
    const text = `${EHLO}S: 250-mx\nS: 250 AUTH PLAIN LOGIN\n${SILENCE}`;
    const connection = replay(text);
    const ended = await session(connection, { ...LOGIN, security: 'starttls' }, [{ message: raw(MESSAGE) }]);
    expect(ended.opened).toMatchObject({ name: 'UnsupportedError', code: 'STARTTLS_NOT_OFFERED' });
    await expect(connection.played).rejects.toMatchObject({ received: undefined });
  });

  it('what was offered before the handshake is forgotten', async () => {
    const text = `${EHLO}S: 250-mx\nS: 250-PIPELINING\nS: 250-AUTH PLAIN\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 ready\n-- tls\nC~ ^EHLO\nS: 250 mx\n${SILENCE}`;
    const connection = replay(text);
    const ended = await session(connection, { ...LOGIN, security: 'starttls' }, [{ message: raw(MESSAGE) }]);
    expect(ended.opened).toMatchObject({ name: 'UnsupportedError', code: 'AUTH_NOT_OFFERED' });
  });
});

describe('a connection that is reset', () => {
  it.each([
    ['greeting', ''],
    ['ehlo', EHLO],
    ['mail', MAIL],
    ['rcpt', RCPT],
    ['data', DATA],
    ['content', CONTENT],
  ])('%s', async (phase, text) => {
    const ended = await run(`${text}-- reset`, { timeouts: 60_000 }, { message: raw(MESSAGE) });
    expect(ended.opened ?? ended.outcomes[0]?.error).toMatchObject({
      name: 'ConnectionError',
      code: 'CONNECTION_LOST',
      phase,
      mayHaveBeenDelivered: phase === 'content',
    });
  });
});
