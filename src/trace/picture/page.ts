/**
 * The picture as one page that needs nothing else: no network, no file beside it. It works from a disk, with the
 * keyboard, read aloud, printed, and without script too: each entry of the picture is a link to what is said about it.
 * Nothing of the dialogue can become markup or script: all of it is escaped, and the policy lets only this very style
 * and script act.
 */
import { createHash } from 'node:crypto';
import { escapeMarkup } from './escape.ts';
import { type Layout, layOut } from './layout.ts';
import { inPieces, linesMarkup } from './line-list.ts';
import { PAGE_SCRIPT } from './page-script.ts';
import { pageStyle } from './page-style.ts';
import type { Lane } from './scene.ts';
import { factsOf, type Shape, shapesOf, spokenLabel } from './shapes.ts';
import { framed, titleOf } from './svg.ts';

/** What stands under one heading: one lane, or two side by side. */
export interface View {
  readonly lanes: readonly Lane[];
  /** What stands above each lane. */
  readonly names?: readonly string[] | undefined;
}

/**
 * The picture is cut into slices, so that a browser draws only those that are on the screen, and the slices are gathered
 * in runs: it looks at every run again and again, but at the slices of those alone that are near the screen.
 */
const SLICE = 400;
const SLICES_IN_RUN = 12;

export function pageOf(views: readonly View[], title = titleOf(views[0]?.lanes ?? []), undrawn = 0): string {
  const first: number[] = [];
  let lanes = 0;
  for (const view of views) {
    first.push(lanes);
    lanes += view.lanes.length;
  }
  const layouts = views.map((view) => layOut(view.lanes));
  const style = pageStyle(layouts.map((layout) => ({ ...framed(layout), slice: SLICE, run: SLICE * SLICES_IN_RUN })));
  const pictures = views.map((view, at) =>
    pictureMarkup(view, layouts[at] ?? layOut([]), at, first[at] ?? 0, views.length),
  );
  const lists = views.flatMap((view, at) =>
    view.lanes.map((lane, index) =>
      linesMarkup(lane, (first[at] ?? 0) + index, view.names?.[index] ?? headingOf(view, at, views.length)),
    ),
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '${hashOf(style)}'; script-src '${hashOf(PAGE_SCRIPT)}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeMarkup(title)}</title>
<style>${style}</style>
</head>
<body${views.some((view) => view.lanes.length > 1) ? ' class="pair"' : ''}>
<header>
<h1>${escapeMarkup(title)}</h1>
<p>Time runs down, to scale, except where text needs room and where a break says so. A number marks the beginning of a round trip. Times are the client's; the
server's side is worked out from the shortest answer. <span class="keys">Point at a line, or go through them with Tab and the arrow keys, to read what it means; Enter keeps it.</span></p>${undrawn === 0 ? '' : `\n<p>${undrawn.toLocaleString('en-US')} more ${undrawn === 1 ? 'connection is' : 'connections are'} not drawn.</p>`}
</header>
<main>
<div class="pictures">
${pictures.join('\n')}
</div>
<aside id="panel" aria-live="polite" aria-label="What the line means"><p class="hint">Point at a line, and what it means is told here.</p></aside>
</main>
<section id="lines">
<h2>Line by line</h2>
${lists.join('\n')}
</section>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

function pictureMarkup(view: View, layout: Layout, at: number, firstLane: number, views: number): string {
  const { width, height } = framed(layout);
  const shapes = shapesOf(layout, view.names);
  const heading = views > 1 ? `<h2>${escapeMarkup(headingOf(view, at, views))}</h2>\n` : '';
  const facts = view.lanes.map((lane, index) => namedFacts(lane, view.names?.[index])).join('<br>');
  const slices: string[] = [];
  for (let top = 0; top < height; top += SLICE) {
    const tall = Math.min(SLICE, height - top);
    // a slice reaches a little into the next, so that no seam shows between them
    const inside = shapes.filter((shape) => shape.top <= top + tall + 1 && shape.bottom >= top);
    const markup = inside.map((shape) => inSlice(shape, top, view.lanes, firstLane)).join('\n');
    const kind = top + SLICE >= height ? 'slice last' : 'slice';
    slices.push(`<div class="${kind}"><svg viewBox="0 ${top} ${width} ${tall + 1}">${markup}</svg></div>`);
  }
  const runs = inPieces(slices, SLICES_IN_RUN).map((run, index, { length }) => {
    const kind = index === length - 1 ? 'run last' : 'run';
    return `<div class="${kind}">\n${run.join('\n')}\n</div>`;
  });
  return `<section class="picture v${at}" aria-label="${escapeMarkup(`Sequence diagram: ${headingOf(view, at, views)}`)}">
${heading}<p class="facts">${facts}</p>
${runs.join('\n')}
</section>`;
}

/** Of several, each has its number, and a page its address, for many may be of one server. */
function headingOf({ lanes }: View, at: number, views: number): string {
  if (views < 2) return titleOf(lanes);
  const [lane] = lanes;
  const request = lane?.protocol === 'http' ? lane.entries.find(({ kind }) => kind === 'sent')?.lines[0] : undefined;
  const asked = /^[A-Z]+ \S+/.exec(request ?? '')?.[0];
  return `${at + 1}. ${titleOf(lanes)}${asked === undefined ? '' : `: ${asked}`}`;
}

function namedFacts(lane: Lane, name: string | undefined): string {
  return name === undefined ? factsOf(lane) : `<b>${escapeMarkup(name)}</b>: ${factsOf(lane)}`;
}

/** An entry is a link once, where it begins; what of it reaches into other slices is only drawn there. */
function inSlice(shape: Shape, top: number, lanes: readonly Lane[], firstLane: number): string {
  const { entry, markup } = shape;
  if (entry === undefined) return `<g aria-hidden="true">${markup}</g>`;
  const begins = Math.max(0, shape.top);
  if (begins < top || begins >= top + SLICE) return `<g aria-hidden="true">${markup}</g>`;
  const lane = lanes[entry.lane];
  const id = `${firstLane + entry.lane}-${entry.placed.index}`;
  const { answers } = entry.placed.entry;
  const pair = answers === undefined ? '' : ` data-answers="${firstLane + entry.lane}-${answers}"`;
  const label = escapeMarkup(spokenLabel(entry.placed.entry, lane?.timed === true));
  return `<a id="p${id}" href="#l${id}"${pair} aria-label="${label}">${markup}</a>`;
}
