/** Mechanisms that show an OAuth 2.0 token: OAUTHBEARER (RFC 7628) and XOAUTH2 (Google's and Microsoft's older form). */
import { MessageError } from '../../errors.ts';
import { type SaslExchange, type SaslMechanism, utf8 } from './mechanism.ts';

export interface Bearer {
  readonly user: string;
  readonly token: () => string | Promise<string>;
  readonly host: string;
  readonly port: number;
}

const SEPARATOR = '\x01';

export function oauthBearer({ user, token, host, port }: Bearer): SaslMechanism {
  return {
    name: 'OAUTHBEARER',
    begin: () =>
      exchange(async () => {
        // RFC 5801 section 4: comma and equals sign have a meaning in the GS2 header
        const name = user.replaceAll('=', '=3D').replaceAll(',', '=2C');
        const fields = [
          `n,a=${name},`,
          `host=${host}`,
          `port=${port}`,
          `auth=Bearer ${checked(await token())}`,
          '',
          '',
        ];
        return utf8(fields.join(SEPARATOR));
      }, SEPARATOR),
  };
}

export function xoauth2({ user, token }: Bearer): SaslMechanism {
  return {
    name: 'XOAUTH2',
    begin: () =>
      exchange(
        async () => utf8(`user=${user}${SEPARATOR}auth=Bearer ${checked(await token())}${SEPARATOR}${SEPARATOR}`),
        '',
      ),
  };
}

/** A challenge after the token says what is wrong with it, and has to be acknowledged before the server says 535. */
function exchange(first: () => Promise<string>, acknowledgement: string): SaslExchange {
  let told = false;
  const initial = (): Promise<string> => {
    told = true;
    return first();
  };
  return { initial, respond: () => (told ? acknowledgement : initial()) };
}

function checked(token: string): string {
  // what an identity provider answers is an object that holds the token, or an error that does not
  if (typeof token !== 'string') throw new MessageError('BAD_INPUT', 'auth.token', 'expected the token as text');
  if (!/^[!-~]+$/.test(token))
    throw new MessageError('FORBIDDEN_CHARACTER', 'auth.token', 'a token is printable ASCII without spaces');
  return token;
}
