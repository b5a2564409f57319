import { describe, expect, it } from 'vitest';
import { fetchPage, openPage, type PageOptions, publicOnly, RedirectError } from '../../src/http/index.ts';
import { onwardRequest, resolveLocation } from '../../src/http/redirect.ts';
import { buildRequest } from '../../src/http/request.ts';
import { urlCases } from './cases.ts';
import { head, serve } from './server.ts';

describe('redirects of the conformance cases', () => {
  it.each(urlCases.redirects)('$id $startUrl → $location', ({ startUrl, status, locationRawBase64, requestLines }) => {
    const [before, after] = requestLines;
    const start = new URL(startUrl);
    const first: PageOptions = { method: before.split(' ')[0] ?? '', version: '1.1' };
    expect(requestLine(start, first)).toBe(before);
    const to = resolveLocation(Buffer.from(locationRawBase64, 'base64').toString('latin1').trim(), start);
    expect(requestLine(to, onwardRequest(first, status, start, to))).toBe(after);
  });
});

function requestLine(url: URL, options: PageOptions): string {
  return Buffer.from(buildRequest(url, options).bytes).toString('latin1').split('\r\n')[0] ?? '';
}

const to = (location: string, status = '302 Found'): string =>
  head(status, `Location: ${location}`, 'Content-Length: 0');

