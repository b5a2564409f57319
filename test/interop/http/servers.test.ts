import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { fetchPage, type Page, savePage } from '../../../src/http/index.ts';
import { has, PAGE, type Started, start } from './servers.ts';

const user = process.getuid?.() === 0 ? 'user root;' : '';

const nginx = () =>
  start((port, folder) => {
    const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (each) => `${each}_temp_path ${folder}/${each};`,
    );
    writeFileSync(
      `${folder}/conf`,
      `daemon off; ${user} pid ${folder}/pid; error_log stderr; worker_processes 1; events {}
http { access_log off; gzip on; gzip_types text/html; gzip_http_version 1.0; gzip_min_length 1; ${temp.join(' ')}
server { listen 127.0.0.1:${port}; root ${folder}/www; location /old { return 301 /index.html; } } }`,
    );
    return ['nginx', '-c', `${folder}/conf`, '-p', folder];
  });

const apache = () =>
  start((port, folder) => {
    const modules = ['mpm_event', 'authz_core', 'dir', 'mime', 'cgid', 'alias'];
    mkdirSync(`${folder}/cgi`);
    writeFileSync(
      `${folder}/cgi/nph-raw`,
      '#!/bin/sh\nprintf "HTTP/1.0 200 By hand\\r\\nX-Odd:  1\\r\\nx-odd: 2\\r\\n\\r\\nraw\\r\\n"\n',
    );
    chmodSync(`${folder}/cgi/nph-raw`, 0o755);
    writeFileSync(
      `${folder}/conf`,
      `ServerRoot ${folder}\nPidFile ${folder}/pid\nListen 127.0.0.1:${port}\nServerName localhost\nErrorLog ${folder}/errors
${modules.map((each) => `LoadModule ${each}_module /usr/lib/apache2/modules/mod_${each}.so`).join('\n')}
${user === '' ? '' : 'User www-data\nGroup www-data\n'}DocumentRoot ${folder}/www\nDirectoryIndex index.html\nTypesConfig /etc/mime.types
ScriptSock ${folder}/cgisock\nScriptAlias /cgi/ ${folder}/cgi/\n<Directory />\nRequire all granted\n</Directory>\n`,
    );
    return ['apache2', '-f', `${folder}/conf`, '-D', 'FOREGROUND'];
  });

const lighttpd = () =>
  start((port, folder) => {
    writeFileSync(
      `${folder}/conf`,
      `server.document-root = "${folder}/www"\nserver.bind = "127.0.0.1"\nserver.port = ${port}\nindex-file.names = ("index.html")\nmimetype.assign = (".html" => "text/html")\n`,
    );
    return ['lighttpd', '-D', '-f', `${folder}/conf`];
  });

const busybox = () =>
  start((port, folder) => ['busybox', 'httpd', '-f', '-p', `127.0.0.1:${port}`, '-h', `${folder}/www`]);
const python = () =>
  start((port, folder) => [
    'python3',
    '-m',
    'http.server',
    '-b',
    '127.0.0.1',
    '-d',
    path.join(folder, 'www'),
    String(port),
  ]);

interface Server {
  readonly program: string;
  readonly start: () => Promise<Started>;
  /** The version in its status lines to a request of HTTP/1.0. */
  readonly version: string;
  readonly check?: (server: Started) => Promise<void>;
}

const SERVERS: Record<string, Server> = {
  nginx: {
    program: 'nginx',
    start: nginx,
    version: '1.1',
    async check({ url, folder }) {
      const zipped = await fetchPage(url, { headers: { 'Accept-Encoding': 'gzip' } });
      expect(zipped.headers.get('Content-Encoding')).toBe('gzip');
      expect(zipped.text()).toBe(PAGE);
      const simple = await fetchPage(url, { version: '0.9' });
      expect([simple.version, simple.text()]).toEqual(['0.9', PAGE]);
      const moved = await fetchPage(`${url}/old`, { follow: 1 });
      expect([moved.text(), moved.redirects.length]).toEqual([PAGE, 1]);
      const file = `${folder}/saved`;
      const etag = (await fetchPage(url)).headers.get('ETag') ?? '';
      writeFileSync(`${file}.part`, PAGE.slice(0, 1_000));
      writeFileSync(`${file}.part.json`, JSON.stringify({ url: `${url}/`, validator: etag }));
      expect(await savePage(`${url}/`, file)).toMatchObject({ saved: true, resumedFrom: 1_000, page: { status: 206 } });
      expect(await readFile(file, 'utf8')).toBe(PAGE);
    },
  },
  apache: {
    program: 'apache2',
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
    },
  },
  lighttpd: { program: 'lighttpd', start: lighttpd, version: '1.0' },
  busybox: {
    program: 'busybox',
    start: busybox,
    version: '1.1',
    async check({ url }) {
      // it sends the body to HEAD as well; what of it comes along is no part of the page
      const page = await fetchPage(url, { method: 'HEAD' });
      expect([page.status, page.body.length]).toEqual([200, 0]);
    },
  },
  'http.server': { program: 'python3', start: python, version: '1.0' },
};

describe.each(Object.entries(SERVERS))('%s', (_, server) => {
  it.skipIf(!has(server.program))('is read to the byte', async () => {
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
