/** The picture as a file of its own, for documents: it brings its colours for light and dark, and needs nothing else. */
import { escapeMarkup } from './escape.ts';
import { explanationText } from './explained.ts';
import { type Layout, layOut } from './layout.ts';
import type { Lane } from './scene.ts';
import { type Shape, shapesOf, spokenLabel, summary } from './shapes.ts';
import { colourRules, DARK, LIGHT, SHAPE_RULES } from './theme.ts';

export interface SvgOptions {
  /** What stands above each lane. */
  readonly names?: readonly string[] | undefined;
  readonly title?: string | undefined;
}

export function svgOf(lanes: readonly Lane[], options: SvgOptions = {}): string {
  const layout = layOut(lanes);
  const shapes = shapesOf(layout, options.names);
  const title = options.title ?? titleOf(lanes);
  const { width, height } = framed(layout);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t d">
<title id="t">${escapeMarkup(title)}</title>
<desc id="d">${escapeMarkup(lanes.map(described).join(' '))}</desc>
<style>${SHAPE_RULES}${colourRules(LIGHT)}@media screen and (prefers-color-scheme:dark){${colourRules(DARK)}}</style>
<rect class="paper" width="${width}" height="${height}"/>
${shapes.map((shape) => withTitle(shape, lanes)).join('\n')}
</svg>
`;
}

export function framed({ width, height }: Layout): { readonly width: number; readonly height: number } {
  return { width: Math.ceil(width + 12), height: Math.ceil(height) };
}

export function titleOf(lanes: readonly Lane[]): string {
  const [lane] = lanes;
  if (lane === undefined) return 'An empty dialogue';
  const peer = lane.target === '' ? '' : ` with ${lane.target}`;
  return `${lane.protocol === 'raw' ? 'Dialogue' : `${lane.protocol.toUpperCase()} dialogue`}${peer}`;
}

function described(lane: Lane): string {
  return `${titleOf([lane])}: ${summary(lane)}. ${lane.entries.map((entry) => spokenLabel(entry, false)).join('; ')}.`;
}

/** What shows when the mouse rests on it. */
function withTitle({ markup, entry }: Shape, lanes: readonly Lane[]): string {
  if (entry === undefined) return markup;
  const lane = lanes[entry.lane];
  const text = [spokenLabel(entry.placed.entry, lane?.timed === true), ...explanationText(entry.placed.entry)];
  return `<g><title>${escapeMarkup(text.join('\n'))}</title>${markup}</g>`;
}
