/** `plainwire get` as its own process: what is asked for, what is kept, Ctrl-C, and going on from there. */
import { spawn, spawnSync } from 'node:child_process';
import { readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { WARCParser } from 'warcio';
import { fileNameFor } from '../../src/http/index.ts';
import { validateHar } from '../http/har-schema.ts';
import { head, serve } from '../http/server.ts';
import { BIN, folder, plainwire } from './plainwire.ts';

const page = (text: string): string => `${head('200 OK', `Content-Length: ${text.length}`)}${text}`;
const pathOf = (request: string): string => request.split(' ')[1] ?? '';

describe('what is asked for', () => {
  test('GET, with the default headers in their order', async () => {
    await using site = await serve(page('x'));
    await plainwire(['get', site.url, '--out', '-']);
    expect(site.requests).toEqual([
      `GET / HTTP/1.0\r\nHost: 127.0.0.1:${site.port}\r\nUser-Agent: plainwire\r\nAccept: */*\r\n\r\n`,
    ]);
  });

  test('--bare: the two lines of a textbook; with --header, in order and case', async () => {
    await using site = await serve(page('x'));
    await plainwire(['get', site.url, '--out', '-', '--bare']);
    await plainwire(['get', site.url, '--out', '-', '--bare', '--header', 'x-B: 1', '--header', 'X-a:2', '-H', 'E:']);
    await plainwire(['get', site.url, '--out', '-', '--bare', '--http', '1.1']);
    expect(site.requests).toEqual([
      'GET / HTTP/1.0\r\n\r\n',
      'GET / HTTP/1.0\r\nx-B: 1\r\nX-a: 2\r\nE: \r\n\r\n',
      'GET / HTTP/1.1\r\nConnection: close\r\n\r\n',
    ]);
  });

  test('--head', async () => {
    await using site = await serve(head('200 OK', 'Content-Length: 5'));
    const ran = await plainwire(['get', site.url, '--out', '-', '--head', '--bare']);
    expect(ran).toMatchObject({ code: 0, stdout: head('200 OK', 'Content-Length: 5') });
    expect(site.requests).toEqual(['HEAD / HTTP/1.0\r\n\r\n']);
  });

  test('--post, from the command line, from a file and from stdin; --method', async () => {
    await using dir = await folder();
    await using site = await serve(page('x'));
    await writeFile(join(dir.path, 'data'), Buffer.from([0, 255]));
    const post = (...args: string[]) =>
      plainwire(['get', site.url, '--out', '-', ...args], { cwd: dir.path, input: 'on stdin' });
    await post('--post', 'a=b&c=ü');
    await post('--post', '@data', '--bare');
    await post('--post', '@-', '--header', 'Content-Type: text/plain', '--method', 'PUT');
    await post('--method', 'BREW', '--bare');
    expect(site.requests[0]).toMatch(
      /^POST \/ HTTP\/1\.0\r\n[\s\S]*\r\nContent-Type: application\/x-www-form-urlencoded\r\nContent-Length: 8\r\n\r\na=b&c=/,
    );
    expect(site.requests[1]).toBe('POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\n\0\xff');
    expect(site.requests[2]).toMatch(/^PUT [\s\S]*\r\nContent-Type: text\/plain\r\nContent-Length: 8\r\n\r\non stdin$/);
    expect(site.requests[3]).toBe('BREW / HTTP/1.0\r\n\r\n');
  });

  test('--follow, as far as it says or without saying', async () => {
    await using site = await serve((socket, request) => {
      const n = Number(pathOf(request).slice(1));
      socket.end(n === 3 ? page('there') : head('302 Found', `Location: /${n + 1}`, 'Content-Length: 0'));
    });
    const run = async (...args: string[]) => (await plainwire(['get', ...args, '--out', '-', '--body'])).stdout;
    expect(await run(`${site.url}/0`)).toBe('');
    expect(await run(`${site.url}/0`, '--follow')).toBe('there');
    expect(await run('--follow', `${site.url}/0`)).toBe('there');
    expect(await run('--follow', '3', `${site.url}/0`)).toBe('there');
    const short = await plainwire(['get', '--follow', '2', `${site.url}/0`, '--out', '-']);
    expect(short).toMatchObject({ code: 1, stderr: expect.stringContaining('(REDIRECT_REFUSED)') });
  });

  test('--public connects to nothing that is not public; --proxy and --socket go their ways', async () => {
    await using dir = await folder();
    await using site = await serve(page('proxied'));
    const refused = await plainwire(['get', site.url, '--public', '--out', '-']);
    expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('(ADDRESS_REFUSED)') });
    expect(site.requests).toEqual([]);
    await plainwire(['get', 'http://a.test/x', '--proxy', site.url, '--out', '-', '--bare']);
    expect(site.requests).toEqual(['GET http://a.test/x HTTP/1.0\r\n\r\n']);
    const path = join(dir.path, 's');
    const server = createServer((socket) => socket.once('data', () => socket.end(page('by path'))));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const ran = await plainwire(['get', 'http://whatever/', '--socket', path, '--out', '-', '--body']);
    expect(ran).toMatchObject({ code: 0, stdout: 'by path' });
    server.close();
  });

  test.each([
    [['--include', '--body'], 'contradict'],
    [['--head', '--post', 'x'], 'contradict'],
    [['--head', '--body'], 'contradict'],
    [['--public', '--proxy', 'http://a:1'], 'contradict'],
    [['--public', '--socket', '/a'], 'contradict'],
    [['--json', '--out', '-'], 'stdout'],
    [['--warc', 'a', '--har', './a'], 'a file each'],
    [['--warc', 'a', '--har', 'a.done'], 'a file each'],
    [['--warc', '-'], 'an archive is a file'],
    [['--har', '-'], 'an archive is a file'],
    [['--resume', '--out', '-'], 'resumed'],
    [['--from', '-', '--post', '@-'], 'stdin'],
    [['--header', 'no colon'], "'Name: value'"],
    [['--header', 'A B: c'], 'not a field name'],
    [['--header', 'A: b\r\nEvil: 1'], 'headers.A'],
    [['--method', 'G T'], 'not a method'],
    [['--http', '3'], '0.9, 1.0, 1.1'],
    [['--proxy', 'socks4://a'], 'socks5://'],
    [['--http', '0.9', '--head'], 'HTTP/0.9'],
    [['--from', 'missing.txt'], 'no such file'],
  ])('%j is no command line', async (args, complaint) => {
    await using dir = await folder();
    const ran = await plainwire(
      ['get', ...(args[0] === '--from' && args[2] === undefined ? [] : ['a.test']), ...args],
      {
        cwd: dir.path,
      },
    );
    expect(ran.stderr).toContain(complaint);
    expect(ran.code).toBe(2);
  });
});

