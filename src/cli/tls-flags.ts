/** The options that say whom to trust, the same for mail and pages. */
import type { Command } from 'commander';
import type { TlsOptions } from '../transport/index.ts';
import { readInput } from './files.ts';
import type { Terminal } from './terminal.ts';

export interface TlsFlags {
  readonly ca?: string;
  readonly insecure?: boolean;
}

export function addTlsOptions(command: Command): Command {
  return command
    .option('--ca <file>', 'trust the certificates that are signed by those in this file (PEM), and no others')
    .option('--insecure', 'trust every certificate: anybody can then be at the other end');
}

/** @throws MessageError BAD_FILE */
export async function tlsOptions(flags: TlsFlags, terminal: Terminal): Promise<{ tls?: TlsOptions }> {
  if (flags.ca === undefined && flags.insecure !== true) return {};
  return {
    tls: {
      ...(flags.ca === undefined ? {} : { ca: await readInput(flags.ca, terminal) }),
      ...(flags.insecure === true ? { rejectUnauthorized: false } : {}),
    },
  };
}