describe('following', () => {
  it('happens only when asked for, and keeps each hop as a page', async () => {
    await using server = await serve((socket, request) => {
      if (request.startsWith('GET /a ')) socket.end(to('/b'));
      else if (request.startsWith('GET /b ')) socket.end(to('c?d', '307 Temporary'));
      else socket.end(`${head('200 OK')}here`);
    });
    expect((await fetchPage(`${server.url}/a`)).status).toBe(302);
    const page = await fetchPage(`${server.url}/a`, { follow: 2 });
    expect(page).toMatchObject({ status: 200, url: `${server.url}/c?d` });
    expect(page.redirects.map(({ status, url }) => [status, url])).toEqual([
      [302, `${server.url}/a`],
      [307, `${server.url}/b`],
    ]);
    expect(page.redirects[1]?.redirects.length).toBe(1);
    const open = await openPage(`${server.url}/a`, { follow: 5 });
    let body = '';
    for await (const piece of open) body += Buffer.from(piece).toString();
    expect([body, open.redirects.length]).toEqual(['here', 2]);
    const error = await fetchPage(`${server.url}/a`, { follow: 1 }).catch((fault: unknown) => fault);
    expect(error).toBeInstanceOf(RedirectError);
    expect(error).toMatchObject({ code: 'REDIRECT_REFUSED', location: 'c?d' });
    expect((error as RedirectError).pages.length).toBe(2);
  });

  it('ends a circle soon, and goes where it has been once more, for a server that has thought better of it', async () => {
    await using server = await serve((socket, request) => socket.end(to(request.startsWith('GET /a ') ? '/b' : '/a')));
    await expect(fetchPage(`${server.url}/a`, { follow: 50 })).rejects.toMatchObject({ code: 'REDIRECT_REFUSED' });
    expect(server.requests.length).toBe(4);
    let asked = 0;
    await using again = await serve((socket) => socket.end(asked++ === 0 ? to('/a') : head('200 OK')));
    expect(await fetchPage(`${again.url}/a`, { follow: 5 })).toMatchObject({
      status: 200,
      redirects: [{ status: 302 }],
    });
  });

  it('has one deadline for the whole of it, however many hops there are', async () => {
    let hops = 0;
    await using server = await serve((socket) => {
      hops += 1;
      setTimeout(() => socket.end(to(`/${hops}`)), 80);
    });
    await expect(fetchPage(server.url, { follow: 20, timeouts: { whole: 300 } })).rejects.toMatchObject({
      code: 'DEADLINE_PASSED',
      phase: 'whole',
    });
    expect(hops).toBeLessThan(6);
  });

  it('takes an empty Location for none', async () => {
    await using server = await serve(to(''));
    expect(await fetchPage(server.url, { follow: 5 })).toMatchObject({ status: 302, redirects: [] });
  });

  it.each(['file:///etc/passwd', 'ftp://example.com/', 'javascript:alert(1)', 'data:,x', 'http://', 'http://a:99999/'])(
    'refuses to go to %s',
    async (location) => {
      await using server = await serve(to(location));
      await expect(fetchPage(server.url, { follow: 3 })).rejects.toMatchObject({ code: 'REDIRECT_REFUSED', location });
      expect(server.requests.length).toBe(1);
    },
  );

  it('refuses two Locations that differ, and takes two that are the same for one', async () => {
    await using two = await serve(head('302 Found', 'Location: /a', 'Location: /b', 'Content-Length: 0'));
    await expect(fetchPage(two.url, { follow: 3 })).rejects.toMatchObject({ code: 'REDIRECT_REFUSED' });
    await using same = await serve((socket, request) =>
      socket.end(request.startsWith('GET / ') ? head('302 Found', 'Location: /a', 'Location: /a') : head('200 OK')),
    );
    expect((await fetchPage(same.url, { follow: 3 })).status).toBe(200);
  });

  it('shows of a Location that it can not follow no more than its start', async () => {
    await using server = await serve(to(`http://[${'x'.repeat(50_000)}`));
    const error = (await fetchPage(server.url, { follow: 3 }).catch((caught: unknown) => caught)) as RedirectError;
    expect(error.message).toMatch(/^the Location is no URL: "http:.{50,60}\.\.\."$/);
    expect(error.location).toHaveLength(50_008);
  });

  it('goes by the guard on every hop: a redirect to a private address is not even connected to', async () => {
    await using inside = await serve('HTTP/1.0 200 OK\r\n\r\nsecret');
    await expect(fetchPage(inside.url, { guard: publicOnly })).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
    expect(inside.requests).toEqual([]);
    await using outside = await serve(to(inside.url));
    const guard: NonNullable<PageOptions['guard']> = (address, host) => {
      if (!outside.url.includes(`//${host}:`) || asked.push(host) > 1) publicOnly(address, host);
    };
    const asked: string[] = [];
    await expect(fetchPage(outside.url, { follow: 3, guard })).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
    expect([outside.requests.length, inside.requests.length]).toEqual([1, 0]);
  });

  it('takes false for a refusal, and waits for a guard that takes its time', async () => {
    await using server = await serve(head('200 OK'));
    const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    const no: PageOptions['guard'][] = [
      () => false,
      async () => false,
      async () => {
        await pause(10);
        throw new Error('not there');
      },
    ];
    for (const guard of no) {
      await expect(fetchPage(server.url, guard && { guard })).rejects.toThrow(/refused by the guard|not there/);
    }
    const stuck = { guard: () => pause(10_000), timeouts: { lookup: 30 } };
    await expect(fetchPage(server.url, stuck)).rejects.toMatchObject({ code: 'DEADLINE_PASSED', phase: 'lookup' });
    expect(server.requests).toEqual([]);
    for (const guard of [() => true, () => undefined, async () => true]) {
      expect((await fetchPage(server.url, { guard })).status).toBe(200);
    }
  });

  it('connects to the very address that was checked, though the name would give another by then', async () => {
    await using server = await serve('HTTP/1.0 200 OK\r\n\r\nchecked');
    let asked = 0;
    const resolve = async () => {
      asked += 1;
      return [{ address: asked === 1 ? '127.0.0.1' : '192.0.2.1', family: 4 as const }];
    };
    const checked: string[] = [];
    const guard: PageOptions['guard'] = ({ address }) => void checked.push(address);
    const page = await fetchPage(`http://rebound.test:${server.port}/`, { resolve, guard });
    expect([page.text(), checked, asked]).toEqual(['checked', ['127.0.0.1'], 1]);
    const both = async () => [
      { address: '127.0.0.1', family: 4 as const },
      { address: '10.0.0.1', family: 4 as const },
    ];
    await expect(fetchPage('http://mixed.test/', { resolve: both, guard: publicOnly })).rejects.toThrow(/not a public/);
  });
});