describe('what is kept', () => {
  test('head and body, with --include as without; --body the body alone', async () => {
    await using dir = await folder();
    await using site = await serve(page('body'));
    const file = join(dir.path, `127.0.0.1_${site.port}.html`);
    for (const [args, content] of [
      [[], page('body')],
      [['--include'], page('body')],
      [['--body'], 'body'],
    ] as const) {
      expect(await plainwire(['get', site.url, ...args], { cwd: dir.path })).toMatchObject({ code: 0, stderr: '' });
      expect(await readFile(file, 'utf8')).toBe(content);
    }
  });

  test('--json: a line a page, whatever became of it, without passwords', async () => {
    await using dir = await folder();
    await using site = await serve((socket, request) =>
      socket.end(pathOf(request) === '/bad' ? 'HTTP/1.0 200 OK\r\nA : b\r\n\r\n' : page('x')),
    );
    const sites = [`http://me:secret@127.0.0.1:${site.port}/`, `${site.url}/bad`, 'http://me:secret@a b/'];
    const ran = await plainwire(['get', ...sites, '--json'], { cwd: dir.path });
    expect(ran.code).toBe(1);
    expect(ran.stdout + ran.stderr).not.toContain('secret');
    const lines = ran.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .sort((one, other) => Number(other.ok) - Number(one.ok) || one.attempts - other.attempts);
    expect(lines).toMatchObject([
      {
        input: `http://127.0.0.1:${site.port}/`,
        ok: true,
        attempts: 1,
        url: `${site.url}/`,
        status: 200,
        reason: 'OK',
        version: '1.1',
        headers: [['Content-Length', '1']],
        framing: 'content-length',
        quirks: [],
        remote: `127.0.0.1:${site.port}`,
        timing: { total: expect.any(Number) },
        length: page('x').length,
        file: `127.0.0.1_${site.port}.html`,
      },
      { ok: false, attempts: 0, error: { code: 'BAD_INPUT' } },
      { ok: false, attempts: 1, error: { code: 'BAD_HEADER', phase: 'head', retryable: false } },
    ]);
    expect(ran.stderr).toMatch(/^1 page in .*: 1 x 200\n2 failed: 1 x BAD_HEADER, 1 x BAD_INPUT\n$/);
  });

  test('--warc and --har: read back by warcio, valid by the schema of HAR; files only with --out', async () => {
    await using dir = await folder();
    await using site = await serve((socket, request) => socket.end(page(`this is ${pathOf(request)}`)));
    const sites = ['a', 'b', 'c'].map((each) => `${site.url}/${each}`);
    for (const [warc, more] of [
      ['all.warc.gz', ['--har', 'all.har']],
      ['all.warc', ['--out', 'pages']],
    ] as const) {
      const ran = await plainwire(['get', ...sites, '--warc', warc, ...more], { cwd: dir.path });
      expect(ran.code, ran.stderr).toBe(0);
      expect((await responses(join(dir.path, warc))).sort()).toEqual(sites.map((url) => `${url} ${bodyOf(url)}`));
    }
    const secret = sites.map((each) => each.replace('//', '//me:secret@'));
    const again = await plainwire(['get', ...secret, '--warc', 'all.warc', '--resume'], { cwd: dir.path });
    expect(again.stderr).toContain('3 pages kept by an earlier run');
    await plainwire(['get', ...secret, '--warc', 'secret.warc'], { cwd: dir.path });
    for (const file of ['secret.warc', 'secret.warc.done']) {
      expect(await readFile(join(dir.path, file), 'latin1')).not.toContain('secret@');
      await rm(join(dir.path, file));
    }
    const har = JSON.parse(await readFile(join(dir.path, 'all.har'), 'utf8'));
    expect(validateHar(har)).toEqual([]);
    expect(har.log.entries.map((entry: { request: { url: string } }) => entry.request.url).sort()).toEqual(sites);
    expect((await readdir(dir.path)).sort()).toEqual([
      'all.har',
      'all.warc',
      'all.warc.done',
      'all.warc.gz',
      'all.warc.gz.done',
      'pages',
    ]);
    expect((await readdir(join(dir.path, 'pages'))).sort()).toEqual(sites.map((url) => fileNameFor(url)).sort());
  });
});

