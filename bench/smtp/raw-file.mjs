/** The raw limit for a file: read in blocks, encoded, written when the socket takes it; the dialogue is not looked at. */
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import net from 'node:net';
import { base64Lines } from '../base64-lines.mjs';

export async function rawFile({ port, file }) {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  let replies = '';
  socket.on('data', (chunk) => {
    replies += chunk.toString('latin1');
  });
  const reply = async (pattern) => {
    while (!pattern.test(replies)) await once(socket, 'data');
    replies = '';
  };
  await reply(/^220 /);
  socket.write('EHLO bench\r\n');
  await reply(/^250 /m);
  socket.write('MAIL FROM:<sender@example.com>\r\nRCPT TO:<reader0@example.com>\r\nDATA\r\n');
  await reply(/^354 /m);
  socket.write('Subject: file\r\nContent-Transfer-Encoding: base64\r\n\r\n');
  const source = await open(file);
  const block = Buffer.allocUnsafe(57 * 4096);
  for (;;) {
    const { bytesRead } = await source.read(block, 0, block.length, null);
    if (bytesRead === 0) break;
    if (!socket.write(base64Lines(block.subarray(0, bytesRead)))) await once(socket, 'drain');
  }
  await source.close();
  socket.end('.\r\nQUIT\r\n');
  await once(socket, 'close');
}
