/** `plainwire explain TRANSCRIPT|LINE`: what the lines of a dialogue mean, and where that is written. */
import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { explainLine, explainTranscript, explanationLines, safe } from '../trace/index.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { asText, readInput } from './files.ts';
import type { Terminal } from './terminal.ts';

const EXAMPLES = `
A transcript may be marked with C: and S:, or be what --verbose or --trace
wrote, or what curl or swaks did.

Examples:
  $ plainwire explain 550 5.7.26
  $ plainwire explain 'MAIL FROM:<> SIZE=1000 BODY=8BITMIME'
  $ plainwire explain 'HTTP/1.1 429 Too Many Requests'
  $ plainwire explain dialogue.txt
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
    .addHelpText('after', EXAMPLES)
    .action((words: string[]) => run(explainWords(words, terminal)));
}

async function explainWords(words: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [file = ''] = words;
  if (words.length === 1 && (file === '-' || (await isFile(file)))) {
    return explainText(asText(await readInput(file, terminal), file), terminal);
  }
  const line = words.join(' ');
  const found = explainLine(line);
  if (found === undefined) {
    terminal.err(`plainwire: nothing is known of ${JSON.stringify(line)}, and there is no such file\n`);
    return EXIT.failed;
  }
  terminal.out(`${explanationLines(found).map(safe).join('\n')}\n`);
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
