// Composing mail, side by side: plainwire, its peers in Node, Python's email, and what the machine can do at most.
//
//     npm run build && npm run bench:mime
//
// Medians of 25 rounds; each round runs every contender in turn, for a moment only, so that a busy time, or one in which
// the machine is slow, hits all of them. What counts is the ratio, not the number: other machines, other numbers. The time
// is that of the processor, all threads of this process together (process.cpuUsage), so that other programs count as
// little as may be; `BENCH_CLOCK=wall` takes the clock on the wall instead. `npm run bench:mime attachment qp` runs some
// of it.

import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createMessage as createUpyoMessage } from '@upyo/core';
import { Message as EmailjsMessage } from 'emailjs';
import { createMimeMessage } from 'mimetext';
import MailComposer from 'nodemailer/lib/mail-composer/index.js';
import { BLOCK, base64Lines } from './base64-lines.mjs';

const { compose, template } = await import(process.env.PLAINWIRE_MIME ?? '../dist/mime/index.js');

const ROUNDS = 25;
/** Milliseconds that a contender has in each round, or one run where that takes longer. */
const TURN = 40;
/** The first runs are slow: so many turns before any is counted. */
const WARM_UP = 5;
const only = process.argv.slice(2);

const line = 'The quick brown fox jumps over the lazy dog, and then it runs away.\n';
const ascii = {
  from: 'Alice Example <alice@example.com>',
  to: 'bob@example.org',
  subject: 'Your order has been shipped',
  text: line.repeat(15),
  html: `<!doctype html>\n<html><body>\n${`<p style="margin:0">${line.trim()}</p>\n`.repeat(21)}</body></html>\n`,
};
const utf8 = {
  ...ascii,
  from: 'Jörg Müller <joerg@example.com>',
  subject: 'Ihre Bestellung für München ist unterwegs',
  text: ascii.text.replace(/jumps/g, 'springt über'),
  html: ascii.html.replace(/jumps/g, 'springt über'),
};
const plain1k = { from: 'alice@example.com', to: 'bob@example.org', subject: 'Hello there', text: line.repeat(15) };

/** Everything as octets, which is what goes to a socket. */
const octetsOf = (message) => {
  const whole = message.inMemory();
  return typeof whole === 'string' ? Buffer.from(whole, 'latin1') : whole;
};
/** Every block of a big message, as it would be written to a socket. */
const drain = (message) => {
  let total = 0;
  for (const chunk of message.chunks())
    total += typeof chunk === 'string' ? Buffer.from(chunk, 'latin1').length : chunk.length;
  return total;
};
const nodemailer = (init) =>
  new Promise((resolve, reject) =>
    new MailComposer(init).compile().build((error, built) => (error ? reject(error) : resolve(built))),
  );
const emailjs = ({ html, ...init }) =>
  new Promise((resolve, reject) => {
    const attachment = [{ data: html, alternative: true }];
    new EmailjsMessage({ ...init, attachment }).read((error, built) => (error ? reject(error) : resolve(built)));
  });
const mimetext = (init) => {
  const message = createMimeMessage();
  message.setSender(init.from);
  message.setRecipient(init.to);
  message.setSubject(init.subject);
  message.addMessage({ contentType: 'text/plain', data: init.text });
  if (init.html !== undefined) message.addMessage({ contentType: 'text/html', data: init.html });
  return Buffer.from(message.asRaw());
};
/**
 * Upyo's SMTP transport makes the octets inside itself: a copy of its module gives out the function that does.
 */
const { buildRawMessage } = await (async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plainwire-bench-'));
  const module = new URL(import.meta.resolve('@upyo/smtp'));
  const copy = join(folder, 'upyo.mjs');
  writeFileSync(copy, `${readFileSync(module, 'utf8')}\nexport { buildRawMessage };\n`);
  const loaded = await import(pathToFileURL(copy).href);
  rmSync(folder, { recursive: true });
  return loaded;
})();
const upyo = async (init, attachments = []) => {
  const { from, to, subject, text, html } = init;
  const content = html === undefined ? { text } : { text, html };
  return Buffer.from(await buildRawMessage(createUpyoMessage({ from, to, subject, content, attachments })));
};

