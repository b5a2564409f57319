/** The layout as pieces of SVG, each with the stretch of the picture that it covers, so that a page can show slices. */
import { escapeMarkup } from './escape.ts';
import { BATCH_LABEL, type Batch, type Break, type Layout, type Placed, type PlacedLane } from './layout.ts';
import type { Entry, Lane } from './scene.ts';

export interface Shape {
  readonly top: number;
  readonly bottom: number;
  readonly markup: string;
  /** The entry that it shows: a place to point at. */
  readonly entry?: { readonly lane: number; readonly placed: Placed };
}

/** A character of the text for what is said: the usual width of fonts with one width, at 12 pixels. */
const CHARACTER = 7.23;
const BASELINE = 4;

export function shapesOf(layout: Layout, names: readonly string[] = []): Shape[] {
  return layout.lanes.flatMap((lane, at) => [
    ...groundOf(lane, layout),
    ...headOf(lane, names[at]),
    ...lane.batches.map((batch) => batchShape(lane, batch, layout)),
    ...lane.breaks.map((each) => breakShape(lane, each)),
    ...lane.placed.map((placed) => entryShape(lane, at, placed, layout)),
    ...lane.placed.filter(({ opensRoundTrip }) => opensRoundTrip).map((placed) => badgeShape(lane, placed)),
    footOf(lane),
  ]);
}

/** The lifelines, and where they are encrypted. */
function groundOf(lane: PlacedLane, { sizes }: Layout): Shape[] {
  const { clientX, serverX, encryptedFrom, end } = lane;
  const top = sizes.head - 16;
  const plainTo = encryptedFrom ?? end;
  const line = (x: number, from: number, to: number, kind: string): string =>
    `<line class="${kind}" x1="${x}" y1="${n(from)}" x2="${x}" y2="${n(to)}"/>`;
  const shapes: Shape[] = [
    { top, bottom: plainTo, markup: line(clientX, top, plainTo, 'life') + line(serverX, top, plainTo, 'life') },
  ];
  if (encryptedFrom === undefined) return shapes;
  const tint = `<rect class="tint" x="${clientX}" y="${n(encryptedFrom)}" width="${serverX - clientX}" height="${n(end - encryptedFrom)}"/>`;
  shapes.push({
    top: encryptedFrom,
    bottom: end,
    markup: tint + line(clientX, encryptedFrom, end, 'secure') + line(serverX, encryptedFrom, end, 'secure'),
  });
  return shapes;
}

function headOf({ clientX, serverX, x, right, lane }: PlacedLane, name: string | undefined): Shape[] {
  const room = Math.floor((right - serverX) / 7);
  const title =
    name === undefined
      ? ''
      : `<text class="name" x="${(x + right) / 2}" y="14">${escapeMarkup(cut(name, Math.floor((right - x) / 8)))}</text>`;
  const head = (at: number, who: string): string => {
    const width = Math.max(64, who.length * 8 + 22);
    return `<rect class="head" x="${n(at - width / 2)}" y="22" width="${n(width)}" height="24" rx="6"/><text class="name" x="${at}" y="38.5">${escapeMarkup(who)}</text>`;
  };
  const peer = cut(lane.target === '' ? 'server' : lane.target, Math.min(room, 34));
  return [{ top: 0, bottom: 48, markup: title + head(clientX, 'client') + head(serverX, peer) }];
}

function footOf({ clientX, serverX, end, lane }: PlacedLane): Shape {
  const text = `<text class="who" x="${(clientX + serverX) / 2}" y="${n(end + 14)}">${escapeMarkup(summary(lane))}</text>`;
  return { top: end, bottom: end + 24, markup: text };
}

/** `'7 round trips, 212 ms'`. */
export function summary({ roundTrips, duration, timed }: Lane): string {
  const trips = `${roundTrips} round ${roundTrips === 1 ? 'trip' : 'trips'}`;
  return timed ? `${trips}, ${timeText(duration)}` : trips;
}

/** The same with what crossed the wire. */
export function factsOf(lane: Lane): string {
  const amount = (count: number): string => `${count.toLocaleString('en-US')} ${count === 1 ? 'byte' : 'bytes'}`;
  return `${summary(lane)}; ${amount(lane.bytes.sent)} sent, ${amount(lane.bytes.received)} received`;
}

function batchShape({ placed, clientX, x }: PlacedLane, batch: Batch, { sizes }: Layout): Shape {
  const first = placed[batch.from];
  const last = placed[batch.to];
  const top = (first?.y ?? 0) - sizes.line / 2 - 6;
  const bottom = (last?.untilY ?? 0) + bubbleHeight(last, sizes.line) - sizes.line / 2 + BATCH_LABEL - 1;
  const left = x + sizes.gutter - 4;
  return {
    top,
    bottom,
    markup: `<rect class="together" x="${left}" y="${n(top)}" width="${clientX - left - 4}" height="${n(bottom - top)}" rx="7"/><text class="note" x="${left + 8}" y="${n(bottom - 6)}">${batch.count} in one batch, without waiting</text>`,
  };
}

