export {
  type ConnectOptions,
  type ConnectTimeouts,
  connect,
  DEFAULT_CONNECT_TIMEOUTS,
} from './connect.ts';
export { Connection, type ConnectionInit, type ConnectTiming } from './connection.ts';
export {
  checkEndpoint,
  type Endpoint,
  formatEndpoint,
  type HostEndpoint,
  type PathEndpoint,
  parseEndpoint,
} from './endpoint.ts';
export { type HostInfo, lookup, type MailExchanger, resolveMx } from './lookup.ts';
export { memoryPair, streamPair } from './memory.ts';
export { type ProxyServer, type ProxyUrl, parseProxy } from './proxy.ts';
export { type Chunking, play, type ReplayConnection, type ReplayOptions, replay } from './replay.ts';
export { cachingResolve, type IpAddress, type Resolve, resolveBySystem } from './resolve.ts';
export { type TlsOptions, TlsSessions } from './tls.ts';
