/** Postfix with a private configuration: five listeners of different manners, one maildir. */
import { chownSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Inbox } from '../support/inbox.ts';
import { folderInRoot, freePort, removeFolder, runInRoot, type Server, startInRoot } from '../support/server.ts';

export interface Postfix extends AsyncDisposable {
  /** Everything Postfix has: PIPELINING, CHUNKING, STARTTLS, AUTH behind it. */
  readonly port: number;
  /** TLS from the first byte on. */
  readonly tlsPort: number;
  /** Refuses bare newlines, and who speaks ahead of his turn. */
  readonly strictPort: number;
  /** Neither PIPELINING nor CHUNKING nor any other word. */
  readonly plainPort: number;
  /** Offers one SASL mechanism; ports by its name. */
  readonly authPorts: ReadonlyMap<string, number>;
  readonly inbox: Inbox;
  log(): string;
}

export const MECHANISMS = ['PLAIN', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256'] as const;
export const USER = 'ada';
export const PASSWORD = 'pässwörd =,"';

const POSTFIX = 61_001;
const POSTDROP = 61_002;
const READER = 61_010;
const QUEUES = [
  'incoming',
  'active',
  'deferred',
  'defer',
  'bounce',
  'flush',
  'trace',
  'corrupt',
  'saved',
  'hold',
  'private',
];

export async function postfix(): Promise<Postfix> {
  const folder = folderInRoot('postfix');
  const { inside, outside } = folder;
  const [port, tlsPort, strictPort, plainPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const authPorts = new Map<string, number>();
  for (const mechanism of MECHANISMS) authPorts.set(mechanism, await freePort());

  for (const name of [
    'mail',
    'data',
    'sasl',
    'spool',
    'spool/pid',
    'spool/public',
    'spool/maildrop',
    ...QUEUES.map((each) => `spool/${each}`),
  ])
    mkdirSync(`${outside}/${name}`);
  for (const name of ['data', 'spool/public', 'spool/maildrop', ...QUEUES.map((each) => `spool/${each}`)])
    chownSync(`${outside}/${name}`, POSTFIX, POSTDROP);
  chownSync(`${outside}/mail`, READER, READER);
  for (const name of ['localhost.pem', 'localhost.key'])
    copyFileSync(fileURLToPath(new URL(`../../fixtures/certificates/${name}`, import.meta.url)), `${outside}/${name}`);

  writeFileSync(`${outside}/main.cf`, mainCf(inside));
  const listeners = [
    listener(port, []),
    listener(tlsPort, ['smtpd_tls_wrappermode=yes']),
    listener(strictPort, [
      'smtpd_forbid_bare_newline=reject',
      'smtpd_forbid_bare_newline_exclusions=',
      'smtpd_forbid_unauth_pipelining=yes',
    ]),
    listener(plainPort, ['smtpd_discard_ehlo_keywords=pipelining,chunking,dsn,starttls,smtputf8,8bitmime']),
  ];
  for (const [mechanism, at] of authPorts) {
    listeners.push(listener(at, ['smtpd_sasl_auth_enable=yes', `smtpd_sasl_path=${mechanism}`]));
    writeFileSync(
      `${outside}/sasl/${mechanism}.conf`,
      `pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: ${mechanism}\nsasldb_path: ${inside}/sasldb2\n`,
    );
  }
  writeFileSync(`${outside}/master.cf`, `${listeners.join('')}${SERVICES}`);
  await runInRoot('/usr/sbin/saslpasswd2', ['-p', '-c', '-f', `${inside}/sasldb2`, '-u', 'mail.test', USER], PASSWORD);
  chownSync(`${outside}/sasldb2`, POSTFIX, POSTFIX);

  const ports = [port, tlsPort, strictPort, plainPort, ...authPorts.values()];
  const log = (): string => readFileSync(`${outside}/log`, 'utf8');
  const server: Server = await startInRoot('/usr/lib/postfix/sbin/master', ['-s', '-c', inside], ports);
  return {
    port,
    tlsPort,
    strictPort,
    plainPort,
    authPorts,
    inbox: new Inbox(`${outside}/mail`),
    log,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      removeFolder(folder);
    },
  };
}

function listener(port: number, settings: readonly string[]): string {
  return [`127.0.0.1:${port} inet n - n - - smtpd`, ...settings.map((each) => `\n  -o ${each}`), '\n'].join('');
}

function mainCf(inside: string): string {
  return `compatibility_level = 3.6
queue_directory = ${inside}/spool
data_directory = ${inside}/data
maillog_file = ${inside}/log
maillog_file_prefixes = /tmp
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.test
mydestination =
mynetworks = 127.0.0.0/8
inet_protocols = ipv4
disable_dns_lookups = yes
smtp_host_lookup = native
biff = no
alias_maps =
alias_database =
local_header_rewrite_clients =
virtual_mailbox_domains = mail.test, client.test
virtual_mailbox_base = ${inside}/mail
virtual_mailbox_maps = static:inbox/
virtual_uid_maps = static:${READER}
virtual_gid_maps = static:${READER}
virtual_transport = virtual
message_size_limit = 30000000
smtpd_peername_lookup = no
smtpd_recipient_restrictions = check_recipient_access inline:{ { no@mail.test = 550 5.1.1 nobody of that name }, { later@mail.test = 450 4.2.1 come back later } }, permit_mynetworks, reject
smtpd_tls_chain_files = ${inside}/localhost.key, ${inside}/localhost.pem
smtpd_tls_security_level = may
tls_random_source = dev:/dev/urandom
smtpd_sasl_local_domain = mail.test
cyrus_sasl_config_path = ${inside}/sasl
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
anvil_status_update_time = 600s
`;
}

const SERVICES = `pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`;
