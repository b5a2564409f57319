/** `plainwire explain TRANSCRIPT|LINE`: what the lines of a dialogue mean, and where that is written. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { MessageError } from '../errors.ts';
import { eventsOf, explainTranscript, explanationLines, Picture, safe } from '../trace/index.ts';
import { EXIT, type ExitCode, UsageError } from './exit.ts';
import { asText, readInput } from './files.ts';
import type { Terminal } from './terminal.ts';
import { htmlOption, type PictureFlags, pictureOption, writePictures } from './trace-options.ts';

const EXAMPLES = `
A transcript may be marked with C: and S:, or be what --verbose, --trace or
--record wrote, or what curl, swaks, smtplib, nodemailer or PHPMailer did, or
not be marked at all. In a line of a log or a bounce the code is found.
Passwords are not shown.

Examples:
  $ plainwire explain 550 5.7.26
  $ plainwire explain 'MAIL FROM:<> SIZE=1000 BODY=8BITMIME'
  $ plainwire explain 'HTTP/1.1 429 Too Many Requests'
  $ plainwire explain 'host mx.example.com said: 550 5.1.1 User unknown'
  $ plainwire explain dialogue.txt
  $ plainwire explain dialogue.wire --picture dialogue.html
  $ plainwire explain lock-step.wire pipelined.wire --picture both.html
  $ plainwire send infos.txt --verbose 2>&1 | plainwire explain -
`;

export function explainCommand(
  program: Command,
  run: (work: Promise<ExitCode>) => Promise<void>,
  terminal: Terminal,
): void {
  program
    .command('explain')
    .summary('say what a line, or a whole transcript, means')
    .description('Says what a line of SMTP or HTTP means, what happens next, and in which RFC that is written.')
    .argument('<line-or-file...>', 'a line, or a file with a transcript (- for stdin)')
    .addOption(pictureOption('draw the transcript, or two of them side by side: a page, or FILE.svg'))
    .addOption(htmlOption())
    .addHelpText('after', EXAMPLES)
    // a pasted line may begin with an arrow
    .allowUnknownOption()
    .action((words: string[], flags: PictureFlags) =>
      run(flags.picture === undefined && flags.html === undefined ? explainWords(words, terminal) : draw(words, flags)),
    );

  async function draw(files: readonly string[], flags: PictureFlags): Promise<ExitCode> {
    if (files.length > 2) throw new UsageError('one transcript is drawn, or two side by side');
    const pictures = await Promise.all(files.map((file) => pictureOf(file, terminal)));
    const [first = new Picture(), second] = pictures;
    writePictures(flags, first, second);
    for (const [at, file] of files.entries()) {
      for (const line of pictures[at]?.summary() ?? []) terminal.out(`${safe(`${file}: ${line}`)}\n`);
    }
    return EXIT.done;
  }
}

async function pictureOf(file: string, terminal: Terminal): Promise<Picture> {
  const events = eventsOf(asText(await readInput(file, terminal), file));
  if (!events.some(({ kind }) => kind === 'sent' || kind === 'received')) {
    throw new MessageError('BAD_FILE', file, 'no line of a dialogue is found in it');
  }
  const picture = new Picture({ name: basename(file) });
  for (const event of events) picture.trace(event);
  return picture;
}

async function explainWords(words: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const option = words.find((word) => /^--?[a-z]/i.test(word) && !word.includes(' '));
  if (option !== undefined) throw new UsageError(`unknown option '${option}'`);
  const [file = ''] = words;
  if (words.length === 1 && (file === '-' || (await isFile(file)))) {
    return explainText(asText(await readInput(file, terminal), file), terminal);
  }
  const line = words.join(' ');
  if (line.includes('\n')) return explainText(line, terminal);
  const [only] = explainTranscript(line);
  if (only?.explanation === undefined) {
    terminal.err(`plainwire: nothing is known of ${JSON.stringify(line)}, and there is no such file\n`);
    return EXIT.failed;
  }
  terminal.out(`${explanationLines(only.explanation).map(safe).join('\n')}\n`);
  return EXIT.done;
}

function explainText(text: string, terminal: Terminal): ExitCode {
  let count = 0;
  for (const line of explainTranscript(text)) {
    terminal.out(`${safe(line.text)}\n`);
    if (line.explanation === undefined) continue;
    count++;
    for (const more of explanationLines(line.explanation)) terminal.out(`      ${safe(more)}\n`);
  }
  return count > 0 ? EXIT.done : EXIT.failed;
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (facts) => facts.isFile() || facts.isFIFO(),
    () => false,
  );
}
