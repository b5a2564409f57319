/**
 * OpenSMTPD with a private configuration; delivery into one maildir.
 *
 * As Debian 12 builds it (6.8 with OpenSSL 3) it fails in every TLS handshake, with any kind of key: it offers STARTTLS,
 * and cannot. AUTH it offers only behind TLS.
 */
import { writeFileSync } from 'node:fs';
import { Inbox } from '../support/inbox.ts';
import { folderInRoot, freePorts, removeFolder, startInRoot } from '../support/server.ts';
import { makeFolder, NOBODY, putCertificate, READER_ID } from '../support/server-folder.ts';

export interface OpenSmtpd extends AsyncDisposable {
  /** In clear. */
  readonly port: number;
  /** STARTTLS offered, and the handshake failed. */
  readonly brokenTlsPort: number;
  readonly inbox: Inbox;
  log(): string;
}

export async function openSmtpd(): Promise<OpenSmtpd> {
  const folder = folderInRoot('opensmtpd');
  const { inside, outside } = folder;
  const [port = 0, brokenTlsPort = 0] = await freePorts(2);
  makeFolder(`${outside}/mail`, READER_ID);
  putCertificate(outside);
  writeFileSync(
    `${outside}/smtpd.conf`,
    `pki mail.test cert "${inside}/localhost.pem"
pki mail.test key "${inside}/localhost.key"
smtp max-message-size 30M
listen on 127.0.0.1 port ${port} hostname mail.test
listen on 127.0.0.1 port ${brokenTlsPort} tls pki mail.test hostname mail.test
table everybody { "@" = reader }
action store maildir "${inside}/mail" virtual <everybody>
match from any for rcpt-to "${NOBODY}" reject
match from any for any action store
`,
  );
  const server = await startInRoot('/usr/sbin/smtpd', ['-d', '-f', `${inside}/smtpd.conf`], [port, brokenTlsPort]);
  return {
    port,
    brokenTlsPort,
    inbox: new Inbox(`${outside}/mail`),
    log: () => server.log(),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      removeFolder(folder);
    },
  };
}
