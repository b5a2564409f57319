/** Which certificate a server shows: one from files, or one that is made on the spot. */
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { MessageError } from '../../errors.ts';
import type { Endpoint, ServerTlsOptions } from '../../transport/index.ts';
import { UsageError } from '../exit.ts';
import { readInput } from '../files.ts';
import type { Terminal } from '../terminal.ts';
import { selfSigned } from './self-signed.ts';

export interface CertificateFlags {
  readonly cert?: string;
  readonly key?: string;
  readonly saveCert?: string;
}

/** @throws UsageError, MessageError BAD_FILE */
export async function serverTls(
  flags: CertificateFlags,
  endpoint: Endpoint,
  terminal: Terminal,
): Promise<ServerTlsOptions> {
  const { cert, key } = flags;
  if ((cert === undefined) !== (key === undefined)) throw new UsageError('--cert and --key go together');
  if (cert !== undefined && key !== undefined) {
    return { cert: await readInput(cert, terminal), key: await readInput(key, terminal) };
  }
  const names = new Set(['localhost', '127.0.0.1', '::1', ...('host' in endpoint ? [endpoint.host] : [])]);
  const made = selfSigned([...names]);
  if (flags.saveCert !== undefined) save(made.cert, flags.saveCert);
  const { fingerprint256 } = new X509Certificate(made.cert);
  terminal.err(`plainwire: a certificate for ${[...names].join(', ')} was made, SHA-256 ${fingerprint256}\n`);
  return made;
}

function save(certificate: string, file: string): void {
  try {
    writeFileSync(file, certificate);
  } catch (cause) {
    throw new MessageError('BAD_FILE', file, `it can't be written: ${(cause as Error).message}`, { cause });
  }
}
