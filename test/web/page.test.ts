/** The page in a real browser, over a store of real processes: as customers and operators see it. */
import type { Page } from 'playwright-core';
import t from 'tap';
import { Store } from '../e2e/store.js';
import { until } from '../e2e/until.js';
import { noBrowser, Windows } from './browser.js';

/** What a view has when it has read something. */
const firstOf = {
  '': '.card',
  operations: '.tile',
  products: '.token',
  orders: '.token',
  books: '.verdict',
} as const;
const phone = { viewport: { width: 360, height: 740 } };
const views = ['', 'operations', 'products', 'orders', 'books'] as const;

t.test('the page', { skip: noBrowser }, async (t) => {
  const store = new Store(t, 3419, { catalogs: 2, orders: 3, recovery: 1 });
  await store.up('--demo', '--restock-every', '0');
  const windows = await Windows.open(t, `http://127.0.0.1:${8081 + store.portOffset}`);

  const shop = (): Promise<Page> => windows.visit('', {}, false);

  t.test('what one visitor buys ticks in the window of another', async (t) => {
    const other = await shop();
    const mine = await shop();
    await card(other, 'Tux').getByText('100 in stock').waitFor();
    await mine.getByLabel('Quantity of Tux').fill('2');
    await mine.getByRole('button', { name: 'Buy Tux' }).click();
    await card(mine, 'Tux').getByText('Order 1: 2 for €39.80').waitFor();
    await card(other, 'Tux').getByText('98 in stock').waitFor();
    const orders = mine.getByRole('complementary', { name: 'My orders' });
    await orders.getByText('2 × Tux').waitFor();
    await mine.reload();
    await orders.getByText('2 × Tux').waitFor();
    t.equal(await other.getByText('2 × Tux').count(), 0, 'orders are their own');
    await store.bazar(['order', 'cancel', '1', '--line', 'Tux:1', '--no-restock']);
    await mine.reload();
    await orders.getByText('2 × Tux, 1 cancelled').waitFor();
    await orders.getByText('Partly cancelled').waitFor();
  });

  t.test('a double click buys once', async () => {
    const page = await shop();
    await page.getByRole('button', { name: 'Buy Whale' }).click();
    await card(page, 'Whale').getByText('Order 2: 1 for').waitFor();
    // The second half comes when the first one is answered already.
    await page.mouse.down({ clickCount: 2 });
    await page.mouse.up({ clickCount: 2 });
    // A second purchase would have this number.
    await page.getByRole('button', { name: 'Buy Bear' }).click();
    await card(page, 'Bear').getByText('Order 3: 1 for').waitFor();
  });

  t.test('more than there is is not sold, and the page says how many there are', async () => {
    const page = await shop();
    await page.getByLabel('Quantity of Frisbee').fill('101');
    // The refusal is an HTTP status, which browsers write into their console.
    const before = windows.complaints.length;
    await page.getByRole('button', { name: 'Buy Frisbee' }).click();
    await card(page, 'Frisbee').getByText('Only 100 left').waitFor();
    windows.complaints.splice(before);
  });

  t.test('with the keyboard alone one finds a product and buys it', async (t) => {
    const page = await shop();
    await tabTo(page, 'Search products');
    await page.keyboard.type('barb');
    await card(page, 'Tux').waitFor({ state: 'detached' });
    await tabTo(page, 'Quantity of Barbie');
    await page.keyboard.type('3');
    await page.keyboard.press('Tab');
    t.match(await focused(page), { name: 'Buy Barbie', isVisible: true });
    await page.keyboard.down('Enter');
    await card(page, 'Barbie').getByText('Order 4: 3 for').waitFor();
    // Held down, a key repeats itself; the next order shows that nothing was bought by it.
    await page.keyboard.down('Enter');
    await page.keyboard.up('Enter');
    await page.getByRole('status').getByText('Barbie: Order 4').waitFor();
    t.match(await focused(page), { name: 'Buy Barbie' }, 'the focus stays where it was');
  });

  t.test(
    'with demonstrations, units are reserved first, and then paid or given back',
    async (t) => {
      const page = await windows.visit('');
      const barbie = card(page, 'Barbie');
      await page.getByLabel('Quantity of Barbie').fill('2');
      await page.getByRole('button', { name: 'Reserve Barbie' }).click();
      await barbie.getByText('Reserved: 2 for €49.98').waitFor();
      await barbie.getByText('95 in stock').waitFor();
      t.match(await barbie.getByRole('timer').textContent(), /^(1:00|0:5\d) left to pay$/);
      t.match(await focused(page), { name: 'Pay for Barbie' });
      await tabBack(page, 'Cancel the reservation of Barbie');
      await page.keyboard.press('Enter');
      await barbie.getByText('Reservation cancelled').waitFor();
      await barbie.getByText('97 in stock').waitFor();
      t.match(await focused(page), { name: 'Reserve Barbie' });
      await page.keyboard.press('Enter');
      await barbie.getByText('Reserved: 2').waitFor();
      await page.keyboard.press('Enter');
      await barbie.getByText('Order 5: 2 for €49.98').waitFor();
      t.equal(await barbie.getByRole('timer').count(), 0);
    },
  );

  t.test('a reservation whose time is over says so', async () => {
    const page = await windows.visit('');
    await page.clock.install();
    await page.reload();
    const opened = page.waitForResponse('**/holds');
    await page.getByRole('button', { name: 'Reserve Bear' }).click();
    await card(page, 'Bear').getByText('Reserved: 1').waitFor();
    await page.clock.fastForward(61_000);
    await card(page, 'Bear').getByText('The reservation has expired').waitFor();
    await page.getByRole('button', { name: 'Reserve Bear' }).waitFor();
    // The clock of the store was not moved.
    const { data } = (await (await opened).json()) as { data: { hold_id: string } };
    await store.http(`/holds/${data.hold_id}/release`, { method: 'POST' });
  });

  t.test(
    'a leader that is killed is seen to go, another to come, and the shop sells on',
    async (t) => {
      const before = await store.leader('order');
      const page = await windows.visit('operations');
      await page.locator('.tile', { hasText: 'frontend-1' }).waitFor();
      const tile = page.locator(`[data-name="${before}"]`);
      await tile.getByText('leader', { exact: true }).waitFor();
      await page.getByRole('button', { name: `Kill ${before}` }).click();
      const timeline = page.getByRole('log', { name: 'Timeline' });
      await timeline.getByText(`${before} is down`).first().waitFor();
      // A leader of the first moment may have had an outage too, but it is not another one.
      const election = timeline
        .locator('.leader', { hasText: /leads the orders.*outage/, hasNotText: `${before} leads` })
        .first();
      await election.waitFor();
      t.match(await election.textContent(), /order-\d leads the orders, epoch \d+.*\d m?s outage/);

      const other = await shop();
      await other.getByRole('button', { name: 'Buy Penguin' }).click();
      await card(other, 'Penguin').getByText('Order 6: 1 for').waitFor();
    },
  );

  t.test('the books balance, with every sale in them', async (t) => {
    await until('the killed one is back', () => allUp(store));
    const page = await windows.visit('books');
    const verdict = page.getByRole('region', { name: 'Verdict' });
    await verdict.getByText('The books balance').waitFor();
    await verdict.getByText('6 sales in the catalog, 6 orders in the order book').waitFor();
    const tux = page.getByRole('row', { name: /^Tux/ });
    t.same(await tux.getByRole('cell').allTextContents(), ['100', '2', '98', '2', 'balances']);
  });

  t.test('on a phone nothing reaches beyond the screen, not even the longest name', async (t) => {
    const page = await windows.visit('', phone);
    const longest = 'W'.repeat(200);
    const fields = [
      '--topic',
      'M'.repeat(100),
      '--price',
      '9999999.99',
      '--quantity',
      '1000000000',
    ];
    await store.bazar(['product', 'add', longest, ...fields]);
    await card(page, longest).waitFor();
    for (const view of views) {
      await page.goto(`http://127.0.0.1:${8081 + store.portOffset}/#/${view}`);
      await page.locator(firstOf[view]).first().waitFor();
      const beyond = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      t.equal(beyond, 0, `#/${view}`);
      t.same(await skippedHeadings(page), [], `#/${view} skips no level of headings`);
    }
    t.same(await brokenWords(page), [longest], 'in the books only that name is broken');
  });

  t.test('colours follow the system until somebody chooses, and then the choice', async (t) => {
    const page = await windows.visit('', { colorScheme: 'dark' });
    const theme = (): Promise<unknown> => page.evaluate('document.documentElement.dataset.theme');
    t.equal(await theme(), 'dark');
    await page.getByRole('button', { name: 'Switch to light colours' }).click();
    t.equal(await theme(), 'light');
    await page.reload();
    await page.getByRole('button', { name: 'Switch to dark colours' }).waitFor();
    t.equal(await theme(), 'light');
  });

  t.test('no browser complained of anything', async (t) => {
    t.same(windows.complaints, []);
  });
});

