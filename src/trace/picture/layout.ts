/**
 * Where everything of a picture stands: time runs down, client on the left, server on the right. Numbers only; how it
 * is drawn is not known here.
 *
 * The client's times are measured. The server's are worked out from them: what is sent arrives half of the shortest
 * round trip later, and what is received left the server that much earlier. One axis holds for every lane and both
 * sides: what is further down happened later. The distance is to scale, but never so small that lines of text would
 * touch, nor so big that a pause fills more than a screen; where it is cut, `breaks` says so.
 */
import type { Entry, Lane } from './scene.ts';

export interface Sizes {
  /** The height of a line of text. */
  readonly line: number;
  /** How many lines of one entry are shown; the rest is counted. */
  readonly maxLines: number;
  /** The widths of a lane's columns: times, the client's words, the way between, the server's words. */
  readonly gutter: number;
  readonly client: number;
  readonly middle: number;
  readonly server: number;
  /** Between two lanes. */
  readonly between: number;
  /** What stands above the first entry. */
  readonly head: number;
}

export const SINGLE: Sizes = {
  line: 17,
  maxLines: 12,
  gutter: 76,
  client: 340,
  middle: 200,
  server: 384,
  between: 0,
  head: 64,
};

/** For two lanes side by side. */
export const PAIRED: Sizes = { ...SINGLE, gutter: 76, client: 262, middle: 132, server: 272, between: 30, maxLines: 8 };

/** An entry in its place. `y` is on the client's side, `farY` on the server's, each from its first byte to its last. */
export interface Placed {
  readonly entry: Entry;
  readonly index: number;
  readonly y: number;
  readonly untilY: number;
  readonly farY: number;
  readonly farUntilY: number;
  /** How many of its lines are shown. */
  readonly shown: number;
  /** The first of its round trip. */
  readonly opensRoundTrip: boolean;
}

/** A pause that is drawn shorter than it was. */
export interface Break {
  readonly y: number;
  readonly duration: number;
}

