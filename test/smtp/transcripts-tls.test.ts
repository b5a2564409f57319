/** STARTTLS with a real handshake over a pair in memory: whole, in three chunkings, and cut after every byte. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Connection, memoryPair, play, type ReplayOptions } from '../../src/transport/index.ts';
import { accountOf } from '../support/account.ts';
import { CHUNKINGS } from '../support/chunks.ts';
import { session } from '../support/dialogue.ts';
import { PLAYS, type Play, serverBytes } from './transcripts.ts';
import { type Ended, expectFates, expectWhole } from './verdict.ts';

function certificate(name: string): string {
  return readFileSync(new URL(`../fixtures/certificates/${name}`, import.meta.url), 'utf8');
}

const SERVER = { cert: certificate('localhost.pem'), key: certificate('localhost.key') };
const CLIENT = { ca: certificate('ca.pem'), servername: 'localhost' };
const STARTTLS = PLAYS.filter(({ transcript }) => transcript.some((step) => 'action' in step && step.action === 'tls'));

async function played(each: Play, replay: ReplayOptions): Promise<{ ended: Ended; server: Connection }> {
  const [client, server] = memoryPair();
  const onTls = (connection: Connection): Promise<unknown> => connection.accept(SERVER);
  const playing = play(each.transcript, server, { ...replay, onTls });
  const options = { ...each.options, tls: CLIENT, timeouts: 60_000 };
  const ended = await session(client, options, each.jobs('in memory'));
  await client.closed;
  await playing;
  return { ended, server };
}

describe.each(STARTTLS)('$name', (each) => {
  it.each(CHUNKINGS)('whole, %s', async (chunking) => {
    const { ended, server } = await played(each, { chunking });
    expectWhole(ended, each);
    expect(server.tls?.protocol).toBe('TLSv1.3');
  });

  it('cut after every byte', async () => {
    const account = accountOf(each.transcript);
    const all = serverBytes(each.transcript);
    // the server is gone behind its 220: then it is the handshake that fails
    const handshake = account.find(({ phase }) => phase === 'starttls')?.heard[0]?.end;
    for (let cut = 0; cut <= all; cut += 1) {
      const { ended } = await played(each, { cutAfter: cut });
      if (cut === handshake) {
        expect(ended.opened).toMatchObject({ code: 'CONNECTION_CLOSED', phase: 'tls', mayHaveBeenDelivered: false });
      } else {
        expectFates(ended, each, account, cut);
      }
    }
  });
});
