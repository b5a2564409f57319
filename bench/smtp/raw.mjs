/**
 * The raw limit: ready-made pipelined dialogues over node:net, each message's end in one write with the next one's
 * MAIL, RCPT and DATA, and replies counted by their line ends. It composes nothing and checks nothing.
 */
import net from 'node:net';

/** Sends `count` messages over each of `connections`. `contentOf` gives the pieces of the next message, with its final dot. */
export function rawLimit({ port, count, connections, recipients, contentOf }) {
  const each = Math.ceil(count / connections);
  return Promise.all(Array.from({ length: connections }, () => dialogue(port, each, recipients, contentOf)));
}

function dialogue(port, count, recipients, contentOf) {
  const rcpts = Array.from({ length: recipients }, (_, n) => `RCPT TO:<reader${n}@example.com>\r\n`).join('');
  const envelope = `MAIL FROM:<sender@example.com>\r\n${rcpts}DATA\r\n`;
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    // greeting, then EHLO's last line, then batches
    let sent = 0;
    let owed = 1;
    let next = () => {
      socket.write('EHLO bench\r\n');
      owed = Number.POSITIVE_INFINITY;
      isLast = /^250 /m;
      next = () => begin();
    };
    let isLast;
    const begin = () => {
      isLast = undefined;
      owed = 2 + recipients;
      next = content;
      socket.write(envelope);
    };
    const content = () => {
      sent += 1;
      const end = sent === count;
      owed = end ? 2 : 3 + recipients;
      next = end ? () => socket.end() : content;
      const behind = end ? 'QUIT\r\n' : envelope;
      const pieces = contentOf();
      const last = pieces.pop() + behind;
      for (const piece of pieces) socket.write(piece);
      socket.write(last, 'latin1');
    };
    socket.on('data', (chunk) => {
      if (isLast !== undefined) {
        if (isLast.test(chunk.toString('latin1'))) next();
        return;
      }
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) owed -= 1;
      if (owed === 0) next();
    });
    socket.on('close', resolve);
    socket.on('error', reject);
  });
}
