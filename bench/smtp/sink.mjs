/**
 * A server that takes mail and throws it away, as fast as Node can: for large messages, which Postfix's smtp-sink looks
 * at byte by byte, and for a server that is far away: with a delay, replies leave so many milliseconds after what they
 * answer came.
 *
 *   node bench/smtp/sink.mjs [--port 0] [--delay 0] [--offer PIPELINING,CHUNKING]
 *
 * Prints its port; on SIGTERM, how many messages and octets it took, and how many times it had to answer.
 */
import net from 'node:net';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    delay: { type: 'string', default: '0' },
    offer: { type: 'string', default: 'PIPELINING,SIZE,8BITMIME' },
  },
});
const delay = Number(values.delay);
const ehlo = ['sink.example', ...values.offer.split(',').filter((each) => each !== '')]
  .map((line, at, all) => `250${at === all.length - 1 ? ' ' : '-'}${line}\r\n`)
  .join('');
const END = Buffer.from('\r\n.\r\n');
let messages = 0;
let octets = 0;
let answers = 0;

const server = net.createServer({ noDelay: true }, (socket) => {
  let rest = Buffer.alloc(0);
  /** Octets of BDAT that are still to come; -1 in content of DATA. */
  let content = 0;
  let isLast = true;
  let replies = '';
  const line = (text) => {
    const verb = text.slice(0, 4).toUpperCase();
    if (verb === 'BDAT') {
      const [, size, last] = text.split(' ');
      content = Number(size);
      isLast = last !== undefined;
      if (content === 0) chunkEnd();
    } else if (verb === 'DATA') {
      content = -1;
      replies += '354 go\r\n';
    } else replies += verb === 'EHLO' ? ehlo : verb === 'QUIT' ? '221 bye\r\n' : '250 2.0.0 Ok\r\n';
  };
  const chunkEnd = () => {
    replies += '250 2.0.0 Ok\r\n';
    if (isLast) messages += 1;
  };
  const take = (chunk) => {
    octets += chunk.length;
    let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (data.length > 0) {
      if (content > 0) {
        const taken = Math.min(content, data.length);
        content -= taken;
        data = data.subarray(taken);
        if (content === 0) chunkEnd();
      } else if (content === -1) {
        const end = endOf(data);
        if (end === -1) {
          data = data.subarray(Math.max(0, data.length - END.length + 1));
          break;
        }
        content = 0;
        isLast = true;
        chunkEnd();
        data = data.subarray(end);
      } else {
        const end = data.indexOf(10);
        if (end === -1) break;
        line(data.toString('latin1', 0, end).trimEnd());
        data = data.subarray(end + 1);
      }
    }
    rest = data.length === 0 ? data : Buffer.from(data);
    if (replies === '') return;
    answers += 1;
    socket.write(replies);
    replies = '';
  };
  socket.write('220 sink.example ESMTP\r\n');
  if (delay === 0) socket.on('data', take);
  else socket.on('data', (chunk) => setTimeout(() => socket.writable && take(chunk), delay));
  socket.on('end', () => setTimeout(() => socket.end(), delay));
  socket.on('error', () => {});
});
server.listen(Number(values.port), '127.0.0.1', () => console.log(server.address().port));
process.on('SIGTERM', () => {
  console.log(JSON.stringify({ messages, octets, answers }));
  process.exit();
});

/** Where the message ends. Few octets of a large one are dots, and looking for one octet is the fastest search there is. */
function endOf(data) {
  for (let dot = data.indexOf(46); dot !== -1; dot = data.indexOf(46, dot + 1)) {
    if (dot >= 2 && dot + 2 < data.length && data.compare(END, 0, 5, dot - 2, dot + 3) === 0) return dot + 3;
  }
  return -1;
}
