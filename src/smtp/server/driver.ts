/** Runs the server's side of a dialogue over a connection: the one place of it that waits. */

import { Inbox } from './inbox.ts';
import { serveSmtp } from './serve.ts';
import type { ServerSettings } from './settings.ts';
import type { Answer, Kept, ReceivedMail, Want } from './wants.ts';

/** What the driver needs of a connection. */
export interface ServerPort {
  read(): Promise<Uint8Array | undefined>;
  /** Told of what was read, when it is clear what it is: a command, the answer to a challenge, content. */
  took?(bytes: Uint8Array): void;
  write(text: string): Promise<void> | undefined;
  /** Puts back what was read and belongs to what comes after. */
  unread(bytes: Uint8Array): void;
  /** The TLS handshake as the server; refuses where bytes came before it. */
  secure(): Promise<void>;
}

export type KeepMail = (mail: ReceivedMail) => Promise<Kept>;

/** Speaks SMTP until either side ends. @throws what the port throws */
export async function runSmtpServer(port: ServerPort, settings: ServerSettings, keepMail: KeepMail): Promise<void> {
  const dialogue = serveSmtp(settings);
  const inbox = new Inbox((bytes) => port.took?.(bytes));
  // Replies are held until the client's words run out: a batch is answered in one write (RFC 2920 section 3.2).
  let replies = '';
  const flush = async (): Promise<void> => {
    const text = replies;
    replies = '';
    if (text !== '') await port.write(text);
  };
  for (let step = dialogue.next(); ; ) {
    if (step.done === true) return flush();
    const want = step.value;
    let answer: Answer;
    switch (want.kind) {
      case 'say':
        replies += want.text;
        break;
      case 'tls':
        await flush();
        port.unread(inbox.takeRest());
        await port.secure();
        break;
      case 'keep':
        answer = await keepMail(want.mail);
        break;
      default: {
        // what comes now depends on the reply: a client that has not waited for it is not worth a batch
        if (want.kind === 'content' || want.kind === 'response') await flush();
        answer = read(inbox, want);
        while (answer === undefined) {
          await flush();
          const chunk = await port.read();
          if (chunk === undefined) return;
          inbox.push(chunk);
          answer = read(inbox, want);
        }
      }
    }
    step = dialogue.next(answer);
  }
}

function read(inbox: Inbox, want: Extract<Want, { kind: 'line' | 'response' | 'content' | 'octets' }>): Answer {
  switch (want.kind) {
    case 'line':
    case 'response':
      return inbox.line(want.limit);
    case 'content':
      return inbox.content(want.limit);
    case 'octets':
      return inbox.octets(want.count, want.limit);
  }
}
