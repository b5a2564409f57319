/** Plays the server scripts of the conformance cases on a real port. */
import net from 'node:net';

export interface ScriptStep {
  readonly kind: 'say' | 'cmd' | 'data';
  readonly reply?: string;
  readonly expectRegex?: string;
  readonly expectDataBase64?: string;
  readonly expectDataRegex?: string;
  readonly continuePrompt?: string;
  readonly continueRegex?: string;
  readonly optional?: boolean;
  readonly then?: 'close' | 'reset' | 'stall';
  readonly holdReply?: boolean;
}

export type Delivery = 'whole' | 'lines' | 'bytes';

export interface ScriptedServer {
  readonly port: number;
  /** What the client did that the script does not allow. */
  readonly complaints: string[];
  readonly lines: string[];
  close(): Promise<void>;
}

export async function scriptedServer(
  steps: readonly ScriptStep[],
  delivery: Delivery = 'whole',
): Promise<ScriptedServer> {
  const complaints: string[] = [];
  const lines: string[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    void play(socket);
  });

  async function play(socket: net.Socket): Promise<void> {
    const reader = lineReader(socket);
    let held = '';
    const say = async (text: string): Promise<void> => {
      const bytes = Buffer.from(held + text, 'utf8');
      held = '';
      if (delivery === 'whole') socket.write(bytes);
      else {
        const pieces =
          delivery === 'bytes'
            ? [...bytes].map((byte) => Buffer.of(byte))
            : bytes
                .toString('latin1')
                .split(/(?<=\n)/)
                .map((line) => Buffer.from(line, 'latin1'));
        for (const piece of pieces)
          await new Promise<void>((resolve) => socket.write(piece, () => setImmediate(resolve)));
      }
    };
    let at = 0;
    let line: string | undefined;
    for (; at < steps.length; at += 1) {
      const step = steps[at] as ScriptStep;
      if (step.kind === 'say') {
        await say(step.reply ?? '');
      } else if (step.kind === 'cmd') {
        line ??= await reader.line();
        if (line === undefined) {
          if (steps.slice(at).some((later) => !later.optional)) complaints.push(`closed before ${step.expectRegex}`);
          return;
        }
        const match = new RegExp(step.expectRegex ?? '', 'i').exec(line);
        if (match === null) {
          if (step.optional) continue;
          complaints.push(`expected ${step.expectRegex}, got ${JSON.stringify(line)}`);
          socket.destroy();
          return;
        }
        lines.push(line);
        line = undefined;
        if (step.continueRegex !== undefined) {
          let response = match.groups?.['ir'];
          if (response === undefined) {
            await say(step.continuePrompt ?? '334 \r\n');
            response = (await reader.line()) ?? '';
          }
          if (!new RegExp(step.continueRegex).test(response))
            complaints.push(`response ${response} is not ${step.continueRegex}`);
        }
        if (step.holdReply) held += step.reply ?? '';
        else await say(step.reply ?? '');
      } else {
        if (line !== undefined) {
          if (step.optional) continue;
          complaints.push(`expected data, got ${line}`);
          return;
        }
        // an optional data step follows an optional DATA that may not have come
        const before = steps[at - 1];
        if (step.optional && before?.optional && !/^DATA$/i.test(lines[lines.length - 1] ?? '')) continue;
        const data = await reader.data();
        if (data === undefined) {
          complaints.push('closed in the middle of data');
          return;
        }
        if (
          step.expectDataBase64 !== undefined &&
          Buffer.from(step.expectDataBase64, 'base64').toString('latin1') !== data
        ) {
          complaints.push(`data differs: ${JSON.stringify(data)}`);
        }
        if (step.expectDataRegex !== undefined && !new RegExp(step.expectDataRegex).test(data))
          complaints.push(`data is ${JSON.stringify(data)}`);
        await say(step.reply ?? '');
      }
      if (step.then === 'close') return void socket.end();
      if (step.then === 'reset') return void socket.resetAndDestroy();
      if (step.then === 'stall') return;
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    complaints,
    lines,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function lineReader(socket: net.Socket): { line(): Promise<string | undefined>; data(): Promise<string | undefined> } {
  let buffered = '';
  let ended = false;
  let wake = (): void => {};
  socket.on('data', (chunk) => {
    buffered += chunk.toString('latin1');
    wake();
  });
  for (const event of ['end', 'close']) {
    socket.on(event, () => {
      ended = true;
      wake();
    });
  }
  const more = (): Promise<void> => new Promise((resolve) => (wake = resolve));
  return {
    async line() {
      for (;;) {
        const end = buffered.indexOf('\r\n');
        if (end !== -1) {
          const line = buffered.slice(0, end);
          buffered = buffered.slice(end + 2);
          return Buffer.from(line, 'latin1').toString('utf8');
        }
        if (ended) return undefined;
        await more();
      }
    },
    async data() {
      for (;;) {
        const match = /^\.\r\n|\r\n\.\r\n/.exec(buffered);
        if (match !== null) {
          const end = match.index + match[0].length;
          const data = buffered.slice(0, end);
          buffered = buffered.slice(end);
          return data;
        }
        if (ended) return undefined;
        await more();
      }
    },
  };
}
