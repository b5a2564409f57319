/** What a picture shows and where it stands: batches, answers, one axis of time; and that hostile text stays text. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TraceEvent } from '../../src/trace/event.ts';
import { Picture } from '../../src/trace/picture/index.ts';
import { type Layout, layOut, type Placed } from '../../src/trace/picture/layout.ts';
import { type Lane, lanesOf } from '../../src/trace/picture/scene.ts';
import { eventsOf } from '../../src/trace/recording.ts';
import { CONTENT_SHOWN, keeper } from '../../src/trace/turn.ts';
import { wire } from '../../src/trace/wire.ts';
import { Dialogue } from './dialogue.ts';
import { submission, TimedDialogue } from './timed.ts';

function only<T>(list: readonly T[]): T {
  const [first] = list;
  if (first === undefined || list.length !== 1) throw new Error(`one is expected, not ${list.length}`);
  return first;
}

describe('what belongs together', () => {
  const lane = only(lanesOf(submission('pipelined').events));

  test('a batch is what was said without waiting', () => {
    const batches = lane.entries.filter(({ batch }) => batch !== undefined).map(({ label }) => label);
    expect(batches).toEqual(['MAIL', 'RCPT', 'RCPT', 'DATA']);
    expect(new Set(lane.entries.map(({ batch }) => batch))).toEqual(new Set([undefined, 1]));
  });

  test('each reply answers its command, however many were on their way', () => {
    const pairs = lane.entries.flatMap(({ answers, label }) => {
      const answered = answers === undefined ? undefined : lane.entries[answers];
      return answered === undefined ? [] : [`${answered.lines[0]?.slice(0, 14)} -> ${label}`];
    });
    expect(pairs).toEqual([
      'connects to ma -> connected',
      'EHLO client.ex -> 250',
      'STARTTLS -> 220',
      'EHLO client.ex -> 250',
      'AUTH PLAIN <se -> 235',
      'MAIL FROM:<ada -> 250',
      'RCPT TO:<grace -> 250',
      'RCPT TO:<nobod -> 550',
      'DATA -> 354',
      'From: Ada <ada -> 250',
      'QUIT -> 221',
    ]);
  });

  test('round trips and the way between are counted', () => {
    expect(lane.roundTrips).toBe(8);
    expect(only(lanesOf(submission('lock-step').events)).roundTrips).toBe(11);
    expect(lane.oneWay).toBeCloseTo(12, 0);
  });

  test('encrypted is what comes after the handshake, refused what is refused', () => {
    expect(lane.entries.findIndex(({ encrypted }) => encrypted)).toBe(
      lane.entries.findIndex(({ kind }) => kind === 'tls'),
    );
    expect(lane.entries.filter(({ refused }) => refused).map(({ label }) => label)).toEqual(['550']);
  });

  test('a page in pieces is one entry, with its end', () => {
    const dialogue = new TimedDialogue({ protocol: 'http' }).open('a.example:80');
    dialogue.exchange([{ say: 'GET / HTTP/1.0\r\nHost: a.example\r\n\r\n', verb: 'GET', phase: 'head' }], []);
    dialogue.hear('head', ['HTTP/1.0 200 OK', '']);
    for (let piece = 0; piece < 5; piece += 1) {
      dialogue.time += 10;
      dialogue.hear('body', ['x'.repeat(2000)]);
    }
    const body = only(only(lanesOf(dialogue.close().events)).entries.filter(({ label }) => label === 'body'));
    expect(body.size).toBe(10_010);
    expect(body.until - body.time).toBeCloseTo(40.2, 1);
    expect(body.lines.at(-1)).toBe('… 5,914 more bytes');
  });
});

/** Each text's stretch on its side, in the order of the entries. */
function texts(placed: readonly Placed[], side: 'client' | 'server'): [number, number][] {
  return placed
    .filter(({ entry }) => entry.from === side)
    .map(({ entry, y, farY, shown }) => {
      const top = side === 'client' ? y : farY;
      return [top, top + Math.max(1, shown + (entry.lines.length > shown ? 1 : 0)) * 17];
    });
}

function check(layout: Layout): void {
  for (const { placed } of layout.lanes) {
    for (const side of ['client', 'server'] as const) {
      for (const [at, [top]] of texts(placed, side).entries()) {
        const before = texts(placed, side)[at - 1];
        if (before !== undefined) expect(top, `${side} ${at}`).toBeGreaterThanOrEqual(before[1]);
      }
    }
    for (const { entry, y, farY } of placed) {
      if (entry.from === 'client') expect(farY).toBeGreaterThanOrEqual(y);
      if (entry.from === 'server') expect(farY).toBeLessThanOrEqual(y);
    }
    for (const each of placed) expect(each.untilY).toBeLessThan(layout.height);
  }
  // one axis: on the client's side, what is later is further down, in whichever lane
  const moments = layout.lanes.flatMap(({ placed }) => placed.map(({ entry, y }) => [entry.time, y] as const));
  moments.sort(([a], [b]) => a - b);
  for (const [at, [time, y]] of moments.entries()) {
    const [timeBefore, yBefore] = moments[at - 1] ?? [0, 0];
    if (time > timeBefore) expect(y).toBeGreaterThanOrEqual(yBefore);
  }
}