function bubbleHeight(placed: Placed | undefined, line: number): number {
  if (placed === undefined) return line;
  const hidden = placed.entry.lines.length - placed.shown;
  return (placed.shown + (hidden > 0 ? 1 : 0)) * line + 4;
}

function breakShape({ clientX, serverX }: PlacedLane, { y, duration }: Break): Shape {
  const zigzag = (x: number): string =>
    `<path class="pause" d="M${x - 7} ${n(y + 3)}l7 -7 0 8 7 -7 0 6 -7 7 0 -8 -7 7z"/>`;
  const middle = (clientX + serverX) / 2;
  const line = (text: string, at: number): string => `<text class="who" x="${middle}" y="${n(at)}">${text}</text>`;
  const text = line(timeText(duration), y - 3) + line('not to scale', y + 10);
  return { top: y - 12, bottom: y + 12, markup: zigzag(clientX) + zigzag(serverX) + text };
}

function badgeShape({ clientX }: PlacedLane, { y, entry }: Placed): Shape {
  const number = entry.roundTrip ?? 0;
  const width = number > 999 ? 34 : number > 99 ? 27 : number > 9 ? 20 : 17;
  return {
    top: y - 10,
    bottom: y + 10,
    markup: `<rect class="badge" x="${clientX - width / 2}" y="${n(y - 8.5)}" width="${width}" height="17" rx="8.5"/><text class="number" x="${clientX}" y="${n(y + BASELINE)}">${number}</text>`,
  };
}

function entryShape(lane: PlacedLane, at: number, placed: Placed, layout: Layout): Shape {
  const { entry, y, untilY, farY, farUntilY } = placed;
  const { sizes } = layout;
  const boxed = entry.from === 'both';
  const kind = entry.refused ? 'refused' : entry.kind === 'tls' ? 'tls' : entry.from;
  const body = boxed
    ? boxMarkup(lane, placed, sizes.gutter)
    : arrowMarkup(lane, placed) + saidMarkup(lane, placed, layout);
  const time = lane.lane.timed
    ? `<text class="time" x="${lane.x + sizes.gutter - 14}" y="${n(y + BASELINE)}">${timeText(entry.time)}</text>`
    : '';
  return {
    top: Math.min(y, farY) - 14,
    bottom: Math.max(untilY, farUntilY) + bubbleHeight(placed, sizes.line),
    markup: `<g class="${kind}">${time}${body}</g>`,
    entry: { lane: at, placed },
  };
}

/** TLS, or an error: over both sides. */
function boxMarkup({ x, right, clientX, serverX }: PlacedLane, { entry, y }: Placed, gutter: number): string {
  const left = x + gutter;
  const width = right - left;
  const text = cut(entry.lines.join(' '), Math.floor((width - 60) / 7.4));
  const middle = (clientX + serverX) / 2;
  const half = (text.length * 7.4) / 2;
  const centre = Math.min(Math.max(middle, left + half + 40), right - half - 12);
  const lock = entry.kind === 'tls' ? lockMarkup(left + 14, y) : '';
  return `<rect class="bubble" x="${left}" y="${n(y - 15)}" width="${width}" height="30" rx="7"/>${lock}<text class="fact" x="${n(centre)}" y="${n(y + BASELINE)}">${escapeMarkup(text)}</text>`;
}

function lockMarkup(x: number, y: number): string {
  return `<path class="lock" d="M${n(x)} ${n(y - 1)}v-2a4 4 0 0 1 8 0v2h1v7h-10v-7zm1.6 0h4.8v-2a2.4 2.4 0 0 0 -4.8 0z"/>`;
}

/** An arrow for what passes at once, a band for what takes its time. */
function arrowMarkup({ clientX, serverX }: PlacedLane, { entry, y, untilY, farY, farUntilY }: Placed): string {
  const out = entry.from === 'client';
  const [fromX, toX] = out ? [clientX, serverX] : [serverX, clientX];
  const [fromY, toY] = out ? [untilY, farUntilY] : [farUntilY, untilY];
  const quiet = entry.kind === 'sent' || entry.kind === 'received' ? '' : ' quiet';
  const band =
    untilY > y
      ? `<path class="band" opacity=".18" d="M${clientX} ${n(y)}L${serverX} ${n(farY)}V${n(farUntilY)}L${clientX} ${n(untilY)}z"/>`
      : '';
  if (entry.kind === 'closed') return band + closeMarkup(fromX, fromY, toX);
  const stop = toX + (out ? -3 : 3);
  const ends = `x1="${fromX}" y1="${n(fromY)}" x2="${stop}" y2="${n(toY)}"`;
  // the wider line that is not seen makes the arrow easy to point at
  return `${band}<line class="hit" ${ends}/><line class="arrow${quiet}" ${ends}/>${tipMarkup(fromX, fromY, toX, toY)}`;
}

