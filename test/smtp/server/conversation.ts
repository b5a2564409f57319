/** Says things to the server's side of SMTP with no socket, in pieces of any size. */
import { runSmtpServer } from '../../../src/smtp/server/driver.ts';
import type { ServerSettings } from '../../../src/smtp/server/settings.ts';
import type { Kept, ReceivedMail } from '../../../src/smtp/server/wants.ts';

export const SETTINGS: ServerSettings = {
  name: 'mx.example',
  maxSize: 1000,
  secure: false,
  startTls: false,
  plaintextAuth: false,
  login: undefined,
  refused: new Set(),
};

export interface Heard {
  /** Every reply line, `'250 2.1.0 Sender ok'`. */
  readonly lines: readonly string[];
  /** The code of the last line of each reply. */
  readonly codes: readonly number[];
  /** How many writes they came in. */
  readonly writes: number;
  readonly mails: readonly (Omit<ReceivedMail, 'content'> & { readonly text: string })[];
  /** What was put back before the TLS handshake. */
  readonly unread: string;
}

export interface Saying {
  readonly settings?: Partial<ServerSettings>;
  /** Bytes a piece; all at once by default. */
  readonly piece?: number;
  readonly keep?: (mail: ReceivedMail) => Promise<Kept>;
}

/** @param said one character a byte */
export async function converse(said: string, { settings, piece, keep }: Saying = {}): Promise<Heard> {
  const bytes = Buffer.from(said, 'latin1');
  const size = piece ?? Math.max(1, bytes.length);
  let at = 0;
  let text = '';
  let writes = 0;
  let unread = '';
  const mails: Heard['mails'][number][] = [];
  await runSmtpServer(
    {
      async read() {
        if (at >= bytes.length) return undefined;
        at += size;
        return bytes.subarray(at - size, at);
      },
      write(reply) {
        text += reply;
        writes += 1;
        return undefined;
      },
      unread(rest) {
        unread = Buffer.from(rest).toString('latin1');
      },
      secure: async () => {},
    },
    { ...SETTINGS, ...settings },
    keep ??
      (async ({ content, ...mail }) => {
        mails.push({ ...mail, text: Buffer.concat(content).toString('latin1') });
        return { id: String(mails.length) };
      }),
  );
  const lines = text.split('\r\n').slice(0, -1);
  const codes = lines.filter((line) => line.charAt(3) === ' ').map((line) => Number(line.slice(0, 3)));
  return { lines, codes, writes, mails, unread };
}
