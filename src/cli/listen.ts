/** `plainwire listen PORT`: be the server, as a person, from a file, or by one of the servers that answer by themselves. */
import { createInterface } from 'node:readline';
import { type Command, Option } from 'commander';
import {
  type Endpoint,
  type Listener,
  MismatchError,
  parseEndpoint,
  type ServerTlsOptions,
} from '../transport/index.ts';
import { SAID } from './dialogue/lines.ts';
import { Prompt } from './dialogue/prompt.ts';
import type { Spoken } from './dialogue/view.ts';
import { EXIT, type ExitCode, UsageError } from './exit.ts';
import { asText, readInput } from './files.ts';
import { type CertificateFlags, serverTls } from './listen/certificate.ts';
import type { Serve } from './listen/client.ts';
import { Desk } from './listen/desk.ts';
import { openFloor } from './listen/floor.ts';
import { serveHttp } from './listen/serve-http.ts';
import { serveChat, serveEcho, serveFile, serveTime } from './listen/serve-plain.ts';
import { serveReplay } from './listen/serve-replay.ts';
import { type MailServer, serveMail } from './listen/serve-smtp.ts';
import { wholeNumber } from './numbers.ts';
import type { Terminal } from './terminal.ts';
import { htmlOption, pictureOption, traceOf } from './trace-options.ts';

const EXAMPLES = `
Clients' lines appear as they come, with the number of the client; what you type
goes to the client in focus, with CRLF. bye ends the dialogue with it, /2 puts
client 2 in focus, /list lists them. Ctrl-D or Ctrl-C ends, with exit code 0.
Lines can also come from a file or a pipe: the first client gets them; in SMTP
each reply waits for what it answers.

--as makes it answer by itself:
  smtp          takes mail, and saves each message as 1.eml, 2.eml ... in --out
  http [folder] serves the files of a folder, or a page that shows the request
  echo          says back what comes
  time          says the time, and closes
  chat          a line of one goes to all the others
  file FILE     sends the file to whoever connects

With --tls or --starttls and no --cert a certificate is made on the spot, good
for this machine and 30 days; a client trusts it by --ca and what --save-cert
wrote.

Examples:
  $ plainwire listen 2525
  $ plainwire listen 2525 --as smtp --out mail --explain
  $ plainwire listen 4650 --as smtp --tls --save-cert ca.pem
  $ plainwire listen 8080 --as http public
  $ plainwire listen 9000 --as file big.iso
  $ plainwire listen /tmp/echo.sock --as echo
  $ plainwire listen 2525 --replay dialogue.wire --once
`;

const MODES = ['smtp', 'http', 'echo', 'time', 'chat', 'file'] as const;
type Mode = (typeof MODES)[number];

const MEGABYTE = 1024 * 1024;

interface ListenFlags extends CertificateFlags {
  readonly host: string;
  readonly as?: Mode;
  readonly replay?: string;
  readonly once?: boolean;
  readonly tls?: boolean;
  readonly starttls?: boolean;
  readonly out: string;
  readonly name: string;
  readonly maxSize: number;
  readonly refuse?: string[];
  readonly login?: string;
  readonly allowPlaintextAuth?: boolean;
  readonly explain?: boolean;
  readonly whole?: boolean;
  readonly record?: string;
  readonly picture?: readonly string[];
  readonly html?: string;
}

export function listenCommand(
  program: Command,
  run: (work: Promise<ExitCode>) => Promise<void>,
  terminal: Terminal,
): void {
  program
    .command('listen')
    .summary('be the server: see what clients say, and answer')
    .description('Waits for clients, shows what they say, and lets you answer, or answers by itself.')
    .argument('<port-or-path>', 'the port (0: a free one, which is printed), host:port, or a path for a Unix socket')
    .argument('[file]', 'with --as file the file, with --as http the folder')
    .option('--host <address>', 'where to listen: nobody but this machine gets in by default', '127.0.0.1')
    .addOption(new Option('--as <server>', 'answer by itself, as this server').choices(MODES))
    .option('--replay <file>', 'play the server of a recorded dialogue, and show where a client says something else')
    .option('--once', 'end when the first client has gone')
    .option('--tls', 'encrypt from the first byte on')
    .option('--cert <file>', 'the certificate to show (PEM)')
    .option('--key <file>', 'its key (PEM)')
    .option('--save-cert <file>', 'write the certificate that is made on the spot to this file')
    .optionsGroup('With --as smtp:')
    .option('-o, --out <dir>', 'where messages are saved; made if it is not there', '.')
    .option('--name <name>', 'the name to greet with', 'localhost')
    .option('--max-size <bytes>', 'the biggest message to take', wholeNumber(1), 25 * MEGABYTE)
    .option('--refuse <address>', 'refuse this recipient; may be repeated', several)
    .option('--starttls', 'offer STARTTLS, and AUTH behind it')
    .option(
      '--login <user:password>',
      'take mail only from who logs in so; else any login is right, and none is needed',
    )
    .option('--allow-plaintext-auth', 'offer AUTH over a connection that is not encrypted, too')
    .optionsGroup('The dialogue:')
    .option('-x, --explain', 'say under each line what it means')
    .option('--whole', 'show messages and pages whole, however long')
    .option('--record <file>', 'save the dialogues as transcripts that can be played again')
    .addOption(pictureOption('draw the dialogues: a page that explains them, or FILE.svg (repeat for both)'))
    .addOption(htmlOption())
    .addHelpText('after', EXAMPLES)
    .action((place: string, file: string | undefined, flags: ListenFlags) =>
      run(listenAt(endpointOf(place, flags), file, flags, terminal)),
    );
}

