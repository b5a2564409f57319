/** The clients of `plainwire listen` as they come and go, each with its number and what is shown of it. */
import { PlainwireError } from '../../errors.ts';
import { type Style, type Trace, Tracer } from '../../trace/index.ts';
import type { Endpoint, ServerTlsOptions } from '../../transport/index.ts';
import {
  type Connection,
  formatEndpoint,
  type Listener,
  type ListenOptions,
  listen,
  MismatchError,
} from '../../transport/index.ts';
import type { Spoken } from '../dialogue/view.ts';
import { View } from '../dialogue/view.ts';
import { Client, type Serve } from './client.ts';
import { Watch } from './watch.ts';

export interface FloorOptions {
  readonly endpoint: Endpoint;
  readonly serve: Serve;
  /** What is spoken; undefined where the first line tells. */
  readonly spoken: Spoken | undefined;
  /** Given: TLS from the first byte on. */
  readonly tls: ServerTlsOptions | undefined;
  readonly print: (text: string) => void;
  /** Settles when whoever reads what is printed has caught up; undefined where they have. */
  readonly caughtUp: () => Promise<void> | undefined;
  readonly style: Style | undefined;
  readonly explain: boolean;
  readonly whole: boolean;
  /** What goes back is typed on this terminal. */
  readonly typed: boolean;
  readonly trace: Trace | undefined;
  /** A client came or went. */
  readonly onChange?: (clients: ReadonlySet<Client>) => void;
  /** What came of a client that is gone: the fault that ended it, if one did. */
  readonly onGone?: (fault: unknown) => void;
}

/** More at once than any person looks after. */
const MAX_CLIENTS = 1_000;

/** Begins to listen. @throws what listen() throws */
export async function openFloor(options: FloorOptions): Promise<Listener> {
  const clients = new Set<Client>();
  let count = 0;
  const onConnection = async (connection: Connection): Promise<void> => {
    count += 1;
    const client = enter(count, connection, options);
    clients.add(client);
    options.onChange?.(clients);
    let fault: unknown;
    try {
      if (options.tls !== undefined) await client.secure(options.tls);
      await options.serve(client);
      await client.partFrom();
    } catch (error) {
      fault = error;
    } finally {
      clients.delete(client);
      leave(client, fault);
      options.onChange?.(clients);
      options.onGone?.(fault);
    }
    // a fault of the wire or of a file ends one dialogue; anything else is a bug, and is not hidden
    if (fault !== undefined && !isOfTheWorld(fault)) throw fault;
  };
  const listening: ListenOptions = { maxConnections: MAX_CLIENTS };
  return listen(options.endpoint, onConnection, listening);
}

function enter(id: number, connection: Connection, options: FloorOptions): Client {
  const { spoken, print, caughtUp, style, explain, whole, typed, trace } = options;
  const view = new View(spoken);
  const tracer =
    trace === undefined
      ? undefined
      : new Tracer((event) => trace({ ...event, protocol: view.protocol }), view.protocol, id);
  tracer?.connecting(formatEndpoint(options.endpoint));
  const watch = new Watch({ id, view, print, caughtUp, style, explain, whole, typed, tracer });
  const client = new Client(id, connection, watch);
  client.watch.fact(`connected from ${connection.remote}`);
  return client;
}

function isOfTheWorld(fault: unknown): fault is PlainwireError | NodeJS.ErrnoException {
  return fault instanceof PlainwireError || (fault instanceof Error && 'code' in fault && 'syscall' in fault);
}

/** The reader's wait ends so when this side has closed. */
function isOurClose(fault: PlainwireError | NodeJS.ErrnoException): boolean {
  return fault.code === 'CONNECTION_CLOSED' && !('phase' in fault && fault.phase === 'tls');
}

function leave(client: Client, fault: unknown): void {
  client.watch.end(client.endedBy);
  if (isOfTheWorld(fault) && !isOurClose(fault) && !(fault instanceof MismatchError)) {
    client.watch.fact(`${fault.message} (${fault.code})`);
  } else client.watch.fact(client.endedBy === 'client' ? 'the client has closed the connection' : 'closed');
}
