/** What was recorded is played again as it is: to the same client with the same mail, on another day. */
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { fetchPage } from '../../src/http/index.ts';
import { Mailer, type MailerOptions } from '../../src/smtp/index.ts';
import { eventsOf } from '../../src/trace/recording.ts';
import { wire } from '../../src/trace/wire.ts';
import { listen, replay, replayServer } from '../../src/transport/index.ts';
import { CA, CERTIFICATE, mailServer } from '../support/mail-server.ts';

const COMMON: MailerOptions = { host: '127.0.0.1', name: 'c.example', timeouts: 5_000 };

async function deliver(options: MailerOptions, mails: readonly object[]): Promise<string> {
  let text = '';
  await using mailer = new Mailer({ ...COMMON, ...options, trace: wire((more) => (text += more)) });
  for (const mail of mails) {
    await mailer.send({ from: 'ada@example.com', to: ['grace@example.org', 'bob@example.org'], ...mail });
  }
  await mailer.close();
  return text;
}

const plain = { subject: 'Hello', text: 'Hi.\n.dot\n' };
const parts = { ...plain, html: '<p>Hi.</p>', attachments: [{ filename: 'a.txt', content: 'figures' }] };
const streamed = () => ({
  ...plain,
  attachments: [{ filename: 'b', content: Readable.from([Buffer.alloc(99, 'x')]) }],
});

describe('mail', () => {
  test.each([
    ['lock-step', [], () => [plain, parts]],
    ['PIPELINING', ['PIPELINING'], () => [plain, parts, streamed()]],
    ['CHUNKING, in batches', ['PIPELINING', 'CHUNKING'], () => [parts, plain, parts]],
    ['CHUNKING, streamed', ['PIPELINING', 'CHUNKING', 'SIZE 1000000'], () => [streamed(), plain]],
  ] as const)('%s', async (_name, offers, mails) => {
    await using server = await mailServer({ offers: [...offers] });
    const recorded = await deliver({ security: 'none', port: server.port }, mails());
    expect(recorded).toMatch(/^# Date: .+\nC~ \^Date: \.\+\$$/m);
    await replayServer(recorded, (address) => {
      return deliver({ security: 'none', port: Number(address.split(':')[1]) }, mails());
    });
  });

  test('STARTTLS and AUTH, with another password', async () => {
    await using server = await mailServer({ offers: ['AUTH PLAIN'], security: 'starttls' });
    const options = (pass: string): MailerOptions => ({
      security: 'starttls',
      host: 'localhost',
      tls: { ca: CA },
      auth: { user: 'ada', pass },
    });
    const recorded = await deliver({ ...options('sesame'), port: server.port }, [plain]);
    expect(recorded).toContain('-- tls\n');
    const again = (address: string) => deliver({ ...options('other'), port: Number(address.split(':')[1]) }, [plain]);
    await replayServer(recorded, again, { tls: CERTIFICATE });
  });

  test('read back, it is what was said, to the byte', async () => {
    await using server = await mailServer({ offers: ['PIPELINING', 'CHUNKING'] });
    const recorded = await deliver({ security: 'none', port: server.port }, [streamed(), parts]);
    const said = eventsOf(recorded).map((event) => (event.kind === 'sent' ? Buffer.from(event.bytes).toString() : ''));
    const [size] = /(?<=BDAT )\d+/.exec(recorded) ?? [];
    expect(said.join('').match(/BDAT \d+/g)).toHaveLength(2);
    const content = said.join('').split(/BDAT \d+ LAST\r\n/)[1] ?? '';
    expect(content.indexOf('MAIL FROM')).toBe(Number(size));
  });
});

test('a request with a body that no line end follows', async () => {
  const head = 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n';
  await using server = await listen({ host: '127.0.0.1', port: 0 }, async (connection) => {
    let came = '';
    while (!came.endsWith('a=b')) came += Buffer.from((await connection.read()) ?? []).toString();
    await connection.write(`${head}ok`);
    await connection.close();
  });
  let recorded = '';
  const post = { method: 'POST', body: 'a=b', timeouts: { whole: 5_000 } } as const;
  await fetchPage(`http://${server.address}/`, { ...post, trace: wire((more) => (recorded += more)) });
  expect(recorded).toContain('C- a=b\n');
  const page = await replayServer(recorded, (address) => fetchPage(`http://${address}/`, post));
  expect(page.text()).toBe('ok');
});

describe('octets', () => {
  const TRANSCRIPT = 'C: BDAT 3\nC- \\x00\\r\\n\nC: NOOP\nS: 250 ok\n';

  test('come in any pieces, and the line behind them is a line', async () => {
    const connection = replay(TRANSCRIPT);
    for (const piece of ['BDAT 3\r\n\0', '\r\nNO', 'OP\r\n']) await connection.write(piece);
    await connection.played;
  });

  test('others than those are a mismatch, and so are too few', async () => {
    const other = replay(TRANSCRIPT);
    await other.write('BDAT 3\r\n\0\r\r');
    await expect(other.played).rejects.toMatchObject({ step: 2, expected: '\0\r\n', received: '\0\r\r' });
    const few = replay(TRANSCRIPT);
    await few.write('BDAT 3\r\n\0');
    few.end();
    await expect(few.played).rejects.toMatchObject({ step: 2, received: '\0' });
  });
});

test('a line of the transcript may be longer than any protocol allows', async () => {
  const long = 'x'.repeat(200_000);
  const connection = replay(`C: ${long}\nS: 250 ok\n`);
  await connection.write(`${long}\r\n`);
  await connection.played;
});
