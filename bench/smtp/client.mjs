/**
 * One figure: a client, in a process of its own, sends messages and prints what it took, as JSON.
 *
 *   node bench/smtp/client.mjs CLIENT '{"port":2525,"count":1000,"connections":1,"recipients":1,"work":"text"}'
 *
 * `work`: `text` (1 KB), `attachment` (1 MiB from memory), `file` (the path in `file`).
 */
import { statSync } from 'node:fs';

const [client, json] = process.argv.slice(2);
const options = JSON.parse(json);
const { port, count, connections, recipients, work, file } = options;
const host = '127.0.0.1';

const LINE = 'The quick brown fox jumps over the lazy dog, and the dog does not mind.';
const text = Array.from({ length: 11 }, () => LINE).join('\n');
const to = Array.from({ length: recipients }, (_, n) => `reader${n}@example.com`);
const MIB = Buffer.alloc(
  1024 * 1024,
  Uint8Array.from({ length: 251 }, (_, n) => n),
);

/** The fields of message n, as plainwire and nodemailer call them. */
function fields(n) {
  const init = { from: 'Sender <sender@example.com>', to, subject: `Message ${n}`, text };
  if (work === 'attachment') init.attachments = [{ filename: 'data.bin', content: MIB }];
  if (work === 'file') init.attachments = [{ filename: 'data.bin', path: file }];
  return init;
}

const CLIENTS = {
  async plainwire() {
    const { Mailer } = await import('plainwire');
    return async () => {
      const trace = (event) => {
        trips = Math.max(trips, event.roundTrip ?? 0);
      };
      const mailer = new Mailer({
        host,
        port,
        security: 'none',
        connections,
        ...options.mailer,
        ...(options.trips ? { trace } : {}),
      });
      const init = (function* () {
        for (let n = 0; n < count; n += 1) yield fields(n);
      })();
      let sent = 0;
      for await (const outcome of mailer.sendAll(init)) {
        if (!outcome.ok) throw outcome.error;
        sent += 1;
        if (options.progress !== undefined && sent % options.progress === 0) report(sent);
      }
      await mailer.close();
    };
  },

  async raw() {
    const { rawLimit } = await import('./raw.mjs');
    const { rawFile } = await import('./raw-file.mjs');
    const { base64Lines } = await import('../base64-lines.mjs');
    if (work === 'file') return () => rawFile({ port, file });
    // as many octets as a composed message has: the sink looks at each of them
    const head = [
      'Date: Sat, 21 Nov 2026 12:00:00 +0000',
      'From: Sender <sender@example.com>',
      `To: ${to.join(',\r\n ')}`,
      'Subject: Message 12345',
      'Message-ID: <0123456789abcdef0123456789abcdef@example.com>',
      'MIME-Version: 1.0',
      '',
    ].join('\r\n');
    const type = 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n';
    const ready = `${head}${type}\r\n${text.replaceAll('\n', '\r\n')}\r\n.\r\n`;
    const before = Buffer.from(`${head}Content-Transfer-Encoding: base64\r\n\r\n`);
    const contentOf = work === 'text' ? () => [ready] : () => [before, base64Lines(MIB), '.\r\n'];
    return () => rawLimit({ port, count, connections, recipients, contentOf });
  },

  async nodemailer() {
    const { createTransport } = await import('nodemailer');
    return async () => {
      const pool = { pool: true, maxConnections: connections, maxMessages: Number.POSITIVE_INFINITY };
      const transport = createTransport({ host, port, secure: false, ignoreTLS: true, ...pool });
      await feed(connections * 4, (n) => transport.sendMail(fields(n)));
      transport.close();
    };
  },

  async upyo() {
    const { SmtpTransport } = await import('@upyo/smtp');
    const { createMessage } = await import('@upyo/core');
    return async () => {
      const transport = new SmtpTransport({ host, port, secure: false, pool: true, poolSize: connections });
      const attachments =
        work === 'attachment' ? [new File([MIB], 'data.bin', { type: 'application/octet-stream' })] : [];
      await feed(connections, async (n) => {
        const message = createMessage({
          from: 'Sender <sender@example.com>',
          to,
          subject: `Message ${n}`,
          content: { text },
          attachments,
        });
        const receipt = await transport.send(message);
        if (!receipt.successful) throw new Error(receipt.errorMessages.join());
      });
      await transport.closeAllConnections();
    };
  },

  async emailjs() {
    const { SMTPClient } = await import('emailjs');
    return async () => {
      const clients = Array.from({ length: connections }, () => new SMTPClient({ host, port, ssl: false, tls: false }));
      await feed(connections, (n) =>
        clients[n % connections].sendAsync({
          from: 'Sender <sender@example.com>',
          to: to.join(', '),
          subject: `Message ${n}`,
          text,
          ...(work === 'file' ? { attachment: [{ path: file, name: 'data.bin' }] } : {}),
        }),
      );
    };
  },
};

/** Lets so many messages be on their way at once. */
async function feed(width, send) {
  let next = 0;
  const worker = async () => {
    while (next < count) await send(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** Round trips, counted by the dialogue itself. */
let trips = 0;

function report(sent) {
  console.error(
    `${sent} ${Math.round(process.memoryUsage().rss / 1e6)} MB ${Math.round(performance.now() - start)} ms`,
  );
}

const run = await CLIENTS[client]();
const start = performance.now();
const cpu = process.cpuUsage();
await run();
const seconds = (performance.now() - start) / 1000;
const { user, system } = process.cpuUsage(cpu);
const peak = process.resourceUsage().maxRSS / 1024;
console.log(
  JSON.stringify({ count, seconds, cpu: (user + system) / 1e6, peak, bytes: file ? statSync(file).size : 0, trips }),
);
