import { MessageError } from '../errors.ts';
import { wordsField } from './folding.ts';
import { stringOf } from './given.ts';
import type { OtpInit } from './message-init.ts';
import { refuseUnknown } from './nearest.ts';

const FIELDS: readonly string[] = ['code', 'origin'] satisfies (keyof OtpInit)[];

/** A host as an origin may have it (RFC 6454): a name in A-labels, an IPv4 address, an IPv6 address in brackets. */
const HOST = /^(?:[a-z0-9_-]+\.)*[a-z0-9_-]+$|^\[[0-9a-f:.]+\]$/;
/** What never leaves the machine, and so needs no TLS to be trusted. */
const LOOPBACK = /^(?:localhost|.+\.localhost|127(?:\.\d+){3}|\[::1\])$/;
/** What a String of structured fields (RFC 9651 section 3.3.3) may hold, and a line of mail has room for. */
const CODE = /^[ -~]{1,256}$/;

/**
 * A one-time code and the site it is for, in nodemailer's words: a mail program can offer the code to that site alone
 * (draft-goto-otp-token).
 */
export function otpField(otp: OtpInit): string {
  if (typeof otp !== 'object') throw new MessageError('BAD_INPUT', 'otp', 'is not an object');
  for (const name in otp) if (!FIELDS.includes(name)) refuseUnknown(name, FIELDS, `otp.${name}`);
  const { code } = otp;
  if (typeof code !== 'string' || !CODE.test(code)) {
    throw new MessageError('BAD_INPUT', 'otp.code', 'is not a text of 1 to 256 printable ASCII characters');
  }
  return wordsField('OTP-Token', [`${quoted(code)};`, `origin=${quoted(originOf(otp.origin))}`], 'otp');
}

/** Only what a browser would trust: https, or http on this machine, and nothing that hides another host. */
function originOf(given: unknown): string {
  const text = given instanceof URL ? given.href : stringOf(given, 'otp.origin');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && url.username === '' && url.password === '' && HOST.test(url.hostname);
  if (isPlain && (url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname)))) {
    return url.origin;
  }
  throw new MessageError('BAD_INPUT', 'otp.origin', 'is not an https: URL, or an http: one of this machine');
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
