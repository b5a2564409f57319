/** What the chapters of the contract have in common: where to listen, and how to read. */
import type { Connection, HostEndpoint } from '../../src/transport/index.ts';

/** This machine, on a port that is free. */
export const LOCAL: HostEndpoint = { host: '127.0.0.1', port: 0 };

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
export const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** Everything up to the end of the peer's data. */
export async function readAll(connection: Connection): Promise<string> {
  let got = '';
  for (let chunk = await connection.read(); chunk !== undefined; chunk = await connection.read()) got += text(chunk);
  return got;
}

/** Exactly so many bytes, in however many reads; what is too much goes back. */
export async function readExactly(connection: Connection, length: number): Promise<Buffer> {
  let got = Buffer.alloc(0);
  while (got.length < length) {
    const chunk = await connection.read();
    if (chunk === undefined) throw new Error(`the end after ${got.length} of ${length} bytes`);
    got = Buffer.concat([got, chunk]);
  }
  connection.unread(got.subarray(length));
  return got.subarray(0, length);
}
