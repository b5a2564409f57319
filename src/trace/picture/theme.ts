/**
 * The colours of the picture, light and dark. They are written out in each rule: not every viewer of SVG knows
 * variables.
 */
export interface Theme {
  readonly paper: string;
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  readonly client: string;
  readonly clientFill: string;
  readonly server: string;
  readonly serverFill: string;
  readonly refused: string;
  readonly refusedFill: string;
  readonly tls: string;
  readonly tlsFill: string;
  readonly batch: string;
  readonly batchFill: string;
  readonly panel: string;
}

export const LIGHT: Theme = {
  paper: '#ffffff',
  ink: '#1b2330',
  muted: '#5d6878',
  line: '#c4ccd7',
  client: '#0a5cad',
  clientFill: '#e8f2fc',
  server: '#14703f',
  serverFill: '#e6f5ec',
  refused: '#b3261e',
  refusedFill: '#fdeae8',
  tls: '#6a3fb5',
  tlsFill: '#f3eefc',
  batch: '#7ba4d0',
  batchFill: '#f4f8fd',
  panel: '#f6f7f9',
};

export const DARK: Theme = {
  paper: '#12171e',
  ink: '#e4e9f0',
  muted: '#9aa6b6',
  line: '#3d4856',
  client: '#74b6f7',
  clientFill: '#16293d',
  server: '#64cf98',
  serverFill: '#132d20',
  refused: '#ff9088',
  refusedFill: '#3a1c1c',
  tls: '#b69bf5',
  tlsFill: '#1e1a30',
  batch: '#46688c',
  batchFill: '#151e29',
  panel: '#1a212b',
};

const MONO = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace";
export const SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif";

/** What does not depend on the colours. */
export const SHAPE_RULES = `
.said{font:12px ${MONO};white-space:pre}
.time{font:11px ${SANS};text-anchor:end;font-variant-numeric:tabular-nums}
.name{font:600 13px ${SANS};text-anchor:middle}
.who{font:11px ${SANS};text-anchor:middle}
.note{font:11px ${SANS}}
.fact{font:600 12px ${SANS};text-anchor:middle}
.number{font:700 11px ${SANS};text-anchor:middle}
.life{stroke-width:1.5}
.secure{stroke-width:4}
.arrow{stroke-width:1.6;fill:none}
.hit{stroke:#000;stroke-opacity:0;stroke-width:14}
.quiet{stroke-dasharray:4 4}
.guide{stroke-width:1;stroke-dasharray:1 4}
.bubble{stroke-width:1;stroke-opacity:.45}
.band{stroke:none}
.together{stroke-width:1.2;stroke-dasharray:5 3}
`;

export function colourRules(theme: Theme): string {
  return `
.paper{fill:${theme.paper}}
.said,.name,.fact{fill:${theme.ink}}
.time,.who,.note{fill:${theme.muted}}
.more{fill:${theme.muted}}
.life,.guide{stroke:${theme.line}}
.secure{stroke:${theme.tls}}
.client .arrow{stroke:${theme.client}}
.client .tip,.client .band{fill:${theme.client}}
.client .bubble{fill:${theme.clientFill};stroke:${theme.client}}
.server .arrow{stroke:${theme.server}}
.server .tip,.server .band{fill:${theme.server}}
.server .bubble{fill:${theme.serverFill};stroke:${theme.server}}
.refused .arrow{stroke:${theme.refused}}
.refused .tip,.refused .band{fill:${theme.refused}}
.refused .bubble{fill:${theme.refusedFill};stroke:${theme.refused}}
.tls .bubble{fill:${theme.tlsFill};stroke:${theme.tls}}
.tls .fact,.tls .lock{fill:${theme.tls}}
.refused .fact{fill:${theme.refused}}
.tint{fill:${theme.tlsFill}}
.together{fill:${theme.batchFill};stroke:${theme.batch}}
.badge{fill:${theme.ink}}
.number{fill:${theme.paper}}
.pause{stroke:${theme.muted};fill:${theme.paper}}
.head{fill:${theme.panel};stroke:${theme.line}}
`;
}
