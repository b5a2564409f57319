/** Proxies: HTTP without a password, HTTP with one, SOCKS5 with one. */
import { writeFileSync } from 'node:fs';
import { type Started, start } from './web-server.ts';

const squid = () =>
  start((port, { inside, outside }) => {
    writeFileSync(
      `${outside}/conf`,
      `http_port 127.0.0.1:${port}\nhttp_access allow all\ncache deny all\npid_filename none\naccess_log none\ncache_log /dev/null
cache_store_log none\ncoredump_dir ${inside}\nshutdown_lifetime 0 seconds\nvisible_hostname localhost\nlogfile_rotate 0\npinger_enable off\n`,
    );
    return ['squid', '-N', '-d', '1', '-f', `${inside}/conf`];
  });
const tinyproxy = () =>
  start((port, { inside, outside }) => {
    writeFileSync(
      `${outside}/conf`,
      `Port ${port}\nListen 127.0.0.1\nTimeout 20\nBasicAuth user secret\nMaxClients 10\n`,
    );
    return ['tinyproxy', '-d', '-c', `${inside}/conf`];
  });
const microsocks = () =>
  start((port) => ['microsocks', '-i', '127.0.0.1', '-p', String(port), '-u', 'user', '-P', 'secret']);

interface Proxy {
  readonly start: () => Promise<Started>;
  /** What to give as `proxy`. */
  readonly url: (port: number) => string;
}

export const PROXIES: Readonly<Record<string, Proxy>> = {
  squid: { start: squid, url: (port) => `http://127.0.0.1:${port}` },
  tinyproxy: { start: tinyproxy, url: (port) => `http://user:secret@127.0.0.1:${port}` },
  microsocks: { start: microsocks, url: (port) => `socks5://user:secret@127.0.0.1:${port}` },
};
