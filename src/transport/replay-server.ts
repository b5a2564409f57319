/** Plays the server of a transcript on a real port, for as long as some work needs it: to test code that brings its own client. */
import { parseTranscript, type Transcript } from '../trace/transcript.ts';
import { listen } from './listen.ts';
import { MismatchError, play, type ReplayOptions } from './replay.ts';
import type { ServerTlsOptions } from './tls-server.ts';

export interface ReplayServerOptions extends Pick<ReplayOptions, 'chunking' | 'cutAfter' | 'onStep'> {
  /** The key and certificate that a `-- tls` step shows; needed where the transcript has one. */
  readonly tls?: ServerTlsOptions;
}

/**
 * Calls `work` with the address of a server, `'127.0.0.1:49152'`, that plays the transcript to the first client.
 * @returns what the work comes to, if the client said what the transcript has, all of it
 * @throws MismatchError where it did not, and that before anything that the work throws, for it is most likely the cause
 */
export async function replayServer<T>(
  transcript: Transcript | string,
  work: (address: string) => Promise<T>,
  options: ReplayServerOptions = {},
): Promise<T> {
  const steps = typeof transcript === 'string' ? parseTranscript(transcript) : transcript;
  const { tls, ...others } = options;
  let played: Promise<void> | undefined;
  const server = await listen({ host: '127.0.0.1', port: 0 }, async (connection) => {
    // a second client finds nobody
    if (played !== undefined) return;
    played = play(steps, connection, {
      ...others,
      ...(tls === undefined ? {} : { onTls: (each) => each.accept(tls) }),
    });
    // it is heard of below
    await played.catch(() => {});
  });
  try {
    const outcome = await work(server.address).then(
      (value) => ({ ok: true as const, value }),
      (error: unknown) => ({ ok: false as const, error }),
    );
    if (played === undefined && outcome.ok) throw new MismatchError(1, 'a client', undefined);
    await played;
    if (!outcome.ok) throw outcome.error;
    return outcome.value;
  } finally {
    await server.close();
  }
}
