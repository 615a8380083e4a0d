/**
 * A headless Chromium for the tests of the page, and an ear for everything that it complains about.
 * Where the machine has none, tests are skipped with that reason.
 */
import { existsSync } from 'node:fs';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';
import type { Test } from 'tap';

const places = [
  ...(process.env.CHROME_PATH === undefined ? [] : [process.env.CHROME_PATH]),
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

const quiet = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** "Come again": the page does, and a machine that is busy may say it at any time. */
const passing = /status of (429|503|504)/;

/** Why no browser can be had; false where one can. For tap's `skip`. */
export const noBrowser: string | false = places.some((place) => existsSync(place))
  ? false
  : `there is no Chromium on this machine (looked for ${places.join(', ')})`;

export class Windows {
  /** What browsers said that nobody should read. */
  readonly complaints: string[] = [];
  readonly #browser: Browser;
  readonly #address: string;

  private constructor(browser: Browser, address: string) {
    this.#browser = browser;
    this.#address = address;
  }

  static async open(t: Test, address: string): Promise<Windows> {
    const executablePath = places.find((place) => existsSync(place)) ?? '';
    const browser = await chromium.launch({ executablePath, args: quiet });
    t.teardown(() => browser.close());
    return new Windows(browser, address);
  }

  /** A window of a visitor of its own, at one of the page's views. */
  async visit(
    view: '' | 'operations' | 'products' | 'orders' | 'books',
    options: BrowserContextOptions = {},
    demo = true,
    prepare?: (context: BrowserContext, address: string) => Promise<void>,
  ): Promise<Page> {
    const context = await this.#browser.newContext(options);
    if (!demo) await withoutDemo(context, this.#address);
    await prepare?.(context, this.#address);
    const page = await context.newPage();
    page.on('console', (message) => {
      const text = message.text();
      if (message.type() !== 'error' || passing.test(text)) return;
      this.complaints.push(`${text} (${page.url()})`);
    });
    page.on('pageerror', (error) => this.complaints.push(`${error} (${page.url()})`));
    await page.goto(`${this.#address}/#/${view}`);
    await page.getByText('Live', { exact: true }).waitFor();
    return page;
  }
}

/** The document as a frontend without demonstrations serves it. */
async function withoutDemo(context: BrowserContext, address: string): Promise<void> {
  await context.route(`${address}/`, async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(
      '"bazar-demo" content="on"',
      '"bazar-demo" content="off"',
    );
    await route.fulfill({ response, body });
  });
}
