// Takes the pictures of the page in docs/images: a store of its own, customers who buy, a leader that
// is killed. Needs a build and a Chromium; `node scripts/screenshots.mjs [FOLDER]`.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('..', import.meta.url));
const images = process.argv[2] ?? join(root, 'docs/images');
const main = process.env.BAZAR_MAIN ?? join(root, 'dist/src/cli/main.js');
const portOffset = 4780;
const address = `http://127.0.0.1:${8081 + portOffset}`;
const folder = mkdtempSync(join(tmpdir(), 'bazar-images-'));
const place = ['--port-offset', String(portOffset), '--data-dir', join(folder, 'data')];
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
];

function bazar(...args) {
  const ran = spawnSync(process.execPath, [main, ...args, ...place], { encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(`bazar ${args[0]}: ${ran.stderr}`);
  return ran.stdout;
}

async function leader(group) {
  const { data } = await (await fetch(`${address}/status`)).json();
  return data.members.find((one) => one.group === group && one.role === 'leader')?.name;
}

const shot = (page, name) => page.screenshot({ path: join(images, `${name}.png`) });

async function takeShop(browser) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(`${address}/`);
  for (const [name, quantity] of [
    ['Tux', 2],
    ['RPCs for Dummies', 1],
    ['Spring in the Pioneer Valley', 3],
  ]) {
    await page.getByLabel(`Quantity of ${name}`).fill(String(quantity));
    await page.getByRole('button', { name: `Reserve ${name}` }).click();
    await page.getByRole('button', { name: `Pay for ${name}` }).click();
    await page.locator('.order-what', { hasText: name }).waitFor();
  }
  await page.getByRole('button', { name: 'Reserve How to get a good grade' }).click();
  await page.getByRole('timer').waitFor();
  await page.evaluate(() => scrollTo(0, 0));
  await shot(page, 'shop');
  await page.getByRole('button', { name: 'Cancel the reservation' }).click();
  await page.getByText('Reservation cancelled').first().waitFor();
  await page.close();
}

/** The products of the administrator, with the window of one. */
async function takeProducts(browser) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
  await page.goto(`${address}/#/products`);
  const token = readFileSync(join(folder, 'data/admin.token'), 'utf8').trim();
  await page.getByLabel('Admin token').fill(token);
  await page.getByRole('button', { name: 'Open the products' }).click();
  await page.getByRole('button', { name: 'Edit Tux' }).click();
  await page.getByRole('dialog').getByRole('row', { name: /order/ }).waitFor();
  await shot(page, 'products');
  await page.close();
}

/** Customers for a while, a killed leader in the middle of it. */
async function takeOperations(browser) {
  const page = await browser.newPage({
    viewport: { width: 1280, height: 1000 },
    colorScheme: 'dark',
  });
  await page.goto(`${address}/#/operations`);
  const load = ['load', '--clients', '3', '--requests', '1000000', '--no-progress'];
  const customers = spawn(process.execPath, [main, ...load, ...place], { stdio: 'ignore' });
  try {
    await page.waitForTimeout(45_000);
    await page.getByRole('button', { name: `Kill ${await leader('order')}` }).click();
    await page.locator('.timeline .leader', { hasText: 'outage' }).first().waitFor();
    await page.mouse.move(0, 0);
    await page.waitForTimeout(40_000);
    await shot(page, 'operations');
  } finally {
    customers.kill();
  }
  await page.close();
}

async function takeBooks(browser) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(`${address}/#/books`);
  await page.locator('.verdict').waitFor({ timeout: 60_000 });
  await shot(page, 'books');
  await page.close();
}

async function takePhone(browser) {
  const page = await browser.newPage({
    viewport: { width: 360, height: 740 },
    deviceScaleFactor: 2,
    colorScheme: 'dark',
  });
  await page.goto(`${address}/`);
  await page.locator('.card').first().waitFor();
  await shot(page, 'phone');
  await page.close();
}

mkdirSync(images, { recursive: true });
bazar('up', '--detach', '--demo', '--log-dir', join(folder, 'logs'));
const browser = await chromium.launch({
  executablePath: process.env.CHROME_PATH ?? '/usr/bin/chromium',
  args: quiet,
});
try {
  await takeShop(browser);
  await takeProducts(browser);
  await takeOperations(browser);
  await takeBooks(browser);
  await takePhone(browser);
} finally {
  await browser.close();
  bazar('down');
  rmSync(folder, { recursive: true, force: true });
}
