/** Dovecot with a private configuration: LMTP on a port and on a socket, submission that hands on by LMTP to itself. */
import { createHmac } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { Inbox } from '../support/inbox.ts';
import { folderInRoot, freePorts, removeFolder, startInRoot } from '../support/server.ts';
import { makeFolder, PASSWORD, putCertificate, READER_ID, USER } from '../support/server-folder.ts';

export interface Dovecot extends AsyncDisposable {
  readonly lmtpPort: number;
  /** LMTP on a Unix domain socket. */
  readonly lmtpPath: string;
  /** Submission (RFC 6409), STARTTLS and AUTH behind it. */
  readonly port: number;
  /** Submission, TLS from the first byte on. */
  readonly tlsPort: number;
  readonly inbox: Inbox;
  log(): string;
}

export const MECHANISMS = ['PLAIN', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256'] as const;

const TOKEN_KEY = 'a key that the server and who gives out tokens have in common';

/** An access token (RFC 7519) as an OAuth server would give it out. */
export function tokenFor(user: string, key = TOKEN_KEY): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: user, iat: now, exp: now + 3600 })}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

/** @param relay where submission hands mail on to: a port of this host that speaks SMTP */
export async function dovecot(relay: number): Promise<Dovecot> {
  const folder = folderInRoot('dovecot');
  const { inside, outside } = folder;
  const [lmtpPort = 0, port = 0, tlsPort = 0] = await freePorts(3);
  makeFolder(`${outside}/mail`, READER_ID);
  makeFolder(`${outside}/run`, 0);
  putCertificate(outside);
  writeFileSync(`${outside}/users`, `${USER}:{PLAIN}${PASSWORD}::::::\n`);
  mkdirSync(`${outside}/keys/default/HS256`, { recursive: true });
  writeFileSync(`${outside}/keys/default/HS256/default`, Buffer.from(TOKEN_KEY).toString('base64'));
  writeFileSync(
    `${outside}/oauth2.conf`,
    `introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix=${inside}/keys/\nusername_attribute = sub\n`,
  );
  writeFileSync(`${outside}/dovecot.conf`, configuration(inside, { lmtpPort, port, tlsPort, relay }));
  const server = await startInRoot(
    '/usr/sbin/dovecot',
    ['-F', '-c', `${inside}/dovecot.conf`],
    [lmtpPort, port, tlsPort],
  );
  return {
    lmtpPort,
    lmtpPath: `${outside}/run/lmtp`,
    port,
    tlsPort,
    inbox: new Inbox(`${outside}/mail`),
    log: () => server.log(),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      removeFolder(folder);
    },
  };
}

interface Ports {
  readonly lmtpPort: number;
  readonly port: number;
  readonly tlsPort: number;
  readonly relay: number;
}

function configuration(inside: string, { lmtpPort, port, tlsPort, relay }: Ports): string {
  return `base_dir = ${inside}/run
state_dir = ${inside}/run
log_path = /dev/stderr
protocols = lmtp submission
listen = 127.0.0.1
hostname = mail.test
postmaster_address = postmaster@mail.test
default_internal_user = dovecot
default_internal_group = dovecot
default_login_user = dovenull
first_valid_uid = 1
disable_plaintext_auth = yes
mail_location = maildir:${inside}/mail/%u
mail_uid = ${READER_ID}
mail_gid = ${READER_ID}
lmtp_save_to_detail_mailbox = no
recipient_delimiter =
ssl = yes
ssl_cert = <${inside}/localhost.pem
ssl_key = <${inside}/localhost.key
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256 xoauth2 oauthbearer
auth_username_format = %u
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = ${inside}/oauth2.conf
}
passdb {
  driver = passwd-file
  mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
  args = scheme=PLAIN username_format=%u ${inside}/users
}
userdb {
  driver = static
  args = uid=${READER_ID} gid=${READER_ID} home=${inside}/mail/%u allow_all_users=yes
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${lmtpPort}
  }
  unix_listener lmtp {
    mode = 0666
  }
}
service submission-login {
  inet_listener submission {
    port = ${port}
  }
  inet_listener submissions {
    port = ${tlsPort}
    ssl = yes
  }
}
submission_relay_host = 127.0.0.1
submission_relay_port = ${relay}
submission_relay_trusted = no
submission_max_mail_size = 30M
`;
}
