/** The command line as a whole: the commands, and what becomes of whatever they throw. */
import { Command, CommanderError } from 'commander';
import { AbortError, MessageError, PlainwireError } from '../errors.ts';
import { safe } from '../trace/index.ts';
import { connectCommand } from './connect.ts';
import { EXIT, type ExitCode, UsageError } from './exit.ts';
import { explainCommand } from './explain.ts';
import { getCommand } from './get.ts';
import { listenCommand } from './listen.ts';
import { lookupCommand } from './lookup.ts';
import { sendCommand } from './send.ts';
import type { Terminal } from './terminal.ts';
import { version } from './version.ts';

const HELP = `
Results go to stdout, the dialogue and complaints to stderr.
Exit codes: 0 all done, 1 some failed, 2 the command line or an input file is
not right, 130 interrupted.

Examples:
  $ plainwire send infos.txt --verbose
  $ plainwire get example.com www.example.org
  $ plainwire lookup example.com
  $ plainwire connect mail.example.com 25 --explain
  $ plainwire listen 2525 --as smtp
  $ plainwire explain 550 5.7.26
`;

/** Runs one command line; never throws. */
export async function run(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  const keep = async (work: Promise<ExitCode>): Promise<void> => {
    code = await work;
  };
  const program = new Command('plainwire')
    .description('SMTP and HTTP by hand: send mail, fetch raw pages, watch and understand the dialogue.')
    .version(version, '-V, --version')
    .addHelpText('after', HELP)
    // names alone: what goes with a command says its own help
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .showHelpAfterError('(plainwire --help, or plainwire COMMAND --help, says more)')
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      // complaints have one form, whoever makes them
      outputError: (text, write) => write(text.replace(/^error: /, 'plainwire: ')),
    })
    .exitOverride();
  for (const add of [sendCommand, getCommand, lookupCommand, connectCommand, listenCommand, explainCommand])
    add(program, keep, terminal);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    code = complain(error, terminal);
  }
  try {
    terminal.end();
  } catch (error) {
    code = complain(error, terminal);
  }
  return code;
}

function complain(error: unknown, terminal: Terminal): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  // Nothing but Ctrl-C aborts a command.
  if (error instanceof AbortError) {
    terminal.err('plainwire: interrupted\n');
    return EXIT.interrupted;
  }
  if (error instanceof UsageError || error instanceof MessageError) {
    terminal.err(`plainwire: ${safe(error.message)}\n`);
    return EXIT.usage;
  }
  if (error instanceof PlainwireError) {
    terminal.err(`plainwire: ${safe(error.message)} (${error.code})\n`);
    return EXIT.failed;
  }
  // A fault of ours: whoever sees it can report it.
  terminal.err(`plainwire: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT.failed;
}
