/** What the examples have in common, and what is not about networks. */
import { parseEndpoint } from 'plainwire/transport';

/** `7007`: a port of this machine; `host:7007`, `[::1]:7007`; `/tmp/socket` or `./socket`: a Unix domain socket. */
export function endpointOf(text) {
  if (/^\d{1,5}$/.test(text)) return { host: '127.0.0.1', port: Number(text) };
  return parseEndpoint(text, 7007);
}

/** Says where a server is, and lets Ctrl-C end it in good order, with what else holds the program. */
export function announce(server, endRest = () => {}) {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      void server.close();
      endRest();
    });
  }
  console.log(`listening on ${server.address}`);
}

/** Says how to call the program, and ends it. */
export function usage(text) {
  console.error(`usage: npm run example ${text}`);
  process.exit(2);
}

/** `12,345,678` */
export function thousands(number) {
  return number.toLocaleString('en-US');
}

/** How far a transfer is: a line that rewrites itself on a terminal, ten times a second at the most. */
export function progress(total) {
  let shown = 0;
  return (done) => {
    if (!process.stderr.isTTY || performance.now() - shown < 100) return;
    shown = performance.now();
    process.stderr.write(
      `\r${thousands(done)} of ${thousands(total)} bytes, ${Math.floor((done / total) * 100)} %\x1b[K`,
    );
    if (done === total) process.stderr.write('\r\x1b[K');
  };
}

/** How long it took and what memory the program had at most, for the last line. */
export function cost(started) {
  const seconds = (performance.now() - started) / 1000;
  const { maxRSS } = process.resourceUsage(); // kilobytes
  return `${seconds.toFixed(2)} s, peak memory ${Math.round(maxRSS / 1000)} MB`;
}
