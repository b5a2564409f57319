/** The options that show the dialogue, the same for every command that holds one. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { MessageError } from '../errors.ts';
import { type FormatName, formats, Picture, type Trace, wire } from '../trace/index.ts';
import type { Terminal } from './terminal.ts';

export interface TraceFlags extends PictureFlags {
  readonly verbose?: boolean;
  readonly trace?: FormatName;
  readonly explain?: boolean;
  readonly whole?: boolean;
  readonly record?: string;
}

/** Files for pictures: what is drawn goes by the end of the name, or is a page, whatever the name. */
export interface PictureFlags {
  readonly picture?: readonly string[];
  readonly html?: string;
}

/** What a program reads is not coloured. */
const PLAIN: ReadonlySet<FormatName> = new Set(['json', 'markdown', 'wire']);
const FORMAT_NAMES = Object.keys(formats);

export function addTraceOptions(command: Command): Command {
  command
    .option('-v, --verbose', 'show the dialogue on stderr as --> [command] and <-- [reply]')
    .option('-x, --explain', 'say under each line of the dialogue what it means');
  return addTraceFormatOptions(command);
}

/** Those of them that are the same where the dialogue itself is what the command shows. */
export function addTraceFormatOptions(command: Command): Command {
  return command
    .addOption(
      new Option('-t, --trace <format>', `show the dialogue on stderr as ${FORMAT_NAMES.join(', ')}`).argParser(
        formatName,
      ),
    )
    .option('--whole', 'show messages and pages whole, however long')
    .option('--record <file>', 'save the dialogue as a transcript that can be played again')
    .addOption(pictureOption('draw the dialogue: a page that explains it, or FILE.svg (repeat for both)'));
}

/** The same for every command that can draw. */
export function pictureOption(description: string): Option {
  return new Option('--picture <file>', description).argParser(
    (file: string, before: readonly string[] | undefined) => {
      if (!/\.(?:html?|svg)$/i.test(file))
        throw new InvalidArgumentError('A name that ends in .html or .svg is expected.');
      return [...(before ?? []), file];
    },
  );
}

/** For every command but `send`, where it is the HTML of the message. */
export function htmlOption(): Option {
  return new Option('--html <file>', 'draw the page, whatever the name of the file');
}

function formatName(given: string): FormatName {
  // the name that it has in a program
  const text = given === 'jsonLines' ? 'json' : given;
  if (!Object.hasOwn(formats, text)) throw new InvalidArgumentError(`One of ${FORMAT_NAMES.join(', ')} is expected.`);
  return text as FormatName;
}

/** The trace that the flags ask for; none of them, no trace. @throws MessageError BAD_FILE */
export function traceOf(flags: TraceFlags, terminal: Terminal): Trace | undefined {
  const traces = [shownTrace(flags, terminal), recordTrace(flags), pictureTrace(flags, terminal)].filter(
    (trace) => trace !== undefined,
  );
  const [first, second] = traces;
  if (second === undefined) return first;
  return (event) => {
    for (const trace of traces) trace(event);
  };
}

function shownTrace(flags: TraceFlags, terminal: Terminal): Trace | undefined {
  const name = flags.trace ?? (flags.verbose === true || flags.explain === true ? 'arrows' : undefined);
  if (name === undefined) return undefined;
  return formats[name]((text) => terminal.err(text), {
    content: flags.whole === true ? 'whole' : 'folded',
    style: PLAIN.has(name) ? undefined : terminal.style,
    explain: flags.explain === true,
  });
}

function recordTrace({ record }: TraceFlags): Trace | undefined {
  if (record === undefined) return undefined;
  writeText(record, '');
  return wire((text) => appendFileSync(record, text));
}

/** Pictures are drawn when the command is over. */
function pictureTrace(flags: PictureFlags, terminal: Terminal): Trace | undefined {
  const files = filesOf(flags);
  if (files.length === 0) return undefined;
  // what can't be written is said before anything is tried
  for (const { file } of files) writeText(file, '');
  const picture = new Picture();
  terminal.atEnd(() => writePictures(flags, picture));
  return picture.trace;
}

/** @throws MessageError BAD_FILE */
export function writePictures(flags: PictureFlags, picture: Picture, beside?: Picture): void {
  for (const { file, as } of filesOf(flags)) writeText(file, picture[as](beside));
}

function filesOf({ picture = [], html }: PictureFlags): { readonly file: string; readonly as: 'html' | 'svg' }[] {
  const named = picture.map((file) => ({ file, as: /\.svg$/i.test(file) ? ('svg' as const) : ('html' as const) }));
  return html === undefined ? named : [...named, { file: html, as: 'html' }];
}

/** @throws MessageError BAD_FILE */
export function writeText(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw new MessageError('BAD_FILE', file, `it can't be written: ${(cause as Error).message}`, { cause });
  }
}
