/** The same over real sockets, for what only they can show: when a dialogue has ended, however it did, none is open. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type Listener, listen, play } from '../../src/transport/index.ts';
import { accountOf } from '../support/account.ts';
import { session } from '../support/dialogue.ts';
import { PLAYS, type Play, serverBytes } from './transcripts.ts';
import { expectFates } from './verdict.ts';

const CHOSEN = PLAYS.filter(({ name }) => ['helo', 'chunking', 'auth-535'].includes(name));

let listener: Listener;
let current: { readonly play: Play; readonly cut: number } | undefined;
let served: Promise<void> = Promise.resolve();

beforeAll(async () => {
  listener = await listen({ host: '127.0.0.1', port: 0 }, async (connection) => {
    if (current === undefined) return;
    served = play(current.play.transcript, connection, { cutAfter: current.cut });
    await served.catch(() => {});
  });
});
afterAll(() => listener.close());

/** Sockets that this process holds open, beside the one that listens. */
function openSockets(): readonly string[] {
  return process.getActiveResourcesInfo().filter((name) => /^(TCPSocketWrap|TLSWrap|PipeWrap)$/.test(name));
}

describe('cut after every byte, over sockets', () => {
  it.each(CHOSEN)('$name', async (each) => {
    const before = openSockets().length;
    const account = accountOf(each.transcript);
    for (let cut = 0; cut <= serverBytes(each.transcript); cut += 1) {
      current = { play: each, cut };
      const connection = await connect(listener.endpoint);
      const ended = await session(connection, { ...each.options, timeouts: 60_000 }, each.jobs('in memory'));
      await connection.closed;
      expectFates(ended, each, account, cut);
      // the server sees the end too, and keeps nothing
      await Promise.all([...listener.connections].map(({ closed }) => closed));
      expect(listener.connections.size).toBe(0);
    }
    await expect.poll(() => openSockets().length).toBe(before);
  });
});
