/** Numbers on the command line: checked when they are read, with a word on what is expected. */
import { InvalidArgumentError } from 'commander';

export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && Number.isSafeInteger(number)) return number;
    throw new InvalidArgumentError(`A whole number, ${least} or more, is expected.`);
  };
}

/** Seconds, with fractions; in milliseconds. */
export function seconds(text: string): number {
  const number = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && number > 0 && number < 1_000_000) return Math.ceil(number * 1000);
  throw new InvalidArgumentError('A number of seconds is expected.');
}
