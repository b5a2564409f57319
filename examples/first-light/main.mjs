/**
 * The demo behind `npm start`: a mail from a text file, a mail with everything, and three web pages, with the built
 * library and command line. It needs no network: mail servers and web sites run in this process.
 */
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import { Mailer } from 'plainwire';
import { arrows } from 'plainwire/trace';
import PostalMime from 'postal-mime';
import { readCertificates, startMailServer, startSite } from './servers.mjs';

const here = (name) => relative(process.cwd(), fileURLToPath(new URL(name, import.meta.url)));
const OUT = 'plainwire-demo';
const inbox = [];

await rm(OUT, { recursive: true, force: true });
await mkdir(OUT);
const { ca, tls } = await readCertificates();
const plain = await startMailServer(inbox, { authOptional: true, hideSTARTTLS: true });
const secure = await startMailServer(inbox, {
  ...tls,
  authMethods: ['PLAIN', 'LOGIN'],
  onAuth: ({ username, password }, _session, callback) =>
    username === 'ada' && password === 'a secret' ? callback(null, { user: username }) : callback(new Error('no')),
});
const sites = [await startSite('127.0.0.1', 'The first site'), await startSite('localhost', 'The second site')];

try {
  title('1. A mail from a text file, and the dialogue as it happens');
  say(`${here('infos.txt')} says: server, sender, recipient; then headers, an empty line, the body.`);
  await plainwire('send', here('infos.txt'), '--server', `localhost:${plain.port}`, '--verbose');

  title('2. HTML with a text beside it, a picture inside it and a file attached, over STARTTLS and with a login');
  say(`The program is in ${here('main.mjs')}; the password shows as its size, and nothing more.`);
  await sendRichMail();

  title('3. Index pages of three sites, one of which does not exist');
  await plainwire(
    'get',
    `http://127.0.0.1:${sites[0].port}`,
    `localhost:${sites[1].port}`,
    'nowhere.invalid',
    '--out',
    OUT,
  );

  title('What the mail servers received, read by a parser that is not ours');
  for (const [index, mail] of inbox.entries()) await showMail(mail, `${OUT}/mail-${index + 1}.eml`);

  title(`What was saved in ${OUT}/`);
  for (const name of (await readdir(OUT)).sort()) {
    const bytes = await readFile(`${OUT}/${name}`);
    const [first = ''] = bytes.toString('latin1').split(/\r?\n/);
    console.log(`  ${name.padEnd(28)} ${String(bytes.length).padStart(6)} bytes  ${first}`);
  }
  say('\nNext: node dist/cli/main.js --help, or README.md.');
} finally {
  await Promise.all([plain, secure, ...sites].map((server) => server.close()));
}

/** The whole of what a program needs to send a mail. */
async function sendRichMail() {
  const mailer = new Mailer({
    host: 'localhost',
    port: secure.port,
    security: 'starttls',
    auth: { user: 'ada', pass: 'a secret' },
    tls: { ca },
    pipelining: 'off',
    trace: arrows((text) => process.stdout.write(text)),
  });
  const delivery = await mailer.send({
    from: 'Ada Lovelace <ada@example.com>',
    to: ['Grace Hopper <grace@example.org>', 'Käthe <kaethe@bücher.example>'],
    subject: 'The picture – and the figures',
    text: 'Dear Grace,\n\nthe picture is in the HTML version of this mail, the figures in the file. Grüße, Ada\n',
    html: await readFile(here('message.html'), 'utf8'),
    attachments: [{ path: here('plainwire.png'), cid: 'plainwire.png' }, { path: here('figures.csv') }],
  });
  await mailer.close();
  for (const { address, reply } of delivery.accepted) console.log(`accepted for ${address}: ${reply?.code}`);
}

async function showMail({ bytes, session }, file) {
  await writeFile(file, bytes);
  const mail = await PostalMime.parse(bytes);
  const person = ({ name, address }) => (name ? `${name} <${address}>` : address);
  console.log(`  From     ${person(mail.from)}`);
  console.log(`  To       ${mail.to.map(person).join(', ')}`);
  console.log(`  Subject  ${mail.subject}`);
  console.log(`  Text     ${mail.text?.trim().split('\n').join('\n           ')}`);
  if (mail.html) console.log(`  HTML     ${mail.html.length} characters`);
  for (const part of mail.attachments) {
    const how = part.related ? `inside the HTML as ${part.contentId}` : 'attached';
    console.log(`  File     ${part.filename}, ${part.mimeType}, ${part.content.byteLength} bytes, ${how}`);
  }
  const way = session.secure ? `encrypted, logged in as ${session.user}` : 'in clear';
  console.log(`  Came     ${way}, for ${session.envelope.rcptTo.map(({ address }) => address).join(', ')}\n`);
}

/** Runs the command line as a person would. */
function plainwire(...args) {
  console.log(styled('bold', `$ plainwire ${args.join(' ')}`));
  const bin = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
  return new Promise((resolve) => {
    spawn(process.execPath, [bin, ...args], { stdio: 'inherit' }).on('close', (code) => {
      say(`(exit code ${code})`);
      resolve(code);
    });
  });
}

function title(text) {
  console.log(`\n${styled(['bold', 'underline'], text)}\n`);
}

function say(text) {
  console.log(styled('dim', text));
}

/** Only a terminal can show it. */
function styled(style, text) {
  return process.stdout.isTTY ? styleText(style, text) : text;
}
