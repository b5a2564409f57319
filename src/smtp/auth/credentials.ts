/** Who the client is to the server, and how it can show it. */
import { MessageError } from '../../errors.ts';
import { refuseControls, refuseForbidden } from '../../mime/forbidden.ts';
import { refuseOption } from '../elsewhere.ts';
import type { SaslMechanism } from './mechanism.ts';

/** Why a token is asked for: for the first time, or because the server refused the one before. */
export type TokenReason = 'first' | 'refused';

export type Credentials =
  /** A password: SCRAM, CRAM-MD5, PLAIN or LOGIN, the strongest that is offered. */
  | { readonly user: string; readonly pass: string; readonly authorizeAs?: string; readonly mechanism?: string }
  /** An OAuth 2.0 access token, or a way to get one: OAUTHBEARER or XOAUTH2. A refused one is asked for once more. */
  | {
      readonly user: string;
      readonly token: string | ((reason: TokenReason) => string | Promise<string>);
      readonly mechanism?: string;
    }
  /** EXTERNAL: what TLS or the socket has shown already (RFC 4422 appendix A). */
  | { readonly external: string }
  /** ANONYMOUS, with a trace of who it may be (RFC 4505). */
  | { readonly anonymous: string }
  /** A mechanism of the caller's own. */
  | { readonly sasl: SaslMechanism };

const FIELDS: ReadonlySet<string> = new Set([
  'user',
  'pass',
  'authorizeAs',
  'mechanism',
  'token',
  'external',
  'anonymous',
  'sasl',
]);

/** Refuses what can't be credentials before anything is opened. @throws MessageError that names the field, and never its value */
export function checkCredentials(auth: Credentials): void {
  if (typeof auth !== 'object' || auth === null) throw incomplete();
  for (const name of Object.keys(auth)) if (!FIELDS.has(name)) refuseOption('auth', name, FIELDS);
  const { user, pass, authorizeAs, token, external, anonymous, sasl } = auth as Readonly<Record<string, unknown>>;
  const isWhole =
    (typeof user === 'string' &&
      (typeof pass === 'string' || typeof token === 'string' || typeof token === 'function')) ||
    typeof external === 'string' ||
    typeof anonymous === 'string' ||
    (typeof sasl === 'object' && sasl !== null);
  if (sasl !== undefined) checkMechanism(sasl as Partial<SaslMechanism>);
  const ways = [pass, token, external, anonymous, sasl].filter((way) => way !== undefined);
  if (!isWhole || ways.length > 1) throw incomplete();
  const { mechanism } = auth as Readonly<Record<string, unknown>>;
  if (mechanism !== undefined && typeof mechanism !== 'string')
    throw new MessageError('BAD_INPUT', 'auth.mechanism', 'expected the name of a mechanism');
  // mechanisms separate their fields by controls; and a password with a line end was read from a file, and is refused
  for (const [name, value] of Object.entries({ user, authorizeAs, external, anonymous }))
    if (typeof value === 'string') refuseControls(value, `auth.${name}`);
  for (const [name, value] of Object.entries({ pass, token }))
    if (typeof value === 'string') refuseForbidden(value, `auth.${name}`);
}

/** RFC 4422 section 3.1: a mechanism's name has 1 to 20 letters, digits, hyphens and underscores. */
function checkMechanism({ name, begin }: Partial<SaslMechanism>): void {
  if (typeof name !== 'string' || !/^[A-Za-z0-9_-]{1,20}$/.test(name))
    throw new MessageError('BAD_INPUT', 'auth.sasl.name', 'expected the name of a mechanism, as the server offers it');
  if (typeof begin !== 'function') throw new MessageError('BAD_INPUT', 'auth.sasl.begin', 'expected a function');
}

function incomplete(): MessageError {
  return new MessageError(
    'BAD_INPUT',
    'auth',
    'expected one of { user, pass }, { user, token }, { external }, { anonymous } and { sasl }',
  );
}