/** Headings more than one level below the one before. */
function skippedHeadings(page: Page): Promise<string[]> {
  return page.evaluate(`(() => {
    const headings = [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')];
    const levels = headings.map((one) => Number(one.tagName[1]));
    return headings
      .filter((_one, index) => levels[index] > (levels[index - 1] ?? 0) + 1)
      .map((one) => one.tagName + ' ' + one.textContent);
  })()`);
}

/** Words of the books' products that go over the end of a line. */
function brokenWords(page: Page): Promise<string[]> {
  return page.evaluate(`(() => {
    const broken = [];
    for (const { firstChild } of document.querySelectorAll('.figures tbody th')) {
      for (const match of firstChild.textContent.matchAll(/[^\\s-]+/g)) {
        const range = document.createRange();
        range.setStart(firstChild, match.index);
        range.setEnd(firstChild, match.index + match[0].length);
        if (range.getClientRects().length > 1) broken.push(match[0]);
      }
    }
    return broken;
  })()`);
}

async function allUp(store: Store): Promise<boolean> {
  const { data } = (await (await store.http('/status')).json()) as {
    data: { members: { role: string }[] };
  };
  return data.members.every(({ role }) => role === 'leader' || role === 'follower');
}

function card(page: Page, name: string) {
  const heading = page.getByRole('heading', { name, exact: true });
  return page.getByRole('listitem').filter({ has: heading });
}

async function tabBack(page: Page, name: string): Promise<void> {
  await page.keyboard.press('Shift+Tab');
  const { name: found } = await focused(page);
  if (found !== name) throw new Error(`Shift+Tab came to ${found}, not to ${name}`);
}

interface Focused {
  readonly name: string;
  readonly isVisible: boolean;
}

/** What has the focus, and whether one can see that it has. */
function focused(page: Page): Promise<Focused> {
  return page.evaluate(`(() => {
    const at = document.activeElement;
    const label = at.labels?.[0] ?? at;
    const name = label.textContent.replace(/\\s+/g, ' ').trim();
    return { name, isVisible: getComputedStyle(at).outlineStyle !== 'none' };
  })()`);
}

/** Presses Tab until something of this name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  const stopsMax = 60;
  for (let stop = 0; stop < stopsMax; stop++) {
    await page.keyboard.press('Tab');
    if ((await focused(page)).name === name) return;
  }
  throw new Error(`Tab never came to ${name}`);
}
