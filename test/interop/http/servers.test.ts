import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fetchPage, type Page, savePage } from '../../../src/http/index.ts';
import { PAGE, type Started, start } from '../support/web-server.ts';

const nginx = () =>
  start((port, { inside, outside }) => {
    const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (each) => `${each}_temp_path ${inside}/${each};`,
    );
    writeFileSync(
      `${outside}/conf`,
      `daemon off; user root; pid ${inside}/pid; error_log stderr; worker_processes 1; events {}
http { access_log off; gzip on; gzip_types text/html; gzip_http_version 1.0; gzip_min_length 1; ${temp.join(' ')}
server { listen 127.0.0.1:${port}; root ${inside}/www; location /old { return 301 /index.html; } } }`,
    );
    return ['nginx', '-c', `${inside}/conf`, '-p', inside];
  });

const apache = () =>
  start((port, { inside, outside }) => {
    const modules = ['mpm_event', 'authz_core', 'dir', 'mime', 'cgid', 'alias'];
    mkdirSync(`${outside}/cgi`);
    writeFileSync(
      `${outside}/cgi/nph-raw`,
      '#!/bin/sh\nprintf "HTTP/1.0 200 By hand\\r\\nX-Odd:  1\\r\\nx-odd: 2\\r\\n\\r\\nraw\\r\\n"\n',
    );
    writeFileSync(`${outside}/cgi/plain`, '#!/bin/sh\nprintf "Content-Type: text/plain\\n\\n"\nbusybox seq 200000\n');
    for (const name of ['nph-raw', 'plain']) chmodSync(`${outside}/cgi/${name}`, 0o755);
    writeFileSync(
      `${outside}/conf`,
      `ServerRoot ${inside}\nPidFile ${inside}/pid\nListen 127.0.0.1:${port}\nServerName localhost\nErrorLog ${inside}/errors
${modules.map((each) => `LoadModule ${each}_module /usr/lib/apache2/modules/mod_${each}.so`).join('\n')}
User www-data\nGroup www-data\nDocumentRoot ${inside}/www\nDirectoryIndex index.html\nTypesConfig /etc/mime.types
ScriptSock ${inside}/cgisock\nScriptAlias /cgi/ ${inside}/cgi/\n<Directory />\nRequire all granted\n</Directory>\n`,
    );
    return ['apache2', '-f', `${inside}/conf`, '-D', 'FOREGROUND'];
  });

const lighttpd = () =>
  start((port, { inside, outside }) => {
    writeFileSync(
      `${outside}/conf`,
      `server.document-root = "${inside}/www"\nserver.bind = "127.0.0.1"\nserver.port = ${port}\nindex-file.names = ("index.html")\nmimetype.assign = (".html" => "text/html")\n`,
    );
    return ['lighttpd', '-D', '-f', `${inside}/conf`];
  });

const busybox = () =>
  start((port, { inside }) => ['busybox', 'httpd', '-f', '-p', `127.0.0.1:${port}`, '-h', `${inside}/www`]);
const python = () =>
  start((port, { inside }) => ['python3', '-m', 'http.server', '-b', '127.0.0.1', '-d', `${inside}/www`, String(port)]);

interface Server {
  readonly start: () => Promise<Started>;
  /** The version in its status lines to a request of HTTP/1.0. */
  readonly version: string;
  readonly check?: (server: Started) => Promise<void>;
}

const SERVERS: Record<string, Server> = {
  nginx: {
    start: nginx,
    version: '1.1',
    async check({ url }) {
      const zipped = await fetchPage(url, { headers: { 'Accept-Encoding': 'gzip' } });
      expect(zipped.headers.get('Content-Encoding')).toBe('gzip');
      expect(zipped.text()).toBe(PAGE);
      const simple = await fetchPage(url, { version: '0.9' });
      expect([simple.version, simple.text()]).toEqual(['0.9', PAGE]);
      const moved = await fetchPage(`${url}/old`, { follow: 1 });
      expect([moved.text(), moved.redirects.length]).toEqual([PAGE, 1]);
      const folder = await mkdtemp(join(tmpdir(), 'plainwire-interop-'));
      const file = join(folder, 'saved');
      const etag = (await fetchPage(url)).headers.get('ETag') ?? '';
      writeFileSync(`${file}.part`, PAGE.slice(0, 1_000));
      writeFileSync(`${file}.part.json`, JSON.stringify({ url: `${url}/`, validator: etag }));
      expect(await savePage(`${url}/`, file)).toMatchObject({ saved: true, resumedFrom: 1_000, page: { status: 206 } });
      expect(await readFile(file, 'utf8')).toBe(PAGE);
      await rm(folder, { recursive: true });
    },
  },
  apache: {
    start: apache,
    version: '1.1',
    async check({ url }) {
      const raw = await fetchPage(`${url}/cgi/nph-raw`);
      expect(raw).toMatchObject({ version: '1.0', reason: 'By hand', framing: 'until-close' });
      expect([...raw.headers]).toEqual([
        ['X-Odd', '1'],
        ['x-odd', '2'],
      ]);
      expect((await fetchPage(url, { version: '1.1' })).headers.get('Connection')).toBe('close');
      // more than it holds back to count
      const numbers = Array.from({ length: 200_000 }, (_, n) => `${n + 1}\n`).join('');
      const chunked = await fetchPage(`${url}/cgi/plain`, { version: '1.1' });
      expect([chunked.framing, chunked.text() === numbers]).toEqual(['chunked', true]);
      const simple = await fetchPage(`${url}/cgi/plain`);
      expect([simple.framing, simple.text() === numbers]).toEqual(['until-close', true]);
    },
  },
  lighttpd: { start: lighttpd, version: '1.0' },
  busybox: {
    start: busybox,
    version: '1.1',
    async check({ url }) {
      // it sends the body to HEAD as well; what of it comes along is no part of the page
      const page = await fetchPage(url, { method: 'HEAD' });
      expect([page.status, page.body.length]).toEqual([200, 0]);
    },
  },
  'http.server': { start: python, version: '1.0' },
};

describe.each(Object.entries(SERVERS))('%s', (_, server) => {
  it('is read to the byte', async () => {
    await using running = await server.start();
    const page: Page = await fetchPage(`${running.url}/index.html`);
    expect([page.status, page.version, page.text()]).toEqual([200, server.version, PAGE]);
    expect(Buffer.from(page.raw.subarray(page.span.body)).toString()).toBe(PAGE);
    const head = await fetchPage(`${running.url}/index.html`, { method: 'HEAD' });
    expect([head.status, head.framing]).toEqual([200, 'none']);
    expect((await fetchPage(`${running.url}/nowhere`)).status).toBe(404);
    await server.check?.(running);
  });
});
