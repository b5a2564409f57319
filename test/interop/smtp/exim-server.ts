/** Exim with a private configuration: STARTTLS, AUTH, CHUNKING, SMTPUTF8, DSN; delivery into one maildir. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Inbox } from '../support/inbox.ts';
import { folderInRoot, freePorts, removeFolder, startInRoot } from '../support/server.ts';
import { LATER, makeFolder, NOBODY, PASSWORD, putCertificate, USER } from '../support/server-folder.ts';

export interface Exim extends AsyncDisposable {
  readonly port: number;
  /** TLS from the first byte on. */
  readonly tlsPort: number;
  readonly inbox: Inbox;
  log(): string;
}

const EXIM = 61_003;

export async function exim(): Promise<Exim> {
  const folder = folderInRoot('exim');
  const { inside, outside } = folder;
  const [port = 0, tlsPort = 0] = await freePorts(2);
  for (const name of ['spool', 'mail', 'log']) makeFolder(`${outside}/${name}`, EXIM);
  putCertificate(outside, 0o644);
  writeFileSync(`${outside}/exim.conf`, configuration(inside, port, tlsPort));
  const server = await startInRoot('/usr/sbin/exim4', ['-C', `${inside}/exim.conf`, '-bdf', '-q1h'], [port, tlsPort]);
  return {
    port,
    tlsPort,
    inbox: new Inbox(`${outside}/mail`),
    log: () => logs(outside) + server.log(),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      removeFolder(folder);
    },
  };
}

function logs(outside: string): string {
  return ['main', 'panic', 'reject']
    .map((name) => `${outside}/log/${name}`)
    .map((path) => (existsSync(path) ? readFileSync(path, 'utf8') : ''))
    .join('');
}

function configuration(inside: string, port: number, tlsPort: number): string {
  return `primary_hostname = mail.test
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${port} : ${tlsPort}
tls_on_connect_ports = ${tlsPort}
spool_directory = ${inside}/spool
log_file_path = ${inside}/log/%s
pid_file_path = ${inside}/spool/pid
log_selector = +all
keep_environment =
deliver_drop_privilege = true
tls_advertise_hosts = *
tls_certificate = ${inside}/localhost.pem
tls_privatekey = ${inside}/localhost.key
chunking_advertise_hosts = *
smtputf8_advertise_hosts = *
dsn_advertise_hosts = *
host_lookup =
rfc1413_query_timeout = 0s
smtp_accept_max = 0
smtp_accept_queue_per_connection = 0
smtp_enforce_sync = true
message_size_limit = 30000000
never_users =
acl_smtp_rcpt = rcpt
acl_smtp_data = accept

begin acl
rcpt:
  deny message = nobody of that name
    recipients = ${NOBODY}
  defer message = come back later
    recipients = ${LATER}
  accept

begin routers
all:
  driver = accept
  transport = maildir

begin transports
maildir:
  driver = appendfile
  maildir_format
  directory = ${inside}/mail/inbox
  message_prefix =
  message_suffix =
  return_path_add
  envelope_to_add
  delivery_date_add
  user = Debian-exim

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and {{eq{$auth2}{${USER}}}{eq{$auth3}{${PASSWORD}}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = "Username:: : Password::"
  server_condition = \${if and {{eq{$auth1}{${USER}}}{eq{$auth2}{${PASSWORD}}}}}
  server_set_id = $auth1
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = \${if eq{$auth1}{${USER}}{${PASSWORD}}fail}
  server_set_id = $auth1
`;
}
