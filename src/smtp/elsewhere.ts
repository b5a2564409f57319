/** Names that mean nothing here and something elsewhere: who comes from nodemailer is told what it is called here. */
import { MessageError } from '../errors.ts';
import { refuseUnknown } from '../mime/nearest.ts';

/** What nodemailer calls the same thing. */
const OPTIONS: Readonly<Record<string, string>> = {
  secure: "security: 'tls'",
  requireTLS: "security: 'starttls'",
  ignoreTLS: "security: 'none'",
  opportunisticTLS: "security: 'opportunistic'",
  servername: 'tls.servername',
  authMethod: 'auth.mechanism',
  customAuth: 'auth: { sasl }',
  pool: 'connections',
  maxConnections: 'connections',
  maxMessages: 'messagesPerConnection',
  rateLimit: 'rate (messages a second)',
  rateDelta: 'rate (messages a second)',
  maxRequeues: 'retries',
  logger: 'trace',
  debug: 'trace',
  transactionLog: 'trace',
  connectionTimeout: 'timeouts.connect',
  greetingTimeout: 'timeouts.greeting',
  socketTimeout: 'timeouts, one for each phase',
  dnsTimeout: 'timeouts.lookup',
  url: "the string itself, new Mailer('smtp://...')",
  service: 'host, port and security, as the service has them in its manual',
  direct: 'domain',
  sendmail: 'compose(message), which can be piped into it',
  streamTransport: 'compose(message)',
  jsonTransport: 'compose(message)',
  SES: 'compose(message): its bytes are for a library of its own',
  socket: 'path, proxy or resolve',
  connection: 'path, proxy or resolve',
  getSocket: 'path, proxy or resolve',
  provisionCallback: 'auth: { user, token }, where token may be a function',
  newline: 'nothing: lines end with CRLF, as the RFC has it',
  maxRecipients: 'nothing: what the server says (LIMITS RCPTMAX)',
  maxResponseSize: 'nothing: each reply has a limit, and it is fixed',
  dkim: 'dkim in the message',
  disableFileAccess: 'compose(message, { access: { files: false } })',
  disableUrlAccess: 'the default: compose() alone can be given a fetch',
};

const AUTH: Readonly<Record<string, string>> = {
  type: 'nothing: a password, or a token, says which',
  username: 'user',
  password: 'pass',
  method: 'mechanism',
  accessToken: 'token',
  refreshToken: 'token: a function that gets a fresh one',
  clientId: 'token: a function that gets a fresh one',
  clientSecret: 'token: a function that gets a fresh one',
  expires: 'token: a function that gets a fresh one',
};

const SENDING: Readonly<Record<string, string>> = {
  requireTLSExtensionEnabled: 'requireTls',
  auth: 'a mailer of its own',
};

const CLOSING: Readonly<Record<string, string>> = { force: 'abort' };

const TLS: Readonly<Record<string, string>> = {
  checkServerIdentity: 'fingerprint256, or servername',
  host: 'servername',
  ALPNProtocols: 'alpn',
  session: 'sessions',
  secureContext: 'ca, cert and key',
};

const DSN: Readonly<Record<string, string>> = {
  id: 'envelopeId',
  ret: 'return',
  recipient: 'recipients: { address: { originalRecipient } }',
  orcpt: 'originalRecipient',
};

const ELSEWHERE = { option: OPTIONS, auth: AUTH, send: SENDING, close: CLOSING, dsn: DSN, tls: TLS } as const;

/** @throws MessageError UNKNOWN_FIELD, with what it is called here or the nearest name that there is */
export function refuseOption(
  kind: keyof typeof ELSEWHERE,
  name: string,
  known: Iterable<string>,
  prefix = kind === 'auth' ? 'auth.' : '',
): never {
  const field = `${prefix}${name}`;
  const here = Object.hasOwn(ELSEWHERE[kind], name) ? ELSEWHERE[kind][name] : undefined;
  if (here !== undefined) throw new MessageError('UNKNOWN_FIELD', field, `unknown option; here it is ${here}`);
  refuseUnknown(name, known, field);
}
