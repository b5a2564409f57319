/** `--as http`: serves the files of a folder by HTTP/1.0, or a page that shows the request it got. */
import { createReadStream } from 'node:fs';
import { opendir, realpath, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { MessageError } from '../../errors.ts';
import { type Answer, answerHead, escapeHtml, smallPage } from '../../http/server/answer.ts';
import { pathOf, type RequestHead, RequestReader } from '../../http/server/request-head.ts';
import type { Client, Serve } from './client.ts';

/** How long a client may take for its request, in milliseconds. */
const REQUEST_TIMEOUT = 30_000;

/** A page that is made, or a file that is read while it is sent. */
type Content = { readonly bytes: Buffer } | { readonly file: string };

interface Reaction extends Answer {
  readonly content: Content;
}

/** @param folder undefined: every path is a page about the request. @throws MessageError BAD_FILE */
export async function serveHttp(folder: string | undefined): Promise<Serve> {
  const root = folder === undefined ? undefined : await rootOf(folder);
  return async (client) => {
    const request = await requestOf(client);
    if (request === undefined) return;
    const reaction = typeof request === 'string' ? problem(400, request) : await react(request, root);
    await send(client, typeof request === 'string' ? undefined : request, reaction);
  };
}

async function rootOf(folder: string): Promise<string> {
  const facts = await stat(folder).catch(() => undefined);
  if (facts?.isDirectory() !== true) throw new MessageError('BAD_FILE', folder, 'is no folder');
  return realpath(folder);
}

async function requestOf(client: Client): Promise<RequestHead | string | undefined> {
  const reader = new RequestReader();
  client.connection.setDeadline('request', REQUEST_TIMEOUT);
  for (;;) {
    const chunk = await client.read();
    if (chunk === undefined) return undefined;
    const request = reader.push(chunk);
    if (request !== undefined) {
      client.connection.clearDeadline();
      return request;
    }
  }
}

async function react(request: RequestHead, root: string | undefined): Promise<Reaction> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    const refusal = problem(405, `${request.method} is not done here, only GET and HEAD`);
    return { ...refusal, headers: [['Allow', 'GET, HEAD'], ...refusal.headers] };
  }
  const path = pathOf(request.target);
  if (path === undefined) return problem(400, 'the target is no path');
  if (root === undefined) {
    return page(
      200,
      'It works',
      `<p>This is the request as it came:</p>\n<pre>${escapeHtml(request.text.trim())}</pre>`,
    );
  }
  return fileAt(path, root);
}

/** A file, or a folder's index. What a link leads to must be in the folder too, and names with a dot first are hidden. */
async function fileAt(path: string, root: string): Promise<Reaction> {
  const missing = problem(404, `there is nothing at ${path}`);
  if (path.split(/[\\/]/).some((name) => name.startsWith('.'))) return missing;
  const real = await realpath(join(root, path)).catch(() => undefined);
  if (real === undefined || (real !== root && !real.startsWith(root + sep))) return missing;
  const facts = await stat(real).catch(() => undefined);
  if (facts?.isFile() === true) {
    return {
      status: 200,
      headers: [
        ['Last-Modified', facts.mtime.toUTCString()],
        ['Content-Type', TYPES[extname(real).toLowerCase()] ?? 'application/octet-stream'],
        ['Content-Length', String(facts.size)],
      ],
      content: { file: real },
    };
  }
  if (facts?.isDirectory() !== true) return missing;
  if (!path.endsWith('/')) {
    const moved = page(301, 'It is a folder', `<p><a href="${encodeURI(path)}/">${escapeHtml(path)}/</a></p>`);
    return { ...moved, headers: [['Location', `${encodeURI(path)}/`], ...moved.headers] };
  }
  const index = await stat(join(real, 'index.html')).catch(() => undefined);
  return index?.isFile() === true ? fileAt(`${path}index.html`, root) : listing(path, real);
}

async function listing(path: string, folder: string): Promise<Reaction> {
  const names: string[] = [];
  for await (const entry of await opendir(folder)) {
    if (!entry.name.startsWith('.')) names.push(entry.isDirectory() ? `${entry.name}/` : entry.name);
  }
  const items = names.sort().map((name) => `<li><a href="${linkTo(name)}">${escapeHtml(name)}</a></li>`);
  return page(200, `Files in ${path}`, `<ul>\n${items.join('\n')}\n</ul>`);
}

function linkTo(name: string): string {
  return `./${encodeURIComponent(name).replaceAll('%2F', '/')}`;
}

function problem(status: number, why: string): Reaction {
  return page(status, `${status}`, `<p>${escapeHtml(why)}</p>`);
}

function page(status: number, title: string, inner: string): Reaction {
  const bytes = smallPage(title, inner);
  return {
    status,
    headers: [
      ['Content-Type', 'text/html; charset=utf-8'],
      ['Content-Length', String(bytes.length)],
    ],
    content: { bytes },
  };
}

async function send(client: Client, request: RequestHead | undefined, reaction: Reaction): Promise<void> {
  await client.write(answerHead(request, reaction));
  if (request?.method === 'HEAD') return;
  const { content } = reaction;
  if ('bytes' in content) await client.write(content.bytes);
  else for await (const piece of createReadStream(content.file)) await client.write(piece as Buffer);
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.htm': 'text/html; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.xml': 'application/xml',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.ico': 'image/vnd.microsoft.icon',
  '.pdf': 'application/pdf',
  '.eml': 'message/rfc822',
  '.gz': 'application/gzip',
  '.zip': 'application/zip',
};
