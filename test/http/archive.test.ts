import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { WARCParser } from 'warcio';
import { fetchPage, HarWriter, harEntry, type Page, WarcWriter } from '../../src/http/index.ts';
import { validateHar } from './har-schema.ts';
import { head, serve } from './server.ts';

const BODY = '<p>chunky';

async function somePages(): Promise<{ pages: Page[]; url: string }> {
  await using server = await serve((socket, request) => {
    if (request.startsWith('GET /gz ')) {
      socket.end(Buffer.concat([Buffer.from(head('200 OK', 'Content-Encoding: gzip')), gzipSync('zipped')]));
    } else if (/^GET \/go[ ?]/.test(request)) socket.end(head('302 Found', 'Location: /', 'Content-Length: 0'));
    else {
      socket.end(
        `${head('103 Early')}${head('200 OK', 'Content-Type: text/html', 'Transfer-Encoding: chunked')}9\r\n${BODY}\r\n0\r\n\r\nexcess`,
      );
    }
  });
  const first = await fetchPage(`${server.url.replace('//', '//me:secret@')}/go?a=b%20c`);
  const followed = await fetchPage(`${server.url}/go`, { follow: 1, headers: { Cookie: 'secret' } });
  const zipped = await fetchPage(`${server.url}/gz`);
  return { pages: [first, followed, zipped], url: server.url };
}

function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/g) ?? [])
    .map((five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five, 2)])
    .join('');
}

describe('WARC', () => {
  it.each(['record', 'none'] as const)('is read back by warcio to the byte, gzip per %s', async (gzip) => {
    const { pages, url } = await somePages();
    const pieces: Uint8Array[] = [];
    const writer = new WarcWriter({ write: (bytes) => void pieces.push(bytes), gzip, info: { operator: 'a\r\nb' } });
    await Promise.all(pages.map((page) => writer.write(page)));
    const file = Buffer.concat(pieces);
    // each record by itself: a reader can start at any
    if (gzip === 'record')
      for (const piece of pieces) expect(gunzipSync(piece).toString('latin1')).toMatch(/^WARC\/1\.1\r\n/);
    else expect(file.toString('latin1')).not.toContain('secret');
    const seen: string[] = [];
    const records = new WARCParser(new Blob([file]).stream(), { keepHeadersCase: true });
    for await (const record of records) {
      const payload = Buffer.from(await record.readFully(false)).toString('latin1');
      const line = record.httpHeaders?.statusline ?? '';
      seen.push(`${record.warcType} ${record.warcType === 'request' ? line.split(' ')[0] : line}`.trim());
      if (record.warcType === 'response') {
        expect(record.warcTargetURI).toMatch(/^http:\/\/127\.0\.0\.1:\d+\//);
        expect(record.warcHeader('WARC-IP-Address')).toBe('127.0.0.1');
        // tools check it against the bytes as they stand in the record
        const digest = record.warcHeader('WARC-Payload-Digest');
        const sha1 = createHash('sha1').update(payload, 'latin1').digest();
        if (digest === null || digest === undefined)
          expect(record.httpHeaders?.headers.get('Transfer-Encoding')).toBe('chunked');
        else expect(digest).toBe(`sha1:${base32(sha1)}`);
        if (record.warcTargetURI === `${url}/`) expect(payload).toBe(`9\r\n${BODY}\r\n0\r\n\r\n`);
      }
      if (record.warcType === 'metadata')
        expect(payload).toMatch(/fetchTimeMs: \d+\r\n[\s\S]*timing-wait: [\d.]+ ms\r\n/);
      if (record.warcType === 'warcinfo') expect(payload).toContain('operator: a b\r\n');
    }
    const responses = ['302 Found', '302 Found', '200 OK', '200 OK'];
    expect(seen).toEqual([
      'warcinfo',
      ...responses.flatMap((status) => ['request GET', `response HTTP/1.1 ${status}`, 'metadata']),
    ]);
  });
});

describe('HAR', () => {
  it('is one JSON document, with bodies as text where they are text, and no credentials', async () => {
    const { pages, url } = await somePages();
    let text = '';
    const writer = new HarWriter({ write: (piece) => void (text += piece) });
    for (const page of pages) await writer.write(page);
    await writer.end();
    expect(text).not.toContain('secret');
    const { log } = JSON.parse(text);
    expect(log.version).toBe('1.2');
    expect(log.entries.length).toBe(4);
    expect(log.entries[0].request.queryString).toEqual([{ name: 'a', value: 'b c' }]);
    expect(log.entries[1].response).toMatchObject({ status: 302, redirectURL: '/' });
    expect(log.entries[2]).toMatchObject({
      request: { method: 'GET', url: `${url}/`, httpVersion: 'HTTP/1.0', bodySize: 0 },
      response: { status: 200, content: { text: BODY, size: 9, mimeType: 'text/html' } },
      serverIPAddress: '127.0.0.1',
    });
    expect(log.entries[3].response.content).toMatchObject({ text: 'zipped' });
    const { timings, time } = log.entries[2];
    const sum = Object.entries(timings as Record<string, number>)
      .filter(([name, ms]) => ms >= 0 && name !== 'ssl')
      .reduce((all, [, ms]) => all + ms, 0);
    // what HAR 1.2 says of `time`
    expect(sum).toBeCloseTo(time, 6);
    expect(time).toBeGreaterThan(0);
  });

  it('lists the cookies that a response sets, and keeps a body that was posted and is no text', async () => {
    const fields = [
      'Set-Cookie: a=b=c; Path=/x; Domain=example.test; Expires=Wed, 21 Oct 2026 07:28:00 GMT; HttpOnly; Secure',
      'Set-Cookie: d="e" ; expires=never',
      'Set-Cookie: none',
    ];
    await using server = await serve(head('200 OK', ...fields, 'Content-Length: 0'));
    const body = Buffer.from([0, 255, 1]);
    const page = await fetchPage(server.url, { method: 'POST', body, headers: { Cookie: 'x=secret' } });
    const entry = harEntry(page) as {
      request: { postData: object; cookies: object[] };
      response: { cookies: object[] };
    };
    expect(entry.response.cookies).toEqual([
      {
        name: 'a',
        value: 'b=c',
        path: '/x',
        domain: 'example.test',
        expires: '2026-10-21T07:28:00.000Z',
        httpOnly: true,
        secure: true,
      },
      { name: 'd', value: '"e"', httpOnly: false, secure: false },
    ]);
    expect(entry.request.cookies).toEqual([]);
    expect(entry.request.postData).toMatchObject({ text: 'AP8B', encoding: 'base64' });
    const log = { version: '1.2', creator: { name: 'x', version: '1' }, entries: [entry] };
    expect(validateHar(JSON.parse(JSON.stringify({ log })))).toEqual([]);
  });
});
