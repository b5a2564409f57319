/** Mechanisms that show a password: PLAIN (RFC 4616), LOGIN (draft-murchison-sasl-login), CRAM-MD5 (RFC 2195). */
import { createHmac } from 'node:crypto';
import { MessageError } from '../../errors.ts';
import { type SaslMechanism, utf8 } from './mechanism.ts';
import { prepared } from './saslprep.ts';

export interface Password {
  readonly user: string;
  readonly pass: string;
  readonly authorizeAs?: string;
}

export function plain({ user, pass, authorizeAs = '' }: Password): SaslMechanism {
  const response = (): string => {
    for (const [field, value] of [
      ['auth.user', user],
      ['auth.pass', pass],
      ['auth.authorizeAs', authorizeAs],
    ] as const) {
      if (value.includes('\0'))
        throw new MessageError('FORBIDDEN_CHARACTER', field, 'NUL separates the fields of PLAIN');
    }
    return utf8(`${authorizeAs}\0${user}\0${pass}`);
  };
  return { name: 'PLAIN', begin: () => ({ initial: response, respond: response }) };
}

export function login({ user, pass }: Password): SaslMechanism {
  return {
    name: 'LOGIN',
    begin: () => {
      // the prompts differ from server to server; their order does not
      const answers = [user, pass];
      return { respond: () => utf8(answers.shift() ?? '') };
    },
  };
}

export function cramMd5({ user, pass }: Password): SaslMechanism {
  return {
    name: 'CRAM-MD5',
    begin: () => ({
      respond: async (challenge) => {
        const key = Buffer.from(await prepared(pass, 'auth.pass'), 'utf8');
        const digest = createHmac('md5', key).update(Buffer.from(challenge.decode(), 'latin1')).digest('hex');
        return utf8(`${user} ${digest}`);
      },
    }),
  };
}
