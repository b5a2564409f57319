/** The message of an `infos.txt`: as it stands where it is mail as it stands, else composed from what it says. */
import { randomUUID } from 'node:crypto';
import { MessageError } from '../errors.ts';
import { type MessageInit, parseMailbox } from '../mime/index.ts';
import { type Infos, parseInfos } from './infos.ts';

/** RFC 5322 section 2.1.1. */
const MAX_LINE = 998;

/** @throws MessageError BAD_FILE that names file and line */
export function infosMessage(infos: Infos, bytes: Uint8Array, file: string): MessageInit {
  const from = mailbox('sender', infos.sender, file);
  const to = mailbox('recipient', infos.recipient, file);
  if (hasOwnMime(infos)) {
    // Its own Content-Type says what the bytes of the body are, so that they must stay what they are.
    const exact = parseInfos(Buffer.from(bytes).toString('latin1'), file);
    return { raw: Buffer.from(asItStands(exact), 'latin1'), envelope: { from, to } };
  }
  if (isPlain(infos.source)) return { raw: asItStands(infos), envelope: { from, to } };
  return composed(infos, from, to);
}

function mailbox(name: string, address: string, file: string): string {
  try {
    return parseMailbox(address, name).address;
  } catch (error) {
    if (!(error instanceof MessageError)) throw error;
    throw new MessageError('BAD_FILE', `${file}:1`, `the ${error.message}`, { cause: error });
  }
}

function hasOwnMime(infos: Infos): boolean {
  return infos.headers.some(({ name }) => /^(mime-version|content-.*)$/i.test(name));
}

/** Whether text needs no encoding: ASCII, in lines that may be sent. */
function isPlain(text: string): boolean {
  return /^[\t\n\r\x20-\x7e]*$/.test(text) && text.split('\n').every((line) => line.length <= MAX_LINE);
}

/**
 * The lines of the file, with what mail must have and the file does not say: From and To before them, as the first
 * program put them, Date and Message-ID after them. Bcc is for nobody to see.
 */
function asItStands(infos: Infos): string {
  const has = (name: string) => infos.headers.some((header) => header.name.toLowerCase() === name);
  const before = [...(has('from') ? [] : [`From: ${infos.sender}`]), ...(has('to') ? [] : [`To: ${infos.recipient}`])];
  const after = [
    ...(has('date') ? [] : [`Date: ${new Date().toUTCString().replace('GMT', '+0000')}`]),
    ...(has('message-id') ? [] : [`Message-ID: <${randomUUID()}@${infos.sender.split('@').at(-1)}>`]),
  ];
  return [...before, ...headerLines(infos), ...after, '', infos.body].join('\n').replaceAll('\n', '\r\n');
}

function headerLines(infos: Infos): string[] {
  const kept: string[] = [];
  let hidden = false;
  for (const line of infos.source.split('\n').slice(0, headerEnd(infos))) {
    if (!/^[ \t]/.test(line)) hidden = /^bcc[ \t]*:/i.test(line);
    if (!hidden) kept.push(line);
  }
  return kept;
}

function headerEnd(infos: Infos): number {
  const lines = infos.source.split('\n');
  const empty = lines.findIndex((line) => line.trim() === '');
  return empty < 0 ? lines.length : empty;
}

/** Header fields that a message has under a name of its own; every other goes in as it is called. */
const FIELDS = {
  from: 'from',
  sender: 'sender',
  to: 'to',
  cc: 'cc',
  'reply-to': 'replyTo',
  subject: 'subject',
  date: 'date',
  'message-id': 'messageId',
  'in-reply-to': 'inReplyTo',
  references: 'references',
} as const satisfies Readonly<Record<string, keyof MessageInit>>;

function composed(infos: Infos, from: string, to: string): MessageInit {
  const fields: { -readonly [name in (typeof FIELDS)[keyof typeof FIELDS]]?: string } = {};
  const headers: { key: string; value: string }[] = [];
  for (const { name, value } of infos.headers) {
    const key = name.toLowerCase();
    if (key === 'bcc') continue;
    const field = key in FIELDS ? FIELDS[key as keyof typeof FIELDS] : undefined;
    if (field === undefined || fields[field] !== undefined) headers.push({ key: name, value });
    else fields[field] = value;
  }
  return { from: infos.sender, to: infos.recipient, ...fields, headers, text: infos.body, envelope: { from, to } };
}
