/** The administrator's views in a real browser, over a store of real processes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page, Route } from 'playwright-core';
import t from 'tap';
import { Store } from '../e2e/store.js';
import { noBrowser, Windows } from './browser.js';

const portOffset = 3443;

t.test('the views of the administrator', { skip: noBrowser }, async (t) => {
  const store = new Store(t, portOffset);
  await store.up('--restock-every', '0');
  const token = readFileSync(join(store.folder, 'data/admin.token'), 'utf8').trim();
  const windows = await Windows.open(t, `http://127.0.0.1:${8081 + portOffset}`);
  for (const item of ['Tux', 'Bear']) await store.bazar(['buy', item, '--key', `of-${item}`]);

  t.test('a wrong token opens nothing', async () => {
    const page = await windows.visit('products');
    const before = windows.complaints.length;
    await giveToken(page, 'wrong', 'Open the products');
    await page.locator('.notice').getByText('token').waitFor();
    windows.complaints.splice(before);
  });

  t.test('a product is added, found, edited and adjusted', async (t) => {
    const page = await windows.visit('products');
    await giveToken(page, token, 'Open the products');
    await page.getByRole('button', { name: 'Add a product' }).click();
    const window = page.getByRole('dialog', { name: 'Add a product' });
    await window.getByLabel('Name').fill('Yo-yo');
    await window.getByLabel('Topic').fill('toys');
    await window.getByLabel('Price').fill('4.50');
    await window.getByLabel('Available').fill('7');
    await window.getByLabel('Restock to').fill('10');
    await window.getByRole('button', { name: 'Add', exact: true }).click();
    await window.getByText('Yo-yo is added, with id 18').waitFor();
    await page.keyboard.press('Escape');
    await window.waitFor({ state: 'detached' });

    await page.getByRole('button', { name: /^Low stock/ }).click();
    await page.getByRole('row', { name: /Penguin/ }).waitFor({ state: 'detached' });
    await page.getByRole('searchbox', { name: 'Search products' }).fill('yo');
    const row = page.getByRole('row', { name: /Yo-yo/ });
    await row.getByText('€4.50').waitFor();
    await row.getByRole('button', { name: 'Edit Yo-yo' }).click();
    const own = page.getByRole('dialog', { name: 'Yo-yo' });
    await own.getByLabel('Price').fill('5');
    await own.getByLabel('Limit for one customer').fill('2');
    await own.getByRole('button', { name: 'Save' }).click();
    await own.getByText('Saved as version 2').waitFor();
    await own.getByLabel('Units more').fill('-2');
    await own.getByLabel('Reason').selectOption('damaged');
    await own.getByRole('button', { name: 'Adjust', exact: true }).click();
    await own.getByText('Adjusted: 5 on hand, 0 reserved, 5 available').waitFor();
    await page.keyboard.press('Escape');
    t.same((await row.getByRole('cell').allTextContents()).slice(0, 3), ['€5.00', '5 (low)', '10']);
    await row.getByText('At most 2 for one customer').waitFor();
  });

  t.test('orders are listed newest first, and found by number, product and key', async (t) => {
    const page = await windows.visit('orders');
    await giveToken(page, token, 'Open the orders');
    const numbers = async (count: number): Promise<string[]> => {
      await page.locator(`tbody tr:nth-child(${count})`).waitFor();
      await page.locator(`tbody tr:nth-child(${count + 1})`).waitFor({ state: 'detached' });
      return page.evaluate(
        "[...document.querySelectorAll('tbody th')].map((one) => one.firstChild.data)",
      );
    };
    t.same(await numbers(2), ['2', '1']);
    const found = [
      ['number', '1', '1'],
      ['product', 'Bear', '2'],
      ['key', 'of-Tux', '1'],
    ] as const;
    for (const [kind, text, number] of found) {
      await page.getByLabel('Find by').selectOption(kind);
      await page.locator('#find-text').fill(text);
      await page.getByRole('button', { name: 'Find' }).click();
      t.same(await numbers(1), [number], kind);
      await page.getByRole('button', { name: 'Newest' }).click();
      t.same(await numbers(2), ['2', '1']);
    }
    await page.getByText('1 × Tux at €19.90').waitFor();
  });

  t.test(
    'orders can be cancelled, and a ledger is shown, where the store has the routes',
    async (t) => {
      const page = await windows.visit('orders');
      const more = ['--delta', '3', '--reason', 'received', '--reference', 'box 4'];
      await store.bazar(['product', 'adjust', 'Tux', ...more]);
      const sent: unknown[] = [];
      await page.route('**/orders/*/cancellations', async (route) => {
        sent.push(route.request().postDataJSON());
        const data = { total: 29.95, total_exact: '29.95', currency: 'EUR' };
        await route.fulfill({ status: 201, json: { data } });
      });
      await giveToken(page, token, 'Open the orders');
      await page.getByRole('button', { name: 'Cancel order 2' }).click();
      const window = page.getByRole('dialog', { name: 'Cancel order 2' });
      await window.getByLabel('Reason').fill('broken');
      await window.getByLabel('Put the units back into stock').uncheck();
      await window.getByRole('button', { name: 'Cancel these units' }).click();
      await window.getByText('Cancelled; refund €29.95').waitFor();
      t.same(sent, [{ restock: false, reason: 'broken' }]);
      t.equal(
        await window.getByLabel('Units of Bear').inputValue(),
        '0',
        'nothing more by a click',
      );
      t.ok(await window.getByRole('button', { name: 'Cancel these units' }).isDisabled());
      await page.keyboard.press('Escape');
      await page.getByRole('link', { name: 'Products' }).click();
      await page.getByRole('button', { name: 'Edit Tux' }).click();
      const own = page.getByRole('dialog', { name: 'Tux' });
      await own.getByRole('heading', { name: 'Ledger' }).waitFor();
      const rows = own.getByRole('table').getByRole('row');
      await rows.filter({ hasText: /^Adjustment, received: box 4/ }).waitFor();
      const cells = await rows.last().getByRole('cell').allTextContents();
      t.same(cells, ['+3', '102', '0', '102']);
      await own
        .getByText(/102 available, 0 reserved, 102 on hand. Received 103, sold 1,/)
        .waitFor();
      await own.getByLabel('Units more').fill('-2');
      await own.getByRole('button', { name: 'Adjust', exact: true }).click();
      await rows.filter({ hasText: '−2' }).waitFor();
      await own.getByText(/100 available, 0 reserved, 100 on hand/).waitFor();
    },
  );

  t.test('and neither is offered where it has not', async (t) => {
    const page = await windows.visit('orders');
    await describeRoutes(page, []);
    const described = page.waitForResponse('**/openapi.json');
    await giveToken(page, token, 'Open the orders');
    await page.getByRole('row', { name: /Tux/ }).waitFor();
    await described;
    t.equal(await page.getByRole('button', { name: 'Cancel order 2' }).count(), 0);
  });

  t.test('where everyone is the administrator, no token is asked for or sent', async (t) => {
    const sent: (string | undefined)[] = [];
    const page = await windows.visit('orders', {}, true, async (context, address) => {
      await context.route(`${address}/`, (route) => markOpen(route));
      // As such a frontend answers.
      await context.route(/\/(orders|products\/\d+\/\w+|audit)(\?|$)/, (route) => {
        const headers = route.request().headers();
        sent.push(headers.authorization);
        return route.continue({ headers: { ...headers, authorization: `Bearer ${token}` } });
      });
    });
    await page.getByRole('row', { name: /Tux/ }).waitFor();
    await page.getByRole('link', { name: 'Products' }).click();
    await page.getByRole('button', { name: 'Edit Tux' }).click();
    await page.getByRole('dialog').getByRole('heading', { name: 'Ledger' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Books' }).click();
    await page.locator('.verdict').waitFor();
    t.equal(await page.getByLabel('Admin token').count(), 0);
    t.same([...new Set(sent)], [undefined]);
  });

  t.test('on a phone nothing reaches beyond the screen', async (t) => {
    const page = await windows.visit('products', { viewport: { width: 360, height: 740 } });
    await giveToken(page, token, 'Open the products');
    await page.getByRole('row', { name: /Tux/ }).waitFor();
    const beyond = (): Promise<unknown> =>
      page.evaluate('document.documentElement.scrollWidth - innerWidth');
    t.equal(await beyond(), 0);
    const room =
      "(() => { const one = document.querySelector('.table-room'); return one.scrollWidth - one.clientWidth; })()";
    t.equal(await page.evaluate(room), 0, 'nor beyond the table');
    await page.getByRole('button', { name: 'Edit Tux' }).click();
    await page.getByRole('dialog').waitFor();
    t.equal(await beyond(), 0);
  });

  t.test('no browser complained of anything', async (t) => {
    t.same(windows.complaints, []);
  });
});

const cancellations = '/orders/{number}/cancellations';
const ledger = '/products/{product}/ledger';
const levels = '/products/{product}/stock';

/** The store describes these of the routes that not every build has. */
async function describeRoutes(page: Page, has: readonly string[]): Promise<void> {
  await page.route('**/openapi.json', async (route) => {
    const response = await route.fetch();
    const document = (await response.json()) as { paths: Record<string, unknown> };
    const { [cancellations]: _, [ledger]: __, [levels]: ___, ...paths } = document.paths;
    for (const path of has) paths[path] = {};
    await route.fulfill({ response, json: { ...document, paths } });
  });
}

async function markOpen(route: Route): Promise<void> {
  const response = await route.fetch();
  const mark = (state: string): string => `"bazar-open-admin" content="${state}"`;
  const body = (await response.text()).replace(mark('off'), mark('on'));
  await route.fulfill({ response, body });
}

async function giveToken(page: Page, token: string, action: string): Promise<void> {
  await page.getByLabel('Admin token').fill(token);
  await page.getByRole('button', { name: action }).click();
}