function tipMarkup(fromX: number, fromY: number, toX: number, toY: number): string {
  const length = Math.hypot(toX - fromX, toY - fromY) || 1;
  const ux = (toX - fromX) / length;
  const uy = (toY - fromY) / length;
  const baseX = toX - ux * 10;
  const baseY = toY - uy * 10;
  return `<path class="tip" d="M${n(toX)} ${n(toY)}L${n(baseX - uy * 4.2)} ${n(baseY + ux * 4.2)}L${n(baseX + uy * 4.2)} ${n(baseY - ux * 4.2)}z"/>`;
}

/** A short stroke that ends in a bar: nothing more comes from this side. */
function closeMarkup(fromX: number, y: number, toX: number): string {
  const end = fromX + Math.sign(toX - fromX) * 46;
  return `<line class="arrow quiet" x1="${fromX}" y1="${n(y)}" x2="${end}" y2="${n(y)}"/><line class="arrow" x1="${end}" y1="${n(y - 7)}" x2="${end}" y2="${n(y + 7)}"/>`;
}

/** What was said, beside the side that said it. */
function saidMarkup(lane: PlacedLane, placed: Placed, { sizes }: Layout): string {
  const { entry, shown } = placed;
  const out = entry.from === 'client';
  const y = out ? placed.y : placed.farY;
  const room = (out ? sizes.client : sizes.server) - 20;
  const characters = Math.floor((room - 16) / CHARACTER);
  const lines = entry.lines.slice(0, shown).map((line) => cut(line, characters));
  const hidden = entry.lines.length - shown;
  if (hidden > 0) lines.push(`… ${hidden.toLocaleString('en-US')} more lines`);
  const widest = lines.reduce((most, line) => Math.max(most, widthOf(line)), 4);
  const width = Math.min(room, widest * CHARACTER + 16);
  const left = out ? lane.clientX - 14 - width : lane.serverX + 14;
  const top = y - sizes.line / 2 - 2;
  const texts = lines.map(
    (line, index) =>
      `<text class="said${hidden > 0 && index === lines.length - 1 ? ' more' : ''}" x="${n(left + 8)}" y="${n(y + index * sizes.line + BASELINE)}">${escapeMarkup(line) || ' '}</text>`,
  );
  const guide = out || !lane.lane.timed ? '' : guideMarkup(lane, placed.y, sizes.gutter);
  const height = bubbleHeight(placed, sizes.line);
  return `${guide}<rect class="bubble" x="${n(left)}" y="${n(top)}" width="${n(width)}" height="${n(height)}" rx="5"/>${texts.join('')}`;
}

/** From the time beside the picture to where it holds. */
function guideMarkup({ x, clientX }: PlacedLane, y: number, gutter: number): string {
  return `<line class="guide" x1="${x + gutter - 8}" y1="${n(y)}" x2="${clientX - 12}" y2="${n(y)}"/>`;
}

/** East Asian characters and most pictures take two columns. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += isWide(character) ? 2 : 1;
  return width;
}

function isWide(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return (
    code >= 0x1100 &&
    (code <= 0x115f ||
      (code >= 0x2e80 && code <= 0xa4cf) ||
      (code >= 0xac00 && code <= 0xd7a3) ||
      (code >= 0xf900 && code <= 0xfaff) ||
      (code >= 0xfe30 && code <= 0xfe6f) ||
      (code >= 0xff00 && code <= 0xff60) ||
      code >= 0x1f300)
  );
}

function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let width = 0;
  let kept = '';
  for (const character of text) {
    width += isWide(character) ? 2 : 1;
    if (width > columns - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

/** `'1.23 ms'`, `'84.2 ms'`, `'1.234 s'`. */
export function timeText(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(3)} s`;
  return `${ms.toFixed(ms < 10 ? 2 : 1)} ms`;
}

/** What an entry is, for who can't see it. */
export function spokenLabel(entry: Entry, timed: boolean): string {
  const who =
    entry.kind === 'sent'
      ? 'client: '
      : entry.kind === 'received'
        ? entry.refused
          ? 'server refuses: '
          : 'server: '
        : '';
  const others = entry.lines.length - 1;
  const more = others > 0 ? ` and ${others} more ${others === 1 ? 'line' : 'lines'}` : '';
  const when = timed ? `, at ${timeText(entry.time)}` : '';
  return `${who}${entry.lines[0] ?? ''}${more}${when}`;
}

/** A coordinate, short. */
function n(value: number): string {
  return String(Math.round(value * 10) / 10);
}
