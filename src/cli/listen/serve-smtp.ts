/** `--as smtp`: a server of mail that takes everything, and saves each message as a file. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MessageError } from '../../errors.ts';
import { runSmtpServer } from '../../smtp/server/driver.ts';
import type { ServerSettings } from '../../smtp/server/settings.ts';
import type { Kept, ReceivedMail } from '../../smtp/server/wants.ts';
import type { ServerTlsOptions } from '../../transport/index.ts';
import type { Client, Serve } from './client.ts';

/** RFC 5321 section 4.5.3.2.7, in milliseconds. */
const COMMAND_TIMEOUT = 300_000;

export interface MailServer {
  readonly settings: ServerSettings;
  /** For STARTTLS. */
  readonly tls: ServerTlsOptions | undefined;
  /** Where the messages go. */
  readonly out: string;
}

/** @throws MessageError BAD_FILE where the folder can't be made */
export async function serveMail({ settings, tls, out }: MailServer): Promise<Serve> {
  await mkdir(out, { recursive: true }).catch((cause: Error) => {
    throw new MessageError('BAD_FILE', out, `the folder can't be made: ${cause.message}`, { cause });
  });
  const folder = new MailFolder(out);
  return (client) =>
    runSmtpServer(
      {
        read() {
          client.connection.setDeadline('command', COMMAND_TIMEOUT);
          return client.readUnseen();
        },
        took: (bytes) => client.watch.came(bytes),
        write: (text) => client.write(text),
        unread: (bytes) => client.connection.unread(bytes),
        secure: async () => {
          if (tls !== undefined) await client.secure(tls);
        },
      },
      settings,
      (mail) => keep(mail, folder, client),
    );
}

async function keep(mail: ReceivedMail, folder: MailFolder, client: Client): Promise<Kept> {
  try {
    const { id, file } = await folder.save(mail.content);
    const from = mail.from === '' ? '<>' : mail.from;
    client.watch.fact(`${file}: ${mail.size.toLocaleString('en-US')} bytes from ${from} to ${mail.to.join(', ')}`);
    return { id };
  } catch (error) {
    // what is on this machine is no business of the client's
    client.watch.fact(`the message could not be saved: ${(error as Error).message}`);
    return { failure: 'a fault on this side' };
  }
}

/** A folder of messages, `1.eml`, `2.eml` ...: exactly the bytes that came, and nothing written over. */
class MailFolder {
  readonly #path: string;
  #next = 1;

  constructor(path: string) {
    this.#path = path;
  }

  async save(content: readonly Uint8Array[]): Promise<{ id: string; file: string }> {
    for (;;) {
      const id = String(this.#next);
      this.#next += 1;
      const file = join(this.#path, `${id}.eml`);
      try {
        await writeFile(file, content, { flag: 'wx' });
        return { id, file };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
        // half a message is none: the client will send it again
        await rm(file, { force: true });
        throw error;
      }
    }
  }
}
