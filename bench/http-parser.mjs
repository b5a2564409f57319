/**
 * The response parser alone: small heads a second, and gigabytes of body a second, by the CPU's clock: nothing is waited
 * for, so it says the same on a machine that is busy with something else.
 *
 *   npm run build && node bench/http-parser.mjs
 */
const { ResponseParser } = await import(process.env.PLAINWIRE ?? '../dist/http/index.js');

const HEADS = 300_000;
const PIECES = 40_000;
const head = (fields) =>
  `HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Sat, 21 Nov 2026 11:42:00 GMT\r\nContent-Type: text/html\r\n${fields}\r\n`;
const small = Buffer.from(`${head('Content-Length: 5\r\nConnection: close\r\n')}hello`);
const chunk = Buffer.concat([Buffer.from('2000\r\n'), Buffer.alloc(8192, 'x'), Buffer.from('\r\n')]);

median('small heads a second', () => {
  const start = cpu();
  for (let i = 0; i < HEADS; i += 1) {
    const parser = new ResponseParser({ method: 'GET', version: '1.0' });
    if (parser.push(small).length !== 3) throw new Error('not head, body and end');
  }
  return (HEADS / (cpu() - start)) * 1000;
});
body('GB/s of body until the end', head(''), Buffer.alloc(65_536, 'x'));
body('GB/s of body by Content-Length', head(`Content-Length: ${2 ** 40}\r\n`), Buffer.alloc(65_536, 'x'));
body('GB/s of chunked body', head('Transfer-Encoding: chunked\r\n'), Buffer.concat(Array(8).fill(chunk)));

function body(name, start, piece) {
  median(name, () => {
    const parser = new ResponseParser({ method: 'GET', version: '1.0', limits: { body: Number.POSITIVE_INFINITY } });
    parser.push(Buffer.from(start));
    let length = 0;
    const begun = cpu();
    for (let i = 0; i < PIECES; i += 1) for (const event of parser.push(piece)) length += event.bytes.length;
    return length / 1e9 / ((cpu() - begun) / 1000);
  });
}

function cpu() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function median(name, run) {
  const figures = Array.from({ length: 5 }, run).toSorted((one, other) => one - other);
  console.log(`${name.padEnd(32)}${figures[2].toLocaleString('en', { maximumFractionDigits: 1 })}`);
}