describe('the layout', () => {
  test('of one dialogue, and of two side by side', () => {
    const lockStep = lanesOf(submission('lock-step').events);
    const pipelined = lanesOf(submission('pipelined').events);
    check(layOut(lockStep));
    check(layOut([...lockStep, ...pipelined]));
    const [one, other] = layOut([...lockStep, ...pipelined]).lanes;
    expect(other?.x).toBeGreaterThanOrEqual(one?.right ?? Number.POSITIVE_INFINITY);
    expect(other?.end).toBeLessThan(one?.end ?? 0);
  });

  test('of any dialogue: texts never touch, no arrow goes up, later is further down', () => {
    const step = fc.record({
      commands: fc.integer({ min: 1, max: 5 }),
      lines: fc.integer({ min: 1, max: 20 }),
      pause: fc.oneof(fc.double({ min: 0, max: 5, noNaN: true }), fc.double({ min: 0, max: 50_000, noNaN: true })),
    });
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 12 }),
        fc.double({ min: 0, max: 300, noNaN: true }),
        (steps, oneWay) => {
          const dialogue = new TimedDialogue({ oneWay }).open();
          for (const { commands, lines, pause } of steps) {
            const reply = [
              'rcpt',
              ...Array.from({ length: lines }, (_none, at) => `250${at === lines - 1 ? ' ' : '-'}ok`),
            ] as const;
            dialogue.exchange(
              Array.from({ length: commands }, () => ({ say: 'RCPT TO:<a@b.example>', verb: 'RCPT', phase: 'rcpt' })),
              Array.from({ length: commands }, () => reply),
              pause,
            );
          }
          check(layOut(lanesOf(dialogue.close().events)));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a long pause is cut, and the break says how long it was', () => {
    const dialogue = submission('lock-step').exchange([], [['idle', '421 4.4.2 idle for too long']], 30_000);
    const { lanes, height } = layOut(lanesOf(dialogue.events));
    expect(height).toBeLessThan(layOut(lanesOf(submission('lock-step').events)).height + 400);
    expect(lanes[0]?.breaks.map(({ duration }) => Math.round(duration / 1000))).toEqual([30]);
  });

  test('twice the time is twice the way, where no text is in the way', () => {
    const dialogue = new TimedDialogue({ oneWay: 0.1 }).open();
    const pauses = [40, 80, 160];
    for (const pause of pauses) {
      dialogue.exchange([{ say: 'NOOP', verb: 'NOOP', phase: 'noop' }], [['noop', '250 ok']], pause);
    }
    const [lane] = layOut(lanesOf(dialogue.events)).lanes;
    const placed = lane?.placed ?? [];
    const ways = pauses.map((_pause, at) => (placed[2 * at + 3]?.y ?? 0) - (placed[2 * at + 2]?.farY ?? 0));
    expect((ways[1] ?? 0) / (ways[0] ?? 1)).toBeCloseTo(2, 0);
    expect((ways[2] ?? 0) / (ways[0] ?? 1)).toBeCloseTo(4, 0);
  });
});

test('a dialogue read back from its .wire file is the same picture', () => {
  const { events } = submission('pipelined');
  let text = '';
  const trace = wire((more) => (text += more));
  for (const event of events) trace(event);
  const shown = ({ entries, roundTrips, protocol, target }: Lane): unknown => ({
    roundTrips,
    protocol,
    target,
    entries: entries.map(({ kind, from, lines, label, roundTrip, batch, refused, content, encrypted, answers, time }) => [
      kind, from, lines, label, roundTrip, batch, refused, content, encrypted, answers, Math.round(time * 5),
    ]), // biome-ignore format: a list
  });
  expect(lanesOf(eventsOf(text)).map(shown)).toEqual(lanesOf(events).map(shown));
});

test.each([
  ['C: EHLO a\nS: 250-b\nS: 250 SIZE\nC: QUIT\nS: 221 bye', ['EHLO', '250', 'QUIT', '221']],
  ['--> [EHLO a]\n<-- [250-b\n250 SIZE]\n--> [QUIT]\n<-- [221 bye]', ['EHLO', '250', 'QUIT', '221']],
  ['GET / HTTP/1.0\nHost: a\n\nHTTP/1.0 200 OK\nServer: b\n\nhello', ['GET', '200', 'body']],
  ['MAIL FROM:<a@b.example>\n250 ok\nDATA\n354 go\nQUIT\n.\n250 ok', ['MAIL', '250', 'DATA', '354', 'message', '250']],
])('a transcript of another kind: %j', (text, labels) => {
  expect(lanesOf(eventsOf(text)).flatMap(({ entries }) => entries.map(({ label }) => label))).toEqual(labels);
});

