/** SCRAM (RFC 5802, RFC 7677), with channel binding (RFC 5929, RFC 9266): neither side shows the password, both prove it. */
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { ProtocolError } from '../../errors.ts';
import { type SaslExchange, type SaslMechanism, utf8 } from './mechanism.ts';
import type { Password } from './passwords.ts';
import { prepared } from './saslprep.ts';

export type ScramHash = 'SHA-1' | 'SHA-256';

/** RFC 5802 section 5.1 and RFC 7677 section 4: fewer are no protection. */
const LEAST_ITERATIONS = 4096;
/** More than this is an attack on our processor: a second of work, where servers ask for a hundredth of it. */
const MOST_ITERATIONS = 1_000_000;
const NONCE_BYTES = 24;

/** What ties the exchange to this TLS connection. */
export interface ChannelBinding {
  readonly type: 'tls-exporter' | 'tls-server-end-point';
  readonly data: Uint8Array;
}

/** How much of it is possible: used, or not offered by the server though we could, or not possible on this connection. */
export type Binding =
  | { readonly kind: 'bound'; readonly channel: ChannelBinding }
  | { readonly kind: 'not offered' }
  | { readonly kind: 'none' };

const derive = promisify(pbkdf2);

export function scram(
  hash: ScramHash,
  credentials: Password,
  binding: Binding,
  nonce: () => string = freshNonce,
): SaslMechanism {
  const suffix = binding.kind === 'bound' ? '-PLUS' : '';
  return { name: `SCRAM-${hash}${suffix}`, begin: () => exchange(hash, credentials, binding, nonce()) };
}

function freshNonce(): string {
  return randomBytes(NONCE_BYTES).toString('base64');
}

function exchange(
  hash: ScramHash,
  { user, pass, authorizeAs }: Password,
  binding: Binding,
  nonce: string,
): SaslExchange {
  const algorithm = hash === 'SHA-1' ? 'sha1' : 'sha256';
  const length = hash === 'SHA-1' ? 20 : 32;
  const hmac = (key: Uint8Array, text: string | Uint8Array): Buffer => createHmac(algorithm, key).update(text).digest();
  const gs2 = `${bindingFlag(binding)},${authorizeAs === undefined ? '' : `a=${escaped(authorizeAs)}`},`;
  let bare = '';
  let signature: Buffer | undefined;
  let proven = false;
  let round = 0;

  const first = async (): Promise<string> => {
    bare = `n=${escaped(await prepared(user, 'auth.user'))},r=${nonce}`;
    return utf8(gs2 + bare);
  };

  const final = async (serverFirst: string): Promise<string> => {
    const fields = parse(serverFirst);
    // an extension that must be understood is not (RFC 5802 section 5.1, "m")
    if (fields.has('m')) throw broken('it needs an extension that is not known');
    const serverNonce = fields.get('r') ?? '';
    if (!serverNonce.startsWith(nonce) || serverNonce.length === nonce.length)
      throw broken('its nonce does not begin with ours');
    const iterations = Number(fields.get('i'));
    if (!/^\d+$/.test(fields.get('i') ?? '') || iterations < LEAST_ITERATIONS || iterations > MOST_ITERATIONS) {
      throw broken(`its iteration count ${fields.get('i')} is not one of ${LEAST_ITERATIONS} to ${MOST_ITERATIONS}`);
    }
    const salt = Buffer.from(fields.get('s') ?? '', 'base64');
    if (salt.length === 0) throw broken('it sent no salt');
    // on the thread pool: a hundred thousand rounds would hold up every other connection
    const salted = await derive(
      Buffer.from(await prepared(pass, 'auth.pass'), 'utf8'),
      salt,
      iterations,
      length,
      algorithm,
    );
    const clientKey = hmac(salted, 'Client Key');
    const storedKey = createHash(algorithm).update(clientKey).digest();
    const channel = binding.kind === 'bound' ? Buffer.from(binding.channel.data) : Buffer.alloc(0);
    const withoutProof = `c=${Buffer.concat([Buffer.from(gs2, 'utf8'), channel]).toString('base64')},r=${serverNonce}`;
    const authMessage = Buffer.from(`${bare},${serverFirst},${withoutProof}`, 'utf8');
    const clientSignature = hmac(storedKey, authMessage);
    const proof = clientKey.map((byte, n) => byte ^ (clientSignature[n] ?? 0));
    signature = hmac(hmac(salted, 'Server Key'), authMessage);
    return `${withoutProof},p=${Buffer.from(proof).toString('base64')}`;
  };

  const verify = (serverFinal: string): string => {
    const fields = parse(serverFinal);
    // "e=invalid-proof" is a refusal like any other: the server says so in its reply to what comes now
    if (fields.has('e')) return '';
    const shown = Buffer.from(fields.get('v') ?? '', 'base64');
    if (signature === undefined || shown.length !== signature.length || !timingSafeEqual(shown, signature)) {
      throw broken('its signature is wrong: it does not know the password');
    }
    proven = true;
    return '';
  };

  return {
    initial: first,
    respond: async (challenge) => {
      round += 1;
      // without an initial response the server begins with an empty challenge
      if (bare === '') {
        round = 0;
        return await first();
      }
      const text = Buffer.from(challenge.decode(), 'latin1').toString('utf8');
      if (round === 1) return await final(text);
      if (round === 2) return verify(text);
      throw broken('it asks more than SCRAM has to say');
    },
    succeeded: () => {
      if (!proven) throw broken('it took our proof and did not give its own');
    },
  };
}

function bindingFlag(binding: Binding): string {
  if (binding.kind === 'bound') return `p=${binding.channel.type}`;
  // "y": we could, and think that the server can't; a server that can notices that somebody took its offer away
  return binding.kind === 'not offered' ? 'y' : 'n';
}

function escaped(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C');
}

function parse(text: string): ReadonlyMap<string, string> {
  return new Map(text.split(',').map((field) => [field.slice(0, 1), field.slice(2)] as const));
}

function broken(why: string): ProtocolError {
  return new ProtocolError('BAD_REPLY', `the server's part in SCRAM is wrong: ${why}`, { phase: 'auth' });
}
