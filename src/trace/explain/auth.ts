/** Login mechanisms, and what can be told of an exchange without telling a secret. */
import type { Entry } from './entry.ts';

export const MECHANISMS: Readonly<Record<string, Entry>> = {
  PLAIN: [
    'User name and password go to the server as they are, in base64, which hides nothing: use it under TLS only.',
    'RFC 4616 section 2',
  ],
  LOGIN: [
    'User name and password go to the server in two steps, in base64: use it under TLS only.',
    'draft-murchison-sasl-login-00',
  ],
  'CRAM-MD5': ['The password is not sent: it keys an MD5 over a challenge. Weak by now.', 'RFC 2195 section 2'],
  'DIGEST-MD5': ['A challenge and digest in the manner of HTTP; historic.', 'RFC 2831; RFC 6331 makes it historic'],
  'SCRAM-SHA-1': ['Both sides prove that they know the password, and neither sends it.', 'RFC 5802 section 3'],
  'SCRAM-SHA-256': ['Both sides prove that they know the password, and neither sends it.', 'RFC 7677 section 3'],
  'SCRAM-SHA-1-PLUS': [
    'SCRAM bound to this very TLS connection, so that nobody can stand in the middle.',
    'RFC 5802 section 6',
  ],
  'SCRAM-SHA-256-PLUS': [
    'SCRAM bound to this very TLS connection, so that nobody can stand in the middle.',
    'RFC 7677 section 3',
  ],
  XOAUTH2: [
    'An OAuth 2.0 access token in place of a password, in the form that Google began.',
    'Google, XOAUTH2 mechanism',
  ],
  OAUTHBEARER: ['An OAuth 2.0 access token in place of a password.', 'RFC 7628 section 3'],
  'SCRAM-SHA-512': ['SCRAM with a longer digest.', 'draft-melnikov-scram-sha-512'],
  'SCRAM-SHA-512-PLUS': [
    'SCRAM with a longer digest, bound to this very TLS connection.',
    'draft-melnikov-scram-sha-512',
  ],
  EXTERNAL: ['Who the client is, is known from elsewhere: its TLS certificate, say.', 'RFC 4422 appendix A'],
  ANONYMOUS: ['A login without a name; a word on who it is may come along.', 'RFC 4505 section 2'],
  GSSAPI: ['Kerberos.', 'RFC 4752 section 3'],
  'GS2-KRB5': ['Kerberos, in the form that can be bound to TLS.', 'RFC 5801'],
  'GSS-SPNEGO': ['Kerberos or NTLM, whichever both sides have.', 'Microsoft, GSS-SPNEGO mechanism'],
  OTP: ['A password that holds for one login only.', 'RFC 2444'],
  'PLAIN-CLIENTTOKEN': ["Google's own, for its own programs.", 'Google, PLAIN-CLIENTTOKEN mechanism'],
  NTLM: ["Microsoft's challenge and response; old and weak.", 'Microsoft MS-SMTPNTLM'],
};

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** What a challenge says where it is text to show, `'Username:'`; undefined where it is not. */
export function decodedChallenge(text: string): string | undefined {
  if (!BASE64.test(text) || text.length % 4 !== 0) return undefined;
  const decoded = Buffer.from(text, 'base64').toString('latin1');
  return /^[\x20-\x7e]+$/.test(decoded) ? decoded : undefined;
}