const bodyOf = (url: string): string => `this is ${new URL(url).pathname}`;

async function responses(file: string): Promise<string[]> {
  const seen: string[] = [];
  const parser = new WARCParser(new Blob([await readFile(file)]).stream());
  for await (const record of parser) {
    if (record.warcType !== 'response') await record.readFully(false);
    else seen.push(`${record.warcTargetURI} ${Buffer.from(await record.readFully(true)).toString()}`);
  }
  return seen;
}

/** Pages until one is reached that never comes. */
async function siteThatStalls(from: number) {
  const state = { from };
  const site = await serve((socket, request) => {
    const path = pathOf(request);
    if (Number(path.slice(1)) < state.from) socket.end(page(`this is ${path}`));
    else socket.write(head('200 OK', 'Content-Length: 100').concat('half'));
  });
  return Object.assign(site, { state });
}

/** Interrupts when so many lines have come. */
const interruptAfter = (lines: number) => {
  let sent = false;
  return (text: string, kill: (signal: NodeJS.Signals) => void) => {
    if (sent || text.split('\n').length <= lines) return;
    sent = true;
    kill('SIGINT');
  };
};

describe('Ctrl-C, and --resume', () => {
  test('files: exit code 130, what was complete stays, nothing half, and the second run asks for the rest alone', async () => {
    await using dir = await folder();
    await using site = await siteThatStalls(5);
    const list = Array.from({ length: 12 }, (_, i) => `${site.url}/${i}`);
    const args = ['get', '--from', '-', '--concurrency', '2', '--resume'];
    const input = list.join('\n');
    const first = await plainwire(args, { cwd: dir.path, input, onOutput: interruptAfter(5) });
    expect(first.code).toBe(130);
    expect(first.stdout.match(/^ok /gm)).toHaveLength(5);
    expect(first.stderr).toMatch(
      /^5 pages in .*: 5 x 200\nThe same command with --resume goes on from here\.\nplainwire: interrupted\n$/,
    );
    expect((await readdir(dir.path)).sort()).toEqual(
      list
        .slice(0, 5)
        .map((url) => fileNameFor(url))
        .sort(),
    );
    site.state.from = 100;
    site.requests.length = 0;
    const second = await plainwire(args, { cwd: dir.path, input });
    expect(second.code, second.stderr).toBe(0);
    expect(second.stderr).toMatch(/^7 pages in .*: 7 x 200\n5 pages kept by an earlier run\n$/);
    expect(site.requests.map(pathOf).sort()).toEqual(['/10', '/11', '/5', '/6', '/7', '/8', '/9']);
    for (const url of list) {
      expect(await readFile(join(dir.path, fileNameFor(url)), 'utf8')).toBe(page(bodyOf(url)));
    }
  });

  test('stdin that stays open keeps no process from ending', async () => {
    await using dir = await folder();
    await using site = await siteThatStalls(1);
    const child = spawn(process.execPath, [BIN, 'get', '--from', '-'], { cwd: dir.path });
    child.stdin.write(`${site.url}/0\n${site.url}/1\n`);
    child.stdout.once('data', () => setTimeout(() => child.kill('SIGINT'), 100));
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(code).toBe(130);
  });

  test('archives: complete and valid after Ctrl-C; the second run adds the rest', async () => {
    await using dir = await folder();
    await using site = await siteThatStalls(4);
    const list = Array.from({ length: 9 }, (_, i) => `${site.url}/${i}`);
    const args = ['get', ...list, '--warc', 'a.warc.gz', '--har', 'a.har', '--concurrency', '2', '--resume'];
    const first = await plainwire(args, { cwd: dir.path, onOutput: interruptAfter(4) });
    expect(first.code).toBe(130);
    const kept = await responses(join(dir.path, 'a.warc.gz'));
    expect(kept).toHaveLength(4);
    expect(validateHar(JSON.parse(await readFile(join(dir.path, 'a.har'), 'utf8')))).toEqual([]);
    site.state.from = 100;
    site.requests.length = 0;
    // as a machine that lost power would leave it: half a record, half a line, and no end of the HAR
    for (const [file, junk] of [
      ['a.warc.gz', '\x1f\x8b\x08half'],
      ['a.har', ',{"half'],
      ['a.warc.gz.done', '{"url":"ha'],
    ] as const) {
      await writeFile(join(dir.path, file), junk, { flag: 'a' });
    }
    const second = await plainwire(args, { cwd: dir.path });
    expect(second.code, second.stderr).toBe(0);
    expect(site.requests).toHaveLength(5);
    const all = await responses(join(dir.path, 'a.warc.gz'));
    expect(all.slice(0, 4)).toEqual(kept);
    expect(all.sort()).toEqual(list.map((url) => `${url} ${bodyOf(url)}`));
    const har = JSON.parse(await readFile(join(dir.path, 'a.har'), 'utf8'));
    expect(validateHar(har)).toEqual([]);
    expect(har.log.entries).toHaveLength(9);
    const third = await plainwire(args, { cwd: dir.path });
    expect(third).toMatchObject({ code: 0, stdout: '' });
    expect(third.stderr).toMatch(/^0 pages in .*\n9 pages kept by an earlier run\n$/);
  });

  test('an archive that was begun, and holds no page yet, is begun anew', async () => {
    await using dir = await folder();
    await using site = await serve(page('x'));
    for (const journal of ['', '{"url":"http://127', `{"url":"${site.url}/a","warc":10}`]) {
      await writeFile(join(dir.path, 'a.warc'), 'WARC/1.1\r\nhalf');
      await writeFile(join(dir.path, 'a.warc.done'), journal);
      const ran = await plainwire(['get', `${site.url}/a`, '--warc', 'a.warc', '--resume'], { cwd: dir.path });
      expect(ran.code, ran.stderr).toBe(0);
      expect(await responses(join(dir.path, 'a.warc'))).toEqual([`${site.url}/a x`]);
    }
    await writeFile(join(dir.path, 'a.warc.done'), 'not ours\n');
    const refused = await plainwire(['get', `${site.url}/a`, '--warc', 'a.warc', '--resume'], { cwd: dir.path });
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('a.warc.done') });
  });

  test('an archive that nothing tells the contents of is not touched', async () => {
    await using dir = await folder();
    await writeFile(join(dir.path, 'a.warc.gz'), 'something');
    const ran = await plainwire(['get', 'a.test', '--warc', 'a.warc.gz', '--resume'], { cwd: dir.path });
    expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining('a.warc.gz.done') });
    await writeFile(join(dir.path, 'a.warc.gz.done'), '{"url":"http://a.test/","warc":1000}\n');
    const short = await plainwire(['get', 'a.test', '--warc', 'a.warc.gz', '--resume'], { cwd: dir.path });
    expect(short).toMatchObject({ code: 2, stderr: expect.stringContaining('9 bytes where its journal says 1000') });
    expect(await readFile(join(dir.path, 'a.warc.gz'), 'utf8')).toBe('something');
  });

  test('an archive that a run left out stays as it is, and goes on where it was', async () => {
    await using dir = await folder();
    await using site = await serve(page('x'));
    const get = (path: string, ...args: string[]) =>
      plainwire(['get', `${site.url}/${path}`, ...args, '--resume'], { cwd: dir.path });
    const entries = async (): Promise<string[]> => {
      const har = JSON.parse(await readFile(join(dir.path, 'a.har'), 'utf8'));
      expect(validateHar(har)).toEqual([]);
      return har.log.entries.map((each: { request: { url: string } }) => each.request.url.at(-1));
    };
    expect((await get('1', '--warc', 'a.warc', '--har', 'a.har')).code).toBe(0);
    expect((await get('2', '--warc', 'a.warc')).code).toBe(0);
    expect((await get('3', '--warc', 'a.warc', '--har', 'a.har')).code).toBe(0);
    expect(await entries()).toEqual(['1', '3']);
    expect(await responses(join(dir.path, 'a.warc'))).toHaveLength(3);
    // and one whose journal knows nothing of it is not begun anew
    expect((await get('4', '--warc', 'b.warc')).code).toBe(0);
    const refused = await get('5', '--warc', 'b.warc', '--har', 'a.har');
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('a.har') });
    expect(await entries()).toEqual(['1', '3']);
  });

  test('a big download that was interrupted goes on by Range, to the same bytes', async () => {
    await using dir = await folder();
    const body = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (i * 7) % 251));
    let slow = true;
    const ranged = (socket: Socket, request: string): void => {
      const from = Number(/\r\nRange: bytes=(\d+)-/.exec(request)?.[1] ?? 0);
      const range = `Content-Range: bytes ${from}-${body.length - 1}/${body.length}`;
      const status = from > 0 ? head('206 Partial', 'ETag: "1"', range) : head('200 OK', 'ETag: "1"');
      const length = `Content-Length: ${body.length - from}\r\n\r\n`;
      socket.write(status.slice(0, -2) + length);
      socket.write(slow ? body.subarray(from, 1_500_000) : body.subarray(from));
    };
    await using site = await serve(ranged);
    const args = ['get', `${site.url}/big.bin`, '--body', '--resume'];
    const file = join(dir.path, fileNameFor(`${site.url}/big.bin`));
    const child = spawn(process.execPath, [BIN, ...args], { cwd: dir.path });
    await expect
      .poll(
        () =>
          stat(`${file}.part`).then(
            ({ size }) => size,
            () => 0,
          ),
        { timeout: 10_000 },
      )
      .toBe(1_500_000);
    child.kill('SIGINT');
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(130);
    // what the disk lost is asked for again
    await truncate(`${file}.part`, 1_400_000);
    slow = false;
    const second = await plainwire(args, { cwd: dir.path });
    expect(second.code, second.stderr).toBe(0);
    expect(site.requests[1]).toContain('\r\nRange: bytes=1400000-\r\nIf-Range: "1"\r\n');
    expect((await readFile(file)).equals(body)).toBe(true);
    expect(await readdir(dir.path)).toHaveLength(1);
  });
});

