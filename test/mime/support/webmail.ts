import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';

/** What a reader of mail sees of a message: a picture, and the words and images in it. */
export interface Sight {
  readonly picture: Buffer;
  readonly text: string;
  /** How wide each image of the html is, in pixels; 0 where it could not be shown. */
  readonly images: readonly number[];
}

const PARSER = dirname(fileURLToPath(import.meta.resolve('postal-mime')));
const PAGE = new URL('webmail/index.html', import.meta.url);

/** A small webmail in a headless Chromium; postal-mime, and not plainwire, reads the message in it. */
export class Webmail {
  readonly #browser: Browser;
  readonly #server: Server;
  #message: Uint8Array = new Uint8Array();

  private constructor(browser: Browser, server: Server) {
    this.#browser = browser;
    this.#server = server;
  }

  static async open(executablePath: string): Promise<Webmail> {
    const server = createServer((request, response) => {
      const path = request.url ?? '/';
      webmail.#resource(path).then(
        ([type, content]) => response.writeHead(200, { 'Content-Type': type }).end(content),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // A container has no user namespaces to make a sandbox of, and nothing but our own page is opened.
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--font-render-hinting=none'] });
    const webmail = new Webmail(browser, server);
    return webmail;
  }

  async #resource(path: string): Promise<[type: string, content: Uint8Array]> {
    if (path === '/') return ['text/html; charset=utf-8', await readFile(PAGE)];
    if (path === '/message.eml') return ['message/rfc822', this.#message];
    const name = /^\/postal-mime\/([\w-]+\.js)$/.exec(path)?.[1];
    if (name === undefined) throw new Error(`nothing is at ${path}`);
    return ['text/javascript; charset=utf-8', await readFile(join(PARSER, name))];
  }

  async show(message: Uint8Array): Promise<Sight> {
    this.#message = message;
    const page = await this.#browser.newPage({ viewport: { width: 820, height: 300 } });
    try {
      const { port } = this.#server.address() as AddressInfo;
      await page.goto(`http://127.0.0.1:${port}/`);
      await page.waitForSelector('html[data-ready=yes]', { state: 'attached' });
      // Playwright's locators look into the shadow tree that the html is shown in.
      const images = await page
        .locator('#body img')
        .evaluateAll((all) => all.map((image) => (image as unknown as { naturalWidth: number }).naturalWidth));
      const inner = await page.locator('#body').evaluate((body) => {
        const { shadowRoot } = body as unknown as { shadowRoot: { textContent: string } | null };
        return shadowRoot?.textContent ?? '';
      });
      const text = `${await page.locator('article').textContent()}\n${inner}`;
      return { picture: await page.screenshot({ fullPage: true }), text, images };
    } finally {
      await page.close();
    }
  }

  async close(): Promise<void> {
    await this.#browser.close();
    this.#server.close();
  }
}
