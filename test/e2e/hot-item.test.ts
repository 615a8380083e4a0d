/**
 * Many clients read a product that others buy, over real processes: no client gets an older quantity
 * after a newer one, and the frontend coalesces the reads into uncached reads at the catalog's owner.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Product, RawClient } from './raw-client.js';
import { Store } from './store.js';
import { upWithStock } from './test-stock.js';
import { until } from './until.js';

const readers = 40;
const buyers = 10;
const id = 1;

const store = new Store(t, 3560);
const { products } = await upWithStock(store, '--log-level', 'debug');
const log = join(store.folder, 'logs', 'catalog-1.log');

t.test('reads of a hot item are coalesced at the owner, and none is stale', async (t) => {
  const admin = await store.raw();
  let isOver = false;
  let bought = 0;
  let rises = 0;
  const read = async (client: RawClient): Promise<void> => {
    for (let last = Number.POSITIVE_INFINITY; !isOver; ) {
      const { quantity } = await client.get<Product>('lookup', { id });
      if (quantity > last) rises++;
      last = quantity;
    }
  };
  const buy = async (client: RawClient): Promise<void> => {
    for (; !isOver; bought++) await client.get('buy', { id, quantity: 1 });
  };
  const working = [
    ...(await store.raws(readers)).map(read),
    ...(await store.raws(buyers)).map(buy),
  ];
  const asked = until('the owner gets an uncached read', () =>
    readFileSync(log, 'utf8').includes('"method":"glance"'),
  );
  try {
    await Promise.race([asked, Promise.all(working)]);
  } finally {
    isOver = true;
  }
  await Promise.all(working);
  t.equal(rises, 0);
  const { quantity: left } = await admin.get<Product>('lookup', { id });
  t.equal(left, (products[0]?.quantity ?? 0) - bought);
});
