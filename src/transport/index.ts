export { addAbortListener, removeAbortListener } from './abort-listeners.ts';
export { connect } from './connect.ts';
export { type ConnectOptions, type ConnectTimeouts, DEFAULT_CONNECT_TIMEOUTS, type Guard } from './connect-options.ts';
export { Connection } from './connection.ts';
export type { ConnectionInit, ConnectTiming } from './connection-init.ts';
export {
  bindDatagrams,
  type Datagram,
  type DatagramOptions,
  type DatagramSocket,
  MAX_DATAGRAM,
  type ReceiveOptions,
} from './datagram.ts';
export {
  checkEndpoint,
  type Endpoint,
  formatEndpoint,
  type HostEndpoint,
  type PathEndpoint,
  parseEndpoint,
} from './endpoint.ts';
export { LINE_LIMIT, type Line, LineSplitter, readLines } from './lines.ts';
export { type Listener, type ListenOptions, listen, type OnConnection } from './listen.ts';
export { type HostInfo, lookup, type MailExchanger, resolveMx } from './lookup.ts';
export { memoryPair, streamPair } from './memory.ts';
export { type ProxyServer, type ProxyUrl, parseProxy } from './proxy.ts';
export { ReadMemory } from './read-memory.ts';
export { type Chunking, MismatchError, play, type ReplayConnection, type ReplayOptions, replay } from './replay.ts';
export { type ReplayServerOptions, replayServer } from './replay-server.ts';
export { cachingResolve, type IpAddress, type Resolve, resolveBySystem } from './resolve.ts';
export { resolveByDns } from './resolve-dns.ts';
export { timerMs } from './timer.ts';
export { type TlsOptions, TlsSessions } from './tls.ts';
export { checkTlsOptions, TLS_OPTION_NAMES } from './tls-options.ts';
export type { ServerTlsOptions } from './tls-server.ts';
export { atEndOfTurn } from './turn.ts';
export { within } from './within.ts';
