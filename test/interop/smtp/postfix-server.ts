/** Postfix with a private configuration: listeners of different manners, one maildir. */
import { chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Inbox } from '../support/inbox.ts';
import { folderInRoot, freePorts, removeFolder, runInRoot, startInRoot } from '../support/server.ts';
import { LATER, makeFolder, NOBODY, PASSWORD, putCertificate, READER_ID, USER } from '../support/server-folder.ts';

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

const POSTFIX = 61_001;
const POSTDROP = 61_002;
const QUEUES = 'incoming active deferred defer bounce flush trace corrupt saved hold private public maildrop'.split(
  ' ',
);

export async function postfix(): Promise<Postfix> {
  const folder = folderInRoot('postfix');
  const { inside, outside } = folder;
  const [port = 0, tlsPort = 0, strictPort = 0, plainPort = 0] = await freePorts(4);
  const authPorts = new Map<string, number>();
  const more = await freePorts(MECHANISMS.length);
  for (const [n, mechanism] of MECHANISMS.entries()) authPorts.set(mechanism, more[n] ?? 0);

  for (const name of ['sasl', 'spool/pid']) mkdirSync(`${outside}/${name}`, { recursive: true });
  for (const name of QUEUES) makeFolder(`${outside}/spool/${name}`, POSTFIX, POSTDROP);
  makeFolder(`${outside}/data`, POSTFIX);
  makeFolder(`${outside}/mail`, READER_ID);
  putCertificate(outside);

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
  const server = await startInRoot('/usr/lib/postfix/sbin/master', ['-s', '-c', inside], ports);
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
virtual_uid_maps = static:${READER_ID}
virtual_gid_maps = static:${READER_ID}
virtual_transport = virtual
message_size_limit = 30000000
smtpd_peername_lookup = no
smtpd_recipient_restrictions = check_recipient_access inline:{ { ${NOBODY} = 550 5.1.1 nobody of that name }, { ${LATER} = 450 4.2.1 come back later } }, permit_mynetworks, reject
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
