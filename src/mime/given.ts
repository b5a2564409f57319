/** What says nothing in a message, as in nodemailer: `cc: others.length > 0 && others` leaves the field out. */
export type Nothing = undefined | null | false | '';

export function isGiven<T>(value: T | Nothing): value is T {
  return value !== undefined && value !== null && value !== false && value !== '';
}
