/** `plainwire connect HOST PORT`: be the client of any protocol of lines, as a person or from a file. */
import { hostname } from 'node:os';
import { type Command, Option } from 'commander';
import type { FormatName, Trace } from '../trace/index.ts';
import {
  type Connection,
  type ConnectOptions,
  connect,
  type Endpoint,
  parseEndpoint,
  type TlsOptions,
} from '../transport/index.ts';
import { PersonScreen, talkByHand } from './connect/person.ts';
import { BothSidesScreen, PlainScreen, talkPiped } from './connect/piped.ts';
import { type Screen, Session } from './connect/session.ts';
import { startTls } from './connect/start-tls.ts';
import { SAID } from './dialogue/lines.ts';
import { Prompt } from './dialogue/prompt.ts';
import type { Pace } from './dialogue/smtp-view.ts';
import { SPOKEN, type Spoken, View } from './dialogue/view.ts';
import { type ExitCode, UsageError } from './exit.ts';
import { seconds } from './numbers.ts';
import type { Terminal } from './terminal.ts';
import { addTlsOptions, type TlsFlags, tlsOptions } from './tls-flags.ts';
import { addTraceFormatOptions, htmlOption, traceOf } from './trace-options.ts';

const EXAMPLES = `
Type a line and press Enter: it goes with CRLF. Replies appear as they come.
Tab shows what could be said next (SMTP and HTTP), the arrow keys bring back
what was said before, Ctrl-D says that you have said everything, Ctrl-C leaves.
In SMTP, a STARTTLS that the server agrees to is followed by the handshake.

Lines can also come from a file or a pipe. What the server says goes to stdout,
byte for byte; in SMTP each line waits for the reply to the one before.

Examples:
  $ plainwire connect mail.example.com 25
  $ plainwire connect mail.example.com 587 --starttls smtp --explain
  $ plainwire connect example.com 443 --tls
  $ plainwire connect /run/service.sock
  $ printf 'GET / HTTP/1.0\\nHost: example.com\\n\\n' | plainwire connect example.com 80
  $ printf 'EHLO me.example\\nQUIT\\n' | plainwire connect localhost 2525 --explain
`;

/** RFC 5321 section 4.5.3.2 gives five minutes for most replies. */
const PATIENCE = 300_000;

interface ConnectFlags extends TlsFlags {
  readonly tls?: boolean;
  readonly starttls?: 'smtp';
  readonly name?: string;
  readonly protocol?: Spoken;
  readonly verbose?: boolean;
  readonly explain?: boolean;
  readonly trace?: FormatName;
  readonly whole?: boolean;
  readonly record?: string;
  readonly picture?: readonly string[];
  readonly html?: string;
  readonly raw?: boolean;
  readonly pipelining?: boolean;
  readonly timeout?: number;
  readonly proxy?: string;
}

export function connectCommand(
  program: Command,
  run: (work: Promise<ExitCode>) => Promise<void>,
  terminal: Terminal,
): void {
  const command = program
    .command('connect')
    .summary('be the client: type lines, see what the server says')
    .description('Connects to a server, and lets you be the client: what you type is sent, what comes back is shown.')
    .argument('<host-or-path>', 'a host, host:port, or the path of a Unix domain socket')
    .argument('[port]', 'the port, for a host')
    .option('--tls', 'encrypt from the first byte on')
    .addOption(new Option('--starttls <protocol>', 'greet, say STARTTLS and encrypt, then hand over').choices(['smtp']))
    .option('--name <name>', 'the name to give in EHLO before STARTTLS, and in hints')
    .addOption(
      new Option('--protocol <name>', 'what is spoken; else the first line that is said tells').choices([...SPOKEN]),
    )
    .option('--raw', 'send what is piped in as it is, with no change to line ends')
    .option('--pipelining', 'in SMTP, send what is piped in in batches, and not one line at a time')
    .option(
      '--timeout <seconds>',
      'the longest to wait for a connection, and for each reply to what is piped in',
      seconds,
    )
    .option('--proxy <url>', 'go through this proxy, http:// or socks5://');
  addTlsOptions(command);
  addTraceFormatOptions(
    command
      .optionsGroup('The dialogue:')
      .option('-v, --verbose', 'with piped input, show both sides: --> what is said, <-- what comes back')
      .option('-x, --explain', 'show both sides, and say under each line what it means'),
  ).addOption(htmlOption());
  command
    .addHelpText('after', EXAMPLES)
    .action((target: string, port: string | undefined, flags: ConnectFlags) =>
      run(connectTo(endpointOf(target, port), flags, terminal)),
    );
}

/** @throws UsageError, MessageError */
function endpointOf(target: string, port: string | undefined): Endpoint {
  const endpoint = parseEndpoint(target, 0, 'host-or-path');
  if ('path' in endpoint) {
    if (port !== undefined) throw new UsageError('a path has no port');
    return endpoint;
  }
  if (port === undefined) {
    if (endpoint.port === 0) throw new UsageError(`which port of ${endpoint.host}?`);
    return endpoint;
  }
  if (endpoint.port !== 0) throw new UsageError(`${target} has a port already; ${port} is one too many`);
  if (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65_535) {
    throw new UsageError(`${port} is no port; a number from 1 to 65535 is expected`);
  }
  return { host: endpoint.host, port: Number(port) };
}