/** Written out by hand for this one message; it checks nothing, encodes nothing, and its boundary never changes. */
let count = 0;
const byHand = (init) =>
  Buffer.from(
    `From: ${init.from}\r\nTo: ${init.to}\r\nSubject: ${init.subject}\r\nMessage-ID: <${++count}.${Date.now()}@example.com>\r\n` +
      `Date: ${new Date().toUTCString()}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="b"\r\n\r\n` +
      `--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${init.text.replace(/\n/g, '\r\n')}\r\n` +
      `--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${init.html.replace(/\n/g, '\r\n')}\r\n--b--\r\n`,
    'utf8',
  );

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];

const clock =
  process.env.BENCH_CLOCK === 'wall'
    ? () => performance.now() * 1000
    : () => {
        const { user, system } = process.cpuUsage();
        return user + system;
      };

/** Lets the contenders run in turn, round after round; microseconds for one run of each. */
async function race(contenders) {
  const times = new Map(Object.keys(contenders).map((name) => [name, []]));
  const runs = new Map();
  for (const [name, run] of Object.entries(contenders)) {
    const start = performance.now();
    let count = 0;
    while (performance.now() - start < WARM_UP * TURN) {
      await run();
      count += 1;
    }
    runs.set(name, Math.max(1, Math.floor(count / WARM_UP)));
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, run] of Object.entries(contenders)) {
      const total = runs.get(name);
      const start = clock();
      for (let index = 0; index < total; index++) {
        const result = run();
        if (result instanceof Promise) await result;
      }
      times.get(name).push((clock() - start) / total);
    }
  }
  return new Map([...times].map(([name, list]) => [name, median(list)]));
}

function table(title, results, ours, targets = {}) {
  console.log(`\n${title}`);
  const base = results.get(ours);
  for (const [name, time] of results) {
    const ratio = time / base;
    const target = targets[name];
    const verdict = target === undefined ? '' : ` (at least ${target}: ${ratio >= target ? 'yes' : 'NO'})`;
    const shown = time < 1000 ? `${time.toFixed(2)} µs` : `${(time / 1000).toFixed(2)} ms`;
    console.log(
      `  ${name.padEnd(34)}${shown.padStart(12)}   ${name === ours ? '' : `plainwire is ${ratio.toFixed(2)} × as fast${verdict}`}`,
    );
  }
}

async function small(name, init) {
  const results = await race({
    plainwire: () => octetsOf(compose(init)),
    'plainwire, as a string': () => compose(init).inMemory(),
    'by hand, checking nothing': () => byHand(init),
    mimetext: () => mimetext(init),
    nodemailer: () => nodemailer(init),
    emailjs: () => emailjs(init),
    upyo: () => upyo(init),
  });
  results.set(
    "Python's email",
    python('message.set_content(init["text"]); message.add_alternative(init["html"], subtype="html")', init),
  );
  table(`small message, text and html, ${name}, ${octetsOf(compose(init)).length} octets`, results, 'plainwire', {
    'by hand, checking nothing': 0.3,
    mimetext: 1.5,
    nodemailer: 20,
  });
}