/** Entries said in one go, from the first's place to the last's. */
export interface Batch {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

export interface PlacedLane {
  readonly lane: Lane;
  readonly x: number;
  readonly clientX: number;
  readonly serverX: number;
  readonly right: number;
  readonly placed: readonly Placed[];
  readonly batches: readonly Batch[];
  readonly breaks: readonly Break[];
  /** Where the last of the lane stands. */
  readonly end: number;
  /** Where encryption begins, if it does. */
  readonly encryptedFrom: number | undefined;
}

export interface Layout {
  readonly sizes: Sizes;
  readonly width: number;
  readonly height: number;
  readonly lanes: readonly PlacedLane[];
}

/** A pause is drawn no longer than this. */
const LONGEST_PAUSE = 220;
/** Two marks on one side are never closer than this, so that the times beside them can be read. */
const CLOSEST = 18;
/** Between one text and the next on its side. */
const BUBBLE_GAP = 11;
/** What a batch needs below its last text, to say how many it is. */
export const BATCH_LABEL = 18;
/** TLS and errors stand in a box over the whole width. */
const BOX = 46;

type Corner = 'y' | 'untilY' | 'farY' | 'farUntilY';

/** One end of an arrow: a moment on one side of one lane. */
interface Point {
  readonly lane: number;
  readonly index: number;
  readonly corner: Corner;
  readonly side: 'client' | 'server' | 'both';
  readonly time: number;
  /** What must be free below it before the next on its side. */
  readonly room: number;
}

export function layOut(lanes: readonly Lane[], sizes: Sizes = lanes.length > 1 ? PAIRED : SINGLE): Layout {
  if (lanes.length > 1 && !lanes.some(({ timed }) => timed)) return sideBySide(lanes, sizes);
  // the sort is stable: of one moment, things stay in their order, and leave before they arrive
  const points = lanes.flatMap((lane, index) => pointsOf(lane, index, sizes)).sort((a, b) => a.time - b.time);
  const scale = scaleOf(points);
  const places = lanes.map((lane) => lane.entries.map(() => ({ y: 0, untilY: 0, farY: 0, farUntilY: 0 })));
  const breaks: Break[][] = lanes.map(() => []);
  /** Where the next may stand at the earliest, by lane and side. */
  const free = lanes.map(() => ({ client: 0, server: 0 }));
  let y = sizes.head;
  let time = points[0]?.time ?? 0;
  for (const point of points) {
    const wanted = (point.time - time) * scale;
    const from = y;
    y += Math.min(wanted, LONGEST_PAUSE);
    if (wanted > LONGEST_PAUSE * 1.2) {
      for (const each of breaks) each.push({ y: from + LONGEST_PAUSE / 2, duration: point.time - time });
    }
    time = point.time;
    const sides = free[point.lane] ?? { client: 0, server: 0 };
    if (point.side !== 'server') y = Math.max(y, sides.client);
    if (point.side !== 'client') y = Math.max(y, sides.server);
    if (point.side !== 'server') sides.client = y + point.room;
    if (point.side !== 'client') sides.server = y + point.room;
    const place = places[point.lane]?.[point.index];
    if (place !== undefined) place[point.corner] = y;
  }
  const placed = lanes.map((lane, at) =>
    placedLane(lane, places[at] ?? [], breaks[at] ?? [], free[at] ?? { client: 0, server: 0 }, at, sizes),
  );
  return {
    sizes,
    lanes: placed,
    width: placed.at(-1)?.right ?? 0,
    height: Math.ceil(placed.reduce((most, { end }) => Math.max(most, end), sizes.head) + 28),
  };
}

/** Without times there is no common axis: each lane stands on its own. */
function sideBySide(lanes: readonly Lane[], sizes: Sizes): Layout {
  const each = lanes.map((lane) => layOut([lane], sizes));
  const placed = lanes.map((lane, at) => {
    const own = each[at]?.lanes[0];
    const columns = columnsOf(at, sizes);
    return own === undefined ? placedLane(lane, [], [], { client: 0, server: 0 }, at, sizes) : { ...own, ...columns };
  });
  return {
    sizes,
    lanes: placed,
    width: placed.at(-1)?.right ?? 0,
    height: each.reduce((most, { height }) => Math.max(most, height), 0),
  };
}

function columnsOf(at: number, { gutter, client, middle, server, between }: Sizes) {
  const x = at * (gutter + client + middle + server + between);
  const clientX = x + gutter + client;
  return { x, clientX, serverX: clientX + middle, right: clientX + middle + server };
}

function pointsOf(lane: Lane, at: number, sizes: Sizes): Point[] {
  return lane.entries.flatMap((entry, index): Point[] => {
    const point = (corner: Corner, side: Point['side'], time: number, room: number): Point => ({
      lane: at,
      index,
      corner,
      side,
      time,
      room,
    });
    const { time, until } = entry;
    const lasts = until > time;
    const closesBatch = entry.batch !== undefined && lane.entries[index + 1]?.batch !== entry.batch;
    const text = shownLines(entry, sizes) * sizes.line + BUBBLE_GAP + (closesBatch ? BATCH_LABEL : 0);
    const way = lane.oneWay;
    if (entry.from === 'both') return [point('y', 'both', time, BOX)];
    if (entry.from === 'client') {
      return [
        point('y', 'client', time, lasts ? 0 : text),
        point('farY', 'server', time + way, lasts ? 0 : CLOSEST),
        ...(lasts ? [point('untilY', 'client', until, text), point('farUntilY', 'server', until + way, CLOSEST)] : []),
      ];
    }
    return [
      point('farY', 'server', time - way, lasts ? 0 : text),
      point('y', 'client', time, lasts ? 0 : CLOSEST),
      ...(lasts ? [point('farUntilY', 'server', until - way, text), point('untilY', 'client', until, CLOSEST)] : []),
    ];
  });
}

/** How many lines an entry takes; a line that says how many are left out stands for two at least. */
export function shownLines({ lines }: Entry, { maxLines }: Sizes): number {
  return Math.min(lines.length, maxLines + 1);
}

/**
 * Pixels a millisecond: such that all that happened gets as much room by its duration as it needs for its text. Pauses
 * that will be cut do not count, or one of them would press all the rest together.
 */
function scaleOf(points: readonly Point[]): number {
  const gaps: number[] = [];
  let before = points[0]?.time ?? 0;
  for (const { time } of points) {
    gaps.push(time - before);
    before = time;
  }
  const room = points.reduce((sum, point) => sum + point.room, 0) / 2;
  let longest = Number.POSITIVE_INFINITY;
  let scale = 0;
  for (let round = 0; round < 4; round += 1) {
    const duration = gaps.reduce((sum, gap) => sum + Math.min(gap, longest), 0);
    if (duration <= 0) return 0;
    scale = room / duration;
    longest = LONGEST_PAUSE / scale;
  }
  return scale;
}

function placedLane(
  lane: Lane,
  places: readonly Record<Corner, number>[],
  breaks: readonly Break[],
  free: { readonly client: number; readonly server: number },
  at: number,
  sizes: Sizes,
): PlacedLane {
  let roundTrip = 0;
  const placed = lane.entries.map((entry, index): Placed => {
    const { y, untilY, farY, farUntilY } = places[index] ?? { y: 0, untilY: 0, farY: 0, farUntilY: 0 };
    const opensRoundTrip = entry.roundTrip !== undefined && entry.roundTrip > roundTrip;
    if (opensRoundTrip) roundTrip = entry.roundTrip ?? 0;
    const far = entry.from === 'both' ? y : farY;
    return {
      entry,
      index,
      y,
      untilY: Math.max(y, untilY),
      farY: far,
      farUntilY: Math.max(far, farUntilY),
      shown: entry.lines.length > sizes.maxLines + 1 ? sizes.maxLines : entry.lines.length,
      opensRoundTrip,
    };
  });
  const end = Math.max(free.client, free.server);
  return {
    lane,
    ...columnsOf(at, sizes),
    placed,
    batches: batchesOf(placed),
    breaks: breaks.filter(({ y }) => y < end),
    end,
    encryptedFrom: placed.find(({ entry }) => entry.kind === 'tls')?.y,
  };
}

function batchesOf(placed: readonly Placed[]): Batch[] {
  const batches = new Map<number, { from: number; to: number; count: number }>();
  for (const { entry, index } of placed) {
    if (entry.batch === undefined) continue;
    const batch = batches.get(entry.batch);
    if (batch === undefined) batches.set(entry.batch, { from: index, to: index, count: 1 });
    else {
      batch.to = index;
      batch.count += 1;
    }
  }
  return [...batches.values()];
}