describe('what goes on to the next hop', () => {
  const a = new URL('http://a.test/x');
  const b = new URL('http://b.test/y');
  const options: PageOptions = {
    headers: [
      ['Authorization', 'x'],
      ['Cookie', 'y'],
      ['Host', 'z'],
      ['X-API-Key', 'k'],
      ['X-Auth-Token', 't'],
      ['Private-Token', 't'],
      ['X-Own', '1'],
    ],
    auth: { user: 'u', password: 'p' },
  };

  it('drops credentials on any change of origin: host, port or scheme', () => {
    for (const other of [b, new URL('http://a.test:81/x'), new URL('https://a.test/x')]) {
      const next = onwardRequest(options, 302, a, other);
      expect(next.headers).toEqual([['X-Own', '1']]);
      expect(next.auth).toBeUndefined();
    }
    expect(onwardRequest(options, 302, a, new URL('http://a.test/z'))).toMatchObject(options);
  });

  it('drops them over the wire, too, those in the URL included, and for good', async () => {
    await using second = await serve((socket, request) =>
      socket.end(request.startsWith('GET /back ') ? to(`${first.url}/end`) : head('200 OK')),
    );
    await using first = await serve((socket, request) =>
      socket.end(
        request.startsWith('GET /1 ')
          ? to('/2')
          : request.startsWith('GET /2 ')
            ? to(`${second.url}/back`)
            : head('200 OK'),
      ),
    );
    await fetchPage(`${first.url.replace('//', '//me:secret@')}/1`, { follow: 5, headers: { Cookie: 'c' } });
    const has = (request: string | undefined) => /\r\n(?:Authorization|Cookie):/.test(request ?? '');
    expect(first.requests.map(has)).toEqual([true, true, false]);
    expect(second.requests.map(has)).toEqual([false]);
  });

  it('never takes credentials from a Location', () => {
    expect(resolveLocation('http://evil:pw@b.test/', a).href).toBe('http://b.test/');
  });

  it.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [303, 'HEAD', 'HEAD'],
    [307, 'POST', 'POST'],
    [308, 'PUT', 'PUT'],
    [301, 'PUT', 'PUT'],
  ])('%i makes %s a %s', (status, method, next) => {
    const post: PageOptions = { method, body: 'b', headers: { 'Content-Type': 't' } };
    const onward = onwardRequest(post, status, a, a);
    expect(onward.method).toBe(next);
    expect(onward.body).toBe(next === method ? 'b' : undefined);
    expect(onward.headers).toEqual(next === method ? [['Content-Type', 't']] : []);
  });

  it.each([
    // RFC 3986 section 5.4, seen from http://a/b/c/d;p?q
    ['g', 'http://a/b/c/g'],
    ['./g', 'http://a/b/c/g'],
    ['g/', 'http://a/b/c/g/'],
    ['/g', 'http://a/g'],
    ['//g', 'http://g/'],
    ['?y', 'http://a/b/c/d;p?y'],
    ['g?y', 'http://a/b/c/g?y'],
    ['#s', 'http://a/b/c/d;p?q#s'],
    ['g?y#s', 'http://a/b/c/g?y#s'],
    [';x', 'http://a/b/c/;x'],
    ['g;x?y#s', 'http://a/b/c/g;x?y#s'],
    ['.', 'http://a/b/c/'],
    ['./', 'http://a/b/c/'],
    ['..', 'http://a/b/'],
    ['../g', 'http://a/b/g'],
    ['../..', 'http://a/'],
    ['../../g', 'http://a/g'],
    ['../../../../g', 'http://a/g'],
    ['/./g', 'http://a/g'],
    ['/../g', 'http://a/g'],
    ['g.', 'http://a/b/c/g.'],
    ['..g', 'http://a/b/c/..g'],
    ['./../g', 'http://a/b/g'],
    ['g/./h', 'http://a/b/c/g/h'],
    ['g/../h', 'http://a/b/c/h'],
    ['g;x=1/../y', 'http://a/b/c/y'],
    ['g?y/../x', 'http://a/b/c/g?y/../x'],
    ['http://g', 'http://g/'],
    // what the URL standard and curl make of sloppy ones
    ['HTTP://G/x', 'http://g/x'],
    ['http:/g:81/x', 'http://g:81/x'],
    ['http:///g/x', 'http://g/x'],
    ['http:g', 'http://a/b/c/g'],
    ['\\\\g\\x', 'http://g/x'],
    ['/m o o?x y?z w', 'http://a/m%20o%20o?x+y?z+w'],
    ['  /g  ', 'http://a/g'],
    ['//G:80/x', 'http://g/x'],
    ['/%zz%41', 'http://a/%zz%41'],
    ['/%2e%2E/g', 'http://a/g'],
    ['//b\xc3\xbccher.example/', 'http://xn--bcher-kva.example/'],
    ['//[::1]:81/', 'http://[::1]:81/'],
    ['//0x7f.1/', 'http://127.0.0.1/'],
  ])('%j leads from http://a/b/c/d;p?q to %s', (location, url) => {
    expect(resolveLocation(location, new URL('http://a/b/c/d;p?q')).href).toBe(url);
  });

  it('reads the bytes of a Location as UTF-8, and sends others percent-encoded', () => {
    expect(resolveLocation(Buffer.from('/é').toString('latin1'), a).pathname).toBe('/%C3%A9');
    expect(resolveLocation('/\xe9', a).pathname).toBe('/%E9');
  });
});
