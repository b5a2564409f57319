/** How the page looks: on wide screens the explanation stands beside the picture, on narrow ones below it. */
import { colourRules, DARK, LIGHT, SANS, SHAPE_RULES, type Theme } from './theme.ts';

interface PictureSize {
  readonly width: number;
  readonly height: number;
  /** The height of a slice, and of a run of slices. */
  readonly slice: number;
  readonly run: number;
}

export function pageStyle(pictures: readonly PictureSize[]): string {
  return `${SHAPE_RULES}${PAGE_RULES}${pictures.map(sliceRules).join('')}${themeRules(LIGHT)}
@media screen and (prefers-color-scheme:dark){${themeRules(DARK)}}
@media print{${PRINT_RULES}}
`;
}

/** What is not drawn keeps its room by its proportions. Each reaches a pixel into the next, so that no seam shows. */
function sliceRules({ width, height, slice, run }: PictureSize, at: number): string {
  const room = (kind: string, tall: number): string => {
    const last = height - Math.floor((height - 1) / tall) * tall;
    return `.v${at} .${kind}{aspect-ratio:${width}/${tall + 1};margin-bottom:calc(-100%/${width})}.v${at} .${kind}.last{aspect-ratio:${width}/${last + 1}}`;
  };
  return `.v${at}{max-width:${width}px}${room('run', run)}${room('slice', slice)}`;
}

const PAGE_RULES = `
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;font:15px/1.5 ${SANS}}
header,#lines{max-width:1440px;margin:0 auto;padding:20px 24px 0}
h1{font-size:22px;line-height:1.25;margin:0 0 6px;overflow-wrap:anywhere}
h2{font-size:18px;margin:24px 0 8px}
h3{font-size:15px;margin:20px 0 4px}
header p{margin:0;max-width:80ch;font-size:14px}
main{max-width:1440px;margin:0 auto;padding:16px 24px;display:grid;grid-template-columns:minmax(0,1fr);gap:16px}
.pictures{min-width:0}
.picture{margin:0 auto 0 0}
.facts{margin:0 0 8px;font-size:13px;font-variant-numeric:tabular-nums}
.run,.slice{width:100%;content-visibility:auto}
.slice svg{display:block;width:100%;height:100%}
.slice a{cursor:pointer;outline:none}
.slice a:hover .bubble,.slice a.on .bubble,.slice a:focus-visible .bubble{stroke-width:2;stroke-opacity:1}
.slice a:hover .arrow,.slice a.on .arrow,.slice a:focus-visible .arrow{stroke-width:3}
.slice a.with .bubble{stroke-width:2;stroke-opacity:1;stroke-dasharray:5 3}
.slice a.kept .bubble{stroke-width:3}
#panel{position:sticky;bottom:0;max-height:42vh;overflow:auto;padding:14px 18px;border-radius:10px 10px 0 0;font-size:14px}
#panel p{margin:0 0 8px}
.title{font-size:14px}
.when{font-variant-numeric:tabular-nums;margin-right:6px}
pre{font:12.5px/1.45 ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace;white-space:pre-wrap;overflow-wrap:anywhere;margin:0 0 8px;padding:8px 10px;border-radius:6px;max-height:40vh;overflow:auto}
cite{font-style:normal;font-size:12.5px;white-space:nowrap}
#panel ul,#lines ul{margin:0 0 8px;padding-left:18px}
#lines{padding-bottom:48px}
.stack{content-visibility:auto;contain-intrinsic-size:auto 15000px}
.block{content-visibility:auto;contain-intrinsic-size:auto 1500px;margin:0;padding:4px 8px 0 44px;max-width:900px}
.block>li{margin:0 0 18px;padding-left:6px}
.block p{margin:0 0 4px}
.block pre{max-height:none}
.pair header,.pair main,.pair #lines{max-width:1580px}
@media (min-width:1100px){
body:not(.pair) main{grid-template-columns:minmax(0,1fr) minmax(280px,360px)}
body:not(.pair) #panel{top:16px;bottom:auto;align-self:start;max-height:calc(100vh - 32px);border-radius:10px}
}
`;

function themeRules(theme: Theme): string {
  return `${colourRules(theme)}
body{background:${theme.paper};color:${theme.ink}}
header p,.facts,.when,.from,.measured,.hint,cite{color:${theme.muted}}
a{color:${theme.client}}
cite a{color:inherit}
#panel{background:${theme.panel};border:1px solid ${theme.line}}
pre{background:${theme.panel}}
#panel pre{background:${theme.paper}}
.client>pre{box-shadow:inset 3px 0 ${theme.client}}
.server>pre{box-shadow:inset 3px 0 ${theme.server}}
.refused>pre{box-shadow:inset 3px 0 ${theme.refused}}
.tls>pre{box-shadow:inset 3px 0 ${theme.tls}}
.block>li:target{outline:2px solid ${theme.client};outline-offset:1px;border-radius:4px}
#panel a:focus-visible,#lines a:focus-visible{outline:2px solid ${theme.client};outline-offset:2px}
`;
}

/** On paper there is nothing to point at: the list says it all. */
const PRINT_RULES = `
#panel,.keys{display:none}
main{display:block;padding:8px 0}
header,#lines{padding:0}
.run,.slice,.stack,.block{content-visibility:visible}
.slice{break-inside:avoid}
#lines{break-before:page}
.block>li{break-inside:avoid}
svg *{-webkit-print-color-adjust:exact;print-color-adjust:exact}
`;