describe('many', () => {
  test('a list may have any line ends, blanks, comments and a byte order mark; what is no list is told from one', async () => {
    await using dir = await folder();
    await using site = await serve(page('x'));
    const input = `\uFEFF${site.url}/1\r\n# no\n\n  ${site.url}/2 \r${site.url}/3`;
    const ran = await plainwire(['get', '--from', '-'], { cwd: dir.path, input });
    expect(ran.code, ran.stderr).toBe(0);
    expect(site.requests.map(pathOf).sort()).toEqual(['/1', '/2', '/3']);
    await writeFile(join(dir.path, 'list'), `${site.url}/4\n${'x'.repeat(200_000)}`);
    const junk = await plainwire(['get', '--from', 'list'], { cwd: dir.path });
    expect(junk).toMatchObject({ code: 2, stderr: expect.stringContaining('list: a line of more than 65536') });
  });

  test('a list on stdin is read no further than there is work: the writer has to wait', async () => {
    await using dir = await folder();
    await using mute = await serve(() => {});
    const child = spawn(process.execPath, [BIN, 'get', '--from', '-', '--concurrency', '4'], { cwd: dir.path });
    child.stdin.on('error', () => {});
    const block = Array.from({ length: 1_000 }, (_, i) => `${mute.url}/${i}\n`).join('');
    let written = 0;
    let waits = false;
    while (!waits && written < 20_000_000) {
      waits = !(await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(false), 1_000);
        child.stdin.write(block, () => {
          clearTimeout(timer);
          resolve(true);
        });
      }));
      written += block.length;
    }
    expect(waits).toBe(true);
    expect(written).toBeLessThan(1_000_000);
    child.kill('SIGINT');
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(130);
  });

  test('--per-host and --delay hold', async () => {
    await using dir = await folder();
    const times: number[] = [];
    await using site = await serve((socket) => {
      times.push(performance.now());
      socket.end(page('x'));
    });
    const sites = ['1', '2', '3'].map((each) => `${site.url}/${each}`);
    await plainwire(['get', ...sites, '--per-host', '1', '--delay', '0.2'], { cwd: dir.path });
    // the pauses are between starts; on a busy machine the first may be heard of late
    expect((times[2] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(320);
    expect(site.most()).toBe(1);
  });
});

