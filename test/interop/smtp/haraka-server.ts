/** Haraka, with a plugin of ours that takes every recipient and writes what came into a folder. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Inbox } from '../support/inbox.ts';
import { CACHE, freePorts, start } from '../support/server.ts';
import { LATER, NOBODY, PASSWORD, putCertificate, USER } from '../support/server-folder.ts';

export interface Haraka extends AsyncDisposable {
  /** STARTTLS, AUTH. */
  readonly port: number;
  /** TLS from the first byte on. */
  readonly tlsPort: number;
  readonly inbox: Inbox;
  log(): string;
}

export const MECHANISMS = ['PLAIN', 'LOGIN', 'CRAM-MD5'] as const;

export async function haraka(): Promise<Haraka> {
  const folder = mkdtempSync(join(tmpdir(), 'plainwire-haraka-'));
  const [port = 0, tlsPort = 0] = await freePorts(2);
  for (const name of ['config', 'plugins', 'mail/new', 'mail/tmp', 'queue']) {
    mkdirSync(`${folder}/${name}`, { recursive: true });
  }
  putCertificate(`${folder}/config`);
  writeFileSync(`${folder}/plugins/store.js`, storePlugin(`${folder}/mail`));
  for (const [name, text] of Object.entries(configuration(port, tlsPort))) {
    writeFileSync(`${folder}/config/${name}`, `${text}\n`);
  }
  const program = `${CACHE}/haraka/node_modules/Haraka/bin/haraka`;
  const server = await start(process.execPath, [program, '-c', folder], [port, tlsPort]);
  return {
    port,
    tlsPort,
    inbox: new Inbox(folder),
    log: () => server.log(),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configuration(port: number, tlsPort: number): Readonly<Record<string, string>> {
  return {
    me: 'mail.test',
    plugins: 'tls\nauth/flat_file\nstore',
    'smtp.ini': `listen=127.0.0.1:${port},127.0.0.1:${tlsPort}\nsmtps_port=${tlsPort}\nnodes=0`,
    'tls.ini': 'key=localhost.key\ncert=localhost.pem',
    // lines above data_line_length would be cut in two
    'connection.ini': `[main]
smtputf8=true
[haproxy]
hosts[]=
[headers]
max_lines=1000
max_received=100
[max]
bytes=30000000
mime_parts=1000
line_length=512
data_line_length=100000
[message]
[uuid]`,
    'auth_flat_file.ini': `[core]\nmethods=${MECHANISMS.join(',')}\nconstrain_sender=false\n[users]\n${USER}=${PASSWORD}`,
    'log.ini': '[main]\nlevel=info',
  };
}

/** CommonJS, as Haraka's plugins are; OK, DENY and DENYSOFT are there when it is run. */
function storePlugin(mail: string): string {
  return `
const fs = require('node:fs');
exports.hook_rcpt = (next, connection, [recipient]) => {
  const address = recipient.address();
  if (address === ${JSON.stringify(NOBODY)}) return next(DENY, 'nobody of that name');
  if (address === ${JSON.stringify(LATER)}) return next(DENYSOFT, 'come back later');
  next(OK);
};
exports.hook_queue = (next, { transaction }) => {
  const name = transaction.uuid;
  const file = fs.createWriteStream(${JSON.stringify(mail)} + '/tmp/' + name);
  file.on('error', (error) => next(DENYSOFT, String(error)));
  file.on('close', () => {
    for (const n of transaction.rcpt_to.keys()) {
      fs.copyFileSync(file.path, file.path + '-' + n);
      fs.renameSync(file.path + '-' + n, ${JSON.stringify(mail)} + '/new/' + name + '-' + n);
    }
    next(OK);
  });
  transaction.message_stream.pipe(file, { line_endings: '\\n' });
};
// what it calls the queue of who has logged in
exports.hook_queue_outbound = exports.hook_queue;
`;
}
