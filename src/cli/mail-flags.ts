/** The options of `plainwire send` that say what the message is, and the message they make. */
import { basename } from 'node:path';
import type { Command } from 'commander';
import type { Attachment, MessageInit } from '../mime/index.ts';
import { UsageError } from './exit.ts';
import { asText, checkReadable, readInput } from './files.ts';
import type { Terminal } from './terminal.ts';

export interface MailFlags {
  readonly from?: string;
  readonly to?: string[];
  readonly cc?: string[];
  readonly bcc?: string[];
  readonly replyTo?: string;
  readonly subject?: string;
  readonly text?: string;
  readonly textFile?: string;
  readonly html?: string;
  readonly htmlFile?: string;
  readonly attach?: string[];
  readonly inline?: string[];
  readonly header?: string[];
}

export function addMailOptions(command: Command): Command {
  return command
    .optionsGroup('The message:')
    .option('--from <address>', 'the sender')
    .option('--to <address>', 'a recipient; may be repeated, as may --cc and --bcc', several)
    .option('--cc <address>', 'a recipient of a copy', several)
    .option('--bcc <address>', 'a recipient of a copy whom the others do not see', several)
    .option('--reply-to <address>', 'where answers go')
    .option('--subject <text>', 'the subject')
    .option('--text <text>', 'the text')
    .option('--text-file <file>', 'a file with the text (- for stdin)')
    .option('--html <html>', 'the text as HTML')
    .option('--html-file <file>', 'a file with the text as HTML')
    .option('--attach <file>', 'a file to attach; may be repeated', several)
    .option('--inline <file>', 'an image that the HTML shows as cid:NAME, by the name of the file', several)
    .option('--header <header>', 'one more header, "Name: value"; may be repeated', several);
}

function several(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

/** Whether any flag says something of the content. */
export function saysContent(flags: MailFlags): boolean {
  const { cc, bcc, replyTo, subject, text, textFile, html, htmlFile, attach, inline, header } = flags;
  return [cc, bcc, replyTo, subject, text, textFile, html, htmlFile, attach, inline, header].some(
    (flag) => flag !== undefined,
  );
}

/** @throws UsageError, MessageError BAD_FILE */
export async function mailOf(flags: MailFlags, terminal: Terminal): Promise<MessageInit> {
  if (flags.from === undefined) throw new UsageError('who sends it? --from is missing');
  if ([flags.to, flags.cc, flags.bcc].every((list) => list === undefined)) {
    throw new UsageError('who gets it? --to (or --cc, --bcc) is missing');
  }
  for (const file of [...(flags.inline ?? []), ...(flags.attach ?? [])]) await checkReadable(file);
  const attachments = [...(flags.inline ?? []).map(inlineImage), ...(flags.attach ?? []).map(attachment)];
  return {
    from: flags.from,
    to: flags.to,
    cc: flags.cc,
    bcc: flags.bcc,
    replyTo: flags.replyTo,
    subject: flags.subject,
    text: await textOf('text', flags.text, flags.textFile, terminal),
    html: await textOf('html', flags.html, flags.htmlFile, terminal),
    ...(attachments.length > 0 ? { attachments } : {}),
    headers: (flags.header ?? []).map(header),
  };
}

async function textOf(
  name: string,
  text: string | undefined,
  file: string | undefined,
  terminal: Terminal,
): Promise<string | undefined> {
  if (file === undefined) return text;
  if (text !== undefined) throw new UsageError(`--${name} and --${name}-file are given; one is enough`);
  return asText(await readInput(file, terminal), file);
}

function attachment(path: string): Attachment {
  return { path };
}

function inlineImage(path: string): Attachment {
  return { path, cid: basename(path), contentDisposition: 'inline' };
}

function header(text: string): { key: string; value: string } {
  const colon = text.indexOf(':');
  if (colon < 1) throw new UsageError(`--header expects "Name: value", not ${JSON.stringify(text)}`);
  return { key: text.slice(0, colon).trim(), value: text.slice(colon + 1).trim() };
}
