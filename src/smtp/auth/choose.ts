/** Which mechanisms can show the credentials, strongest first, among those that the server offers. */
import { UnsupportedError } from '../../errors.ts';
import type { Credentials, TokenReason } from './credentials.ts';
import type { SaslMechanism } from './mechanism.ts';
import { cramMd5, login, type Password, plain } from './passwords.ts';
import { type Binding, type ChannelBinding, scram } from './scram.ts';
import { oauthBearer, xoauth2 } from './tokens.ts';

/** What the mechanisms need to know of the connection. */
export interface AuthContext {
  readonly host: string;
  readonly port: number;
  /** What SCRAM-PLUS can be bound to; undefined without TLS. */
  readonly channel: ChannelBinding | undefined;
}

/**
 * The mechanisms to try, in order. They can all show the credentials, and the server offers each.
 * @throws UnsupportedError AUTH_NOT_OFFERED, with what is offered
 */
export function chooseMechanisms(
  credentials: Credentials,
  offered: readonly string[],
  context: AuthContext,
  reason: TokenReason,
): readonly SaslMechanism[] {
  const possible = mechanismsOf(credentials, offered, context, reason);
  const wanted = 'mechanism' in credentials ? credentials.mechanism?.toUpperCase() : undefined;
  const chosen = possible.filter(
    ({ name }) => offered.includes(name.toUpperCase()) && (wanted === undefined || name === wanted),
  );
  if (chosen.length > 0) return chosen;
  const names = wanted ?? possible.map(({ name }) => name).join(', ');
  const offer = offered.length === 0 ? 'does not offer AUTH' : `offers AUTH ${offered.join(' ')}`;
  throw new UnsupportedError('AUTH_NOT_OFFERED', `the server ${offer}; the credentials could be shown by ${names}`, {
    phase: 'auth',
  });
}

function mechanismsOf(
  credentials: Credentials,
  offered: readonly string[],
  context: AuthContext,
  reason: TokenReason,
): readonly SaslMechanism[] {
  if ('sasl' in credentials) return [credentials.sasl];
  if ('external' in credentials) return [fixed('EXTERNAL', credentials.external)];
  if ('anonymous' in credentials) return [fixed('ANONYMOUS', credentials.anonymous)];
  if ('token' in credentials) {
    const { token } = credentials;
    const bearer = {
      ...context,
      user: credentials.user,
      token: () => (typeof token === 'string' ? token : token(reason)),
    };
    return [oauthBearer(bearer), xoauth2(bearer)];
  }
  return passwordMechanisms(credentials, offered, context.channel);
}

function passwordMechanisms(
  password: Password,
  offered: readonly string[],
  channel: ChannelBinding | undefined,
): readonly SaslMechanism[] {
  const offersPlus = offered.some((name) => name.endsWith('-PLUS'));
  const unbound: Binding = channel !== undefined && !offersPlus ? { kind: 'not offered' } : { kind: 'none' };
  const actsForAnother = password.authorizeAs !== undefined && password.authorizeAs !== '';
  const bound: Binding | undefined = channel === undefined ? undefined : { kind: 'bound', channel };
  return [
    ...(bound === undefined ? [] : [scram('SHA-256', password, bound), scram('SHA-1', password, bound)]),
    scram('SHA-256', password, unbound),
    scram('SHA-1', password, unbound),
    // CRAM-MD5 and LOGIN have no place for another user to act for: without it the mail would go out as our own
    ...(actsForAnother ? [] : [cramMd5(password)]),
    plain(password),
    ...(actsForAnother ? [] : [login(password)]),
  ];
}

function fixed(name: string, text: string): SaslMechanism {
  const response = (): string => Buffer.from(text, 'utf8').toString('latin1');
  return { name, begin: () => ({ initial: response, respond: response }) };
}