/** Without the values of attributes: quotes in them are escaped, so each ends at its own. */
function withoutValues(markup: string): string {
  return markup.replace(/"[^"]*"/g, '""');
}

describe('text stays text', () => {
  const HOSTILE = [
    '</text></svg></script><script>globalThis.hacked = true</script>',
    '"><img src=x onerror=globalThis.hacked=true>',
    "' onload='globalThis.hacked=true' x='",
    '<!--', ']]>', '&lt;&#x3c;script>', '\u0000\u001b[2J\u202e', '\ud800 alone', '\ufffe',
  ]; // biome-ignore format: a list

  function hostile(): Picture {
    const dialogue = new TimedDialogue().open('<b>host</b>:25');
    dialogue.exchange(
      [{ say: 'EHLO <script>', verb: 'EHLO', phase: 'ehlo' }],
      [['ehlo', ...HOSTILE.map((line) => `250-${line}`), '250 x']],
    );
    dialogue.exchange(
      [{ say: 'NOOP', verb: 'NOOP', phase: 'noop' }],
      HOSTILE.map((line) => ['noop', `250 ${line}`]),
    );
    const picture = new Picture({ title: '</title><script>', name: '<i>' });
    for (const event of dialogue.close().events) picture.trace(event);
    return picture;
  }

  test('in the page: no tag and no attribute that is not ours', () => {
    const html = hostile().html(hostile());
    const tags = new Set(
      [...html.replace(/<(style|script)>[\s\S]*?<\/\1>/g, '<$1>').matchAll(/<([a-z!/][a-z0-9]*)/gi)].map(
        ([, tag]) => tag,
      ),
    );
    for (const tag of ['img', 'i', '!']) expect([...tags], tag).not.toContain(tag);
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(withoutValues(html)).not.toMatch(/<[^>]* on[a-z]+=/i);
    expect(html).toContain('&lt;script&gt;');
    expect(html).toMatch(/default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; base-uri 'none'/);
  });

  test('in the SVG', () => {
    const svg = hostile().svg();
    expect(withoutValues(svg)).not.toMatch(/<script|<img|<[^>]* on[a-z]+=/i);
    expect(svg).not.toMatch(/[\0-\x08\x0b-\x1f\ufffe\uffff]/);
    expect(Buffer.from(svg).toString()).toBe(svg);
  });
});

test('a line that tells of lines left out stands for two at least', () => {
  const svg = (count: number): string => {
    const lines = Array.from({ length: count }, (_, index) => `250${index + 1 < count ? '-' : ' '}LINE${index}`);
    const { events } = new TimedDialogue().open().exchange([{ say: 'EHLO me', phase: 'ehlo' }], [['ehlo', ...lines]]);
    const picture = new Picture();
    for (const event of events) picture.trace(event);
    return picture.svg();
  };
  expect(svg(2)).toContain('250-LINE0 and 1 more line,');
  expect(svg(13)).not.toContain('… ');
  expect(svg(13)).toContain('250 LINE12</text>');
  expect(svg(14)).toContain('… 2 more lines');
});

test('of a short dialogue the page is no longer than its text', () => {
  const html = (count: number): string => {
    const dialogue = new TimedDialogue().open();
    for (let at = 0; at < count; at += 1) {
      dialogue.exchange([{ say: 'NOOP', verb: 'NOOP', phase: 'noop' }], [['noop', '250 ok']]);
    }
    const picture = new Picture();
    for (const event of dialogue.events) picture.trace(event);
    return picture.html();
  };
  expect(html(20).match(/class="(?:stack|block)"/g)).toEqual(Array(5).fill('class="block"'));
  expect(html(60).match(/class="stack"/g)).toHaveLength(2);
});

test('of a long transfer no more is kept than is shown, and the picture is the same', () => {
  const all: TraceEvent[] = [];
  const line = `${'x'.repeat(998)}\r\n`;
  new Dialogue((event) => all.push(event))
    .open()
    .say('DATA')
    .hear('354 go')
    .content(...Array.from({ length: 200 }, () => line), '.\r\n')
    .hear('250 ok')
    .say('DATA')
    .hear('354 go')
    .content(line.repeat(300), '.\r\n')
    .hear('250 ok')
    .close();
  const size = (events: readonly TraceEvent[]): number =>
    events.reduce((sum, event) => sum + ('bytes' in event ? event.bytes.length : 0), 0);
  const kept = all.map(keeper(CONTENT_SHOWN));
  expect(size(all)).toBeGreaterThan(500_000);
  expect(size(kept)).toBeLessThan(3 * CONTENT_SHOWN);
  expect(lanesOf(kept)).toEqual(lanesOf(all));
});

test('of very many connections the first are drawn, and how many are not is told', () => {
  const picture = new Picture();
  for (let connection = 1; connection <= 1_200; connection += 1) {
    new Dialogue(picture.trace, { connection }).open().close();
  }
  const html = picture.html();
  expect(html.match(/<section class="picture /g)).toHaveLength(100);
  expect(html).toContain('<p>1,100 more connections are not drawn.</p>');
});
