import { randomFillSync } from 'node:crypto';

/**
 * Random text for boundaries and message identifiers. Randomness is drawn for many messages at once: a call per message
 * would cost more than the rest of a small one.
 */

/** 18 octets are 24 characters and 144 bits: nobody guesses a boundary, and no two messages share one. */
export const TOKEN_LENGTH = 24;
const TOKENS_PER_DRAW = 512;

const octets = Buffer.alloc((TOKENS_PER_DRAW * TOKEN_LENGTH * 3) / 4);
let pool = '';
let used = 0;

/** 24 characters of letters, digits, `-` and `_`. */
export function token(): string {
  if (used + TOKEN_LENGTH > pool.length) {
    pool = randomFillSync(octets).toString('base64url');
    used = 0;
  }
  used += TOKEN_LENGTH;
  return pool.slice(used - TOKEN_LENGTH, used);
}
