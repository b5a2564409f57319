/** Asks for a password on a terminal and shows nothing of it, not even its length. */
import { AbortError } from '../errors.ts';

const ENTER = /[\r\n]/;
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const CTRL_U = '\u0015';
const BACKSPACE = /[\b\u007f]/;

export function askSecret(
  question: string,
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed: string[] = [];

    function finish(end: () => void): void {
      input.off('data', read);
      signal.removeEventListener('abort', cancel);
      input.setRawMode(false);
      input.pause();
      output.write('\n');
      end();
    }

    function cancel(): void {
      finish(() => reject(new AbortError('ABORTED', 'interrupted')));
    }

    function read(chunk: Buffer): void {
      for (const character of chunk.toString('utf8')) {
        if (character === CTRL_C) {
          cancel();
          return;
        }
        if (ENTER.test(character) || character === CTRL_D) {
          finish(() => resolve(typed.join('')));
          return;
        }
        if (character === CTRL_U) typed = [];
        else if (BACKSPACE.test(character)) typed.pop();
        else typed.push(character);
      }
    }

    // Raw, so that the terminal does not echo; it also means that Ctrl-C comes as a character. Before the question: who
    // types at once shall not be echoed either.
    input.setRawMode(true);
    output.write(question);
    input.resume();
    input.on('data', read);
    signal.addEventListener('abort', cancel, { once: true });
  });
}
