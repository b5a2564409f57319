/** `plainwire send`: a mail from `infos.txt`, from a message as it is, or from options. */
import { type Command, Option } from 'commander';
import { MessageError, PlainwireError } from '../errors.ts';
import { compose, type Message, rawMessage } from '../mime/index.ts';
import { type Delivery, Mailer, QUIT_PHASES, type QuitPhase, type SmtpOptions, StoppedError } from '../smtp/index.ts';
import { safe } from '../trace/index.ts';
import { EXIT, type ExitCode, UsageError } from './exit.ts';
import { asText, readInput } from './files.ts';
import { hintFor } from './hints.ts';
import { parseInfos } from './infos.ts';
import { infosMessage } from './infos-message.ts';
import { addMailOptions, type MailFlags, mailOf, saysContent } from './mail-flags.ts';
import { deliveryLines, failureLines, stoppedLines } from './send-report.ts';
import { addServerOptions, parseServerAt, type ServerFlags, serverOptions } from './server-flags.ts';
import type { Terminal } from './terminal.ts';
import { addTraceOptions, type TraceFlags, traceOf } from './trace-options.ts';

const EXAMPLES = `
infos.txt: line 1 is "server, sender, recipient", then come headers, an empty
line, and the body. A file that ends in .eml, and stdin (-), is a message as it
is; its headers say who sends it and who gets it, unless --from and --to do.

Environment:
  PLAINWIRE_PASSWORD      the password for --user; without it you are asked
  PLAINWIRE_SERVER        the server where --server is not given

Examples:
  $ plainwire send infos.txt --verbose
  $ plainwire send message.eml --server smtp://localhost:2525
  $ plainwire send --server smtp.example.com --security starttls --user ada \\
      --from ada@example.com --to grace@example.org --subject 'The figures' \\
      --text 'They are attached.' --attach figures.csv
  $ plainwire send --server localhost:2525 --from ada@example.com \\
      --to grace@example.org --subject 'A picture' --html-file letter.html \\
      --inline picture.png --trace smtplib
`;

export type SendFlags = MailFlags & ServerFlags & TraceFlags & { readonly quitAfter?: QuitPhase };

interface Mail {
  readonly server: SmtpOptions;
  readonly message: Message;
}

export function sendCommand(
  program: Command,
  run: (work: Promise<ExitCode>) => Promise<void>,
  terminal: Terminal,
): void {
  const command = program
    .command('send')
    .summary('send a mail')
    .description('Sends a mail: the one of a file, or the one that the options make.')
    .argument('[file]', 'infos.txt, a message in a file *.eml, or - for a message from stdin');
  addMailOptions(command);
  addServerOptions(command);
  addTraceOptions(command.optionsGroup('The dialogue:')).addOption(
    new Option('--quit-after <phase>', 'go no further, and send nothing').choices(QUIT_PHASES),
  );
  command
    .addHelpText('after', EXAMPLES)
    .action((file: string | undefined, flags: SendFlags) => run(send(file, flags, terminal)));
}

async function send(file: string | undefined, flags: SendFlags, terminal: Terminal): Promise<ExitCode> {
  const { server, message } = await mail(file, flags, terminal);
  // here --html is the text of the mail, and no page to draw
  const { html: _text, ...shown } = flags;
  const trace = traceOf(shown, terminal);
  const options = await serverOptions(server, flags, terminal);
  const mailer = new Mailer({
    ...options,
    signal: terminal.signal,
    ...(trace === undefined ? {} : { trace }),
    ...(flags.quitAfter === undefined ? {} : { quitAfter: flags.quitAfter }),
  });
  const sending = mailer.send(message, { signal: terminal.signal });
  // The goodbye belongs to the dialogue; what came of it is said last.
  await sending.catch(() => {});
  await mailer.close();
  return report(sending, terminal);
}

async function report(sending: Promise<Delivery>, terminal: Terminal): Promise<ExitCode> {
  const say = (lines: readonly string[]) => terminal.out(lines.map((line) => `${safe(line)}\n`).join(''));
  try {
    const delivery = await sending;
    say(deliveryLines(delivery));
    return delivery.rejected.length === 0 ? EXIT.done : EXIT.failed;
  } catch (error) {
    if (error instanceof StoppedError) {
      say(stoppedLines(error));
      return error.reply !== undefined && error.reply.code >= 400 ? EXIT.failed : EXIT.done;
    }
    if (error instanceof PlainwireError && !(error instanceof MessageError)) say(failureLines(error));
    const hint = hintFor(error);
    // behind the complaint itself
    if (hint !== undefined) terminal.atEnd(() => terminal.err(`(${hint})\n`));
    throw error;
  }
}

/** What to send, and where to: checked before a password is asked for, or anything else is tried. */
async function mail(file: string | undefined, flags: SendFlags, terminal: Terminal): Promise<Mail> {
  const { html } = flags;
  if (html !== undefined && /^[^<\s]+\.html?$/i.test(html)) {
    throw new UsageError(
      `--html takes HTML: for what is in ${html} say --html-file, and to draw the dialogue --picture ${html}`,
    );
  }
  if (file === undefined) {
    if (flags.from === undefined && flags.to === undefined && !saysContent(flags)) {
      throw new UsageError(
        'which mail? Name a file, or give --server, --from, --to and --text (plainwire send --help)',
      );
    }
    const message = compose(await mailOf(flags, terminal));
    return { server: serverOf(flags, terminal), message };
  }
  if (saysContent(flags)) {
    throw new UsageError(`${file} is the whole message; --subject, --text, --attach and their like make another`);
  }
  const bytes = await readInput(file, terminal);
  if (file === '-' || /\.eml$/i.test(file)) {
    return { server: serverOf(flags, terminal), message: await wholeMessage(bytes, file, flags) };
  }
  if (flags.from !== undefined || flags.to !== undefined) {
    throw new UsageError(
      `line 1 of ${file} says who sends the message and who gets it; --from and --to do not go with it`,
    );
  }
  const infos = parseInfos(asText(bytes, file), file);
  const server =
    flags.server === undefined ? parseServerAt(infos.server, `${file}:1`, 'the server: ') : serverOf(flags, terminal);
  return { server, message: compose(infosMessage(infos, bytes, file)) };
}

function serverOf(flags: SendFlags, terminal: Terminal): SmtpOptions {
  if (flags.server !== undefined) return parseServerAt(flags.server, '--server');
  const server = terminal.env.PLAINWIRE_SERVER;
  if (server !== undefined) return parseServerAt(server, 'PLAINWIRE_SERVER');
  throw new UsageError('which server? --server is missing, and PLAINWIRE_SERVER is not set');
}

/**
 * A message that stands in a file. Its headers say who sends it and who gets it, and lose their Bcc; where the options
 * say otherwise, it goes to others as it is.
 */
async function wholeMessage(bytes: Uint8Array, file: string, flags: SendFlags): Promise<Message> {
  const message = rawMessage(bytes);
  if (message.envelope.to.length === 0 && flags.to === undefined) {
    throw new UsageError(`${file === '-' ? 'stdin' : file}: its headers name no recipient; --to does`);
  }
  if (flags.from === undefined && flags.to === undefined) return message;
  const { from, to } = message.envelope;
  return rawMessage(await message.bytes(), {
    from: flags.from ?? from?.address ?? '',
    to: flags.to ?? to.map(({ address }) => address),
  });
}
