import { MessageError } from '../errors.ts';

/** What says nothing in a message, as in nodemailer: `cc: others.length > 0 && others` leaves the field out. */
export type Nothing = undefined | null | false | '';

export function isGiven<T>(value: T | Nothing): value is T {
  return value !== undefined && value !== null && value !== false && value !== '';
}

/** A text that a caller gave, whatever the types promised. */
export function stringOf(value: unknown, field: string): string {
  if (typeof value === 'string') return value;
  throw new MessageError('BAD_INPUT', field, 'is not a string');
}
