/** The dialogue as a list: every line with what it means, for reading, for printing, and for the panel of the page. */
import type { Explanation } from '../explain/index.ts';
import { escapeMarkup } from './escape.ts';
import { measured } from './explained.ts';
import type { Entry, Lane } from './scene.ts';
import { timeText } from './shapes.ts';

/**
 * Lines in one block, and blocks in one stack. A browser leaves both undrawn while they are not on the screen: small
 * blocks, so that none takes it longer than a frame; stacks, so that it need not look at each of so many.
 */
const BLOCK = 10;
const STACK = 10;

export function linesMarkup(lane: Lane, at: number, name: string): string {
  const items = lane.entries.map((entry, index) => itemMarkup(entry, `${at}-${index}`, lane.timed));
  const blocks = inPieces(items, BLOCK).map(
    (piece, index) => `<ol class="block" start="${index * BLOCK + 1}">\n${piece.join('\n')}\n</ol>`,
  );
  // an undrawn stack is taken for a full one: for a few blocks that would be a page of nothing to scroll through
  const stacks =
    blocks.length <= STACK
      ? blocks
      : inPieces(blocks, STACK).map((piece) => `<div class="stack">\n${piece.join('\n')}\n</div>`);
  return `<h3>${escapeMarkup(name)}</h3>\n${stacks.join('\n')}`;
}

/** `[1, 2, 3]` in pieces of 2: `[[1, 2], [3]]`. */
export function inPieces<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_none, at) => all.slice(at * size, (at + 1) * size));
}

const WHO: Readonly<Record<Entry['from'], string>> = { client: 'client', server: 'server', both: '' };

function itemMarkup(entry: Entry, id: string, timed: boolean): string {
  const kind = entry.refused ? 'refused' : entry.kind === 'tls' ? 'tls' : entry.from;
  const when = timed ? `<span class="when">${timeText(entry.time)}</span> ` : '';
  const title = `<p class="title">${when}<span class="from">${WHO[entry.from]}</span> <b>${escapeMarkup(entry.label)}</b></p>`;
  const text = entry.lines.map(escapeMarkup).join('\n');
  const facts = measured(entry);
  const note = facts.length === 0 ? '' : `<p class="measured">${escapeMarkup(facts.join(' '))}</p>`;
  const said = entry.explanation === undefined ? '' : explanationMarkup(entry.explanation);
  return `<li id="l${id}" class="${kind}">${title}<pre>${text}</pre>${said}${note}</li>`;
}

function explanationMarkup(found: Explanation): string {
  const parts = found.parts.map(
    (part) =>
      `<li><b>${escapeMarkup(part.subject)}</b>: ${escapeMarkup(part.means)} ${sourceMarkup(part.source)}${partsOf(part)}</li>`,
  );
  const next = found.next === undefined ? '' : `<p class="next">Next: ${escapeMarkup(found.next)}</p>`;
  const list = parts.length === 0 ? '' : `<ul>${parts.join('')}</ul>`;
  return `<p>${escapeMarkup(found.means)} ${sourceMarkup(found.source)}</p>${next}${list}`;
}

function partsOf({ parts }: Explanation): string {
  if (parts.length === 0) return '';
  const items = parts.map(
    (part) =>
      `<li><b>${escapeMarkup(part.subject)}</b>: ${escapeMarkup(part.means)} ${sourceMarkup(part.source)}${partsOf(part)}</li>`,
  );
  return `<ul>${items.join('')}</ul>`;
}

/** Where it is written; an RFC's section is a link. */
function sourceMarkup(source: string): string {
  const rfc = /^RFC (\d+)(?: (section|appendix) ([A-Z0-9.]+))?$/.exec(source);
  if (rfc === null) return `<cite>${escapeMarkup(source)}</cite>`;
  const [, number = '', kind, place] = rfc;
  const anchor = kind === undefined ? '' : `#${kind}-${place}`;
  return `<cite><a href="https://www.rfc-editor.org/rfc/rfc${number}${anchor}" rel="noreferrer">${escapeMarkup(source)}</a></cite>`;
}
