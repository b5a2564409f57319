/** The options that show the dialogue, the same for every command that holds one. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { MessageError } from '../errors.ts';
import { type FormatName, formats, type Trace, wire } from '../trace/index.ts';
import type { Terminal } from './terminal.ts';

export interface TraceFlags {
  readonly verbose?: boolean;
  readonly trace?: FormatName;
  readonly explain?: boolean;
  readonly whole?: boolean;
  readonly save?: string;
}

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
    .option('--save <file>', 'save the dialogue as a transcript that can be played again');
}

function formatName(text: string): FormatName {
  if (!Object.hasOwn(formats, text)) throw new InvalidArgumentError(`One of ${FORMAT_NAMES.join(', ')} is expected.`);
  return text as FormatName;
}

/** The trace that the flags ask for; none of them, no trace. @throws MessageError BAD_FILE */
export function traceOf(flags: TraceFlags, terminal: Terminal): Trace | undefined {
  const traces = [shownTrace(flags, terminal), savedTrace(flags)].filter((trace) => trace !== undefined);
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
    style: name === 'json' || name === 'markdown' ? undefined : terminal.style,
    explain: flags.explain === true,
  });
}

function savedTrace({ save }: TraceFlags): Trace | undefined {
  if (save === undefined) return undefined;
  try {
    writeFileSync(save, '');
  } catch (cause) {
    throw new MessageError('BAD_FILE', save, `it can't be written: ${(cause as Error).message}`, { cause });
  }
  return wire((text) => appendFileSync(save, text));
}
