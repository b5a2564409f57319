/**
 * A dialogue as a picture: a sequence diagram with time running down, as a page that explains every line, or as SVG.
 *
 *     const picture = new Picture();
 *     const mailer = new Mailer({ host: 'mail.example.com', trace: picture.trace });
 *     ...
 *     await writeFile('dialogue.html', picture.html());
 */
import type { Trace, TraceEvent } from '../event.ts';
import { CONTENT_SHOWN, keeper } from '../turn.ts';
import { pageOf } from './page.ts';
import { lanesOf } from './scene.ts';
import { factsOf } from './shapes.ts';
import { svgOf } from './svg.ts';

export interface PictureOptions {
  /** What the picture is called; the protocol and the peer by default. */
  readonly title?: string;
  /** What stands above it beside another. */
  readonly name?: string;
}

/** More connections than these are not drawn: nobody reads so many, and each is kept in memory. */
const MOST_CONNECTIONS = 100;

export class Picture {
  readonly #options: PictureOptions;
  readonly #events: TraceEvent[] = [];
  readonly #connections = new Set<number>();
  /** Connections that came after so many that no more are drawn. */
  #undrawn = 0;
  readonly #kept = keeper(CONTENT_SHOWN);

  constructor(options: PictureOptions = {}) {
    this.#options = options;
  }

  /** Keeps what it is given, of messages and pages no more than is shown. */
  readonly trace: Trace = (event) => {
    if (!this.#connections.has(event.connection)) {
      if (this.#connections.size >= MOST_CONNECTIONS) {
        if (event.kind === 'connecting') this.#undrawn += 1;
        return;
      }
      this.#connections.add(event.connection);
    }
    this.#events.push(this.#kept(event));
  };

  /** One page that needs nothing beside it; with another picture, the two side by side on one axis of time. */
  html(beside?: Picture): string {
    const lanes = lanesOf(this.#events);
    const others = beside === undefined ? [] : lanesOf(beside.#events);
    const views = Array.from({ length: Math.max(1, lanes.length, others.length) }, (_none, at) => {
      const pair = [lanes[at], others[at]].filter((lane) => lane !== undefined);
      return { lanes: pair, names: this.#names(beside, pair.length) };
    });
    return pageOf(views, this.#options.title, this.#undrawn + (beside === undefined ? 0 : beside.#undrawn));
  }

  /** The first connection, or with another picture the first of each, as a file that documents can show. */
  svg(beside?: Picture): string {
    const lanes = [this, beside].flatMap((each) => (each === undefined ? [] : lanesOf(each.#events).slice(0, 1)));
    return svgOf(lanes, { title: this.#options.title, names: this.#names(beside, lanes.length) });
  }

  /** What there was, in a line a connection: `'7 round trips, 212.4 ms; 376 bytes sent, 500 bytes received'`. */
  summary(): readonly string[] {
    return lanesOf(this.#events).map(factsOf);
  }

  #names(beside: Picture | undefined, lanes: number): readonly string[] | undefined {
    if (beside === undefined || lanes < 2) return undefined;
    return [this.#options.name ?? 'one', beside.#options.name ?? 'the other'];
  }
}