/** util-linux's script(1) gives a process a terminal. */
const hasScript = spawnSync('script', ['--version']).status === 0;

describe.skipIf(!hasScript)('on a terminal', () => {
  const onTerminal = (args: string[], cwd: string): Promise<string> => {
    const command = [process.execPath, BIN, 'get', ...args].join(' ');
    const child = spawn('script', ['-qec', command, '/dev/null'], { cwd, env: { ...process.env, TERM: 'xterm' } });
    let shown = '';
    child.stdout.on('data', (text) => (shown += text));
    child.stdin.end();
    return new Promise((resolve) => child.on('close', () => resolve(shown)));
  };

  test('a bar for a big body', async () => {
    await using dir = await folder();
    const big = Buffer.alloc(2_000_000, 'x');
    await using site = await serve((socket) => {
      socket.write(head('200 OK', `Content-Length: ${big.length}`));
      socket.write(big.subarray(0, 1_000_000));
      setTimeout(() => socket.end(big.subarray(1_000_000)), 900);
    });
    const shown = await onTerminal([site.url], dir.path);
    expect(shown).toMatch(/127\.0\.0\.1_\d+\.html \[=+-+\] \d\d% {2}1\.0 of 2\.0 MB {2}[\d.]+ MB\/s/);
    expect(shown).toMatch(/ok {6}http:\/\/127\.0\.0\.1:\d+ {2}200 OK/);
    expect(shown.lastIndexOf('\x1b[?25h')).toBeGreaterThan(shown.lastIndexOf('\x1b[?25l'));
  });

  test('a counter for many sites, and their lines above it', async () => {
    await using dir = await folder();
    await using site = await serve((socket, request) => {
      setTimeout(() => socket.end(page('x')), pathOf(request) === '/slow' ? 900 : 0);
    });
    const shown = await onTerminal(
      [`${site.url}/a`, `${site.url}/slow`, 'http://127.0.0.1:1/', '--retries', '0'],
      dir.path,
    );
    expect(shown).toMatch(/1 fetched, 1 failed, \d+ a second/);
    expect(shown.match(/(?:ok {4}|failed) {2}http/g)).toHaveLength(3);
    expect(shown).toContain('2 pages in ');
  });
});

