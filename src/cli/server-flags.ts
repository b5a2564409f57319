/** The options of `plainwire send` that say which server, and how to talk to it. */
import { type Command, Option } from 'commander';
import { MessageError } from '../errors.ts';
import { parseServer, type Security, type SmtpOptions } from '../smtp/index.ts';
import { UsageError } from './exit.ts';
import { seconds } from './numbers.ts';
import type { Terminal } from './terminal.ts';
import { addTlsOptions, type TlsFlags, tlsOptions } from './tls-flags.ts';

export interface ServerFlags extends TlsFlags {
  readonly server?: string;
  readonly security?: Security;
  readonly user?: string;
  readonly mechanism?: string;
  readonly allowPlaintextAuth?: boolean;
  readonly name?: string;
  readonly lmtp?: boolean;
  readonly proxy?: string;
  readonly timeout?: number;
  readonly pipelining?: boolean;
}

export function addServerOptions(command: Command): Command {
  command
    .optionsGroup('The server:')
    .option('-s, --server <server>', 'host, host:port, a path, or a URL: smtp:// smtps:// lmtp:// smtp+unix:')
    .addOption(
      new Option('--security <how>', 'tls from the start, starttls or nothing, opportunistic, or none').choices([
        'tls',
        'starttls',
        'opportunistic',
        'none',
      ]),
    )
    .option('--user <name>', 'log in as; the password is PLAINWIRE_PASSWORD, or is asked for')
    .option('--mechanism <name>', 'log in by this mechanism (PLAIN, SCRAM-SHA-256 ...), not by the strongest')
    .option('--allow-plaintext-auth', 'show the password even over a connection that is not encrypted')
    .option('--name <name>', 'the name to give in EHLO')
    .option('--lmtp', 'speak LMTP')
    .option('--proxy <url>', 'go through this proxy, http:// or socks5://')
    .option('--timeout <seconds>', 'the longest to wait for a connection and for each reply', seconds)
    .option('--pipelining', 'send commands in batches where the server allows, and not one at a time');
  return addTlsOptions(command);
}

/** What the server is called, and where that was said. @throws MessageError that names that place */
export function parseServerAt(text: string, place: string, what = ''): SmtpOptions {
  try {
    return parseServer(text);
  } catch (error) {
    if (!(error instanceof MessageError)) throw error;
    throw new MessageError(error.code, place, `${what}${error.message.slice(error.field.length + 2)}`, {
      cause: error,
    });
  }
}

/** @throws UsageError, MessageError */
export async function serverOptions(server: SmtpOptions, flags: ServerFlags, terminal: Terminal): Promise<SmtpOptions> {
  const auth = await credentials(server, flags, terminal);
  return {
    ...server,
    ...(flags.security === undefined ? {} : { security: flags.security }),
    ...(auth === undefined ? {} : { auth }),
    ...(flags.name === undefined ? {} : { name: flags.name }),
    ...(flags.lmtp === true ? { lmtp: true } : {}),
    ...(flags.proxy === undefined ? {} : { proxy: flags.proxy }),
    ...(flags.allowPlaintextAuth === true ? { allowPlaintextAuth: true } : {}),
    ...(flags.timeout === undefined ? {} : { timeouts: flags.timeout }),
    // A person who watches wants to see each command with its reply.
    ...(flags.pipelining === true ? {} : { pipelining: 'off', chunking: 'off' }),
    ...(await tlsOptions(flags, terminal)),
  };
}

/** The password of a URL, else of the environment, else what the person types. */
async function credentials(
  server: SmtpOptions,
  flags: ServerFlags,
  terminal: Terminal,
): Promise<SmtpOptions['auth'] | undefined> {
  const given = server.auth !== undefined && 'pass' in server.auth ? server.auth : undefined;
  const user = flags.user ?? given?.user;
  if (user === undefined) return undefined;
  const fromUrl = given !== undefined && given.user === user && given.pass !== '' ? given.pass : undefined;
  const pass = fromUrl ?? terminal.env.PLAINWIRE_PASSWORD ?? (await asked(user, terminal));
  return { user, pass, ...(flags.mechanism === undefined ? {} : { mechanism: flags.mechanism }) };
}

function asked(user: string, terminal: Terminal): Promise<string> {
  if (terminal.askSecret !== undefined) return terminal.askSecret(`Password for ${user}: `);
  throw new UsageError(`which password for ${user}? PLAINWIRE_PASSWORD is not set, and there is no terminal to ask on`);
}