async function attachment() {
  const content = randomBytes(10 * 1024 * 1024);
  const init = { ...plain1k, attachments: [{ filename: 'big.bin', content }] };
  const memory = Buffer.allocUnsafeSlow((BLOCK / 57) * 78);
  const results = await race({
    plainwire: () => drain(compose(init)),
    'the limit: base64 and lines by hand': () => base64Lines(content),
    'its text written over and over': () => {
      for (let start = 0; start < content.length; start += BLOCK)
        base64Lines(content.subarray(start, start + BLOCK), memory);
    },
    nodemailer: () => nodemailer(init),
    emailjs: () =>
      new Promise((resolve, reject) => {
        const attachment = [{ data: content.toString('base64'), encoded: true, name: 'big.bin' }];
        new EmailjsMessage({ ...plain1k, attachment }).read((error, built) => (error ? reject(error) : resolve(built)));
      }),
    mimetext: () => {
      const message = createMimeMessage();
      message.setSender(plain1k.from);
      message.setRecipient(plain1k.to);
      message.setSubject(plain1k.subject);
      message.addMessage({ contentType: 'text/plain', data: plain1k.text });
      message.addAttachment({
        filename: 'big.bin',
        contentType: 'application/octet-stream',
        data: content.toString('base64'),
      });
      return Buffer.from(message.asRaw());
    },
    upyo: () =>
      upyo(plain1k, [
        { filename: 'big.bin', content, contentType: 'application/octet-stream', inline: false, contentId: '' },
      ]),
  });
  results.set(
    "Python's email",
    python(
      'message.set_content(init["text"]); message.add_attachment(data, maintype="application", subtype="octet-stream", filename="big.bin")',
      plain1k,
      'import os; data = os.urandom(10 * 1024 * 1024)',
      3,
    ),
  );
  table('10 MB attachment from memory', results, 'plainwire', {
    'the limit: base64 and lines by hand': 0.85,
    nodemailer: 2,
  });
  console.log(`  ${((10 * 1024 * 1024) / results.get('plainwire') / 1000).toFixed(2)} GB/s of input`);
}

async function quotedPrintable() {
  const text = 'Der schnelle braune Fuchs springt über den faulen Hund – und läuft davon, ganz ohne Mühe.\n'.repeat(
    112_000,
  );
  const init = { ...plain1k, text };
  const results = await race({
    plainwire: () => drain(compose({ ...init, textEncoding: 'quoted-printable' })),
    nodemailer: () => nodemailer({ ...init, textEncoding: 'quoted-printable' }),
    upyo: () => upyo(init),
  });
  results.set("Python's email", python('message.set_content(init["text"], cte="quoted-printable")', init, '', 1));
  table(`quoted-printable, ${(Buffer.byteLength(text) / 1e6).toFixed(1)} MB of mixed UTF-8`, results, 'plainwire', {
    nodemailer: 5,
  });
}

async function addresses() {
  const list = Array.from({ length: 10_000 }, (_, index) => `Person ${index} <person.${index}@example.com>`).join(', ');
  const refused = (to) => () => {
    try {
      compose({ from: 'a@example.com', to });
    } catch {}
  };
  const results = await race({
    '10,000 addresses': () => compose({ from: 'a@example.com', to: list }),
    '1 MB of (': refused('('.repeat(1e6)),
    '1 MB of "': refused('"'.repeat(1e6)),
    '1 MB of ()': refused('()'.repeat(5e5)),
  });
  console.log('\naddresses (each under 50 ms)');
  for (const [name, time] of results)
    console.log(`  ${name.padEnd(34)}${(time / 1000).toFixed(1).padStart(9)} ms   ${time < 50_000 ? 'yes' : 'NO'}`);
}

async function merge() {
  const init = { ...utf8, attachments: [{ filename: 'terms.pdf', content: randomBytes(100_000) }] };
  const letter = template(init);
  let index = 0;
  const next = () => `person.${++index}@example.org`;
  table(
    'mail merge: another recipient of a letter with a 100 KB attachment',
    await race({
      'a template': () => letter.compose({ to: next() }).size,
      'compose() for each': () => compose({ ...init, to: next() }).size,
      'a template, another text': () => letter.compose({ to: next(), text: ascii.text }).size,
    }),
    'a template',
  );
}