test('in a pipe there is nothing but lines', async () => {
  await using dir = await folder();
  await using site = await serve((socket) => socket.end(page('x')));
  const ran = await plainwire(['get', `${site.url}/a`, `${site.url}/b`], { cwd: dir.path });
  expect(ran.stdout + ran.stderr).not.toContain('\x1b');
  expect(ran.stderr).not.toContain('fetched');
});

test('a long list takes no more memory for young objects than a short one', async () => {
  await using dir = await folder();
  await using site = await serve(page('x'.repeat(5_000)));
  const hook = join(dir.path, 'hook.cjs');
  // told at the end, by the process itself
  await writeFile(
    hook,
    `process.on('exit', () => {
       const spaces = require('node:v8').getHeapSpaceStatistics();
       console.error('young: ' + spaces.find(({ space_name }) => space_name === 'new_space').space_size);
     });`,
  );
  const list = Array.from({ length: 1_500 }, (_, i) => `${site.url}/${i}`).join('\n');
  const args = ['get', '--from', '-', '--out', '-', '--concurrency', '50', '--per-host', '50'];
  const env = { NODE_OPTIONS: `--require ${hook}` };
  const ran = await plainwire(args, { cwd: dir.path, input: list, env });
  expect(ran.stderr).toMatch(/1,?500 x 200/);
  expect(Number(/young: (\d+)/.exec(ran.stderr)?.[1])).toBeLessThan(8_000_000);
});
