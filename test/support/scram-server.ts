/** The server's side of SCRAM (RFC 5802), written against the RFC and not against the client. */
import { createHash, createHmac, pbkdf2Sync, randomBytes, X509Certificate } from 'node:crypto';
import { CERTIFICATE, type ServerSession } from './mail-server.ts';

export interface ScramServerOptions {
  readonly user: string;
  readonly pass: string;
  /** What a cheating or broken server changes of its messages. */
  readonly first?: (message: string, clientNonce: string) => string;
  readonly final?: (message: string) => string;
  readonly iterations?: number;
}

/** Takes an AUTH line with a SCRAM mechanism to its end: the last reply, or why it is refused. */
export async function scramServer(line: string, session: ServerSession, options: ScramServerOptions): Promise<string> {
  const [, mechanism = '', initial] = line.split(' ');
  const hash = mechanism.includes('256') ? 'sha256' : 'sha1';
  const plus = mechanism.endsWith('-PLUS');
  const decode = (text: string): string => Buffer.from(text, 'base64').toString('utf8');
  const challenge = async (text: string): Promise<string> => {
    return decode(await session.ask(`334 ${Buffer.from(text, 'utf8').toString('base64')}`));
  };
  const clientFirst = initial === undefined ? decode(await session.ask('334 ')) : decode(initial);
  const header = /^([ny]|p=([a-z-]+)),(a=[^,]*)?,/.exec(clientFirst);
  if (header === null) return '535 no GS2 header';
  if (plus !== (header[2] !== undefined)) return '535 the flag does not fit the mechanism';
  const bare = clientFirst.slice(header[0].length);
  const nonce = /,r=([!-+\--~]+)$/.exec(bare)?.[1] ?? '';
  if (!bare.startsWith(`n=${options.user.replaceAll('=', '=3D').replaceAll(',', '=2C')},`)) return '535 no such user';

  const salt = randomBytes(16);
  const iterations = options.iterations ?? 4096;
  const usual = `r=${nonce}${randomBytes(12).toString('base64')},s=${salt.toString('base64')},i=${iterations}`;
  const serverFirst = options.first?.(usual, nonce) ?? usual;
  const clientFinal = await challenge(serverFirst);
  const parts = /^c=([^,]*),r=([^,]*),p=([^,]*)$/.exec(clientFinal);
  if (parts === null) return '501 cancelled';
  const [, bound = '', , proof = ''] = parts;
  const expected = Buffer.concat([Buffer.from(header[0], 'utf8'), bindingData(header[2], session)]);
  if (!Buffer.from(bound, 'base64').equals(expected)) return '535 bound to another channel';

  const salted = pbkdf2Sync(options.pass, salt, iterations, hash === 'sha1' ? 20 : 32, hash);
  const hmac = (key: Buffer, text: string): Buffer => createHmac(hash, key).update(text).digest();
  const authMessage = `${bare},${serverFirst},${clientFinal.slice(0, clientFinal.lastIndexOf(',p='))}`;
  const clientKey = hmac(salted, 'Client Key');
  const stored = createHash(hash).update(clientKey).digest();
  const signature = hmac(stored, authMessage);
  const shown = Buffer.from(proof, 'base64').map((byte, n) => byte ^ (signature[n] ?? 0));
  if (!Buffer.from(shown).equals(clientKey)) return '535 wrong password';
  const proven = `v=${hmac(hmac(salted, 'Server Key'), authMessage).toString('base64')}`;
  const serverFinal = options.final?.(proven) ?? proven;
  if (serverFinal !== '') {
    const end = await challenge(serverFinal);
    if (end !== '') return '501 cancelled';
  }
  return '235 ok';
}

/** What the server's own side of the TLS session says that the client must be bound to. */
function bindingData(type: string | undefined, { secure }: ServerSession): Buffer {
  if (type === undefined) return Buffer.alloc(0);
  if (type === 'tls-exporter')
    return secure?.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)) ?? Buffer.alloc(0);
  return createHash('sha256').update(new X509Certificate(CERTIFICATE.cert).raw).digest();
}