/** What both ways of being the client need. */
interface Setup {
  readonly view: View;
  readonly tls: TlsOptions;
  /** The name to give in EHLO. */
  readonly name: string;
  readonly flags: ConnectFlags;
  readonly terminal: Terminal;
}

async function connectTo(endpoint: Endpoint, flags: ConnectFlags, terminal: Terminal): Promise<ExitCode> {
  check(flags);
  const tls = (await tlsOptions(flags, terminal)).tls ?? {};
  const view = new View(flags.raw === true ? 'raw' : (flags.protocol ?? flags.starttls));
  const setup: Setup = { view, tls, name: flags.name ?? ownName(), flags, terminal };
  const isPerson = terminal.stdin.isTTY === true && terminal.stdout.isTTY === true;
  if (!isPerson) {
    await using connection = await connect(endpoint, connectOptions(setup, terminal));
    return await byPipe(connection, setup);
  }
  const prompt = new Prompt(terminal, SAID, () => view.hints(hostOf(endpoint), setup.name));
  try {
    await using connection = await connect(endpoint, connectOptions(setup, above(prompt, terminal)));
    return await byHand(connection, prompt, setup);
  } finally {
    prompt.close();
  }
}

function connectOptions({ view, tls, flags }: Setup, terminal: Terminal): ConnectOptions {
  return {
    signal: terminal.signal,
    ...(flags.tls === true ? { tls } : {}),
    ...(flags.timeout === undefined ? {} : { timeouts: { connect: flags.timeout, tls: flags.timeout } }),
    ...(flags.proxy === undefined ? {} : { proxy: flags.proxy }),
    ...traced(flags, view, terminal),
  };
}

function check(flags: ConnectFlags): void {
  if (flags.tls === true && flags.starttls !== undefined) {
    throw new UsageError('--tls encrypts from the first byte on: there is nothing left for --starttls');
  }
  if (flags.raw === true && (flags.explain === true || flags.verbose === true)) {
    throw new UsageError('--raw has no lines to show: --explain and --verbose do not go with it');
  }
  if (flags.raw === true && flags.starttls !== undefined) throw new UsageError('--raw says no STARTTLS');
}

/** The trace says which protocol is spoken from when it is known. */
function traced(flags: ConnectFlags, view: View, terminal: Terminal): { trace?: Trace } {
  const { trace: format, whole, record, picture, html, explain } = flags;
  const trace = traceOf(
    {
      ...(format === undefined ? {} : { trace: format, explain: explain === true }),
      ...(whole === undefined ? {} : { whole }),
      ...(record === undefined ? {} : { record }),
      ...(picture === undefined ? {} : { picture }),
      ...(html === undefined ? {} : { html }),
    },
    terminal,
  );
  return trace === undefined ? {} : { trace: (event) => trace({ ...event, protocol: view.protocol }) };
}

/** Where the person types, a trace appears above the line that is typed. */
function above(prompt: Prompt, terminal: Terminal): Terminal {
  return { ...terminal, err: (text) => prompt.print(text.replace(/\n$/, '')) };
}

async function byPipe(connection: Connection, setup: Setup): Promise<ExitCode> {
  const { view, tls, flags, terminal } = setup;
  const both = flags.explain === true || flags.verbose === true;
  const screen: Screen = both ? new BothSidesScreen(terminal, flags.explain === true) : new PlainScreen(terminal);
  if (connection.tls !== undefined) screen.secured(connection.tls);
  const pace: Pace = flags.pipelining === true ? 'batches' : 'lock-step';
  const session = new Session({ connection, view, screen, pace, tls, patience: flags.timeout ?? PATIENCE });
  const listening = session.listen();
  const before = upgradeFirst(session, setup);
  if (before !== undefined) {
    // its fault is the session's, and is told by whoever waits for it first
    listening.catch(() => {});
    await before();
  }
  const input = flags.raw === true ? 'bytes' : 'lines';
  return talkPiped({ session, connection, view, input, listening }, terminal.stdin);
}

async function byHand(connection: Connection, prompt: Prompt, setup: Setup): Promise<ExitCode> {
  const { view, tls, flags, terminal } = setup;
  const screen = new PersonScreen(prompt, terminal.style, flags.explain === true);
  screen.fact(`connected to ${connection.remote}; Tab shows what could be said, Ctrl-C leaves`);
  if (connection.tls !== undefined) screen.secured(connection.tls);
  // What is pasted waits for its replies as if it was typed; how long that takes is the person's to decide.
  const session = new Session({ connection, view, screen, pace: 'lock-step', tls, patience: undefined });
  const before = upgradeFirst(session, setup);
  return talkByHand({ session, connection, prompt, screen, ...(before === undefined ? {} : { before }) });
}

function upgradeFirst(session: Session, { view, name, flags }: Setup): (() => Promise<void>) | undefined {
  const smtp = flags.starttls === undefined ? undefined : view.smtp;
  return smtp === undefined ? undefined : () => startTls(session, smtp, name);
}

function hostOf(endpoint: Endpoint): string {
  return 'host' in endpoint ? endpoint.host : 'localhost';
}

/** A name for hints: the system's own, where it has one that can be found. */
function ownName(): string {
  const own = hostname();
  return /^[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$/.test(own) ? own : 'localhost';
}
