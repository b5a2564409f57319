/** The servers of the first programs: echo, time, chat, and a file for whoever connects. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { MessageError } from '../../errors.ts';
import { LineSplitter } from '../../transport/index.ts';
import type { Client, Serve } from './client.ts';

/** Says back whatever comes, byte for byte (RFC 862). */
export const serveEcho: Serve = async (client) => {
  for (let chunk = await client.read(); chunk !== undefined; chunk = await client.read()) await client.write(chunk);
};

/** Says the time, and is done (RFC 867). */
export const serveTime: Serve = async (client) => {
  await client.write(`${new Date().toUTCString()}\r\n`);
};

/** A line of one client goes to all the others, with its address before it. */
export function serveChat(): Serve {
  const present = new Set<Client>();
  /** Those who have not read what they were told: they hold nobody up, and miss what is said meanwhile. */
  const behind = new Set<Client>();

  function tell(text: string, from: Client): void {
    for (const client of present) {
      if (client === from || behind.has(client)) continue;
      const backlog = client.write(`${text}\r\n`);
      if (backlog === undefined) continue;
      behind.add(client);
      // who has broken off is told nothing more
      backlog.catch(() => {}).finally(() => behind.delete(client));
    }
  }

  return async (client) => {
    const name = nameOf(client);
    const splitter = new LineSplitter();
    await client.write(`* you are ${name}, ${present.size === 0 ? 'alone' : `with ${present.size} more`}\r\n`);
    present.add(client);
    tell(`* ${name} has come`, client);
    try {
      for (let chunk = await client.read(); chunk !== undefined; chunk = await client.read()) {
        for (const { bytes } of splitter.push(chunk)) tell(`${name}: ${bytes.toString('utf8')}`, client);
      }
    } finally {
      present.delete(client);
      tell(`* ${name} has gone`, client);
    }
  };
}

/** Clients of a path have no address of their own. */
function nameOf(client: Client): string {
  return /:\d+$/.test(client.address) ? client.address : `client ${client.id}`;
}

/** Sends a file to whoever connects. @throws MessageError BAD_FILE */
export async function serveFile(file: string): Promise<Serve> {
  const facts = await stat(file).catch((cause: Error) => {
    throw new MessageError('BAD_FILE', file, cause.message, { cause });
  });
  if (!facts.isFile()) throw new MessageError('BAD_FILE', file, 'is no file');
  return async (client) => {
    let sent = 0;
    for await (const piece of createReadStream(file)) {
      // not through the client: the bytes of a file are nothing to look at
      await client.connection.write(piece as Buffer);
      sent += (piece as Buffer).length;
    }
    client.watch.fact(`sent ${basename(file)}, ${sent.toLocaleString('en-US')} bytes`);
  };
}