/** Another process, so that the peak of its memory is that of this work alone. */
function stream() {
  const folder = mkdtempSync(join(tmpdir(), 'plainwire-bench-'));
  const path = join(folder, 'gigabyte.bin');
  const file = openSync(path, 'w');
  const block = randomBytes(16 * 1024 * 1024);
  for (let index = 0; index < 64; index++) writeSync(file, block);
  closeSync(file);
  const child = (body) => {
    const code = `
      import { open } from 'node:fs/promises';
      const path = ${JSON.stringify(path)};
      const before = process.cpuUsage();
      ${body}
      const { user, system } = process.cpuUsage(before);
      const seconds = (user + system) / 1e6;
      // On Linux maxRSS counts what the parent had before exec; VmHWM is this process's own.
      const { readFileSync } = await import('node:fs');
      const status = process.platform === 'linux' ? readFileSync('/proc/self/status', 'utf8') : '';
      const own = /^VmHWM:\\s+(\\d+) kB/m.exec(status)?.[1];
      console.log(JSON.stringify({ seconds, peak: (own ?? process.resourceUsage().maxRSS) / 1024 }));`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      encoding: 'utf8',
      cwd: new URL('..', import.meta.url).pathname,
    });
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout);
  };
  const ours = `const { compose } = await import(${JSON.stringify(new URL(process.env.PLAINWIRE_MIME ?? '../dist/mime/index.js', import.meta.url).href)});
      for await (const chunk of compose({ from: 'a@example.com', text: 'x', attachments: [{ path }] })) void chunk.length;`;
  const limit = `const { base64Lines } = await import(${JSON.stringify(new URL('base64-lines.mjs', import.meta.url).href)});
      const file = await open(path);
      const buffer = Buffer.allocUnsafe(57 * 4096);
      for (;;) { const { bytesRead } = await file.read(buffer, 0, buffer.length, null); if (bytesRead === 0) break; base64Lines(buffer.subarray(0, bytesRead)); }
      await file.close();`;
  const theirs = `const { default: MailComposer } = await import('nodemailer/lib/mail-composer/index.js');
      const stream = new MailComposer({ from: 'a@example.com', text: 'x', attachments: [{ path }] }).compile().createReadStream();
      for await (const chunk of stream) void chunk.length;`;
  const runs = Array.from({ length: 5 }, () => [child(ours), child(limit)]);
  const [own, raw] = [median(runs.map(([one]) => one.seconds)), median(runs.map(([, one]) => one.seconds))];
  const other = child(theirs);
  const peak = Math.max(...runs.map(([one]) => one.peak));
  rmSync(folder, { recursive: true });
  console.log('\n1 GB file streamed to nowhere (processor time)');
  console.log(
    `  plainwire${' '.repeat(25)}${own.toFixed(2).padStart(9)} s   peak memory ${peak.toFixed(0)} MB (under 80: ${peak < 80 ? 'yes' : 'NO'})`,
  );
  console.log(
    `  the limit: read, base64, lines${' '.repeat(4)}${raw.toFixed(2).padStart(9)} s   plainwire is ${(raw / own).toFixed(2)} × as fast (at least 0.7: ${raw / own >= 0.7 ? 'yes' : 'NO'})`,
  );
  console.log(
    `  nodemailer${' '.repeat(24)}${other.seconds.toFixed(2).padStart(9)} s   plainwire is ${(other.seconds / own).toFixed(2)} × as fast; peak memory ${other.peak.toFixed(0)} MB`,
  );
}

/** Python's `email`, in a process of its own; microseconds of processor time for one run. */
function python(build, init, before = '', runs = 200) {
  const code = `
import json, sys, time
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
init = json.load(sys.stdin)
${before}
def run():
    message = EmailMessage()
    message["From"] = init["from"]; message["To"] = init["to"]; message["Subject"] = init["subject"]
    message["Date"] = formatdate(); message["Message-ID"] = make_msgid(domain="example.com")
    ${build}
    return message.as_bytes()
run()
times = []
for _ in range(5):
    start = time.process_time()
    for _ in range(${runs}): run()
    times.append((time.process_time() - start) / ${runs} * 1e6)
print(sorted(times)[2])`;
  const { stdout, stderr } = spawnSync('python3', ['-c', code], { input: JSON.stringify(init), encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return Number(stdout);
}

const parts = {
  ascii: () => small('ASCII', ascii),
  utf8: () => small('some UTF-8', utf8),
  plain: async () =>
    table(
      '1 KB of plain text',
      await race({ plainwire: () => compose(plain1k).inMemory(), nodemailer: () => nodemailer(plain1k) }),
      'plainwire',
    ),
  attachment,
  qp: quotedPrintable,
  addresses,
  merge,
  stream,
};
for (const [name, run] of Object.entries(parts)) if (only.length === 0 || only.includes(name)) await run();
