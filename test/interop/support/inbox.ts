/** What a server has delivered, read back from its disk. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './server.ts';

/** The maildirs below a folder; every message in them is read once. */
export class Inbox {
  readonly #folder: string;
  readonly #read = new Set<string>();
  readonly #messages = new Map<string, Buffer[]>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The copies of a message, as soon as there are as many. */
  async copies(messageId: string, count = 1): Promise<readonly Buffer[]> {
    return await eventually(`${count} copies of ${messageId}`, () => {
      this.#refresh();
      const found = this.#messages.get(messageId) ?? [];
      return found.length >= count ? found : undefined;
    });
  }

  /** Whether a message is there now. */
  has(messageId: string): boolean {
    this.#refresh();
    return this.#messages.has(messageId);
  }

  /** The delivery status notification (RFC 3461) on a message, as soon as it is there. */
  async reportOn(messageId: string): Promise<string> {
    return await eventually(`a report on ${messageId}`, () => {
      this.#refresh();
      const texts = [...this.#messages.values()].flat().map((each) => each.toString('latin1'));
      return texts.find((text) => text.includes('message/delivery-status') && text.includes(messageId));
    });
  }

  #refresh(): void {
    for (const file of filesIn(this.#folder)) {
      if (this.#read.has(file)) continue;
      this.#read.add(file);
      const message = readFileSync(file);
      const id = messageIdOf(message);
      this.#messages.set(id, [...(this.#messages.get(id) ?? []), message]);
    }
  }
}

function messageIdOf(message: Buffer): string {
  const head =
    message
      .subarray(0, 20_000)
      .toString('latin1')
      .split(/\r?\n\r?\n/)[0] ?? '';
  return /^message-id:\s*(<[^>]*>)/im.exec(head)?.[1] ?? '';
}

/** Files that have arrived: maildir's `tmp` holds those that have not. */
function* filesIn(folder: string): Generator<string> {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return;
  }
  for (const name of names) {
    const path = join(folder, name);
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) continue;
    if (name === 'new' || name === 'cur') for (const file of readdirSync(path)) yield join(path, file);
    else if (name !== 'tmp') yield* filesIn(path);
  }
}

/** What a message is on a Unix server's disk: the bytes that went over the wire, each line ended by LF. */
export interface SentOctets {
  readonly octets: Buffer;
  /** The last line had no end. DATA gives it one; after BDAT (RFC 3030) a server may store the message without. */
  readonly mayEndOpen: boolean;
}

export async function onDisk(message: { bytes(): Promise<Uint8Array> }): Promise<SentOctets> {
  const sent = Buffer.from(await message.bytes()).toString('latin1');
  const text = sent.replace(/\r\n|\r|\n/g, '\n');
  const mayEndOpen = text !== '' && !text.endsWith('\n');
  return { octets: Buffer.from(mayEndOpen ? `${text}\n` : text, 'latin1'), mayEndOpen };
}

/** Header fields that servers put in front of a message: trace fields (RFC 5321 section 4.4) and their own. */
const TRACE =
  /^(?:return-path|received|delivered-to|x-original-to|envelope-to|delivery-date|x-uid|status|authentication-results):/i;

/**
 * Compares what a server has stored with what was sent, octet by octet, the trace fields in front left out.
 * @throws Error that shows the first difference
 */
export function sameOctets(stored: Buffer, sent: SentOctets): void {
  const whole =
    sent.mayEndOpen && !stored.toString('latin1').endsWith('\n') ? sent.octets.subarray(0, -1) : sent.octets;
  compare(stored, whole);
}

function compare(stored: Buffer, sent: Buffer): void {
  const start = stored.length - sent.length;
  const tail = stored.subarray(Math.max(0, start));
  if (start < 0 || !tail.equals(sent)) {
    const at = differenceOf(withoutTrace(stored), sent);
    const show = (bytes: Buffer): string =>
      JSON.stringify(bytes.subarray(Math.max(0, at - 40), at + 40).toString('latin1'));
    throw new Error(`octet ${at} differs: stored ${show(withoutTrace(stored))}, sent ${show(sent)}`);
  }
  const added = stored.subarray(0, start).toString('latin1');
  for (const field of added.split(/\n(?![ \t])/))
    if (field !== '' && !TRACE.test(field)) throw new Error(`the server added '${field}'`);
}

function withoutTrace(stored: Buffer): Buffer {
  let at = 0;
  for (const line of stored.toString('latin1').split(/(?<=\n)(?![ \t])/)) {
    if (!TRACE.test(line)) break;
    at += line.length;
  }
  return stored.subarray(at);
}

function differenceOf(a: Buffer, b: Buffer): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  return at;
}