function several(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

/** @throws UsageError, MessageError */
function endpointOf(place: string, { host }: ListenFlags): Endpoint {
  if (/^\d+$/.test(place)) {
    if (Number(place) > 65_535) throw new UsageError(`${place} is no port; a number from 0 to 65535 is expected`);
    return { host, port: Number(place) };
  }
  const endpoint = parseEndpoint(place, -1, 'port-or-path');
  if ('port' in endpoint && endpoint.port < 0) throw new UsageError(`${place} is no port and no path`);
  return endpoint;
}

/** How clients are served, and what is known of that. */
interface Plan {
  readonly serve: Serve;
  readonly spoken: Spoken | undefined;
  readonly tls: ServerTlsOptions | undefined;
}

async function listenAt(
  endpoint: Endpoint,
  file: string | undefined,
  flags: ListenFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  check(file, flags);
  const secured =
    flags.tls === true || flags.starttls === true ? await serverTls(flags, endpoint, terminal) : undefined;
  const tls = flags.tls === true ? secured : undefined;
  if (flags.as === undefined && flags.replay === undefined) {
    return terminal.stdin.isTTY === true && terminal.stdout.isTTY === true
      ? byHand(endpoint, tls, flags, terminal)
      : byPipe(endpoint, tls, flags, terminal);
  }
  const print = printer(terminal);
  const plan: Plan =
    flags.replay === undefined
      ? { ...(await ownAnswers(flags.as ?? 'echo', file, secured, flags)), tls }
      : { serve: await replayed(flags.replay, secured, endpoint, flags, terminal, print), spoken: undefined, tls };
  return untilEnd(endpoint, plan, flags, terminal, print);
}

function check(file: string | undefined, flags: ListenFlags): void {
  if (flags.as !== undefined && flags.replay !== undefined) throw new UsageError('--as and --replay are two servers');
  if (flags.as === 'file' && file === undefined) throw new UsageError('which file? --as file FILE');
  if (file !== undefined && flags.as !== 'file' && flags.as !== 'http') {
    throw new UsageError(`what is ${file} for? Only --as file and --as http take a name`);
  }
  if (flags.starttls === true && flags.as !== 'smtp') throw new UsageError('--starttls goes with --as smtp');
  if (flags.starttls === true && flags.tls === true) {
    throw new UsageError('--tls encrypts from the first byte on: there is nothing left for --starttls');
  }
  if (flags.login !== undefined && !/^[^:]+:./s.test(flags.login))
    throw new UsageError('--login expects user:password');
}

async function ownAnswers(
  mode: Mode,
  file: string | undefined,
  tls: ServerTlsOptions | undefined,
  flags: ListenFlags,
): Promise<{ serve: Serve; spoken: Spoken }> {
  switch (mode) {
    case 'smtp':
      return { serve: await serveMail(mailServer(tls, flags)), spoken: 'smtp' };
    case 'http':
      return { serve: await serveHttp(file), spoken: 'http' };
    case 'echo':
      return { serve: serveEcho, spoken: 'raw' };
    case 'time':
      return { serve: serveTime, spoken: 'raw' };
    case 'chat':
      return { serve: serveChat(), spoken: 'raw' };
    case 'file':
      return { serve: await serveFile(file ?? ''), spoken: 'raw' };
  }
}

function mailServer(tls: ServerTlsOptions | undefined, flags: ListenFlags): MailServer {
  const [user = '', ...password] = flags.login?.split(':') ?? [];
  return {
    out: flags.out,
    tls,
    settings: {
      name: flags.name,
      maxSize: flags.maxSize,
      secure: flags.tls === true,
      startTls: flags.starttls === true,
      plaintextAuth: flags.allowPlaintextAuth === true,
      login: flags.login === undefined ? undefined : { user, password: password.join(':') },
      refused: new Set((flags.refuse ?? []).map((address) => address.toLowerCase())),
    },
  };
}

/** The person sits at the terminal, and answers. */
async function byHand(
  endpoint: Endpoint,
  tls: ServerTlsOptions | undefined,
  flags: ListenFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const prompt = new Prompt(terminal, NOBODY, () => []);
  const print = (text: string): void => prompt.print(text);
  const desk = new Desk({
    print,
    onFocus: (client) => {
      prompt.mark = client === undefined ? NOBODY : `${client.id} ${SAID}`;
    },
  });
  prompt.lines.on('line', (line) => {
    desk.say(line);
    prompt.print();
  });
  const left = new Promise<void>((resolve) => prompt.lines.once('close', resolve));
  try {
    const plan: Plan = { serve: desk.serve, spoken: undefined, tls };
    return await untilEnd(endpoint, plan, flags, terminal, print, { typed: true, over: left });
  } finally {
    prompt.close();
  }
}

/** What stands before the line that is typed while nobody is there to get it. */
const NOBODY = '- --> ';

/** The lines of a file or a pipe go to the client in focus, from when there is one. */
async function byPipe(
  endpoint: Endpoint,
  tls: ServerTlsOptions | undefined,
  flags: ListenFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const print = printer(terminal);
  const desk = new Desk({ print, onFocus: () => {} });
  const lines = createInterface({ input: terminal.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  const saying = (async () => {
    for await (const line of lines) {
      await desk.turnOf(line);
      desk.say(line);
    }
    desk.fallSilent();
    await desk.nobody();
  })();
  try {
    const plan: Plan = { serve: desk.serve, spoken: undefined, tls };
    return await untilEnd(endpoint, plan, flags, terminal, print, { typed: false, over: saying });
  } finally {
    lines.close();
    terminal.stdin.destroy();
  }
}

async function replayed(
  file: string,
  tls: ServerTlsOptions | undefined,
  endpoint: Endpoint,
  flags: ListenFlags,
  terminal: Terminal,
  print: (text: string) => void,
): Promise<Serve> {
  const text = asText(await readInput(file, terminal), file);
  // where the dialogue goes over to TLS, the one who plays it must
  const inDialogue = /^\s*-- tls/m.test(text) ? await serverTls(flags, endpoint, terminal) : undefined;
  return serveReplay(text, inDialogue ?? tls, print);
}

interface Sitting {
  /** What goes back is typed on this terminal. */
  readonly typed: boolean;
  /** Settles when whoever answers has had enough. */
  readonly over: Promise<void>;
}

/** Listens until Ctrl-C, until whoever answers has had enough, or with --once until the first client has gone. */
async function untilEnd(
  endpoint: Endpoint,
  plan: Plan,
  flags: ListenFlags,
  terminal: Terminal,
  print: (text: string) => void,
  sitting?: Sitting,
): Promise<ExitCode> {
  const { explain, whole, record, picture, html } = flags;
  const trace = traceOf(
    {
      ...(record === undefined ? {} : { record }),
      ...(picture === undefined ? {} : { picture }),
      ...(html === undefined ? {} : { html }),
    },
    terminal,
  );
  let failed = false;
  let onFirstGone: (() => void) | undefined;
  const firstGone = new Promise<void>((resolve) => (onFirstGone = resolve));
  await using listener = await openFloor({
    endpoint,
    ...plan,
    print,
    caughtUp: () => terminal.caughtUp(),
    style: terminal.stdout.isTTY ? terminal.style : undefined,
    explain: explain === true,
    whole: whole === true,
    typed: sitting?.typed === true,
    trace,
    onGone: (fault) => {
      failed ||= fault instanceof MismatchError;
      onFirstGone?.();
    },
  });
  print(`listening on ${listener.address}${'host' in endpoint && !isLoopback(listener) ? OPEN_TO_ALL : ''}`);
  const ends = [interrupted(terminal), ...(sitting === undefined ? [] : [sitting.over])];
  if (flags.once === true) ends.push(firstGone);
  await Promise.race(ends);
  return failed ? EXIT.failed : EXIT.done;
}

const OPEN_TO_ALL = ', for everybody who can reach this machine';

function isLoopback({ endpoint }: Listener): boolean {
  return 'host' in endpoint && /^(?:127\.|::1$)/.test(endpoint.host);
}

function interrupted({ signal }: Terminal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function printer(terminal: Terminal): (text: string) => void {
  return (text) => terminal.out(`${text}\n`);
}
